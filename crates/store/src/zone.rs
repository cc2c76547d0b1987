//! Zones, as stored.

use maas_authz::{Granted, Site, action::EditGlobalEntities};
use maas_model::{UserId, ZoneId};

use crate::{Connection, Result, Tx};

/// The zone that always exists.
pub const DEFAULT: ZoneId = ZoneId(1);

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ZoneRow {
    pub zone_id: i64,
    pub name: String,
    pub description: String,
}

/// How many nodes of one kind stand in a zone, by pool and owner: who asks may see some of these and not others.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ZoneCountRow {
    pub zone_id: i64,
    pub node_type: i64,
    pub pool_id: Option<i64>,
    /// The owner if that is who asks, -1 for anybody else; none for what is free.
    pub owner_id: Option<i64>,
    pub nodes: i64,
}

/// All zones by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<ZoneRow>> {
    let query = sqlx::query_as("select zone_id, name, description from zone order by name");
    Ok(query.fetch_all(connection).await?)
}

/// The zone of this name.
///
/// # Errors
/// Those of the database.
pub async fn find_named(connection: &mut Connection, name: &str) -> Result<Option<ZoneRow>> {
    let query = sqlx::query_as("select zone_id, name, description from zone where name = $1");
    Ok(query.bind(name).fetch_optional(connection).await?)
}

/// How many nodes there are, by zone, kind, pool and whether they are `user`'s.
///
/// # Errors
/// Those of the database.
pub async fn count_nodes(connection: &mut Connection, user: Option<UserId>) -> Result<Vec<ZoneCountRow>> {
    let query = sqlx::query_as(
        "select zone_id, node_type, pool_id, owner_id, count(*) as nodes from (
            select zone_id, node_type, pool_id,
                case when owner_id is null or owner_id = $1 then owner_id else -1 end as owner_id
            from node) as counted
        group by zone_id, node_type, pool_id, owner_id",
    );
    Ok(query.bind(user.map(|user| user.0)).fetch_all(connection).await?)
}

/// Adds a zone.
///
/// # Errors
/// `Unique` in `zone.name`.
pub async fn insert(
    tx: &mut Tx,
    _may: &Granted<Site, EditGlobalEntities>,
    name: &str,
    description: &str,
) -> Result<ZoneRow> {
    let id = tx.next_id("zone").await?;
    let row = ZoneRow { zone_id: id, name: name.to_owned(), description: description.to_owned() };
    sqlx::query(
        "insert into zone (zone_id, name, description, created_us, updated_us, version) values ($1, $2, $3, $4, $4, 1)",
    )
    .bind(row.zone_id)
    .bind(&row.name)
    .bind(&row.description)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(row)
}

/// Renames and describes a zone.
///
/// # Errors
/// `Unique` in `zone.name`.
pub async fn update(tx: &mut Tx, _may: &Granted<Site, EditGlobalEntities>, row: &ZoneRow) -> Result<()> {
    sqlx::query(
        "update zone set name = $2, description = $3, updated_us = $4, version = version + 1 where zone_id = $1",
    )
    .bind(row.zone_id)
    .bind(&row.name)
    .bind(&row.description)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Deletes a zone after moving its nodes to the default one; says which were moved.
///
/// # Errors
/// `Reference` when a node came into it at the same time.
pub async fn delete(tx: &mut Tx, _may: &Granted<Site, EditGlobalEntities>, id: ZoneId) -> Result<Vec<String>> {
    let moved: Vec<(String,)> = sqlx::query_as(
        "update node set zone_id = $2, updated_us = $3, version = version + 1 where zone_id = $1 returning system_id",
    )
    .bind(id.0)
    .bind(DEFAULT.0)
    .bind(tx.now_us())
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query("delete from zone where zone_id = $1").bind(id.0).execute(&mut **tx).await?;
    Ok(moved.into_iter().map(|(system_id,)| system_id).collect())
}

#[cfg(test)]
mod tests {
    use maas_model::EventType;

    use super::*;
    use crate::{
        Audit,
        testing::{TestNode, on_each},
    };

    #[tokio::test]
    async fn nodes_of_a_deleted_zone_stand_in_the_default_one() {
        on_each(async |db| {
            let store = db.open().await;
            let may = db.ctx().grant::<EditGlobalEntities>().unwrap();
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            let north = insert(&mut tx, &may, "north", "").await.unwrap();
            TestNode { zone: ZoneId(north.zone_id), ..TestNode::default() }.insert(&mut tx, "a").await;
            tx.commit(Audit::new(EventType::Zones, "test", "x")).await.unwrap();
            let count = async |zone_id| {
                let rows = count_nodes(&mut store.reader().await.unwrap(), None).await.unwrap();
                rows.iter().filter(|row| row.zone_id == zone_id).map(|row| row.nodes).sum::<i64>()
            };
            assert_eq!((count(north.zone_id).await, count(DEFAULT.0).await), (1, 0));
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            assert_eq!(delete(&mut tx, &may, ZoneId(north.zone_id)).await.unwrap().len(), 1);
            tx.commit(Audit::new(EventType::Zones, "test", "x")).await.unwrap();
            assert_eq!((count(north.zone_id).await, count(DEFAULT.0).await), (0, 1));
            assert_eq!(find_named(&mut store.reader().await.unwrap(), "north").await.unwrap(), None);
        })
        .await;
    }
}
