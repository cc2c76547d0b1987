//! `{"name": "value"}`: no known client of API 2.0 writes it, MAAS reads it, people try it.

use serde_json::Value;

use super::{Bad, check_count};
use crate::limits;

/// The fields of a body: lists are repeated names, objects stay JSON text, null is nothing.
pub(super) fn parse(body: &[u8]) -> Result<Vec<(String, String)>, Bad> {
    let value: Value = serde_json::from_slice(body).map_err(|_| "Bad Request")?;
    let Value::Object(members) = value else { return Err("Bad Request: the body is no JSON object".into()) };
    let mut fields = Vec::new();
    for (name, value) in members {
        if !is_shallow(&value, limits::JSON_DEPTH) {
            return Err(format!("Bad Request: nested more than {} deep", limits::JSON_DEPTH));
        }
        match value {
            Value::Array(items) => fields.extend(items.into_iter().filter_map(text).map(|item| (name.clone(), item))),
            other => fields.extend(text(other).map(|value| (name, value))),
        }
        check_count(fields.len())?;
    }
    Ok(fields)
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// The parser itself stops at 128 levels, so that this recursion is bounded.
fn is_shallow(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| is_shallow(item, levels - 1)),
        Value::Object(members) => levels > 0 && members.values().all(|item| is_shallow(item, levels - 1)),
        _ => true,
    }
}
