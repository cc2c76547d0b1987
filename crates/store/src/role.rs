//! Roles, as stored. The actions of built-in ones are the program's.

use maas_authz::{Granted, Site, action::EditIdentities};
use maas_model::RoleId;
use sqlx::Row;

use crate::{Connection, Result, Tx};

macro_rules! select {
    ($which:literal) => {
        concat!(
            "select r.role_id, r.name, r.description, r.is_builtin, r.actions, r.updated_us,
                (select count(*) from role_binding b where b.role_id = r.role_id) as binding_count
            from role r ",
            $which
        )
    };
}

/// A role.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RoleRow {
    pub role_id: i64,
    pub name: String,
    pub description: String,
    pub is_builtin: i64,
    /// Words with blanks between them; empty for built-in roles.
    pub actions: String,
    pub updated_us: i64,
    pub binding_count: i64,
}

/// What a role is to be.
#[derive(Clone, Copy, Debug)]
pub struct RoleValues<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub actions: &'a str,
}

/// All roles, the built-in ones first.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<RoleRow>> {
    Ok(sqlx::query_as(select!("order by r.is_builtin desc, r.role_id")).fetch_all(connection).await?)
}

/// The role of this name.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, name: &str) -> Result<Option<RoleRow>> {
    Ok(sqlx::query_as(select!("where r.name = $1")).bind(name).fetch_optional(connection).await?)
}

/// The role of this id.
///
/// # Errors
/// Those of the database.
pub async fn find_by_id(connection: &mut Connection, id: RoleId) -> Result<Option<RoleRow>> {
    Ok(sqlx::query_as(select!("where r.role_id = $1")).bind(id.0).fetch_optional(connection).await?)
}

/// Where a role is given: pools, and `None` for the whole site.
///
/// # Errors
/// Those of the database.
pub async fn scopes(connection: &mut Connection, id: RoleId) -> Result<Vec<Option<i64>>> {
    let rows = sqlx::query("select distinct pool_id from role_binding where role_id = $1")
        .bind(id.0)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(row.try_get("pool_id")?)).collect()
}

/// How many tokens are narrowed to a role.
///
/// # Errors
/// Those of the database.
pub async fn token_count(connection: &mut Connection, id: RoleId) -> Result<i64> {
    let row =
        sqlx::query("select count(*) as count from token where role_id = $1").bind(id.0).fetch_one(connection).await?;
    Ok(row.try_get("count")?)
}

/// Adds a role.
///
/// # Errors
/// `Unique` in `role.name`.
pub async fn insert(tx: &mut Tx, _may: &Granted<Site, EditIdentities>, new: RoleValues<'_>) -> Result<RoleId> {
    let id = tx.next_id("role").await?;
    sqlx::query(
        "insert into role (role_id, name, description, is_builtin, actions, created_us, updated_us, version)
        values ($1, $2, $3, 0, $4, $5, $5, 1)",
    )
    .bind(id)
    .bind(new.name)
    .bind(new.description)
    .bind(new.actions)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(RoleId(id))
}

/// Changes a role.
///
/// # Errors
/// `Unique` in `role.name`.
pub async fn update(
    tx: &mut Tx,
    _may: &Granted<Site, EditIdentities>,
    id: RoleId,
    values: RoleValues<'_>,
) -> Result<()> {
    sqlx::query(
        "update role set name = $2, description = $3, actions = $4, updated_us = $5, version = version + 1
        where role_id = $1 and is_builtin = 0",
    )
    .bind(id.0)
    .bind(values.name)
    .bind(values.description)
    .bind(values.actions)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Deletes a role.
///
/// # Errors
/// `Reference` while it is given.
pub async fn delete(tx: &mut Tx, _may: &Granted<Site, EditIdentities>, id: RoleId) -> Result<()> {
    sqlx::query("delete from role where role_id = $1 and is_builtin = 0").bind(id.0).execute(&mut **tx).await?;
    Ok(())
}
