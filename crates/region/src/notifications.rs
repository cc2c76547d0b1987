//! Notices to users and administrators, dismissible one person at a time.

use maas_authz::OpCtx;
use maas_model::{NotificationId, Timestamp, notification::Category};
use serde_json::Value;

use crate::{Region, Result, users::User};

/// A notice.
#[derive(Clone, Debug)]
pub struct Notification {
    pub id: NotificationId,
    pub ident: Option<String>,
    pub user: Option<User>,
    pub for_users: bool,
    pub for_admins: bool,
    /// The template, which may hold `{placeholders}`.
    pub message: String,
    pub context: Value,
    pub category: Category,
    pub is_dismissable: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Notification {
    /// The message with its placeholders filled, as plain text.
    pub fn text(&self) -> String {
        unimplemented!("core")
    }
}

/// A new or changed notice; on change, `None` stays.
#[derive(Clone, Debug, Default)]
pub struct NotificationParams {
    pub ident: Option<String>,
    /// An id or a name.
    pub user: Option<String>,
    pub for_users: Option<bool>,
    pub for_admins: Option<bool>,
    pub message: Option<String>,
    /// JSON text.
    pub context: Option<String>,
    pub category: Option<String>,
    pub is_dismissable: Option<bool>,
}

/// Undismissed notices for the caller, by id.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Notification>> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// One notice: relevant to the caller, or anything with `ViewNotifications`.
///
/// # Errors
/// `NotFound { what: "Notification" }`, `Forbidden`.
pub async fn lookup(region: &Region, ctx: &OpCtx, id: NotificationId) -> Result<Notification> {
    let _ = (region, ctx, id);
    unimplemented!("core")
}

/// Creates a notice.
///
/// # Errors
/// `Denied`, `Invalid` by field.
pub async fn create(region: &Region, ctx: &OpCtx, params: NotificationParams) -> Result<Notification> {
    let _ = (region, ctx, params);
    unimplemented!("core")
}

/// Changes a notice.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid` by field.
pub async fn update(
    region: &Region,
    ctx: &OpCtx,
    id: NotificationId,
    params: NotificationParams,
) -> Result<Notification> {
    let _ = (region, ctx, id, params);
    unimplemented!("core")
}

/// Deletes a notice.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn delete(region: &Region, ctx: &OpCtx, id: NotificationId) -> Result<()> {
    let _ = (region, ctx, id);
    unimplemented!("core")
}

/// Hides a notice from the caller alone.
///
/// # Errors
/// `NotFound`; `Forbidden` when it is not for the caller; `BadRequest` when it cannot be dismissed.
pub async fn dismiss(region: &Region, ctx: &OpCtx, id: NotificationId) -> Result<()> {
    let _ = (region, ctx, id);
    unimplemented!("core")
}
