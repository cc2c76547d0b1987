//! One action for several machines: a question first where it is needed, and then what came of it for each.

use askama::Template;
use maas_authz::{Action, Asked};
use maas_model::MachineAction;
use maas_region::{Error, auth, machines, machines::Page, nodes::Node, pools, zones};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Choice, Field, FormErrors, FormView},
    input::Input,
    machines::{
        deed::{self, With},
        list::by_ids,
        query::ListQuery,
        why,
    },
    preferences::password::FormPage,
    reauthenticate,
    shell::{Section, Shell},
    text::{self, local_path},
    visit::Visit,
};

/// What came of it.
#[derive(Template)]
#[template(path = "machines/results.html")]
pub(crate) struct ResultsPage {
    pub(crate) shell: Shell,
    pub(crate) action: MachineAction,
    pub(crate) rows: Vec<ResultRow>,
    pub(crate) done: usize,
    pub(crate) back: String,
    pub(crate) username: String,
}

/// What came of it for one machine.
#[derive(Clone, Debug)]
pub(crate) struct ResultRow {
    pub(crate) system_id: String,
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    /// What was done, or why not.
    pub(crate) text: String,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// The rules do not allow it, which can be explained.
    Denied,
    Failed,
}

/// What can be done to machines of a list by somebody who holds what `may` says: word and label.
pub(crate) fn offers(may: impl Fn(Action) -> bool) -> Vec<(&'static str, String)> {
    let offered = deed::FOR_MANY.into_iter().filter(|action| deed::could(*action, &may));
    offered.map(|action| (action.as_str(), deed::label(action))).collect()
}

/// `POST /MAAS/r/machines/actions`
pub(crate) async fn submit(visit: Visit, input: Input) -> Answer {
    let back = local_path(input.text("back")).to_owned();
    let Some(action) = deed::named(input.text("action")) else {
        return Err(Error::BadRequest("Choose what to do to the machines.".to_owned()).into());
    };
    let nodes = marked(&visit, &input).await?;
    if nodes.is_empty() {
        return visit.redirect(&back, &Flash::bad("Mark the machines first, then choose what to do."));
    }
    let is_sure = input.is_checked("sure");
    let with = With::read(&input);
    if !is_sure && (deed::is_dangerous(action) || deed::asks(action)) {
        return visit.page(&question(&visit, action, &nodes, &back, &input, &FormErrors::default()).await?);
    }
    let mut problems = incomplete(action, &with);
    if problems.0.is_empty() && wants_password(&visit, action, &nodes).await? {
        let password = input.secret("password");
        let proof = visit.run(|region, ctx| async move { auth::reauthenticate(&region, &ctx, &password).await });
        problems = proof.await.map_or_else(FormErrors::from_error, |_| Ok(problems))?;
    }
    if !problems.0.is_empty() {
        return visit.again(&question(&visit, action, &nodes, &back, &input, &problems).await?);
    }
    let rows = carry_out(&visit, action, nodes, with).await?;
    let shell = visit.shell(Section::Machines, action.title()).await.under("Machines", text::HOME);
    let username = visit.ctx.actor.user().map(|user| user.username.clone()).unwrap_or_default();
    visit.page(&assemble(shell, action, rows, back, username))
}

/// The page of results; those that did not work come first.
pub(crate) fn assemble(
    shell: Shell,
    action: MachineAction,
    mut rows: Vec<ResultRow>,
    back: String,
    username: String,
) -> ResultsPage {
    let done = rows.iter().filter(|row| row.outcome == Outcome::Done).count();
    rows.sort_by_key(|row| row.outcome == Outcome::Done);
    ResultsPage { shell, action, rows, done, back, username }
}

/// What is still missing for an action.
pub(crate) fn incomplete(action: MachineAction, with: &With) -> FormErrors {
    match action {
        MachineAction::SetPool if with.pool.is_empty() => FormErrors::field("pool", "Choose a pool."),
        MachineAction::SetZone if with.zone.is_empty() => FormErrors::field("zone", "Choose a zone."),
        MachineAction::Tag if with.add_tags.is_empty() && with.remove_tags.is_empty() => {
            FormErrors::field("add_tags", "Name a tag to add, or one to remove.")
        }
        _ => FormErrors::default(),
    }
}

/// Whether it is a deletion of many by somebody whose password was shown too long ago.
async fn wants_password(visit: &Visit, action: MachineAction, nodes: &[Node]) -> Result<bool, Failure> {
    if action != MachineAction::Delete || nodes.len() < 2 {
        return Ok(false);
    }
    match auth::require_step_up(visit.region(), &visit.ctx, Asked::Machine(action)).await {
        Err(error) if reauthenticate::is_asked_by(&error) => Ok(true),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(false),
    }
}

/// Does it to each, one after the other, whether or not the browser waits.
async fn carry_out(
    visit: &Visit,
    action: MachineAction,
    nodes: Vec<Node>,
    with: With,
) -> Result<Vec<ResultRow>, Failure> {
    let work = |region, ctx| async move {
        let mut rows = Vec::with_capacity(nodes.len());
        for node in nodes {
            let result = deed::run(&region, &ctx, node.system_id.as_str(), action, &with).await;
            rows.push(result_row(&node, action, result));
        }
        Ok(rows)
    };
    Ok(visit.run(work).await?)
}

/// A result for people.
pub(crate) fn result_row(node: &Node, action: MachineAction, result: Result<(), Error>) -> ResultRow {
    let (outcome, text) = match result {
        Ok(()) => (Outcome::Done, deed::done(action).to_owned()),
        Err(error) => {
            let is_denied = matches!(error, Error::Denied(_) | Error::Forbidden(_));
            let outcome = if is_denied { Outcome::Denied } else { Outcome::Failed };
            (outcome, why::error(&error, node))
        }
    };
    ResultRow { system_id: node.system_id.to_string(), name: node.hostname.clone(), outcome, text }
}

/// The machines that a form names: each by its id, or all that fit its search.
async fn marked(visit: &Visit, input: &Input) -> Result<Vec<Node>, Failure> {
    if !input.is_checked("all") {
        let ids = input.all("id");
        return if ids.is_empty() { Ok(Vec::new()) } else { by_ids(visit, &ids).await };
    }
    let query = ListQuery::read(input);
    let filter = query.search().and_then(|search| search.filter().map_err(|error| error.to_string()));
    let filter = filter.map_err(Error::BadRequest)?;
    let page = Page { limit: MOST + 1, ..Page::default() };
    let nodes = machines::list(visit.region(), &visit.ctx, &filter, &page).await?;
    if nodes.len() as i64 > MOST {
        let why = format!("More than {MOST} machines fit; narrow the search and go on in parts.");
        return Err(Error::BadRequest(why).into());
    }
    Ok(nodes)
}

/// The question before an action, and what it needs to know.
async fn question(
    visit: &Visit,
    action: MachineAction,
    nodes: &[Node],
    back: &str,
    sent: &Input,
    errors: &FormErrors,
) -> Result<FormPage, Failure> {
    let shell = visit.shell(Section::Machines, action.title()).await.under("Machines", text::HOME);
    let form = FormView::new("action", &shell.csrf, "/MAAS/r/machines/actions", action.title())
        .field(Field::hidden("action", action.as_str()))
        .field(Field::hidden("sure", "true"))
        .field(Field::hidden("back", back));
    let form = nodes.iter().fold(form, |form, node| form.field(Field::hidden("id", node.system_id.as_str())));
    let form = ask(visit, action, form, sent).await?;
    let form = if wants_password(visit, action, nodes).await? {
        let username = visit.ctx.actor.user().map(|user| user.username.as_str()).unwrap_or_default();
        form.field(Field::whose(username)).field(Field::password(
            "password",
            "Your password, once more",
            "current-password",
        ))
    } else {
        form
    };
    let form = form.cancel(back).errors(errors);
    let form = if deed::is_dangerous(action) { form.danger() } else { form };
    Ok(FormPage { lead: lead(action, nodes), form, shell })
}

/// The question in words.
pub(crate) fn lead(action: MachineAction, nodes: &[Node]) -> Vec<String> {
    let names: Vec<&str> = nodes.iter().take(NAMED).map(|node| node.hostname.as_str()).collect();
    let more = nodes.len().saturating_sub(NAMED);
    let names = if more == 0 { names.join(", ") } else { format!("{} and {more} others", names.join(", ")) };
    let what = match nodes.len() {
        1 => format!("{} {names}?", action.title()),
        count => format!("{} {}: {names}?", action.title(), text::count(count as u64, "machine")),
    };
    let mut lines = vec![what, deed::consequence(action).to_owned()];
    if action.needs_rack() {
        lines.push("A rack controller carries this out; while the site has none, nothing is changed.".to_owned());
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The fields that an action asks for.
pub(crate) async fn ask(
    visit: &Visit,
    action: MachineAction,
    form: FormView,
    sent: &Input,
) -> Result<FormView, Failure> {
    let (region, ctx) = (visit.region(), &visit.ctx);
    Ok(match action {
        MachineAction::SetPool => {
            let pools = pools::list(region, ctx).await?.into_iter().map(|pool| pool.name);
            form.field(Field::select("pool", "Pool", choices(pools), sent.text("pool")))
        }
        MachineAction::SetZone => {
            let zones = zones::list(region, ctx).await?.into_iter().map(|zone| zone.name);
            form.field(Field::select("zone", "Zone", choices(zones), sent.text("zone")))
        }
        MachineAction::Tag => form
            .field(Field::text("add_tags", "Tags to add", sent.text("add_tags")).help("Tags that exist, by commas."))
            .field(Field::text("remove_tags", "Tags to remove", sent.text("remove_tags"))),
        MachineAction::Release => form
            .field(Field::check("erase", "Erase the disks first (needs a rack)", sent.is_checked("erase")))
            .field(comment(sent)),
        MachineAction::MarkBroken | MachineAction::Abort | MachineAction::PowerOff => form.field(comment(sent)),
        _ => form,
    })
}

fn comment(sent: &Input) -> Field {
    Field::text("comment", "Why (may stay empty)", sent.text("comment")).help("Goes into the machine's events.")
}

fn choices(names: impl Iterator<Item = String>) -> Vec<Choice> {
    names.map(|name| Choice::new(name.clone(), name)).collect()
}

/// Most machines at once.
pub(crate) const MOST: i64 = 1000;
/// Names in a question.
const NAMED: usize = 8;
