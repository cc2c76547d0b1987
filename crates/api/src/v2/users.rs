//! `users/`: who there is. As in MAAS a user cannot be changed by PUT; the operations of `user` do that.

use maas_authz::Action;
use maas_model::Role;
use maas_region::{
    Error, detach,
    users::{self, CreateUser, EditUser},
};

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Kind, Param, Resource, Route, Verb},
};

pub(crate) const USERS: Resource = Resource {
    name: "UsersHandler",
    path: "/MAAS/api/2.0/users/",
    doc: "Manage the users of this site.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "List users",
            text: "By name, the system's own users included.",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Create a user",
            text: "The password travels in the request: send it over TLS.",
            params: &[
                Param::required("username", "The name to sign in with."),
                Param::required("email", "The e-mail address."),
                Param::required("password", "The password to start with.").kind(Kind::Secret),
                Param::required("is_superuser", "1 for an administrator, 0 for a user.").kind(Kind::Bool),
                Param::optional("key", "A public SSH key to start with, for administrators."),
                Param::optional("full_name", "The name of the person."),
            ],
            handler: |call| Box::pin(create(call)),
        },
        Route {
            verb: Verb::Get,
            op: Some("whoami"),
            access: Access::SignedIn,
            title: "Show who is signed in",
            text: "",
            params: &[],
            handler: |call| Box::pin(whoami(call)),
        },
    ],
    ..Resource::DEFAULT
};

pub(crate) const USER: Resource = Resource {
    name: "UserHandler",
    path: "/MAAS/api/2.0/users/{username}/",
    doc: "Manage one user.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "Show a user",
            text: "",
            params: &[],
            handler: |call| Box::pin(read(call)),
        },
        Route {
            verb: Verb::Delete,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Delete a user",
            text: "Their keys, tokens and sessions end with them.",
            params: &[Param::optional("transfer_resources_to", "The user who gets what this one owns.")],
            handler: |call| Box::pin(delete(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("edit"),
            access: Access::Can(Action::EditOwn),
            title: "Change a user",
            text: "Everybody may change their own e-mail address and name; an administrator changes others. What is not given \
                stays as it is.",
            params: &[
                Param::optional("email", "The e-mail address."),
                Param::optional("full_name", "The name of the person."),
                Param::optional("is_superuser", "1 for an administrator, 0 for a user.").kind(Kind::Bool),
            ],
            handler: |call| Box::pin(edit(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("reset_password"),
            access: Access::Can(Action::EditIdentities),
            title: "Set another user's password",
            text: "Ends their sessions.",
            params: &[
                Param::required("password", "The new password.").kind(Kind::Secret),
                Param::optional("revoke_keys", "Whether their API keys and tokens end too.").kind(Kind::Bool),
            ],
            handler: |call| Box::pin(reset_password(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("disable"),
            access: Access::Can(Action::EditIdentities),
            title: "Disable a user",
            text: "Sessions, keys and tokens stop working at once and are kept.",
            params: &[],
            handler: |call| Box::pin(set_active(call, false)),
        },
        Route {
            verb: Verb::Post,
            op: Some("enable"),
            access: Access::Can(Action::EditIdentities),
            title: "Enable a disabled user",
            text: "",
            params: &[],
            handler: |call| Box::pin(set_active(call, true)),
        },
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let users = users::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&users.iter().map(view::user).collect::<Vec<_>>()))
}

async fn whoami(call: Call) -> Result<Reply, ApiError> {
    Ok(reply::json(&view::user(&users::whoami(call.region(), &call.ctx).await?)))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let form = &call.form;
    let new = CreateUser {
        username: form.require("username")?.to_owned(),
        email: form.require("email")?.to_owned(),
        password: form.require_secret("password")?,
        role: Role::from_superuser(form.require_bit("is_superuser")?),
        full_name: form.owned("full_name").unwrap_or_default(),
        ssh_keys: None,
        ssh_import: None,
    };
    let ssh_keys = form.filled("key").filter(|_| new.role.is_superuser()).map(str::to_owned);
    let new = CreateUser { ssh_keys, ..new };
    let (region, ctx) = call.owned();
    let user = detach(&call.ctx, async move { users::create(&region, &ctx, new).await }).await?;
    Ok(reply::json(&view::user(&user)))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    Ok(reply::json(&view::user(&users::lookup(call.region(), &call.ctx, call.var(0)).await?)))
}

/// Deleting one who is not there is no error, since clients repeat themselves.
async fn delete(call: Call) -> Result<Reply, ApiError> {
    let username = call.var(0).to_owned();
    let heir = call.form.filled("transfer_resources_to").map(str::to_owned);
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { users::delete(&region, &ctx, &username, heir.as_deref()).await }).await?;
    Ok(reply::no_content())
}

async fn edit(call: Call) -> Result<Reply, ApiError> {
    let form = &call.form;
    let role = match form.get("is_superuser") {
        Some(_) => Some(Role::from_superuser(form.require_bit("is_superuser")?)),
        None => None,
    };
    let change = EditUser { email: form.owned("email"), full_name: form.owned("full_name"), role, is_active: None };
    apply(&call, change).await
}

async fn set_active(call: Call, is_active: bool) -> Result<Reply, ApiError> {
    apply(&call, EditUser { is_active: Some(is_active), ..EditUser::default() }).await
}

async fn apply(call: &Call, change: EditUser) -> Result<Reply, ApiError> {
    let username = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    let user = detach(&call.ctx, async move { users::edit(&region, &ctx, &username, change).await }).await?;
    Ok(reply::json(&view::user(&user)))
}

async fn reset_password(call: Call) -> Result<Reply, ApiError> {
    let password = call.form.require_secret("password")?;
    if password.expose().is_empty() {
        return Err(Error::field("password", "This field is required.").into());
    }
    let revoke_keys = call.form.switch("revoke_keys")?.unwrap_or(false);
    let username = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    let work = async move { users::reset_password(&region, &ctx, &username, password, revoke_keys).await };
    detach(&call.ctx, work).await?;
    Ok(reply::no_content())
}
