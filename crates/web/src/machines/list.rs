//! The list of machines.

use askama::Template;
use maas_authz::Action;
use maas_model::{
    SystemId, Timestamp,
    filter::{FilterKey, NodeFilter, Test, TextField, TextMatch},
    search::Search,
};
use maas_region::{
    Error,
    machines::{self, Group, GroupCount, Page, Sort},
    nodes::Node,
    pools, ssh_keys,
};

use crate::{
    answer::{Answer, Failure, see_other},
    form::FormErrors,
    input::Input,
    machines::{
        bulk,
        facets::{self, Facet},
        query::{GROUPS, ListQuery, SORTS},
        row::{self, Heading, MachineRow},
    },
    shell::{Section, Shell},
    text,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "machines/list.html")]
pub(crate) struct ListPage {
    pub(crate) shell: Shell,
    pub(crate) query: ListQuery,
    /// What is wrong with the search.
    pub(crate) problems: Vec<String>,
    pub(crate) facets: Vec<Facet>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<MachineRow>,
    /// `1,234 machines`
    pub(crate) total: String,
    pub(crate) total_count: i64,
    pub(crate) newer: Option<String>,
    pub(crate) older: Option<String>,
    /// What can be done to those that are marked: word and label.
    pub(crate) actions: Vec<(&'static str, String)>,
    pub(crate) may_add: bool,
    /// What to say when there is no machine at all.
    pub(crate) empty: Option<Empty>,
}

/// A column that can be sorted by.
pub(crate) struct Column {
    pub(crate) label: &'static str,
    pub(crate) href: String,
    /// `ascending`, `descending`, or empty.
    pub(crate) order: &'static str,
}

/// The page without a single machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Empty {
    pub(crate) has_ssh_key: bool,
    pub(crate) is_admin: bool,
    pub(crate) is_tls_on: bool,
    /// The address of the API, for commands.
    pub(crate) url: String,
    /// The pools that the visitor may know of.
    pub(crate) pools: Vec<String>,
    pub(crate) username: String,
}

/// The rows alone, to be put in the place of those that changed.
#[derive(Template)]
#[template(path = "machines/rows.html")]
pub(crate) struct RowsPage {
    pub(crate) rows: Vec<MachineRow>,
    pub(crate) may_act: bool,
}

/// What was read for the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) nodes: Vec<Node>,
    pub(crate) total: i64,
    pub(crate) statuses: Vec<GroupCount>,
    pub(crate) pools: Vec<GroupCount>,
    pub(crate) groups: Vec<GroupCount>,
}

impl ListPage {
    /// The heads of the table: a column, and a second one whose values stand below the first's.
    fn heads(&self) -> Vec<(&Column, Option<&Column>)> {
        let column = |label: &str| self.columns.iter().find(|column| column.label == label);
        let pairs = [
            ("Name", None),
            ("Power", None),
            ("Status", None),
            ("Owner", None),
            ("Pool", Some("Zone")),
            ("Cores", None),
            ("RAM", None),
            ("Storage", None),
        ];
        let heads = pairs.into_iter().map(|(first, second)| Some((column(first)?, second.and_then(column))));
        heads.flatten().collect()
    }

    /// Other ways to put rows together: query string, label, whether it is this one.
    fn groupings(&self) -> Vec<(String, String, bool)> {
        let link = |(_, label, group, _): &(&str, &str, Group, Sort)| {
            let query = ListQuery { group: Some(*group), ..self.query.clone() };
            (query.start(), label.to_lowercase(), self.query.group == Some(*group))
        };
        GROUPS.iter().map(link).collect()
    }

    /// Whether more fit than can be marked together.
    fn is_too_many(&self) -> bool {
        self.total_count > bulk::MOST
    }

    fn most(&self) -> String {
        text::grouped(&bulk::MOST)
    }

    fn ungrouped(&self) -> String {
        ListQuery { group: None, ..self.query.clone() }.start()
    }
}

/// `GET /MAAS/r/machines`
pub(crate) async fn show(visit: Visit, input: Input) -> Answer {
    if visit.needs_intro().await {
        return Ok(see_other("/MAAS/r/intro"));
    }
    let query = ListQuery::read(&input);
    let (search, mut problems) = match query.search() {
        Ok(search) => (search, Vec::new()),
        Err(why) => (Search::default(), vec![why]),
    };
    let mut found = Found::default();
    if problems.is_empty() {
        match find(&visit, &query, &search).await {
            Ok(rows) => found = rows,
            Err(error) => problems = FormErrors::from_error(error)?.0.into_values().flatten().collect(),
        }
    }
    let empty = match found.total {
        0 if query.q.is_empty() && problems.is_empty() => Some(empty(&visit).await?),
        _ => None,
    };
    let shell = visit.shell(Section::Machines, "Machines").await;
    let me = visit.ctx.actor.user().map(|user| user.username.clone());
    let offers = bulk::offers(|action| visit.may_somewhere(action));
    let mut page = assemble(shell, query, &search, found, me.as_deref(), offers, visit.now());
    page.may_add = visit.may_somewhere(Action::EditMachines);
    page.problems = problems;
    page.empty = empty;
    visit.page(&page)
}

/// `GET /MAAS/r/machines/rows`: those of `ids` that are seen.
pub(crate) async fn rows(visit: Visit, input: Input) -> Answer {
    let ids = input.text("ids").split(',').filter_map(|id| id.parse::<SystemId>().ok());
    let ids: Vec<String> = ids.take(MOST_ROWS).map(|id| id.to_string()).collect();
    let nodes = if ids.is_empty() { Vec::new() } else { by_ids(&visit, &ids).await? };
    let now = visit.now();
    let may_act = !bulk::offers(|action| visit.may_somewhere(action)).is_empty();
    visit.page(&RowsPage { rows: nodes.iter().map(|node| row::row(node, now)).collect(), may_act })
}

/// The machines of these system ids, as far as the visitor sees them.
pub(crate) async fn by_ids(visit: &Visit, ids: &[String]) -> Result<Vec<Node>, Failure> {
    let mut filter = NodeFilter::default();
    filter.require(Test::Text(TextField::SystemId, ids.iter().cloned().map(TextMatch::Is).collect()));
    let page = Page { limit: ids.len() as i64, ..Page::default() };
    Ok(machines::list(visit.region(), &visit.ctx, &filter, &page).await?)
}

async fn find(visit: &Visit, query: &ListQuery, search: &Search) -> Result<Found, Error> {
    let (region, ctx) = (visit.region(), &visit.ctx);
    let filter = |search: &Search| search.filter().map_err(|error| Error::BadRequest(error.to_string()));
    let whole = filter(search)?;
    let any_status = filter(&facets::without(search, &FilterKey::Status))?;
    let any_pool = filter(&facets::without(search, &FilterKey::Text(TextField::Pool)))?;
    let page = query.page();
    let groups = async {
        match query.group {
            Some(group) => machines::count_by(region, ctx, &whole, group).await,
            None => Ok(Vec::new()),
        }
    };
    let (nodes, total, statuses, pools, groups) = tokio::try_join!(
        machines::list(region, ctx, &whole, &page),
        machines::count(region, ctx, &whole),
        machines::count_by(region, ctx, &any_status, Group::Status),
        machines::count_by(region, ctx, &any_pool, Group::Pool),
        groups,
    )?;
    Ok(Found { nodes, total, statuses, pools, groups })
}

async fn empty(visit: &Visit) -> Result<Empty, Failure> {
    let keys = ssh_keys::list(visit.region(), &visit.ctx).await?;
    let pools = pools::list(visit.region(), &visit.ctx).await?;
    let is_tls_on = visit.ctx.request.is_secure;
    Ok(Empty {
        has_ssh_key: !keys.is_empty(),
        is_admin: visit.may(Action::EditConfigurations),
        url: format!("http{}://{}/MAAS", if is_tls_on { "s" } else { "" }, visit.host),
        is_tls_on,
        pools: pools.into_iter().map(|pool| pool.name).collect(),
        username: visit.ctx.actor.user().map(|user| user.username.clone()).unwrap_or_default(),
    })
}

/// The page from what was read: up to one row more than it shows.
pub(crate) fn assemble(
    shell: Shell,
    query: ListQuery,
    search: &Search,
    found: Found,
    me: Option<&str>,
    actions: Vec<(&'static str, String)>,
    now: Timestamp,
) -> ListPage {
    let facets = [
        facets::statuses(&query, search, &found.statuses),
        facets::pools(&query, search, &found.pools),
        facets::own(&query, search, me),
    ];
    let (nodes, has_newer, has_older) = query.shown(found.nodes);
    let beside = |name, node: Option<&Node>| {
        node.map(|node| format!("/MAAS/r/machines?{}", query.beside(name, &machines::cursor(node, query.order()))))
    };
    ListPage {
        newer: beside("before", nodes.first().filter(|_| has_newer)),
        older: beside("after", nodes.last().filter(|_| has_older)),
        rows: grouped(&nodes, &query, &found.groups, now),
        columns: columns(&query),
        facets: facets.into_iter().filter(|facet| !facet.chips.is_empty()).collect(),
        total: format!("{} {}", text::grouped(&found.total), if found.total == 1 { "machine" } else { "machines" }),
        total_count: found.total,
        shell,
        query,
        problems: Vec::new(),
        actions,
        may_add: false,
        empty: None,
    }
}

/// The rows, with a heading where a group begins.
fn grouped(nodes: &[Node], query: &ListQuery, counts: &[GroupCount], now: Timestamp) -> Vec<MachineRow> {
    let mut last = None;
    let mut rows: Vec<MachineRow> = nodes.iter().map(|node| row::row(node, now)).collect();
    let Some(group) = query.group else { return rows };
    for row in &mut rows {
        let value = match group {
            Group::Pool => row.pool.clone(),
            Group::Zone => row.zone.clone(),
            Group::Owner => row.owner.clone(),
            Group::Status => row.status.to_owned(),
            Group::Power => row.power.label.to_owned(),
        };
        if last.as_ref() == Some(&value) {
            continue;
        }
        let is_it = |count: &&GroupCount| match group {
            Group::Status => row::status(&count.value).is_some_and(|status| status.label() == value),
            _ => count.value.eq_ignore_ascii_case(&value),
        };
        let count = counts.iter().find(is_it).map(|count| count.count);
        let label = if value.is_empty() { "Nobody’s".to_owned() } else { value.clone() };
        row.heading = Some(Heading { label, count });
        last = Some(value);
    }
    rows
}

fn columns(query: &ListQuery) -> Vec<Column> {
    let column = |(_, label, sort): &(&str, &'static str, Sort)| Column {
        label,
        href: format!("/MAAS/r/machines?{}", query.sorted(*sort)),
        order: match (query.order() == *sort, query.is_descending && query.group.is_none()) {
            (true, false) => "ascending",
            (true, true) => "descending",
            (false, _) => "",
        },
    };
    SORTS.iter().map(column).collect()
}

/// The words of the search, with an example of each kind.
pub(crate) fn words() -> String {
    FilterKey::NAMES.map(|(name, _)| name).join(", ")
}

const MOST_ROWS: usize = 200;
