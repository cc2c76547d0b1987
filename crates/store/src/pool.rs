//! Resource pools, as stored.

use maas_authz::{Granted, Site, action::EditPools};
use maas_model::{PoolId, UserId};

use crate::{Connection, Result, Tx};

/// The pool that always exists.
pub const DEFAULT: PoolId = PoolId(0);

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PoolRow {
    pub pool_id: i64,
    pub name: String,
    pub description: String,
}

/// How many machines of a pool are free, one's own, or somebody else's: who asks may see some of these and not others.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PoolCountRow {
    pub pool_id: i64,
    /// The owner if that is who asks, -1 for anybody else; none for free machines.
    pub owner_id: Option<i64>,
    pub machines: i64,
    /// Those with `status` as asked for.
    pub in_status: i64,
}

/// All pools by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<PoolRow>> {
    let query = sqlx::query_as("select pool_id, name, description from resource_pool order by name");
    Ok(query.fetch_all(connection).await?)
}

/// The pool of this id.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, id: PoolId) -> Result<Option<PoolRow>> {
    let query = sqlx::query_as("select pool_id, name, description from resource_pool where pool_id = $1");
    Ok(query.bind(id.0).fetch_optional(connection).await?)
}

/// The pool of this name.
///
/// # Errors
/// Those of the database.
pub async fn find_named(connection: &mut Connection, name: &str) -> Result<Option<PoolRow>> {
    let query = sqlx::query_as("select pool_id, name, description from resource_pool where name = $1");
    Ok(query.bind(name).fetch_optional(connection).await?)
}

/// How many machines there are, by pool and by whether they are `user`'s.
///
/// # Errors
/// Those of the database.
pub async fn count_machines(
    connection: &mut Connection,
    user: Option<UserId>,
    status: i64,
) -> Result<Vec<PoolCountRow>> {
    let query = sqlx::query_as(
        "select pool_id, owner_id, count(*) as machines, cast(sum(in_status) as bigint) as in_status from (
            select pool_id, case when owner_id is null or owner_id = $1 then owner_id else -1 end as owner_id,
                case when status = $2 then 1 else 0 end as in_status
            from node where pool_id is not null) as machine
        group by pool_id, owner_id",
    );
    Ok(query.bind(user.map(|user| user.0)).bind(status).fetch_all(connection).await?)
}

/// Adds a pool.
///
/// # Errors
/// `Unique` in `resource_pool.name`.
pub async fn insert(tx: &mut Tx, _may: &Granted<Site, EditPools>, name: &str, description: &str) -> Result<PoolRow> {
    let id = tx.next_id("resource_pool").await?;
    let row = PoolRow { pool_id: id, name: name.to_owned(), description: description.to_owned() };
    sqlx::query(
        "insert into resource_pool (pool_id, name, description, created_us, updated_us, version)
        values ($1, $2, $3, $4, $4, 1)",
    )
    .bind(row.pool_id)
    .bind(&row.name)
    .bind(&row.description)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(row)
}

/// Renames and describes a pool.
///
/// # Errors
/// `Unique` in `resource_pool.name`.
pub async fn update(tx: &mut Tx, may: &Granted<PoolId, EditPools>, name: &str, description: &str) -> Result<()> {
    sqlx::query(
        "update resource_pool set name = $2, description = $3, updated_us = $4, version = version + 1
        where pool_id = $1",
    )
    .bind(may.row().0)
    .bind(name)
    .bind(description)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Deletes a pool and the bindings on it.
///
/// # Errors
/// `Reference` while a machine is in it.
pub async fn delete(tx: &mut Tx, _may: &Granted<Site, EditPools>, id: PoolId) -> Result<()> {
    sqlx::query("delete from resource_pool where pool_id = $1").bind(id.0).execute(&mut **tx).await?;
    Ok(())
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
    async fn a_pool_with_machines_stays_and_is_counted_by_owner() {
        on_each(async |db| {
            let store = db.open().await;
            let may = db.ctx().grant::<EditPools>().unwrap();
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            let web = insert(&mut tx, &may, "web", "").await.unwrap();
            let user = db.user(&mut tx, "bob").await;
            let in_web = |owner| TestNode { pool: Some(PoolId(web.pool_id)), owner, ..TestNode::default() };
            in_web(None).insert(&mut tx, "a").await;
            TestNode { status: 6, ..in_web(Some(user)) }.insert(&mut tx, "b").await;
            TestNode::device(Some(user)).insert(&mut tx, "c").await;
            tx.commit(Audit::new(EventType::Settings, "test", "x")).await.unwrap();
            let mut reader = store.reader().await.unwrap();
            for (me, owner_id) in [(Some(user), user.0), (None, -1)] {
                let mut rows = count_machines(&mut reader, me, 6).await.unwrap();
                rows.sort_by_key(|row| row.owner_id);
                let row = |owner_id, in_status| PoolCountRow { pool_id: web.pool_id, owner_id, machines: 1, in_status };
                assert_eq!(rows, [row(None, 0), row(Some(owner_id), 1)]);
            }
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            let refused = delete(&mut tx, &may, PoolId(web.pool_id)).await;
            assert!(matches!(refused, Err(crate::StoreError::Reference(_))), "{refused:?}");
            drop(tx);
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            let error = insert(&mut tx, &may, "web", "").await.unwrap_err();
            assert!(error.is_unique("resource_pool.name"), "{error:?}");
        })
        .await;
    }
}
