//! Notices to users and administrators, dismissible one person at a time.

use maas_authz::{
    OpCtx,
    action::{EditNotifications, EditOwn, ViewNotifications, ViewOwn},
};
use maas_model::{EventType, NotificationId, Timestamp, UserId, notification::Category};
use maas_store::{
    Audit,
    notification::{self, NotificationRow, Viewer},
};
use serde_json::{Map, Value, json};

use crate::{Audience, Error, Region, Result, users::User};

mod form;
pub(crate) mod raise;
mod template;

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
        let message = template::without_markup(&self.message);
        let empty = Map::new();
        template::render(&message, self.context.as_object().unwrap_or(&empty)).unwrap_or(message)
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
    let viewer = viewer(ctx)?;
    let rows = notification::list_for(&mut *region.store().reader().await?, viewer, ctx.clock.now().micros()).await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        out.push(load(region, row).await?);
    }
    Ok(out)
}

/// One notice: relevant to the caller, or anything with `ViewNotifications`.
///
/// # Errors
/// `NotFound { what: "Notification" }`, `Forbidden`.
pub async fn lookup(region: &Region, ctx: &OpCtx, id: NotificationId) -> Result<Notification> {
    let viewer = viewer(ctx)?;
    let row = find(region, id).await?;
    if !viewer.sees_admin && !is_relevant(&row, viewer) {
        return Err(Error::Forbidden(NOT_FOR_YOU.to_owned()));
    }
    load(region, row).await
}

/// Creates a notice.
///
/// # Errors
/// `Denied`, `Invalid` by field.
pub async fn create(region: &Region, ctx: &OpCtx, params: NotificationParams) -> Result<Notification> {
    let grant = ctx.grant::<EditNotifications>()?;
    let row = form::fill(region, form::blank(), &params).await?;
    let mut tx = region.store().begin(ctx).await?;
    let row = notification::insert(&mut tx, &grant, row).await.map_err(form::taken)?;
    tx.commit(audit("notification.create", "Created", &row)).await?;
    announce(region, "create", &row);
    load(region, row).await
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
    let grant = ctx.grant::<EditNotifications>()?;
    let before = find(region, id).await?;
    let seen_us = before.updated_us;
    let row = form::fill(region, before, &params).await?;
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("notification").await?;
    if notification::find(&mut tx, id).await?.ok_or(NOT_FOUND)?.updated_us != seen_us {
        return Err(Error::Conflict("The notification was changed meanwhile: look at it and try again.".to_owned()));
    }
    let row = notification::update(&mut tx, &grant, row).await.map_err(form::taken)?;
    tx.commit(audit("notification.update", "Updated", &row)).await?;
    announce(region, "update", &row);
    load(region, row).await
}

/// Deletes a notice.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn delete(region: &Region, ctx: &OpCtx, id: NotificationId) -> Result<()> {
    let grant = ctx.grant::<EditNotifications>()?;
    let mut tx = region.store().begin(ctx).await?;
    let row = notification::find(&mut tx, id).await?.ok_or(NOT_FOUND)?;
    if !notification::delete(&mut tx, &grant, id).await? {
        return Err(NOT_FOUND);
    }
    tx.commit(audit("notification.delete", "Deleted", &row)).await?;
    announce(region, "delete", &row);
    Ok(())
}

/// Hides a notice from the caller alone.
///
/// # Errors
/// `NotFound`; `Forbidden` when it is not for the caller; `BadRequest` when it cannot be dismissed.
pub async fn dismiss(region: &Region, ctx: &OpCtx, id: NotificationId) -> Result<()> {
    let owner = ctx.own::<EditOwn>()?;
    let viewer = viewer(ctx)?;
    let row = find(region, id).await?;
    if !is_relevant(&row, viewer) {
        return Err(Error::Forbidden(NOT_FOR_YOU.to_owned()));
    }
    if row.is_dismissable == 0 {
        return Err(Error::BadRequest("This notification cannot be dismissed.".to_owned()));
    }
    let mut tx = region.store().begin(ctx).await?;
    notification::find(&mut tx, id).await?.ok_or(NOT_FOUND)?;
    notification::dismiss(&mut tx, id, *owner.row()).await?;
    let text = format!("Dismissed notification id='{id}'.");
    tx.commit(Audit::new(EventType::Settings, "notification.dismiss", text).object("notification", id)).await?;
    region.announce("notificationdismissal", "create", json!(id), Audience::User(*owner.row()));
    Ok(())
}

fn viewer(ctx: &OpCtx) -> Result<Viewer> {
    let user = *ctx.own::<ViewOwn>()?.row();
    Ok(Viewer { user, sees_admin: ctx.grant::<ViewNotifications>().is_ok() })
}

fn is_relevant(row: &NotificationRow, viewer: Viewer) -> bool {
    row.user_id == Some(viewer.user.0) || row.for_users == 1 || (row.for_admins == 1 && viewer.sees_admin)
}

async fn find(region: &Region, id: NotificationId) -> Result<NotificationRow> {
    notification::find(&mut *region.store().reader().await?, id).await?.ok_or(NOT_FOUND)
}

async fn load(region: &Region, row: NotificationRow) -> Result<Notification> {
    let user = match row.user_id {
        Some(id) => form::user_of(region, UserId(id)).await?,
        None => None,
    };
    Ok(Notification {
        id: NotificationId(row.notification_id),
        ident: row.ident,
        user,
        for_users: row.for_users == 1,
        for_admins: row.for_admins == 1,
        message: row.message,
        context: serde_json::from_str(&row.context).unwrap_or_else(|_| json!({})),
        category: row.category.parse().unwrap_or(Category::Info),
        is_dismissable: row.is_dismissable == 1,
        created_at: Timestamp::from_micros(row.created_us),
        updated_at: Timestamp::from_micros(row.updated_us),
    })
}

fn audit(action: &'static str, done: &str, row: &NotificationRow) -> Audit {
    Audit::new(EventType::Settings, action, format!("{done} notification id='{}'.", row.notification_id))
        .object("notification", row.notification_id)
        .details(json!({"ident": row.ident, "category": row.category, "message": row.message}))
}

/// Tells the open pages of those who can see it.
fn announce(region: &Region, action: &'static str, row: &NotificationRow) {
    let data = || json!(row.notification_id);
    if row.for_users == 1 {
        return region.announce("notification", action, data(), Audience::Everyone);
    }
    if row.for_admins == 1 {
        region.announce("notification", action, data(), Audience::Administrators);
    }
    if let Some(id) = row.user_id {
        region.announce("notification", action, data(), Audience::User(UserId(id)));
    }
}

const NOT_FOUND: Error = Error::NotFound { what: "Notification" };

const NOT_FOR_YOU: &str = "This notification is for others: only they and administrators see it.";

#[cfg(test)]
mod tests {
    use super::{NotificationParams, create, delete, dismiss, list, lookup, update};
    use crate::{Audience, Error, testing::with_region};

    fn message(text: &str) -> NotificationParams {
        NotificationParams { message: Some(text.to_owned()), ..NotificationParams::default() }
    }

    #[tokio::test]
    async fn each_sees_what_is_meant_for_them_and_puts_it_away_for_themselves() {
        with_region(async |site| {
            let (admin, bob, eve) = (site.ctx("admin").await, site.ctx("bob").await, site.ctx("eve").await);
            let region = &site.region;
            let mut heard = region.subscribe();
            let all = NotificationParams { for_users: Some(true), ..message("to all") };
            let all = create(region, &admin, all).await.unwrap();
            assert_eq!(heard.recv().await.unwrap().audience, Audience::Everyone);
            let admins = NotificationParams { for_admins: Some(true), ..message("to admins") };
            let admins = create(region, &admin, admins).await.unwrap();
            let own = NotificationParams { user: Some("bob".into()), ..message("to bob") };
            let own = create(region, &admin, own).await.unwrap();
            assert_eq!(own.user.as_ref().unwrap().username, "bob");

            let seen = async |ctx| list(region, ctx).await.unwrap().iter().map(|n| n.id).collect::<Vec<_>>();
            assert_eq!(seen(&admin).await, [all.id, admins.id]);
            assert_eq!(seen(&bob).await, [all.id, own.id]);
            assert_eq!(seen(&eve).await, [all.id]);
            assert!(matches!(lookup(region, &eve, own.id).await, Err(Error::Forbidden(_))));
            assert!(lookup(region, &admin, own.id).await.is_ok());

            assert!(matches!(dismiss(region, &eve, own.id).await, Err(Error::Forbidden(_))));
            dismiss(region, &bob, all.id).await.unwrap();
            dismiss(region, &bob, all.id).await.unwrap();
            assert_eq!(seen(&bob).await, [own.id]);
            assert_eq!(seen(&eve).await, [all.id]);

            let fixed = NotificationParams { is_dismissable: Some(false), ..NotificationParams::default() };
            update(region, &admin, all.id, fixed).await.unwrap();
            assert!(matches!(dismiss(region, &eve, all.id).await, Err(Error::BadRequest(_))));
            assert!(matches!(delete(region, &bob, all.id).await, Err(Error::Denied(_))));
            delete(region, &admin, all.id).await.unwrap();
            assert!(matches!(lookup(region, &admin, all.id).await, Err(Error::NotFound { .. })));
        })
        .await;
    }

    #[tokio::test]
    async fn what_cannot_be_shown_is_refused() {
        with_region(async |site| {
            let admin = site.ctx("admin").await;
            let region = &site.region;
            for (params, wanted) in [
                (message(""), "message: This field is required."),
                (message("{missing}"), "Notification cannot be rendered."),
                (
                    NotificationParams { context: Some("[1]".into()), ..message("x") },
                    "context: Context is not a mapping.",
                ),
                (
                    NotificationParams { user: Some("nobody".into()), ..message("x") },
                    "user: Enter a valid user id or username.",
                ),
                (
                    NotificationParams { category: Some("loud".into()), ..message("x") },
                    "category: Select a valid choice. loud is not one of the available choices.",
                ),
            ] {
                assert_eq!(create(region, &admin, params).await.unwrap_err().to_string(), wanted);
            }
            let mut params = message("<b>{n}</b> of {m}");
            params.context = Some("{\"n\": 1, \"m\": \"<i>\"}".into());
            params.ident = Some("x".into());
            assert_eq!(create(region, &admin, params.clone()).await.unwrap().text(), "1 of <i>");
            let error = create(region, &admin, params).await.unwrap_err();
            assert_eq!(error.to_string(), "ident: Notification with this Ident already exists.");
        })
        .await;
    }
}
