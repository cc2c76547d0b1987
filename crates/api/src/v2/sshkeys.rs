//! `account/prefs/sshkeys/`: the caller's public SSH keys.

use maas_authz::Action;
use maas_model::SshKeyId;
use maas_region::{detach, ssh_keys};

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

pub(crate) const SSH_KEYS: Resource = Resource {
    name: "SSHKeysHandler",
    path: "/MAAS/api/2.0/account/prefs/sshkeys/",
    doc: "Manage your public SSH keys. Machines that you deploy from now on let them in.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "List your SSH keys",
            text: "",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: None,
            access: Access::Can(Action::EditOwn),
            title: "Add an SSH key",
            text: "",
            params: &[
                Param::required("key", "The public key, as in a .pub file."),
                Param::optional("user", "Whose it is, if not yours; for administrators."),
            ],
            handler: |call| Box::pin(create(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("import"),
            access: Access::Can(Action::EditOwn),
            title: "Import SSH keys from Launchpad or GitHub",
            text: "Keys that are there already stay; none is removed.",
            params: &[Param::required("keysource", "lp:NAME, gh:NAME, or NAME for Launchpad.")],
            handler: |call| Box::pin(import(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("import_file"),
            access: Access::Can(Action::EditOwn),
            title: "Add all SSH keys of a file",
            text: "One key a line, as in an authorized_keys file without options. All are added, or none.",
            params: &[Param::required("keys", "The lines.")],
            handler: |call| Box::pin(import_file(call)),
        },
    ],
    ..Resource::DEFAULT
};

pub(crate) const SSH_KEY: Resource = Resource {
    name: "SSHKeyHandler",
    path: "/MAAS/api/2.0/account/prefs/sshkeys/{id}/",
    doc: "Manage one SSH key.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "Show an SSH key",
            text: "",
            params: &[],
            handler: |call| Box::pin(read(call)),
        },
        Route {
            verb: Verb::Delete,
            op: None,
            access: Access::Can(Action::EditOwn),
            title: "Delete an SSH key",
            text: "It is not removed from machines that run already.",
            params: &[],
            handler: |call| Box::pin(delete(call)),
        },
    ],
    ..Resource::DEFAULT
};

fn shown(keys: &[ssh_keys::SshKey]) -> Reply {
    reply::json(&keys.iter().map(view::ssh_key).collect::<Vec<_>>())
}

async fn list(call: Call) -> Result<Reply, ApiError> {
    Ok(shown(&ssh_keys::list(call.region(), &call.ctx).await?))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let key = call.form.field("key")?.to_owned();
    let user = call.form.filled("user").map(str::to_owned);
    let (region, ctx) = call.owned();
    let work = async move { ssh_keys::create(&region, &ctx, &key, user.as_deref()).await };
    Ok(reply::created(&view::ssh_key(&detach(&call.ctx, work).await?)))
}

async fn import(call: Call) -> Result<Reply, ApiError> {
    let Some(source) = call.form.filled("keysource") else {
        let line = "Importing SSH keys failed. Input needs to be in protocol:auth_id or auth_id format.";
        return Err(ApiError::bad(line));
    };
    let source = source.to_owned();
    let (region, ctx) = call.owned();
    Ok(shown(&detach(&call.ctx, async move { ssh_keys::import(&region, &ctx, &source).await }).await?))
}

async fn import_file(call: Call) -> Result<Reply, ApiError> {
    let lines = call.form.field("keys")?.to_owned();
    let (region, ctx) = call.owned();
    Ok(shown(&detach(&call.ctx, async move { ssh_keys::create_from_file(&region, &ctx, &lines).await }).await?))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    let id: SshKeyId = call.id("SSHKey")?;
    Ok(reply::json(&view::ssh_key(&ssh_keys::lookup(call.region(), &call.ctx, id).await?)))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let id: SshKeyId = call.id("SSHKey")?;
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { ssh_keys::delete(&region, &ctx, id).await }).await?;
    Ok(reply::no_content())
}
