//! What users hold: the rows from which a table of rights is made.

use maas_model::{RoleId, UserId};

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

pub(crate) const HELD: &str =
    "select h.role_binding_id, h.role_id, r.name as role_name, r.is_builtin, r.actions, h.pool_id,
        h.group_id, h.expires_us
    from user_role h join role r on r.role_id = h.role_id
    where h.user_id = $1 and (h.expires_us is null or h.expires_us > $2)
    order by h.role_binding_id";
