//! Tags, as stored, and which nodes have them.

use maas_authz::{Granted, GrantedNode, Site, action::EditGlobalEntities};
use maas_model::{NodeId, TagId, UserId};

use crate::{Connection, Result, Tx, node, node::NodeRow};

macro_rules! select {
    ($which:literal) => {
        concat!("select tag_id, name, definition, comment, kernel_opts, is_evaluated from tag ", $which)
    };
}

mod evaluation;

pub use evaluation::{Candidate, candidates, find_candidate, finish, lock_versions, set_fitting, to_evaluate};

/// A tag. Flags are 0 or 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct TagRow {
    pub tag_id: i64,
    pub name: String,
    /// Empty for a tag that is given by hand.
    pub definition: String,
    pub comment: String,
    pub kernel_opts: String,
    /// Whether all nodes have been looked at since the definition was changed.
    pub is_evaluated: i64,
}

/// How many nodes of one kind have a tag, by pool and owner: who asks may see some of these and not others.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TagCountRow {
    pub tag_id: i64,
    pub node_type: i64,
    pub pool_id: Option<i64>,
    /// The owner if that is who asks, -1 for anybody else; none for what is free.
    pub owner_id: Option<i64>,
    pub nodes: i64,
}

/// All tags by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<TagRow>> {
    Ok(sqlx::query_as(select!("order by name")).fetch_all(connection).await?)
}

/// The tag of this name.
///
/// # Errors
/// Those of the database.
pub async fn find_named(connection: &mut Connection, name: &str) -> Result<Option<TagRow>> {
    Ok(sqlx::query_as(select!("where name = $1")).bind(name).fetch_optional(connection).await?)
}

/// Whether another tag has this name but for the case of its letters. Filters do not tell such names apart.
///
/// # Errors
/// Those of the database.
pub async fn is_taken(connection: &mut Connection, name: &str, besides: Option<TagId>) -> Result<bool> {
    let query = sqlx::query("select tag_id from tag where lower(name) = $1 and tag_id <> $2");
    let query = query.bind(name.to_lowercase()).bind(besides.map_or(-1, |id| id.0));
    Ok(query.fetch_optional(connection).await?.is_some())
}

/// How many nodes there are, by tag, kind, pool and whether they are `user`'s.
///
/// # Errors
/// Those of the database.
pub async fn count_nodes(connection: &mut Connection, user: Option<UserId>) -> Result<Vec<TagCountRow>> {
    let query = sqlx::query_as(
        "select tag_id, node_type, pool_id, owner_id, count(*) as nodes from (
            select t.tag_id, n.node_type, n.pool_id,
                case when n.owner_id is null or n.owner_id = $1 then n.owner_id else -1 end as owner_id
            from node_tag t join node n on n.node_id = t.node_id) as counted
        group by tag_id, node_type, pool_id, owner_id",
    );
    Ok(query.bind(user.map(|user| user.0)).fetch_all(connection).await?)
}

/// Adds a tag; its id is given here.
///
/// # Errors
/// `Unique` in `tag.name`.
pub async fn insert(tx: &mut Tx, _may: &Granted<Site, EditGlobalEntities>, new: &TagRow) -> Result<TagRow> {
    let row = TagRow { tag_id: tx.next_id("tag").await?, ..new.clone() };
    sqlx::query(
        "insert into tag (tag_id, name, definition, comment, kernel_opts, is_evaluated, created_us, updated_us, version)
        values ($1, $2, $3, $4, $5, $6, $7, $7, 1)",
    )
    .bind(row.tag_id)
    .bind(&row.name)
    .bind(&row.definition)
    .bind(&row.comment)
    .bind(&row.kernel_opts)
    .bind(row.is_evaluated)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(row)
}

/// Changes a tag. What its definition gave it to keeps it when the definition goes.
///
/// # Errors
/// `Unique` in `tag.name`.
pub async fn update(tx: &mut Tx, _may: &Granted<Site, EditGlobalEntities>, row: &TagRow) -> Result<()> {
    sqlx::query(
        "update tag set name = $2, definition = $3, comment = $4, kernel_opts = $5, is_evaluated = $6, updated_us = $7,
            version = version + 1 where tag_id = $1",
    )
    .bind(row.tag_id)
    .bind(&row.name)
    .bind(&row.definition)
    .bind(&row.comment)
    .bind(&row.kernel_opts)
    .bind(row.is_evaluated)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    if row.definition.is_empty() {
        sqlx::query("update node_tag set is_automatic = 0 where tag_id = $1")
            .bind(row.tag_id)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Deletes a tag and takes it from all nodes; says how many had it.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, _may: &Granted<Site, EditGlobalEntities>, id: TagId) -> Result<usize> {
    let query = sqlx::query_as("delete from node_tag where tag_id = $1 returning node_id");
    let nodes: Vec<(i64,)> = query.bind(id.0).fetch_all(&mut **tx).await?;
    sqlx::query("delete from tag where tag_id = $1").bind(id.0).execute(&mut **tx).await?;
    let nodes: Vec<NodeId> = nodes.into_iter().map(|(node,)| NodeId(node)).collect();
    node::refresh_tag_names(tx, &nodes).await?;
    Ok(nodes.len())
}

/// Gives a tag to a node by hand: no definition takes it away again.
///
/// # Errors
/// `Reference` when the tag has gone.
pub async fn give(tx: &mut Tx, may: &GrantedNode<NodeRow>, tag: TagId) -> Result<()> {
    sqlx::query(
        "insert into node_tag (node_id, tag_id, is_automatic) values ($1, $2, 0)
        on conflict (node_id, tag_id) do update set is_automatic = 0",
    )
    .bind(may.row().node_id)
    .bind(tag.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a tag from a node.
///
/// # Errors
/// Those of the database.
pub async fn take(tx: &mut Tx, may: &GrantedNode<NodeRow>, tag: TagId) -> Result<()> {
    let query = sqlx::query("delete from node_tag where node_id = $1 and tag_id = $2");
    query.bind(may.row().node_id).bind(tag.0).execute(&mut **tx).await?;
    Ok(())
}
