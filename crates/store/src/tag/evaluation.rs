//! What the definitions of tags look at, and what they find.

use maas_model::{NodeId, TagId};

use super::TagRow;
use crate::{Backend, Connection, Result, Tx, sql::Sql};

macro_rules! candidate {
    ($which:literal) => {
        concat!(
            "select n.node_id, n.version, coalesce(d.facts, '{}') as facts, t.is_automatic
            from node n left join node_document d on d.node_id = n.node_id
            left join node_tag t on t.node_id = n.node_id and t.tag_id = $1 where ",
            $which
        )
    };
}

/// A node that a definition may fit.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Candidate {
    pub node_id: i64,
    /// As it was when the facts were read: one that has changed since is to be looked at again.
    pub version: i64,
    /// A JSON object of XML texts by name: `lshw`, `lldp`.
    pub facts: String,
    /// 1 if the definition has given it the tag, 0 if somebody has; none if it has not got it.
    pub is_automatic: Option<i64>,
}

/// Tags with a definition: those not yet looked for on all nodes, or all of them.
///
/// # Errors
/// Those of the database.
pub async fn to_evaluate(connection: &mut Connection, all: bool) -> Result<Vec<TagRow>> {
    let query = sqlx::query_as(select!("where definition <> '' and (is_evaluated = 0 or $1 = 1) order by tag_id"));
    Ok(query.bind(i64::from(all)).fetch_all(connection).await?)
}

/// Nodes behind `after`, by id. Devices have no hardware to look at.
///
/// # Errors
/// Those of the database.
pub async fn candidates(connection: &mut Connection, tag: TagId, after: NodeId, limit: i64) -> Result<Vec<Candidate>> {
    let query = sqlx::query_as(candidate!("n.node_id > $2 and n.node_type <> 1 order by n.node_id limit $3"));
    Ok(query.bind(tag.0).bind(after.0).bind(limit).fetch_all(connection).await?)
}

/// One of them, as it is now.
///
/// # Errors
/// Those of the database.
pub async fn find_candidate(connection: &mut Connection, tag: TagId, node: NodeId) -> Result<Option<Candidate>> {
    let query = sqlx::query_as(candidate!("n.node_id = $2"));
    Ok(query.bind(tag.0).bind(node.0).fetch_optional(connection).await?)
}

/// Keeps others from changing these nodes until the transaction ends; says which version each has now.
///
/// # Errors
/// Those of the database.
pub async fn lock_versions(tx: &mut Tx, nodes: &[NodeId]) -> Result<Vec<(i64, i64)>> {
    let mut sql = Sql::new("select node_id, version from node where ");
    sql.is_one_of("node_id", nodes.iter().map(|node| node.0)).push(" order by node_id");
    if tx.backend() == Backend::Postgres {
        sql.push(" for update");
    }
    Ok(sql.query_as().fetch_all(&mut **tx).await?)
}

/// Notes whether the tag's definition fits a node; whether that is news. What was given by hand stays.
///
/// # Errors
/// `Reference` when the tag has gone.
pub async fn set_fitting(tx: &mut Tx, tag: TagId, node: NodeId, is_fitting: bool) -> Result<bool> {
    let text = if is_fitting {
        "insert into node_tag (node_id, tag_id, is_automatic) values ($1, $2, 1) on conflict (node_id, tag_id) do nothing"
    } else {
        "delete from node_tag where node_id = $1 and tag_id = $2 and is_automatic = 1"
    };
    Ok(sqlx::query(text).bind(node.0).bind(tag.0).execute(&mut **tx).await?.rows_affected() == 1)
}

/// Notes that all nodes have been looked at by this definition; whether nobody had noted it yet.
///
/// # Errors
/// Those of the database.
pub async fn finish(tx: &mut Tx, tag: &TagRow) -> Result<bool> {
    let query =
        sqlx::query("update tag set is_evaluated = 1 where tag_id = $1 and definition = $2 and is_evaluated = 0");
    Ok(query.bind(tag.tag_id).bind(&tag.definition).execute(&mut **tx).await?.rows_affected() == 1)
}
