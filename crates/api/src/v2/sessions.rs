//! `sessions/`: the caller's browser sessions.

use maas_authz::Action;
use maas_model::SessionId;
use maas_region::{detach, sessions};
use maas_wire::RevokedSessions;

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Resource, Route, Verb},
};

pub(crate) const SESSIONS: Resource = Resource {
    name: "SessionsHandler",
    path: "/MAAS/api/2.0/sessions/",
    doc: "Manage your browser sessions.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "List your sessions",
            text: "The most recent first.",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("revoke_others"),
            access: Access::Can(Action::EditOwn),
            title: "End all sessions but this one",
            text: "Called with a key or a token, it ends all.",
            params: &[],
            handler: |call| Box::pin(revoke_others(call)),
        },
    ],
    ..Resource::DEFAULT
};

pub(crate) const SESSION: Resource = Resource {
    name: "SessionHandler",
    path: "/MAAS/api/2.0/sessions/{id}/",
    doc: "Manage one session.",
    routes: &[Route {
        verb: Verb::Delete,
        op: None,
        access: Access::Can(Action::EditOwn),
        title: "End a session",
        text: "",
        params: &[],
        handler: |call| Box::pin(delete(call)),
    }],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let sessions = sessions::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&sessions.iter().map(view::session).collect::<Vec<_>>()))
}

async fn revoke_others(call: Call) -> Result<Reply, ApiError> {
    let (region, ctx) = call.owned();
    let revoked = detach(&call.ctx, async move { sessions::revoke_others(&region, &ctx).await }).await?;
    Ok(reply::json(&RevokedSessions { revoked }))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let id: SessionId = call.id("Session")?;
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { sessions::revoke(&region, &ctx, id).await }).await?;
    Ok(reply::no_content())
}
