//! `role-bindings/`: roles given to users and groups, on a pool or on the whole site.

use maas_authz::Action;
use maas_model::{RoleBindingId, Timestamp};
use maas_region::{
    Error,
    bindings::{self, Binding, Effect, NewBinding, Subject},
    detach,
};
use maas_wire as wire;

use super::tokens::end;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Kind, Param, Resource, Route, Verb},
};

const DRY_RUN: Param = Param::optional(
    "dry_run",
    "true changes nothing and tells who would gain and lose what, and how many machines they would see.",
)
.kind(Kind::Bool);

pub(crate) const BINDINGS: Resource = Resource {
    name: "RoleBindingsHandler",
    path: "/MAAS/api/2.0/role-bindings/",
    doc: "Give roles to users and groups, on a pool or on the whole site.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::Can(Action::ViewIdentities),
            title: "List role bindings",
            text: "",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Give a role",
            text: "To either a user or a group. Nobody gives what they do not hold. It counts everywhere within a second.",
            params: &[
                Param::required("role", "The role by name."),
                Param::optional("user", "The user who gets it."),
                Param::optional("group", "The group that gets it."),
                Param::optional("pool", "The pool by name; the whole site if not given."),
                Param::optional("reason", "Why, for those who look at it later."),
                Param::optional("expires", "When it ends by itself: RFC 3339, a date, or days such as 30d."),
                DRY_RUN,
            ],
            handler: |call| Box::pin(create(call)),
        },
    ],
    ..Resource::DEFAULT
};

pub(crate) const BINDING: Resource = Resource {
    name: "RoleBindingHandler",
    path: "/MAAS/api/2.0/role-bindings/{id}/",
    doc: "Manage one role binding.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::Can(Action::ViewIdentities),
            title: "Show a role binding",
            text: "",
            params: &[],
            handler: |call| Box::pin(read(call)),
        },
        Route {
            verb: Verb::Delete,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Take a role away",
            text: "The last administrator stays.",
            params: &[DRY_RUN],
            handler: |call| Box::pin(delete(call)),
        },
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let bindings = bindings::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&bindings.iter().map(|binding| shown(&call, binding)).collect::<Vec<_>>()))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    let id: RoleBindingId = call.id("RoleBinding")?;
    Ok(reply::json(&shown(&call, &bindings::lookup(call.region(), &call.ctx, id).await?)))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let now = call.ctx.clock.now();
    let bad_end = || Error::field("expires", "Enter a valid date/time, or days such as 30d.");
    let ends = call.form.filled("expires").map(|text| end(Some(text), now).ok_or_else(bad_end)).transpose()?;
    let text = |name| call.form.filled(name).map(str::to_owned);
    let new = NewBinding {
        role: call.form.field("role")?.to_owned(),
        user: text("user"),
        group: text("group"),
        pool: text("pool"),
        reason: text("reason").unwrap_or_default(),
        expires_at: ends,
    };
    let (region, ctx) = call.owned();
    if call.form.switch("dry_run")?.unwrap_or(false) {
        let effect = detach(&call.ctx, async move { bindings::try_out(&region, &ctx, &new).await }).await?;
        return Ok(reply::json(&effect_shown(effect)));
    }
    let made = detach(&call.ctx, async move { bindings::create(&region, &ctx, &new).await }).await?;
    Ok(reply::created(&shown(&call, &made)))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let id: RoleBindingId = call.id("RoleBinding")?;
    let (region, ctx) = call.owned();
    if call.form.switch("dry_run")?.unwrap_or(false) {
        let effect = detach(&call.ctx, async move { bindings::try_out_deletion(&region, &ctx, id).await }).await?;
        return Ok(reply::json(&effect_shown(effect)));
    }
    detach(&call.ctx, async move { bindings::delete(&region, &ctx, id).await }).await?;
    Ok(reply::no_content())
}

fn shown(call: &Call, binding: &Binding) -> wire::RoleBinding {
    let (user, group) = match &binding.subject {
        Subject::User(_, name) => (Some(name.clone()), None),
        Subject::Group(_, name) => (None, Some(name.clone())),
    };
    wire::RoleBinding {
        id: binding.id.0,
        role: binding.role.1.clone(),
        user,
        group,
        pool: binding.pool.as_ref().map(|(_, name)| name.clone()),
        reason: binding.reason.clone(),
        expires: binding.expires_at.map(Timestamp::iso),
        is_ended: binding.has_ended(call.ctx.clock.now()),
        created: binding.created_at.iso(),
        created_by: binding.created_by.clone(),
        resource_uri: format!("/MAAS/api/2.0/role-bindings/{}/", binding.id),
    }
}

fn effect_shown(effect: Effect) -> wire::RoleEffect {
    let user = |user: bindings::UserEffect| wire::RoleUserEffect {
        username: user.username,
        gains: user.gains,
        losses: user.losses,
        machines_before: user.machines_before,
        machines_after: user.machines_after,
    };
    wire::RoleEffect { users: effect.users.into_iter().map(user).collect() }
}
