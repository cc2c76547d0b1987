//! `account/`: the caller's own API keys and password.

use maas_authz::Action;
use maas_model::Timestamp;
use maas_region::{Error, detach, keys, users};

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Kind, Param, Resource, Route, Verb},
};

pub(crate) const ACCOUNT: Resource = Resource {
    name: "AccountHandler",
    path: "/MAAS/api/2.0/account/",
    doc: "Manage your own API keys and password.",
    routes: &[
        Route {
            verb: Verb::Post,
            op: Some("create_authorisation_token"),
            access: Access::Can(Action::EditOwn),
            title: "Create an API key",
            text: "The secret is in this answer and never shown again.",
            params: &[
                Param::optional("name", "What the key is for."),
                Param::optional("expires", "When it ends, as RFC 3339 or a date; without, it does not."),
            ],
            handler: |call| Box::pin(create(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("delete_authorisation_token"),
            access: Access::Can(Action::EditOwn),
            title: "Delete an API key",
            text: "Whoever uses it is signed out at once.",
            params: &[Param::required("token_key", "The second of the key's three parts.")],
            handler: |call| Box::pin(delete(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("update_token_name"),
            access: Access::Can(Action::EditOwn),
            title: "Rename an API key",
            text: "",
            params: &[
                Param::required("token", "The key, or the second of its three parts."),
                Param::required("name", "The new name."),
            ],
            handler: |call| Box::pin(rename(call)),
        },
        Route {
            verb: Verb::Get,
            op: Some("list_authorisation_tokens"),
            access: Access::SignedIn,
            title: "List API keys",
            text: "Oldest first. Only hashes of the secrets are kept, so the third part is masked.",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("change_password"),
            access: Access::Can(Action::EditOwn),
            title: "Change your password",
            text: "Ends all of your other sessions.",
            params: &[
                Param::required("old_password", "The password until now.").kind(Kind::Secret),
                Param::required("password", "The new password.").kind(Kind::Secret),
                Param::optional("revoke_keys", "Whether API keys and tokens end too.").kind(Kind::Bool),
            ],
            handler: |call| Box::pin(change_password(call)),
        },
    ],
    ..Resource::DEFAULT
};

async fn create(call: Call) -> Result<Reply, ApiError> {
    let name = call.form.owned("name");
    let expires = expiry(&call)?;
    let (region, ctx) = call.owned();
    let work = async move { keys::create(&region, &ctx, name.as_deref(), expires).await };
    Ok(reply::json(&view::new_key(&detach(&call.ctx, work).await?)))
}

fn expiry(call: &Call) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = call.form.filled("expires") else { return Ok(None) };
    let moment = Timestamp::parse(text).ok_or_else(|| Error::field("expires", "Enter a valid date/time."));
    Ok(Some(moment?))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let token_key = call.form.require("token_key")?.to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { keys::delete(&region, &ctx, &token_key).await }).await?;
    Ok(reply::no_content())
}

async fn rename(call: Call) -> Result<Reply, ApiError> {
    let token = call.form.require("token")?;
    let token_key = token.split(':').nth(1).unwrap_or(token).to_owned();
    let name = call.form.require("name")?.to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { keys::rename(&region, &ctx, &token_key, &name).await }).await?;
    Ok(reply::accepted())
}

async fn list(call: Call) -> Result<Reply, ApiError> {
    let keys = keys::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&keys.iter().map(view::listed_key).collect::<Vec<_>>()))
}

async fn change_password(call: Call) -> Result<Reply, ApiError> {
    let old = call.form.require_secret("old_password")?;
    let new = call.form.require_secret("password")?;
    let revoke_keys = call.form.switch("revoke_keys")?.unwrap_or(false);
    let (region, ctx) = call.owned();
    let work = async move { users::change_own_password(&region, &ctx, old, new, revoke_keys).await };
    detach(&call.ctx, work).await?;
    Ok(reply::no_content())
}
