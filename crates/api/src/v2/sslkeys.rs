//! `account/prefs/sslkeys/`: certificates that the caller offers to machines.

use maas_authz::Action;
use maas_model::SslKeyId;
use maas_region::{detach, ssl_keys};

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

pub(crate) const SSL_KEYS: Resource = Resource {
    name: "SSLKeysHandler",
    path: "/MAAS/api/2.0/account/prefs/sslkeys/",
    doc: "Manage your SSL keys: certificates that are offered to Windows machines.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "List your SSL keys",
            text: "",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: None,
            access: Access::Can(Action::EditOwn),
            title: "Add an SSL key",
            text: "",
            params: &[Param::required("key", "A certificate as PEM, without a private key.")],
            handler: |call| Box::pin(create(call)),
        },
    ],
    ..Resource::DEFAULT
};

pub(crate) const SSL_KEY: Resource = Resource {
    name: "SSLKeyHandler",
    path: "/MAAS/api/2.0/account/prefs/sslkeys/{id}/",
    doc: "Manage one SSL key.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "Show an SSL key",
            text: "",
            params: &[],
            handler: |call| Box::pin(read(call)),
        },
        Route {
            verb: Verb::Delete,
            op: None,
            access: Access::Can(Action::EditOwn),
            title: "Delete an SSL key",
            text: "",
            params: &[],
            handler: |call| Box::pin(delete(call)),
        },
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let keys = ssl_keys::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&keys.iter().map(view::ssl_key).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let key = call.form.field("key")?.to_owned();
    let (region, ctx) = call.owned();
    let key = detach(&call.ctx, async move { ssl_keys::create(&region, &ctx, &key).await }).await?;
    Ok(reply::created(&view::ssl_key(&key)))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    let id: SslKeyId = call.id("SSLKey")?;
    Ok(reply::json(&view::ssl_key(&ssl_keys::lookup(call.region(), &call.ctx, id).await?)))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let id: SslKeyId = call.id("SSLKey")?;
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { ssl_keys::delete(&region, &ctx, id).await }).await?;
    Ok(reply::no_content())
}
