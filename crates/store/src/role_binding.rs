//! Bindings of roles, as stored.

use maas_authz::{Granted, Site, action::EditIdentities};
use maas_model::{GroupId, PoolId, RoleBindingId, RoleId, UserId};

use crate::{Connection, Result, Tx};

macro_rules! select {
    ($which:literal) => {
        concat!(
            "select b.role_binding_id, b.role_id, r.name as role_name, r.actions, b.user_id, u.username, b.group_id,
                g.name as group_name, b.pool_id, p.name as pool_name, b.reason, b.expires_us, b.created_us, b.created_by
            from role_binding b join role r on r.role_id = b.role_id
            left join user_account u on u.user_id = b.user_id
            left join user_group g on g.group_id = b.group_id
            left join resource_pool p on p.pool_id = b.pool_id ",
            $which
        )
    };
}

/// A role given, with the names of everything.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct BindingRow {
    pub role_binding_id: i64,
    pub role_id: i64,
    pub role_name: String,
    /// Words with blanks between them; empty for built-in roles.
    pub actions: String,
    pub user_id: Option<i64>,
    pub username: Option<String>,
    pub group_id: Option<i64>,
    pub group_name: Option<String>,
    /// None for the whole site.
    pub pool_id: Option<i64>,
    pub pool_name: Option<String>,
    pub reason: String,
    pub expires_us: Option<i64>,
    pub created_us: i64,
    pub created_by: String,
}

/// Who is given a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectId {
    User(UserId),
    Group(GroupId),
}

/// A role to give.
#[derive(Clone, Debug)]
pub struct NewBinding<'a> {
    pub role: RoleId,
    pub subject: SubjectId,
    pub pool: Option<PoolId>,
    pub reason: &'a str,
    pub expires_us: Option<i64>,
    pub created_by: &'a str,
}

/// All bindings by id.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<BindingRow>> {
    Ok(sqlx::query_as(select!("order by b.role_binding_id")).fetch_all(connection).await?)
}

/// The bindings of a group by id.
///
/// # Errors
/// Those of the database.
pub async fn of_group(connection: &mut Connection, id: GroupId) -> Result<Vec<BindingRow>> {
    let query = sqlx::query_as(select!("where b.group_id = $1 order by b.role_binding_id"));
    Ok(query.bind(id.0).fetch_all(connection).await?)
}

/// One binding.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, id: RoleBindingId) -> Result<Option<BindingRow>> {
    Ok(sqlx::query_as(select!("where b.role_binding_id = $1")).bind(id.0).fetch_optional(connection).await?)
}

/// Gives a role. One that had ended by itself makes room for the new one.
///
/// # Errors
/// `Unique` when it is given already; `Reference` when something of it is gone.
pub async fn insert(tx: &mut Tx, _may: &Granted<Site, EditIdentities>, new: &NewBinding<'_>) -> Result<RoleBindingId> {
    let (user, group) = match new.subject {
        SubjectId::User(id) => (Some(id.0), None),
        SubjectId::Group(id) => (None, Some(id.0)),
    };
    sqlx::query(
        "delete from role_binding where role_id = $1 and coalesce(user_id, -1) = $2 and coalesce(group_id, -1) = $3
            and coalesce(pool_id, -1) = $4 and expires_us <= $5",
    )
    .bind(new.role.0)
    .bind(user.unwrap_or(-1))
    .bind(group.unwrap_or(-1))
    .bind(new.pool.map_or(-1, |pool| pool.0))
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    let id = tx.next_id("role_binding").await?;
    sqlx::query(
        "insert into role_binding (role_binding_id, role_id, user_id, group_id, pool_id, reason, expires_us,
            created_us, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(new.role.0)
    .bind(user)
    .bind(group)
    .bind(new.pool.map(|pool| pool.0))
    .bind(new.reason)
    .bind(new.expires_us)
    .bind(tx.now_us())
    .bind(new.created_by)
    .execute(&mut **tx)
    .await?;
    Ok(RoleBindingId(id))
}

/// Takes a role away.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, _may: &Granted<Site, EditIdentities>, id: RoleBindingId) -> Result<()> {
    sqlx::query("delete from role_binding where role_binding_id = $1").bind(id.0).execute(&mut **tx).await?;
    Ok(())
}

/// What makes administrators administrators; without it the flag `is_superuser` would mean nothing.
pub const ADMINISTRATORS_BINDING: RoleBindingId = RoleBindingId(1);
