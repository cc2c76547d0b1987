//! The names of tags beside each node, kept for lists; the truth is in `node_tag`.

use maas_model::{NodeId, TagId};

use crate::{Connection, Result, Tx, sql::Sql};

/// The names of all tags there are.
///
/// # Errors
/// Those of the database.
pub async fn tag_names(connection: &mut Connection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("select name from tag").fetch_all(connection).await?)
}

/// Writes the names of their tags anew beside some nodes.
///
/// # Errors
/// Those of the database.
pub async fn refresh_tag_names(tx: &mut Tx, nodes: &[NodeId]) -> Result<()> {
    for some in nodes.chunks(500) {
        let mut sql = renew(tx);
        sql.is_one_of("node_id", some.iter().map(|node| node.0));
        sql.query().execute(&mut **tx).await?;
    }
    Ok(())
}

/// The same for all nodes that have a tag: after it was renamed.
///
/// # Errors
/// Those of the database.
pub async fn refresh_tag_names_of(tx: &mut Tx, tag: TagId) -> Result<()> {
    let mut sql = renew(tx);
    sql.push("node_id in (select t.node_id from node_tag t where t.tag_id = ").bind(tag.0).push(")");
    sql.query().execute(&mut **tx).await?;
    Ok(())
}

fn renew(tx: &Tx) -> Sql {
    let mut sql = Sql::new("update node set version = version + 1, updated_us = ");
    sql.bind(tx.now_us()).push(NAMES);
    sql
}

const NAMES: &str = ", tag_names = coalesce((
    select ' ' || string_agg(g.name, ' ' order by g.name) || ' '
    from node_tag t join tag g on g.tag_id = t.tag_id where t.node_id = node.node_id), '') where ";
