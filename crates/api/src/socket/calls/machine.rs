//! Machines over the socket: what pages list, show, count and do. The use cases are those of every other door, so that a
//! socket shows nothing that the API would not.

mod list;
mod shape;

use std::collections::BTreeMap;

use maas_authz::OpCtx;
use maas_model::{
    MachineAction, NodeId,
    constraint::Constraints,
    filter::{FilterKey, NodeFilter},
};
use maas_region::{
    Error, Region, detach,
    machines::{self, Page},
};
use serde_json::{Map, Value, json};

use self::list::Grouping;

/// The answer, if the call is about machines.
pub(super) async fn dispatch(
    region: &Region,
    ctx: &OpCtx,
    method: &str,
    params: &Value,
) -> Option<Result<Value, Error>> {
    Some(match method {
        "machine.list" => list::list(region, ctx, params).await,
        "machine.list_ids" => list::list_ids(region, ctx, params).await,
        "machine.get" => get(region, ctx, params).await,
        "machine.count" => count(region, ctx, params).await,
        "machine.action" => act(region, ctx, params).await,
        "machine.filter_groups" => Ok(filter_groups()),
        "machine.filter_options" => filter_options(region, ctx, params).await,
        _ => return None,
    })
}

/// A text among the parameters.
pub(super) fn text<'p>(params: &'p Value, name: &str) -> Result<&'p str, Error> {
    params.get(name).and_then(Value::as_str).ok_or_else(|| Error::field(name, "This field is required."))
}

async fn get(region: &Region, ctx: &OpCtx, params: &Value) -> Result<Value, Error> {
    let machine = machines::lookup_detailed(region, ctx, text(params, "system_id")?).await?;
    Ok(shape::details(ctx, &machine))
}

async fn count(region: &Region, ctx: &OpCtx, params: &Value) -> Result<Value, Error> {
    Ok(json!({ "count": machines::count(region, ctx, &filter(params)?).await? }))
}

/// The filter of a call: `{field: [values]}`, a value with `=` before it as one without.
fn filter(params: &Value) -> Result<NodeFilter, Error> {
    let Some(Value::Object(fields)) = params.get("filter") else { return Ok(NodeFilter::default()) };
    let pairs: Vec<(&str, String)> = fields.iter().flat_map(|(name, value)| values(name, value)).collect();
    for (name, _) in &pairs {
        let key = name.strip_prefix("not_in_").or_else(|| name.strip_prefix("not_")).unwrap_or(name);
        let known: Result<FilterKey, _> = key.parse();
        known.map_err(|error| Error::field(*name, error.to_string()))?;
    }
    let read = Constraints::for_list(pairs.iter().map(|(name, value)| (*name, value.as_str())));
    Ok(read.map_err(|errors| Error::Invalid(errors.0))?.filter)
}

fn values<'n>(name: &'n str, value: &Value) -> Vec<(&'n str, String)> {
    let plain = |value: &Value| match value {
        Value::String(text) => text.strip_prefix('=').unwrap_or(text).to_owned(),
        other => other.to_string(),
    };
    match value {
        Value::Array(items) => items.iter().map(|item| (name, plain(item))).collect(),
        Value::Null => Vec::new(),
        one => vec![(name, plain(one))],
    }
}

/// One machine or all that a filter lets through, each on its own: `action`, `system_id` or `filter`, `extra`.
async fn act(region: &Region, ctx: &OpCtx, params: &Value) -> Result<Value, Error> {
    let word = text(params, "action")?;
    let action = action(word).ok_or_else(|| Error::BadRequest(format!("There is no action `{word}`.")))?;
    let (is_one, ids) = match params.get("system_id").and_then(Value::as_str) {
        Some(id) => (true, vec![id.to_owned()]),
        None => (false, ids(region, ctx, &filter(params)?).await?),
    };
    let extra = params.get("extra").and_then(Value::as_object).map(parameters).unwrap_or_default();
    let (region, owned) = (region.clone(), ctx.clone());
    let work = async move { Ok(machines::bulk(&region, &owned, action, &ids, &extra).await) };
    let results = detach(ctx, work).await?;
    let (mut done, mut failed, mut details) = (0, Vec::new(), BTreeMap::<String, Vec<String>>::new());
    for result in results {
        match result.result {
            Ok(_) => done += 1,
            Err(error) if is_one => return Err(error),
            Err(error) => {
                details.entry(super::line(&error)).or_default().push(result.system_id.clone());
                failed.push(result.system_id);
            }
        }
    }
    if is_one {
        return Ok(Value::Null);
    }
    Ok(json!({ "success_count": done, "failed_system_ids": failed, "failure_details": details }))
}

/// By the name in roles, or the one that MAAS's pages use.
fn action(word: &str) -> Option<MachineAction> {
    let word = if word == "acquire" { "allocate" } else { word };
    MachineAction::ALL.into_iter().find(|action| action.as_str() == word)
}

fn parameters(extra: &Map<String, Value>) -> BTreeMap<String, String> {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let words = items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            words.collect::<Vec<_>>().join(",")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    };
    extra.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// Everything that the filter lets through, by id.
async fn ids(region: &Region, ctx: &OpCtx, filter: &NodeFilter) -> Result<Vec<String>, Error> {
    let (mut found, mut after): (Vec<String>, Option<NodeId>) = (Vec::new(), None);
    loop {
        let after_cursor = after.map(|id| machines::Cursor { value: String::new(), id });
        let page = Page { after: after_cursor, limit: AT_ONCE, ..Page::default() };
        let machines = machines::list(region, ctx, filter, &page).await?;
        after = machines.last().map(|machine| machine.id);
        let is_last = i64::try_from(machines.len()).is_ok_and(|len| len < AT_ONCE);
        found.extend(machines.iter().map(|machine| machine.system_id.to_string()));
        if is_last {
            return Ok(found);
        }
    }
}

fn filter_groups() -> Value {
    let group = |(key, label, is_dynamic): &(&str, &str, bool)| {
        let for_grouping = Grouping::named(key).is_some();
        json!({ "key": key, "label": label, "dynamic": is_dynamic, "type": "list[str]", "for_grouping": for_grouping })
    };
    FILTERS.iter().map(group).collect()
}

/// What a filter can be, of what the caller sees.
async fn filter_options(region: &Region, ctx: &OpCtx, params: &Value) -> Result<Value, Error> {
    let key = text(params, "group_key")?;
    let Some(grouping) = Grouping::named(key) else { return Ok(json!([])) };
    let counts = machines::count_by(region, ctx, &NodeFilter::default(), grouping.group).await?;
    let named = counts.iter().filter(|count| !count.value.is_empty());
    Ok(named.map(|count| json!({ "key": grouping.word(&count.value), "label": count.value })).collect())
}

/// Filters that pages offer: key, label, and whether what they can be depends on what there is.
const FILTERS: &[(&str, &str, bool)] = &[
    ("status", "Status", false),
    ("simple_status", "Group of statuses", false),
    ("pool", "Resource pool", true),
    ("zone", "Zone", true),
    ("owner", "Owner", true),
    ("power_state", "Power", false),
    ("tags", "Tags", true),
    ("arch", "Architecture", true),
    ("domain", "Domain", true),
    ("hostname", "Host name", true),
    ("system_id", "System id", true),
    ("mac_address", "MAC address", true),
    ("ip_addresses", "IP address", true),
    ("cpu_count", "CPUs", true),
    ("mem", "Memory", true),
    ("free_text", "Anything", true),
];

const AT_ONCE: i64 = 500;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::filter;

    #[test]
    fn a_misspelt_filter_is_no_filter_that_lets_all_through() {
        let read = |fields| filter(&json!({ "filter": fields }));
        assert_eq!(
            read(json!({"pool": ["=default"], "not_status": "new", "cpu_count": [4]})).unwrap().criteria.len(),
            3
        );
        assert!(read(json!({})).unwrap().is_empty());
        assert!(read(json!({"colour": ["red"]})).unwrap_err().to_string().starts_with("colour: "));
        assert!(read(json!({"status": ["purple"]})).is_err());
    }
}
