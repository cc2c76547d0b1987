//! What users hold: the rows from which a table of rights is made.

use maas_model::{PoolId, RoleId, TokenId, UserId};
use sqlx::Row;

use crate::{Connection, Result, Tx};

/// A role that reaches a user, by a binding of their own or of one of their groups.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HeldRow {
    pub role_binding_id: i64,
    pub role_id: i64,
    pub role_name: String,
    pub is_builtin: i64,
    /// Words with blanks between them; empty for built-in roles, whose actions are the program's.
    pub actions: String,
    /// None for the whole site.
    pub pool_id: Option<i64>,
    /// The group through which it reaches the user, if not directly.
    pub group_id: Option<i64>,
    pub expires_us: Option<i64>,
}

/// Everything that a user holds at this time.
///
/// # Errors
/// Those of the database.
pub async fn held(connection: &mut Connection, user: UserId, now_us: i64) -> Result<Vec<HeldRow>> {
    Ok(sqlx::query_as(HELD).bind(user.0).bind(now_us).fetch_all(connection).await?)
}

/// A role that reaches somebody, beside whom it reaches.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ReachRow {
    pub user_id: i64,
    pub username: String,
    pub is_active: i64,
    pub role_id: i64,
    pub actions: String,
    pub pool_id: Option<i64>,
}

/// Everything that every person holds at this time, in the order of their names; somebody who holds nothing is not in it.
///
/// # Errors
/// Those of the database.
pub async fn held_by_all(connection: &mut Connection, now_us: i64) -> Result<Vec<ReachRow>> {
    let query = sqlx::query_as(
        "select u.user_id, u.username, u.is_active, h.role_id, r.actions, h.pool_id
        from user_account u join user_role h on h.user_id = u.user_id join role r on r.role_id = h.role_id
        where u.is_system = 0 and (h.expires_us is null or h.expires_us > $1) order by u.username",
    );
    Ok(query.bind(now_us).fetch_all(connection).await?)
}

/// The names of some active people who hold a role on the whole site or on this pool, in their order.
///
/// # Errors
/// Those of the database.
pub async fn holders(
    connection: &mut Connection,
    role: RoleId,
    pool: Option<PoolId>,
    now_us: i64,
    limit: i64,
) -> Result<Vec<String>> {
    let rows = sqlx::query(
        "select distinct u.username from user_role h join user_account u on u.user_id = h.user_id
        where h.role_id = $1 and (h.pool_id is null or h.pool_id = $2) and u.is_active = 1 and u.is_system = 0
            and (h.expires_us is null or h.expires_us > $3) order by u.username limit $4",
    )
    .bind(role.0)
    .bind(pool.map(|pool| pool.0))
    .bind(now_us)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok(row.try_get("username")?)).collect()
}

/// How many machines there are by pool and owner, which is all that decides who sees them.
///
/// # Errors
/// Those of the database.
pub async fn machine_counts(connection: &mut Connection) -> Result<Vec<(i64, Option<i64>, i64)>> {
    let query = sqlx::query_as(
        "select pool_id, owner_id, count(*) from node where pool_id is not null group by pool_id, owner_id",
    );
    Ok(query.fetch_all(connection).await?)
}

/// How many active people administer the site for good. Nobody can change that until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn count_administrators(tx: &mut Tx) -> Result<i64> {
    crate::user::lock(tx).await?;
    let row = sqlx::query(
        "select count(*) as count from user_account u
        where u.is_active = 1 and u.is_system = 0 and exists (select 1 from user_role r
            where r.user_id = u.user_id and r.role_id = 1 and r.pool_id is null and r.expires_us is null)",
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.try_get("count")?)
}

/// What a token was narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NarrowRow {
    /// A role's id and the words of its actions.
    pub role: Option<(i64, String)>,
    /// None for all.
    pub pools: Option<Vec<i64>>,
    /// CIDRs with blanks between them; empty for all.
    pub networks: String,
}

/// What a token was narrowed to, while there is one.
///
/// # Errors
/// Those of the database.
pub async fn narrowing(connection: &mut Connection, token: TokenId) -> Result<Option<NarrowRow>> {
    let row = sqlx::query(NARROWING).bind(token.0).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let pools = if row.try_get::<i64, _>("is_pool_bound")? == 1 {
        let rows = sqlx::query("select pool_id from token_pool where token_id = $1 order by pool_id")
            .bind(token.0)
            .fetch_all(connection)
            .await?;
        Some(rows.iter().map(|row| row.try_get("pool_id")).collect::<Result<Vec<i64>, _>>()?)
    } else {
        None
    };
    let role = row.try_get::<Option<i64>, _>("role_id")?;
    let actions: Option<String> = row.try_get("actions")?;
    let role = role.map(|id| (id, actions.unwrap_or_default()));
    Ok(Some(NarrowRow { role, pools, networks: row.try_get("networks")? }))
}

/// Puts a user into one of the two groups that every site has, and out of the other.
///
/// # Errors
/// Those of the database.
pub(crate) async fn set_site_role(tx: &mut Tx, user: UserId, role: &str) -> Result<()> {
    let (into, out) = if role == "administrator" { (1, 2) } else { (2, 1) };
    sqlx::query("delete from user_group_member where user_id = $1 and group_id = $2")
        .bind(user.0)
        .bind(out)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "insert into user_group_member (group_id, user_id, created_us) values ($2, $1, $3)
        on conflict (group_id, user_id) do nothing",
    )
    .bind(user.0)
    .bind(into)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    // A role given to the user alone would outlive the change.
    if into == 2 {
        sqlx::query("delete from role_binding where user_id = $1 and role_id = $2 and pool_id is null")
            .bind(user.0)
            .bind(ADMINISTRATOR.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// The role that is everything.
pub const ADMINISTRATOR: RoleId = RoleId(1);

pub(crate) const NARROWING: &str = "select t.is_pool_bound, t.role_id, r.actions, t.networks
    from token t left join role r on r.role_id = t.role_id where t.token_id = $1";
pub(crate) const HELD: &str =
    "select h.role_binding_id, h.role_id, r.name as role_name, r.is_builtin, r.actions, h.pool_id,
        h.group_id, h.expires_us
    from user_role h join role r on r.role_id = h.role_id
    where h.user_id = $1 and (h.expires_us is null or h.expires_us > $2)
    order by h.role_binding_id";
