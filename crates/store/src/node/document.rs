//! What was rendered or heard of a node's hardware once, and is read as it is.

use std::collections::BTreeMap;

use maas_authz::GrantedNode;
use sqlx::Row;

use super::NodeRow;
use crate::{Connection, Result, Tx};

/// What programs on the machine told of it, as texts by name: `lshw` and `lldp`, both XML.
pub type Facts = BTreeMap<String, String>;

/// Keeps the rendered piece, and what is known of the hardware; without `facts`, what was known stays.
///
/// # Errors
/// Those of the database.
pub async fn set_document(tx: &mut Tx, may: &GrantedNode<NodeRow>, body: &str, facts: Option<&Facts>) -> Result<()> {
    let text = facts.map(|facts| serde_json::Value::from_iter(facts.clone()).to_string());
    sqlx::query(
        "insert into node_document (node_id, body, facts) values ($1, $2, coalesce($3, '{}'))
        on conflict (node_id) do update set body = $2, facts = coalesce($3, node_document.facts)",
    )
    .bind(may.row().node_id)
    .bind(body)
    .bind(text)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What is known of a node's hardware; nothing when nobody has told.
///
/// # Errors
/// Those of the database.
pub async fn facts(connection: &mut Connection, node_id: i64) -> Result<Facts> {
    let query = sqlx::query("select facts from node_document where node_id = $1").bind(node_id);
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(Facts::new()) };
    Ok(serde_json::from_str(row.try_get("facts")?).unwrap_or_default())
}
