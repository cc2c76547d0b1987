//! Groups of users and who is in them, as stored.

use maas_authz::{Granted, Site, action::EditIdentities};
use maas_model::{GroupId, UserId};

use crate::{Connection, Result, Tx};

macro_rules! select {
    ($which:literal) => {
        concat!(
            "select g.group_id, g.name, g.description, g.is_builtin,
                (select count(*) from user_group_member m where m.group_id = g.group_id) as member_count
            from user_group g ",
            $which
        )
    };
}

/// A group.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GroupRow {
    pub group_id: i64,
    pub name: String,
    pub description: String,
    pub is_builtin: i64,
    pub member_count: i64,
}

/// A user in a group.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MemberRow {
    pub user_id: i64,
    pub username: String,
    pub email: Option<String>,
}

/// All groups by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<GroupRow>> {
    Ok(sqlx::query_as(select!("order by g.name")).fetch_all(connection).await?)
}

/// The group of this id.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, id: GroupId) -> Result<Option<GroupRow>> {
    Ok(sqlx::query_as(select!("where g.group_id = $1")).bind(id.0).fetch_optional(connection).await?)
}

/// The group of this name.
///
/// # Errors
/// Those of the database.
pub async fn find_by_name(connection: &mut Connection, name: &str) -> Result<Option<GroupRow>> {
    Ok(sqlx::query_as(select!("where g.name = $1")).bind(name).fetch_optional(connection).await?)
}

/// The members by name.
///
/// # Errors
/// Those of the database.
pub async fn members(connection: &mut Connection, id: GroupId) -> Result<Vec<MemberRow>> {
    let query = sqlx::query_as(
        "select u.user_id, u.username, u.email from user_group_member m
        join user_account u on u.user_id = m.user_id where m.group_id = $1 order by u.username",
    );
    Ok(query.bind(id.0).fetch_all(connection).await?)
}

/// Who is in which group, by user name.
///
/// # Errors
/// Those of the database.
pub async fn memberships(connection: &mut Connection) -> Result<Vec<(String, i64)>> {
    let query = "select u.username, m.group_id from user_group_member m
        join user_account u on u.user_id = m.user_id order by u.username, m.group_id";
    Ok(sqlx::query_as(query).fetch_all(connection).await?)
}

/// Adds a group.
///
/// # Errors
/// `Unique` in `user_group.name`.
pub async fn insert(
    tx: &mut Tx,
    _may: &Granted<Site, EditIdentities>,
    name: &str,
    description: &str,
) -> Result<GroupId> {
    let id = tx.next_id("user_group").await?;
    sqlx::query(
        "insert into user_group (group_id, name, description, is_builtin, created_us, updated_us, version)
        values ($1, $2, $3, 0, $4, $4, 1)",
    )
    .bind(id)
    .bind(name)
    .bind(description)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(GroupId(id))
}

/// Renames and describes a group.
///
/// # Errors
/// `Unique` in `user_group.name`.
pub async fn update(
    tx: &mut Tx,
    _may: &Granted<Site, EditIdentities>,
    id: GroupId,
    name: &str,
    description: &str,
) -> Result<()> {
    sqlx::query(
        "update user_group set name = $2, description = $3, updated_us = $4, version = version + 1
        where group_id = $1",
    )
    .bind(id.0)
    .bind(name)
    .bind(description)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Deletes a group with its members' places in it and its bindings.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, _may: &Granted<Site, EditIdentities>, id: GroupId) -> Result<()> {
    sqlx::query("delete from user_group where group_id = $1 and is_builtin = 0").bind(id.0).execute(&mut **tx).await?;
    Ok(())
}

/// Takes a user in; says whether they were not in it yet.
///
/// # Errors
/// `Reference` when one of the two is gone.
pub async fn add_member(tx: &mut Tx, _may: &Granted<Site, EditIdentities>, id: GroupId, user: UserId) -> Result<bool> {
    let done = sqlx::query(
        "insert into user_group_member (group_id, user_id, created_us) values ($1, $2, $3)
        on conflict (group_id, user_id) do nothing",
    )
    .bind(id.0)
    .bind(user.0)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes a user out; says whether they were in it.
///
/// # Errors
/// Those of the database.
pub async fn remove_member(
    tx: &mut Tx,
    _may: &Granted<Site, EditIdentities>,
    id: GroupId,
    user: UserId,
) -> Result<bool> {
    let done = sqlx::query("delete from user_group_member where group_id = $1 and user_id = $2")
        .bind(id.0)
        .bind(user.0)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The group that administers the site: [`crate::access::ADMINISTRATOR`] is bound to it for good.
pub const ADMINISTRATORS: GroupId = GroupId(1);
