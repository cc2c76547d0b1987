//! Notices to people, and who has put which of them away.

use maas_authz::{Granted, Site, action::EditNotifications};
use maas_model::{NotificationId, UserId};

use crate::{Connection, Result, Tx};

/// A notice. Flags are 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct NotificationRow {
    pub notification_id: i64,
    pub ident: Option<String>,
    pub user_id: Option<i64>,
    pub for_users: i64,
    pub for_admins: i64,
    pub message: String,
    /// A JSON object.
    pub context: String,
    pub category: String,
    pub is_dismissable: i64,
    /// How long a dismissal holds; for ever if none.
    pub returns_after_us: Option<i64>,
    pub created_us: i64,
    pub updated_us: i64,
}

/// Whose notices are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    pub user: UserId,
    /// Whether notices for administrators are among them.
    pub sees_admin: bool,
}

/// The notices that a viewer has not put away, by id.
///
/// # Errors
/// Those of the database.
pub async fn list_for(connection: &mut Connection, viewer: Viewer, now_us: i64) -> Result<Vec<NotificationRow>> {
    let query = sqlx::query_as(
        "select n.* from notification n
        where (n.user_id = $1 or n.for_users = 1 or (n.for_admins = 1 and $2 = 1))
            and not exists (select 1 from notification_dismissal d
                where d.notification_id = n.notification_id and d.user_id = $1 and n.is_dismissable = 1
                    and (n.returns_after_us is null or d.dismissed_us + n.returns_after_us > $3))
        order by n.notification_id",
    );
    Ok(query.bind(viewer.user.0).bind(i64::from(viewer.sees_admin)).bind(now_us).fetch_all(connection).await?)
}

/// One notice.
///
/// # Errors
/// Those of the database.
pub async fn find(connection: &mut Connection, id: NotificationId) -> Result<Option<NotificationRow>> {
    let query = sqlx::query_as("select * from notification where notification_id = $1");
    Ok(query.bind(id.0).fetch_optional(connection).await?)
}

/// The notice of this fixed name.
///
/// # Errors
/// Those of the database.
pub async fn find_ident(connection: &mut Connection, ident: &str) -> Result<Option<NotificationRow>> {
    let query = sqlx::query_as("select * from notification where ident = $1");
    Ok(query.bind(ident).fetch_optional(connection).await?)
}

/// Adds a notice; its id and times are given here.
///
/// # Errors
/// `Unique` on `notification.ident`.
pub async fn insert(
    tx: &mut Tx,
    _: &Granted<Site, EditNotifications>,
    mut row: NotificationRow,
) -> Result<NotificationRow> {
    row.notification_id = tx.next_id("notification").await?;
    row.created_us = tx.now_us();
    row.updated_us = row.created_us;
    sqlx::query(
        "insert into notification (notification_id, ident, user_id, for_users, for_admins, message, context, category,
            is_dismissable, returns_after_us, created_us, updated_us)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(row.notification_id)
    .bind(&row.ident)
    .bind(row.user_id)
    .bind(row.for_users)
    .bind(row.for_admins)
    .bind(&row.message)
    .bind(&row.context)
    .bind(&row.category)
    .bind(row.is_dismissable)
    .bind(row.returns_after_us)
    .bind(row.created_us)
    .bind(row.updated_us)
    .execute(&mut **tx)
    .await?;
    Ok(row)
}

/// Changes a notice; who has put it away stays as it is.
///
/// # Errors
/// `Unique` on `notification.ident`.
pub async fn update(
    tx: &mut Tx,
    _: &Granted<Site, EditNotifications>,
    mut row: NotificationRow,
) -> Result<NotificationRow> {
    row.updated_us = tx.now_us();
    sqlx::query(
        "update notification set ident = $2, user_id = $3, for_users = $4, for_admins = $5, message = $6, context = $7,
            category = $8, is_dismissable = $9, returns_after_us = $10, updated_us = $11
        where notification_id = $1",
    )
    .bind(row.notification_id)
    .bind(&row.ident)
    .bind(row.user_id)
    .bind(row.for_users)
    .bind(row.for_admins)
    .bind(&row.message)
    .bind(&row.context)
    .bind(&row.category)
    .bind(row.is_dismissable)
    .bind(row.returns_after_us)
    .bind(row.updated_us)
    .execute(&mut **tx)
    .await?;
    Ok(row)
}

/// Deletes a notice and who has put it away; whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, _: &Granted<Site, EditNotifications>, id: NotificationId) -> Result<bool> {
    let query = sqlx::query("delete from notification where notification_id = $1");
    Ok(query.bind(id.0).execute(&mut **tx).await?.rows_affected() == 1)
}

/// Deletes the notice of this fixed name; its id if there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete_ident(
    tx: &mut Tx,
    grant: &Granted<Site, EditNotifications>,
    ident: &str,
) -> Result<Option<NotificationId>> {
    let Some(row) = find_ident(tx, ident).await? else { return Ok(None) };
    let id = NotificationId(row.notification_id);
    Ok(delete(tx, grant, id).await?.then_some(id))
}

/// Puts a notice away for one user.
///
/// # Errors
/// `Reference` when it is gone.
pub async fn dismiss(tx: &mut Tx, id: NotificationId, user: UserId) -> Result<()> {
    let now = tx.now_us();
    sqlx::query(
        "insert into notification_dismissal (notification_id, user_id, dismissed_us) values ($1, $2, $3)
        on conflict (notification_id, user_id) do update set dismissed_us = excluded.dismissed_us",
    )
    .bind(id.0)
    .bind(user.0)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
