//! `roles/`: named sets of actions.

use maas_authz::{Action, Actions};
use maas_region::{
    Error, detach,
    roles::{self, Role, RoleChange},
};
use maas_wire as wire;

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    form::Form,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

const ACTIONS: &str = "Actions such as can_deploy_machines, with commas between them.";

pub(crate) const ROLES: Resource = Resource {
    name: "RolesHandler",
    path: "/MAAS/api/2.0/roles/",
    doc: "Manage roles: named sets of actions. Four are built in.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::Can(Action::ViewIdentities),
            title: "List roles",
            text: "The built-in ones first.",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Create a role",
            text: "Nobody gives what they do not hold: of the actions, each must be yours. Whoever changes something also \
                sees it.",
            params: &[
                Param::required("name", "The name."),
                Param::required("actions", ACTIONS),
                Param::optional("description", "What the role is for."),
            ],
            handler: |call| Box::pin(create(call)),
        },
    ],
    ..Resource::DEFAULT
};

pub(crate) const ROLE: Resource = Resource {
    name: "RoleHandler",
    path: "/MAAS/api/2.0/roles/{name}/",
    doc: "Manage one role.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::Can(Action::ViewIdentities),
            title: "Show a role",
            text: "",
            params: &[],
            handler: |call| Box::pin(read(call)),
        },
        Route {
            verb: Verb::Put,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Change a role",
            text: "What is not given stays as it is. Built-in roles stay as they are.",
            params: &[
                Param::optional("name", "The name."),
                Param::optional("actions", ACTIONS),
                Param::optional("description", "What the role is for."),
            ],
            handler: |call| Box::pin(update(call)),
        },
        Route {
            verb: Verb::Delete,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Delete a role",
            text: "Not while it is given to somebody, or a token is narrowed to it.",
            params: &[],
            handler: |call| Box::pin(delete(call)),
        },
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let roles = roles::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&roles.iter().map(shown).collect::<Vec<_>>()))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    Ok(reply::json(&shown(&roles::lookup(call.region(), &call.ctx, call.var(0)).await?)))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    call.form.field_list(["name", "actions"])?;
    let new = change(&call.form)?;
    let (region, ctx) = call.owned();
    let role = detach(&call.ctx, async move { roles::create(&region, &ctx, new).await }).await?;
    Ok(reply::created(&shown(&role)))
}

async fn update(call: Call) -> Result<Reply, ApiError> {
    let (name, change) = (call.var(0).to_owned(), change(&call.form)?);
    let (region, ctx) = call.owned();
    let role = detach(&call.ctx, async move { roles::update(&region, &ctx, &name, change).await }).await?;
    Ok(reply::json(&shown(&role)))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let name = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { roles::delete(&region, &ctx, &name).await }).await?;
    Ok(reply::no_content())
}

fn change(form: &Form) -> Result<RoleChange, ApiError> {
    let actions = form.words("actions").map(|words| {
        let read = |word: &String| word.parse::<Action>().map_err(|why| Error::field("actions", why));
        words.iter().map(read).collect::<Result<Actions, Error>>()
    });
    Ok(RoleChange { name: form.owned("name"), description: form.owned("description"), actions: actions.transpose()? })
}

fn shown(role: &Role) -> wire::Role {
    wire::Role {
        name: role.name.clone(),
        description: role.description.clone(),
        is_builtin: role.is_builtin,
        actions: view::actions(role.actions),
        bindings: role.binding_count,
        resource_uri: format!("/MAAS/api/2.0/roles/{}/", view::segment(&role.name)),
    }
}
