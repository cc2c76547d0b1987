//! Pages of machines, in groups if a page wants them so.

use maas_authz::OpCtx;
use maas_model::{NodeFilter, Status};
use maas_region::{
    Error, Region,
    machines::{self, Group, Page, Sort},
    nodes::Node,
};
use serde_json::{Value, json};

use super::{filter, shape};

/// How a list is grouped.
#[derive(Clone, Copy)]
pub(super) struct Grouping {
    pub(super) group: Group,
    sort: Sort,
}

impl Grouping {
    /// By the key of a filter.
    pub(super) fn named(key: &str) -> Option<Self> {
        let (group, sort) = match key {
            "status" => (Group::Status, Sort::Status),
            "pool" => (Group::Pool, Sort::Pool),
            "zone" => (Group::Zone, Sort::Zone),
            "owner" => (Group::Owner, Sort::Owner),
            "power_state" => (Group::Power, Sort::Power),
            _ => return None,
        };
        Some(Self { group, sort })
    }

    /// The group that a machine belongs to, as counts name it.
    fn of(self, machine: &Node) -> String {
        match self.group {
            Group::Status => machine.status.label().to_owned(),
            Group::Pool => machine.pool.as_ref().map(|pool| pool.name.clone()).unwrap_or_default(),
            Group::Zone => machine.zone.name.clone(),
            Group::Owner => machine.owner.as_ref().map(|owner| owner.username.to_string()).unwrap_or_default(),
            Group::Power => machine.power_state.as_str().to_owned(),
        }
    }

    /// The value in filters of what counts name.
    pub(super) fn word(self, name: &str) -> String {
        match self.group {
            Group::Status => Status::ALL.into_iter().find(|status| status.label() == name),
            _ => None,
        }
        .map_or_else(|| name.to_owned(), |status| status.as_str().to_owned())
    }
}

/// `filter`, `group_key`, `group_collapsed`, `sort_key`, `sort_direction`, `page_number`, `page_size`.
pub(super) async fn list(region: &Region, ctx: &OpCtx, params: &Value) -> Result<Value, Error> {
    let filter = filter(params)?;
    let grouping = params.get("group_key").and_then(Value::as_str).and_then(Grouping::named);
    let size = number(params, "page_size").unwrap_or(DEFAULT_SIZE).clamp(1, MOST);
    let number = number(params, "page_number").unwrap_or(1).clamp(1, MOST / size);
    let sort = grouping.map_or_else(|| sort(params), |grouping| grouping.sort);
    let is_descending = params.get("sort_direction").and_then(Value::as_str) == Some("descending");
    let count = machines::count(region, ctx, &filter).await?;
    let page = Page { after: None, limit: number * size, sort, is_descending };
    let machines = machines::list(region, ctx, &filter, &page).await?;
    let behind = usize::try_from((number - 1) * size).unwrap_or(usize::MAX);
    let machines = machines.get(behind..).unwrap_or_default();
    let groups = match grouping {
        Some(grouping) => grouped(region, ctx, &filter, grouping, params, machines).await?,
        None => json!([group(Value::Null, "", count, false, &items(ctx, machines))]),
    };
    let pages = count.div_euclid(size) + i64::from(count % size != 0);
    Ok(json!({ "count": count, "cur_page": number, "num_pages": pages.max(1), "groups": groups }))
}

/// Ids and system ids alone, in the same order.
pub(super) async fn list_ids(region: &Region, ctx: &OpCtx, params: &Value) -> Result<Value, Error> {
    let page = Page { limit: MOST, sort: sort(params), ..Page::default() };
    let machines = machines::list(region, ctx, &filter(params)?, &page).await?;
    let items: Vec<Value> =
        machines.iter().map(|machine| json!({ "id": machine.id.0, "system_id": machine.system_id.as_str() })).collect();
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    Ok(json!({ "count": count, "groups": [group(Value::Null, "", count, false, &items)] }))
}

async fn grouped(
    region: &Region,
    ctx: &OpCtx,
    filter: &NodeFilter,
    grouping: Grouping,
    params: &Value,
    machines: &[Node],
) -> Result<Value, Error> {
    let counts = machines::count_by(region, ctx, filter, grouping.group).await?;
    let collapsed: Vec<&str> = params
        .get("group_collapsed")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut groups: Vec<(String, Vec<&Node>)> = Vec::new();
    for machine in machines {
        let name = grouping.of(machine);
        match groups.last_mut().filter(|(last, _)| *last == name) {
            Some((_, members)) => members.push(machine),
            None => groups.push((name, vec![machine])),
        }
    }
    let shown = groups.into_iter().map(|(name, members)| {
        let count = counts.iter().find(|count| count.value == name).map_or(0, |count| count.count);
        let word = grouping.word(&name);
        let is_collapsed = collapsed.contains(&word.as_str());
        let items = if is_collapsed { Vec::new() } else { members.iter().map(|m| shape::row(ctx, m)).collect() };
        group(word.into(), &name, count, is_collapsed, &items)
    });
    Ok(shown.collect())
}

fn items(ctx: &OpCtx, machines: &[Node]) -> Vec<Value> {
    machines.iter().map(|machine| shape::row(ctx, machine)).collect()
}

fn group(value: Value, name: &str, count: i64, is_collapsed: bool, items: &[Value]) -> Value {
    json!({ "name": name, "value": value, "count": count, "collapsed": is_collapsed, "items": items })
}

fn number(params: &Value, name: &str) -> Option<i64> {
    params.get(name).and_then(Value::as_i64)
}

fn sort(params: &Value) -> Sort {
    match params.get("sort_key").and_then(Value::as_str).unwrap_or_default() {
        "hostname" | "fqdn" => Sort::Hostname,
        "status" | "status_code" => Sort::Status,
        "power_state" => Sort::Power,
        "owner" | "owner__username" => Sort::Owner,
        "pool" | "pool__name" => Sort::Pool,
        "zone" | "zone__name" => Sort::Zone,
        "cpu_count" => Sort::Cpus,
        "memory" => Sort::Memory,
        "storage" | "total_storage" => Sort::Storage,
        "updated" => Sort::Updated,
        _ => Sort::Id,
    }
}

const DEFAULT_SIZE: i64 = 50;
/// Machines at once, whatever is asked for.
const MOST: i64 = 10_000;
