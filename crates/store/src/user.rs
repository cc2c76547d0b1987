//! Users, as stored.

use maas_authz::{Granted, Site};
use maas_model::UserId;
use sqlx::Row;

use crate::{Connection, Result, Tx, access};

/// A user. Flags are 0 or 1.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct UserRow {
    pub user_id: i64,
    pub username: String,
    pub email: Option<String>,
    pub full_name: String,
    /// `None` never verifies.
    pub password_hash: Option<String>,
    /// `administrator` for whoever holds that role on the whole site for good, else `user`.
    pub role: String,
    pub is_active: i64,
    pub is_local: i64,
    pub is_system: i64,
    pub completed_intro: i64,
    pub last_login_us: Option<i64>,
    pub created_us: i64,
    pub ssh_key_count: i64,
}

/// Who a credential belongs to, as every request needs it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OwnerRow {
    pub user_id: i64,
    pub username: String,
    pub is_active: i64,
}

/// A user to be.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    pub username: &'a str,
    pub username_folded: &'a str,
    pub email: Option<&'a str>,
    pub full_name: &'a str,
    pub password_hash: Option<&'a str>,
    pub role: &'static str,
    pub is_system: bool,
}

/// What people may change of a user.
#[derive(Clone, Debug)]
pub struct UserChange<'a> {
    pub email: Option<&'a str>,
    pub full_name: &'a str,
    pub role: &'a str,
    pub is_active: bool,
}

/// All users by name.
///
/// # Errors
/// Those of the database.
pub async fn list(connection: &mut Connection) -> Result<Vec<UserRow>> {
    Ok(sqlx::query_as(ALL).fetch_all(connection).await?)
}

/// Id and name of every user.
///
/// # Errors
/// Those of the database.
pub async fn names(connection: &mut Connection) -> Result<Vec<(i64, String)>> {
    Ok(sqlx::query_as("select user_id, username from user_account").fetch_all(connection).await?)
}

/// The user of this name, letter for letter.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, username: &str) -> Result<Option<UserRow>> {
    Ok(sqlx::query_as(BY_NAME).bind(username).fetch_optional(connection).await?)
}

/// The user of this id.
///
/// # Errors
/// Those of the database.
pub async fn find_by_id(connection: &mut Connection, id: UserId) -> Result<Option<UserRow>> {
    Ok(sqlx::query_as(BY_ID).bind(id.0).fetch_optional(connection).await?)
}

/// How many users there are who are people.
///
/// # Errors
/// Those of the database.
pub async fn count(connection: &mut Connection) -> Result<i64> {
    let row =
        sqlx::query("select count(*) as count from user_account where is_system = 0").fetch_one(connection).await?;
    Ok(row.try_get("count")?)
}

/// Lets nobody else change users until the transaction ends, so that what is read of one from here on is still so when it
/// is written back.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx) -> Result<()> {
    tx.lock("user").await
}

/// Adds a user.
///
/// # Errors
/// `Unique` in `user_account.username`, `user_account.username_folded` or `user_account.email`.
pub async fn insert<A>(tx: &mut Tx, _may: &Granted<Site, A>, new: &NewUser<'_>) -> Result<UserId> {
    let id = tx.next_id("user_account").await?;
    sqlx::query(
        "insert into user_account (user_id, username, username_folded, email, full_name, password_hash, is_active,
            is_local, is_system, completed_intro, created_us, updated_us, version, realm, subject)
        values ($1, $2, $3, $4, $5, $6, 1, 1, $7, $7, $8, $8, 1, 'local', $9)",
    )
    .bind(id)
    .bind(new.username)
    .bind(new.username_folded)
    .bind(new.email)
    .bind(new.full_name)
    .bind(new.password_hash)
    .bind(i64::from(new.is_system))
    .bind(tx.now_us())
    .bind(id.to_string())
    .execute(&mut **tx)
    .await?;
    if !new.is_system {
        access::set_site_role(tx, UserId(id), new.role).await?;
    }
    Ok(UserId(id))
}

/// Changes a user.
///
/// # Errors
/// `Unique` in `user_account.email`.
pub async fn update<A>(tx: &mut Tx, may: &Granted<UserId, A>, change: &UserChange<'_>) -> Result<()> {
    sqlx::query(
        "update user_account set email = $2, full_name = $3, is_active = $4, updated_us = $5,
            version = version + 1 where user_id = $1",
    )
    .bind(may.row().0)
    .bind(change.email)
    .bind(change.full_name)
    .bind(i64::from(change.is_active))
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    let id = *may.row();
    if find_by_id(tx, id).await?.is_some_and(|user| user.role != change.role) {
        access::set_site_role(tx, id, change.role).await?;
    }
    Ok(())
}

/// Sets the hash of the password.
///
/// # Errors
/// Those of the database.
pub async fn set_password<A>(tx: &mut Tx, may: &Granted<UserId, A>, hash: &str) -> Result<()> {
    sqlx::query(
        "update user_account set password_hash = $2, updated_us = $3, version = version + 1 where user_id = $1",
    )
    .bind(may.row().0)
    .bind(hash)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether the user is active and still has the password whose `hash` was verified. Holds until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn still_has(tx: &mut Tx, id: UserId, hash: &str) -> Result<bool> {
    // An update that changes nothing locks the row on both databases.
    let done = sqlx::query(
        "update user_account set version = version where user_id = $1 and password_hash = $2 and is_active = 1",
    )
    .bind(id.0)
    .bind(hash)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts a better hash of the same password in the place of the one that was just verified, unless it changed meanwhile.
///
/// # Errors
/// Those of the database.
pub async fn rehash(tx: &mut Tx, id: UserId, old: &str, new: &str) -> Result<()> {
    sqlx::query("update user_account set password_hash = $3 where user_id = $1 and password_hash = $2")
        .bind(id.0)
        .bind(old)
        .bind(new)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Notes a login; no row when the user was disabled, deleted or given another password since `hash` was verified.
///
/// # Errors
/// Those of the database.
pub async fn note_login(tx: &mut Tx, id: UserId, hash: &str) -> Result<bool> {
    let done = sqlx::query(
        "update user_account set last_login_us = $3 where user_id = $1 and password_hash = $2 and is_active = 1",
    )
    .bind(id.0)
    .bind(hash)
    .bind(tx.now_us())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks the first-login page as done.
///
/// # Errors
/// Those of the database.
pub async fn complete_intro<A>(tx: &mut Tx, may: &Granted<UserId, A>) -> Result<()> {
    sqlx::query("update user_account set completed_intro = 1 where user_id = $1")
        .bind(may.row().0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Deletes a user with all keys, tokens and sessions.
///
/// # Errors
/// `Reference` when they still own something.
pub async fn delete<A>(tx: &mut Tx, may: &Granted<UserId, A>) -> Result<()> {
    sqlx::query("delete from user_account where user_id = $1").bind(may.row().0).execute(&mut **tx).await?;
    Ok(())
}

macro_rules! select {
    ($which:literal) => {
        concat!(
            "select u.*, (select count(*) from ssh_key k where k.user_id = u.user_id) as ssh_key_count,
                case when exists (select 1 from user_role r where r.user_id = u.user_id and r.role_id = 1
                    and r.pool_id is null and r.expires_us is null) then 'administrator' else 'user' end as role
            from user_account u ",
            $which
        )
    };
}

const ALL: &str = select!("order by u.username");
pub(crate) const BY_NAME: &str = select!("where u.username = $1");
pub(crate) const BY_ID: &str = select!("where u.user_id = $1");

#[cfg(test)]
mod tests {
    use maas_authz::action::EditIdentities;
    use maas_model::EventType;

    use super::*;
    use crate::{Audit, testing::on_each};

    fn bob() -> NewUser<'static> {
        NewUser {
            username: "Bob",
            username_folded: "bob",
            email: Some("bob@example.com"),
            full_name: "",
            password_hash: None,
            role: "user",
            is_system: false,
        }
    }

    #[tokio::test]
    async fn unique_columns_are_named_alike_on_both_databases() {
        on_each(async |db| {
            let store = db.open().await;
            let may = db.ctx().grant::<EditIdentities>().unwrap();
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            insert(&mut tx, &may, &bob()).await.unwrap();
            tx.commit(Audit::new(EventType::Authorisation, "user.create", "x")).await.unwrap();
            for (new, column) in [
                (NewUser { username: "bob", email: None, ..bob() }, "user_account.username_folded"),
                (NewUser { username: "eve", username_folded: "eve", ..bob() }, "user_account.email"),
            ] {
                let mut tx = store.begin(&db.ctx()).await.unwrap();
                let error = insert(&mut tx, &may, &new).await.unwrap_err();
                assert!(error.is_unique(column), "{error:?}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn ids_are_never_given_twice() {
        on_each(async |db| {
            let store = db.open().await;
            let may = db.ctx().grant::<EditIdentities>().unwrap();
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            let first = insert(&mut tx, &may, &bob()).await.unwrap();
            delete(&mut tx, &db.ctx().grant_row::<EditIdentities, _>(first).unwrap()).await.unwrap();
            assert_eq!(insert(&mut tx, &may, &bob()).await.unwrap(), UserId(first.0 + 1));
        })
        .await;
    }
}
