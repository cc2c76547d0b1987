//! `notifications/`: notices to users and administrators.

use maas_authz::Action;
use maas_model::NotificationId;
use maas_region::{
    detach,
    notifications::{self, NotificationParams},
};

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    form::Form,
    reply::{self, Reply},
    route::{Access, Kind, Param, Resource, Route, Verb},
};

const MESSAGE: Param = Param::required("message", "The text; `{name}` stands for a member of the context.");
const OTHERS: [Param; 7] = [
    Param::optional("context", "A JSON object that fills the text."),
    Param::optional("category", "error, warning, success or info."),
    Param::optional("ident", "A name of your own, given once at most."),
    Param::optional("user", "The one user it is for: an id or a name."),
    Param::optional("users", "Whether it is for all users.").kind(Kind::Bool),
    Param::optional("admins", "Whether it is for administrators.").kind(Kind::Bool),
    Param::optional("dismissable", "Whether people can dismiss it.").kind(Kind::Bool),
];
const FIELDS: [Param; 8] = [MESSAGE, OTHERS[0], OTHERS[1], OTHERS[2], OTHERS[3], OTHERS[4], OTHERS[5], OTHERS[6]];
const CHANGES: [Param; 8] = [
    Param { is_required: false, ..MESSAGE },
    OTHERS[0],
    OTHERS[1],
    OTHERS[2],
    OTHERS[3],
    OTHERS[4],
    OTHERS[5],
    OTHERS[6],
];

pub(crate) const NOTIFICATIONS: Resource = Resource {
    name: "NotificationsHandler",
    path: "/MAAS/api/2.0/notifications/",
    doc: "Manage notices to users and administrators.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "List your notices",
            text: "Those that you have dismissed are left out.",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: None,
            access: Access::Can(Action::EditNotifications),
            title: "Create a notice",
            text: "",
            params: &FIELDS,
            handler: |call| Box::pin(create(call)),
        },
    ],
    ..Resource::DEFAULT
};

pub(crate) const NOTIFICATION: Resource = Resource {
    name: "NotificationHandler",
    path: "/MAAS/api/2.0/notifications/{id}/",
    doc: "Manage one notice.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "Show a notice",
            text: "",
            params: &[],
            handler: |call| Box::pin(read(call)),
        },
        Route {
            verb: Verb::Put,
            op: None,
            access: Access::Can(Action::EditNotifications),
            title: "Change a notice",
            text: "What is not given stays as it is.",
            params: &CHANGES,
            handler: |call| Box::pin(update(call)),
        },
        Route {
            verb: Verb::Delete,
            op: None,
            access: Access::Can(Action::EditNotifications),
            title: "Delete a notice",
            text: "",
            params: &[],
            handler: |call| Box::pin(delete(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("dismiss"),
            access: Access::Can(Action::EditOwn),
            title: "Dismiss a notice",
            text: "Others still see it.",
            params: &[],
            handler: |call| Box::pin(dismiss(call)),
        },
    ],
    ..Resource::DEFAULT
};

fn params(form: &Form) -> NotificationParams {
    NotificationParams {
        ident: form.owned("ident"),
        user: form.owned("user"),
        for_users: form.flag("users"),
        for_admins: form.flag("admins"),
        message: form.owned("message"),
        context: form.owned("context"),
        category: form.owned("category"),
        is_dismissable: form.flag("dismissable"),
    }
}

async fn list(call: Call) -> Result<Reply, ApiError> {
    let notices = notifications::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&notices.iter().map(view::notification).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let params = params(&call.form);
    let (region, ctx) = call.owned();
    let notice = detach(&call.ctx, async move { notifications::create(&region, &ctx, params).await }).await?;
    Ok(reply::json(&view::notification(&notice)))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    let id: NotificationId = call.id("Notification")?;
    Ok(reply::json(&view::notification(&notifications::lookup(call.region(), &call.ctx, id).await?)))
}

async fn update(call: Call) -> Result<Reply, ApiError> {
    let id: NotificationId = call.id("Notification")?;
    let params = params(&call.form);
    let (region, ctx) = call.owned();
    let notice = detach(&call.ctx, async move { notifications::update(&region, &ctx, id, params).await }).await?;
    Ok(reply::json(&view::notification(&notice)))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let id: NotificationId = call.id("Notification")?;
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { notifications::delete(&region, &ctx, id).await }).await?;
    Ok(reply::no_content())
}

async fn dismiss(call: Call) -> Result<Reply, ApiError> {
    let id: NotificationId = call.id("Notification")?;
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { notifications::dismiss(&region, &ctx, id).await }).await?;
    Ok(reply::json(&()))
}
