//! Reading machines: pages, counts, one of them. What the caller may not see is left out in SQL.

use std::collections::BTreeMap;

use maas_authz::{OpCtx, action::ViewOwn};
use maas_model::{
    MachineAction, NodeId, NodeType, PoolId, Status, SystemId, UserId, ZoneId,
    filter::{Criterion, FilterError, NodeFilter, Test, TextField, TextMatch, unknown_names},
};
use maas_store::{
    Connection,
    node::{self, Cursor, Group, Page, Sort},
};

use super::{Detailed, GroupCount};
use crate::{
    Error, FieldErrors, Region, Result,
    nodes::{self, Catalog, Node},
};

/// A page of the machines that the caller sees.
///
/// # Errors
/// `Denied` for nobody; `Invalid` by filter for what does not exist.
pub async fn list(region: &Region, ctx: &OpCtx, filter: &NodeFilter, page: &Page) -> Result<Vec<Node>> {
    let mut reader = region.store().reader().await?;
    check(region, ctx, &mut reader, filter).await?;
    let rows = node::list(&mut reader, &ctx.machines(MachineAction::View), filter, page).await?;
    drop(reader);
    nodes::show_all(region, rows).await
}

/// The same with hardware, by id: for streaming long lists piece by piece.
///
/// # Errors
/// As [`list`].
pub async fn list_detailed(
    region: &Region,
    ctx: &OpCtx,
    filter: &NodeFilter,
    after: Option<NodeId>,
    limit: i64,
) -> Result<Vec<Detailed>> {
    let mut reader = region.store().reader().await?;
    check(region, ctx, &mut reader, filter).await?;
    let scope = ctx.machines(MachineAction::View);
    let found = node::list_detailed(&mut reader, &scope, filter, after, limit).await?;
    drop(reader);
    let (rows, bodies): (Vec<_>, Vec<_>) = found.into_iter().map(|row| (row.node, row.body)).unzip();
    let shown = nodes::show_all(region, rows).await?;
    Ok(shown.into_iter().zip(bodies).map(|(node, body)| Detailed { node, body }).collect())
}

/// How many machines the caller sees, by value.
///
/// # Errors
/// As [`list`].
pub async fn count_by(region: &Region, ctx: &OpCtx, filter: &NodeFilter, group: Group) -> Result<Vec<GroupCount>> {
    let mut reader = region.store().reader().await?;
    check(region, ctx, &mut reader, filter).await?;
    let rows = node::count_by(&mut reader, &ctx.machines(MachineAction::View), filter, group).await?;
    drop(reader);
    let catalog = nodes::catalog(region).await?;
    let named = |value: &str| group_name(&catalog, group, value).unwrap_or_else(|| value.to_owned());
    let mut counts: Vec<_> =
        rows.into_iter().map(|row| GroupCount { value: named(&row.value), count: row.count }).collect();
    counts.sort_by(|a, b| a.value.cmp(&b.value));
    Ok(counts)
}

fn group_name(catalog: &Catalog, group: Group, value: &str) -> Option<String> {
    let id: i64 = value.parse().ok()?;
    match group {
        Group::Pool => catalog.pool(PoolId(id)).map(|pool| pool.name.clone()),
        Group::Zone => catalog.zone(ZoneId(id)).map(|zone| zone.name.clone()),
        Group::Owner => catalog.username(UserId(id)).map(|name| name.to_string()),
        Group::Status => Status::from_code(id).map(|status| status.label().to_owned()),
        Group::Power => None,
    }
}

/// How many machines the caller sees.
///
/// # Errors
/// As [`list`].
pub async fn count(region: &Region, ctx: &OpCtx, filter: &NodeFilter) -> Result<i64> {
    let mut reader = region.store().reader().await?;
    check(region, ctx, &mut reader, filter).await?;
    Ok(node::count(&mut reader, &ctx.machines(MachineAction::View), filter).await?)
}

/// One machine.
///
/// # Errors
/// `NotFound { what: "Machine" }`, also for one that the caller may not see.
pub async fn lookup(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<Node> {
    let mut reader = region.store().reader().await?;
    let found = nodes::lookup(&mut reader, ctx, NodeType::Machine, system_id, MachineAction::View).await?;
    drop(reader);
    nodes::show(region, found.into_row()).await
}

/// One machine with its hardware.
///
/// # Errors
/// As [`lookup`].
pub async fn lookup_detailed(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<Detailed> {
    let mut reader = region.store().reader().await?;
    let found = match system_id.parse::<SystemId>() {
        Ok(id) => node::find_detailed(&mut reader, id.as_str()).await?,
        Err(_) => None,
    };
    drop(reader);
    let (row, body) = found.map(|found| (found.node, found.body)).unzip();
    let seen = nodes::grant(ctx, NodeType::Machine, row, MachineAction::View)?;
    Ok(Detailed { node: nodes::show(region, seen.into_row()).await?, body: body.unwrap_or_default() })
}

/// lshw's and LLDP's XML of a machine, as far as known.
///
/// # Errors
/// As [`lookup`].
pub async fn details(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<BTreeMap<String, String>> {
    let mut reader = region.store().reader().await?;
    let found = nodes::lookup(&mut reader, ctx, NodeType::Machine, system_id, MachineAction::ViewDetails).await?;
    Ok(node::facts(&mut reader, found.row().node_id).await?)
}

/// Where a page that ends with this machine ends: the next one begins behind it.
pub fn cursor(node: &Node, sort: Sort) -> Cursor {
    let value = match sort {
        Sort::Id => String::new(),
        Sort::Hostname => node.hostname.clone(),
        Sort::Status => node.status.code().to_string(),
        Sort::Power => node.power_state.as_str().to_owned(),
        Sort::Owner => node.owner.as_ref().map(|owner| owner.username.to_string()).unwrap_or_default(),
        Sort::Pool => node.pool.as_ref().map(|pool| pool.name.clone()).unwrap_or_default(),
        Sort::Zone => node.zone.name.clone(),
        Sort::Cpus => node.cpu_count.to_string(),
        Sort::Memory => node.memory_mib.to_string(),
        Sort::Storage => node.storage_bytes.to_string(),
        Sort::Updated => node.updated_at.micros().to_string(),
    };
    Cursor { value, id: node.id }
}

/// Exact names of what does not exist are mistakes that people want to hear of. A pool that the caller may not know of
/// does not exist.
pub(crate) async fn check(region: &Region, ctx: &OpCtx, reader: &mut Connection, filter: &NodeFilter) -> Result<()> {
    ctx.grant::<ViewOwn>()?;
    check_size(filter)?;
    let mut errors = FieldErrors::new();
    for Criterion { negated, test } in &filter.criteria {
        let Test::Text(field, values) = test else { continue };
        let Some(parameter) = parameter(*field, *negated) else { continue };
        let names: Vec<&str> = values.iter().filter_map(exact).collect();
        let unknown = unknown(region, ctx, reader, *field, &names).await?;
        if !unknown.is_empty() {
            errors.entry(parameter.to_owned()).or_default().push(unknown_names(*field, &unknown));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// More than a database can be asked for is refused before it is asked.
pub(crate) fn check_size(filter: &NodeFilter) -> Result<()> {
    filter.check_size().map_err(|FilterError(why)| Error::BadRequest(why))
}

async fn unknown<'n>(
    region: &Region,
    ctx: &OpCtx,
    reader: &mut Connection,
    field: TextField,
    names: &[&'n str],
) -> Result<Vec<&'n str>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let known: Vec<String> = match field {
        TextField::Tag => node::tag_names(reader).await?,
        TextField::Zone => nodes::catalog(region).await?.zones().map(|zone| zone.name.clone()).collect(),
        TextField::Domain => nodes::catalog(region).await?.domains().map(|domain| domain.name.clone()).collect(),
        _ => {
            let visible = ctx.access().visible_pools();
            let catalog = nodes::catalog(region).await?;
            catalog.pools().filter(|pool| visible.has(pool.id)).map(|pool| pool.name.clone()).collect()
        }
    };
    let is_known = |name: &str| known.iter().any(|known| known.to_lowercase() == name.to_lowercase());
    Ok(names.iter().copied().filter(|name| !is_known(name)).collect())
}

fn exact(value: &TextMatch) -> Option<&str> {
    match value {
        TextMatch::Is(name) => Some(name),
        _ => None,
    }
}

/// The parameter of API 2.0 for fields whose names are checked.
const fn parameter(field: TextField, negated: bool) -> Option<&'static str> {
    match (field, negated) {
        (TextField::Tag, false) => Some("tags"),
        (TextField::Tag, true) => Some("not_tags"),
        (TextField::Zone, false) => Some("zone"),
        (TextField::Zone, true) => Some("not_in_zone"),
        (TextField::Pool, false) => Some("pool"),
        (TextField::Pool, true) => Some("not_in_pool"),
        (TextField::Domain, false) => Some("domain"),
        (TextField::Domain, true) => Some("not_domain"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use maas_authz::{Access, Actor};
    use maas_model::{NodeFilter, PoolId, Search};

    use super::{count, count_by, cursor, details, list, lookup, lookup_detailed};
    use crate::{
        Error,
        machines::{Group, NewMachine, Page, Sort, create, set_pool, set_zone},
        pools,
        testing::{TestRegion, with_region},
    };

    async fn machines(site: &TestRegion) -> Vec<String> {
        let admin = site.ctx("admin").await;
        let mut ids = Vec::new();
        for index in 1..4 {
            let new = NewMachine {
                hostname: Some(format!("m{index}")),
                architecture: "amd64".into(),
                mac_addresses: vec![format!("52:54:00:00:00:0{index}")],
                ..NewMachine::default()
            };
            ids.push(create(&site.region, &admin, new).await.unwrap().system_id.to_string());
        }
        ids
    }

    fn filter(text: &str) -> NodeFilter {
        text.parse::<Search>().unwrap().filter().unwrap()
    }

    #[tokio::test]
    async fn each_sees_their_own_part() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let ids = machines(site).await;
            pools::create(region, &admin, "web", "").await.unwrap();
            set_pool(region, &admin, &ids[0], "web").await.unwrap();
            let mut access = Access::own_only();
            access.give(maas_authz::role::BUILTIN[2].actions, Some(PoolId(0)));
            let eve = site.holding(&site.ctx("eve").await, access);
            let page = Page { limit: 10, sort: Sort::Hostname, ..Page::default() };
            let all = NodeFilter::default();
            let names =
                |nodes: Vec<crate::nodes::Node>| nodes.iter().map(|node| node.hostname.clone()).collect::<Vec<_>>();
            assert_eq!(names(list(region, &admin, &all, &page).await.unwrap()), ["m1", "m2", "m3"]);
            assert_eq!(names(list(region, &eve, &all, &page).await.unwrap()), ["m2", "m3"]);
            assert_eq!(count(region, &eve, &all).await.unwrap(), 2);
            let groups = count_by(region, &eve, &all, Group::Pool).await.unwrap();
            assert_eq!(
                groups.iter().map(|group| (group.value.as_str(), group.count)).collect::<Vec<_>>(),
                [("default", 2)]
            );
            let not_found = |error: Error| matches!(error, Error::NotFound { what: "Machine" });
            for id in [ids[0].as_str(), "4yyyyy", "", "a\0", "../x"] {
                assert!(not_found(lookup(region, &eve, id).await.unwrap_err()), "{id:?}");
                assert!(not_found(lookup_detailed(region, &eve, id).await.unwrap_err()), "{id:?}");
                assert!(not_found(details(region, &eve, id).await.unwrap_err()), "{id:?}");
            }
            let nobody = maas_authz::OpCtx { actor: Actor::Anonymous, ..admin.clone() };
            assert!(matches!(list(region, &nobody, &all, &page).await, Err(Error::Denied(_))));

            let first = list(region, &admin, &all, &Page { limit: 1, ..page.clone() }).await.unwrap();
            let after = Some(cursor(&first[0], Sort::Hostname));
            let rest = list(region, &admin, &all, &Page { after, ..page.clone() }).await.unwrap();
            assert_eq!(names(rest), ["m2", "m3"]);
        })
        .await;
    }

    #[tokio::test]
    async fn names_that_one_may_not_know_do_not_exist() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let ids = machines(site).await;
            pools::create(region, &admin, "web", "").await.unwrap();
            let mut access = Access::own_only();
            access.give(maas_authz::role::BUILTIN[1].actions, Some(PoolId(0)));
            let operator = site.holding(&site.ctx("eve").await, access);
            assert_eq!(count(region, &admin, &filter("pool:(=web)")).await.unwrap(), 0);
            for (text, refusal) in [
                ("pool:(=web)", "pool: No such pool(s): 'web'."),
                ("pool:(!=web,!=x)", "not_in_pool: No such pool(s): 'web', 'x'."),
                ("zone:(=z)", "zone: No such zone(s): 'z'."),
                ("tags:(=t)", "tags: No such tag(s): 't'."),
            ] {
                assert_eq!(count(region, &operator, &filter(text)).await.unwrap_err().to_string(), refusal);
            }
            let hidden = set_pool(region, &operator, &ids[0], "web").await.unwrap_err().to_string();
            let unknown = set_pool(region, &operator, &ids[0], "wow").await.unwrap_err().to_string();
            assert_eq!(hidden.replace("web", "wow"), unknown);

            let mixed = [ids[0].clone(), "4yyyyy".to_owned()];
            let error = set_zone(region, &operator, &mixed, "default").await.unwrap_err().to_string();
            assert_eq!(error, "system_id: Some of the given system ids are invalid system ids.");
            let user = site.ctx("bob").await;
            assert!(matches!(set_zone(region, &user, &ids, "default").await, Err(Error::Denied(_))));
            crate::zones::create(region, &admin, "north", "").await.unwrap();
            set_zone(region, &operator, &ids, "north").await.unwrap();
            assert_eq!(count(region, &user, &filter("zone:(=north)")).await.unwrap(), 3);
            let told = site.events().await.iter().filter(|row| row.action == "machine.set-zone").count();
            assert_eq!(told, 3);
        })
        .await;
    }
}
