//! What was rendered or heard of a node's hardware once, and is read as it is.

use std::collections::BTreeMap;

use maas_authz::GrantedNode;
use maas_model::NodeId;
use sqlx::Row;

use super::NodeRow;
use crate::{Connection, Result, Tx, sql::Sql};

/// What programs on the machine told of it, as texts by name: `lshw` and `lldp`, both XML.
pub type Facts = BTreeMap<String, String>;

/// Keeps the rendered piece of the node's JSON.
///
/// # Errors
/// Those of the database.
pub async fn set_body(tx: &mut Tx, may: &GrantedNode<NodeRow>, body: &str) -> Result<()> {
    sqlx::query(
        "insert into node_document (node_id, body, inventory, facts) values ($1, $2, '{}', '{}')
        on conflict (node_id) do update set body = $2",
    )
    .bind(may.row().node_id)
    .bind(body)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps what of the hardware has no table of its own, a JSON object; without `facts`, those that were known stay.
///
/// # Errors
/// Those of the database.
pub async fn set_inventory(
    tx: &mut Tx,
    may: &GrantedNode<NodeRow>,
    inventory: &str,
    facts: Option<&Facts>,
) -> Result<()> {
    let facts = facts.map(|facts| serde_json::json!(facts).to_string());
    sqlx::query(
        "insert into node_document (node_id, body, inventory, facts) values ($1, '', $2, coalesce($3, '{}'))
        on conflict (node_id) do update set inventory = $2, facts = coalesce($3, node_document.facts)",
    )
    .bind(may.row().node_id)
    .bind(inventory)
    .bind(facts)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What of a node's hardware has no table of its own, a JSON object.
///
/// # Errors
/// Those of the database.
pub async fn inventory(connection: &mut Connection, node_id: i64) -> Result<String> {
    let query = sqlx::query_scalar("select inventory from node_document where node_id = $1").bind(node_id);
    Ok(query.fetch_optional(connection).await?.unwrap_or_else(|| "{}".to_owned()))
}

/// The rendered pieces of some nodes, by node.
///
/// # Errors
/// Those of the database.
pub async fn bodies(connection: &mut Connection, nodes: &[NodeId]) -> Result<Vec<(i64, String)>> {
    let mut found = Vec::with_capacity(nodes.len());
    for some in nodes.chunks(500) {
        let mut sql = Sql::new("select node_id, body from node_document where ");
        sql.is_one_of("node_id", some.iter().map(|node| node.0));
        found.extend(sql.query_as().fetch_all(&mut *connection).await?);
    }
    Ok(found)
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
