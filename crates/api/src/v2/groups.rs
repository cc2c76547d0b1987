//! `groups/`: groups of users, as MAAS has them, with their roles seen as entitlements.

use http::StatusCode;
use maas_authz::Action;
use maas_model::{GroupId, PoolId};
use maas_region::{
    Error, detach,
    groups::{self, Entitlement, Group},
};
use maas_wire as wire;

use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Kind, Param, Resource, Route, Verb},
};

pub(crate) const GROUPS: Resource = Resource {
    name: "UserGroupsHandler",
    path: "/MAAS/api/2.0/groups/",
    doc: "Manage groups of users.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::Can(Action::ViewIdentities),
            title: "List groups",
            text: "",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Create a group",
            text: "",
            params: &[Param::required("name", "The name."), Param::optional("description", "What the group is for.")],
            handler: |call| Box::pin(create(call)),
        },
    ],
    ..Resource::DEFAULT
};

const USERNAME: &[Param] = &[Param::required("username", "The user.")];
const ENTITLEMENT: &[Param] = &[
    Param::required("resource_type", "maas for the whole site, or pool."),
    Param::required("resource_id", "0 for maas, or the pool's number.").kind(Kind::Int),
    Param::required("entitlement", "An action such as can_deploy_machines."),
];

pub(crate) const GROUP: Resource = Resource {
    name: "UserGroupHandler",
    path: "/MAAS/api/2.0/groups/{id}/",
    doc: "Manage one group, its members and what they are entitled to.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::Can(Action::ViewIdentities),
            title: "Show a group",
            text: "",
            params: &[],
            handler: |call| Box::pin(read(call)),
        },
        Route {
            verb: Verb::Put,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Change a group",
            text: "What is not given stays as it is.",
            params: &[Param::optional("name", "The name."), Param::optional("description", "What the group is for.")],
            handler: |call| Box::pin(update(call)),
        },
        Route {
            verb: Verb::Delete,
            op: None,
            access: Access::Can(Action::EditIdentities),
            title: "Delete a group",
            text: "Its members lose what it gave them. The groups that new users join stay.",
            params: &[],
            handler: |call| Box::pin(delete(call)),
        },
        Route {
            verb: Verb::Get,
            op: Some("list_members"),
            access: Access::Can(Action::ViewIdentities),
            title: "List the members of a group",
            text: "",
            params: &[],
            handler: |call| Box::pin(list_members(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("add_member"),
            access: Access::Can(Action::EditIdentities),
            title: "Add a user to a group",
            text: "Nobody gives what they do not hold.",
            params: USERNAME,
            handler: |call| Box::pin(add_member(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("remove_member"),
            access: Access::Can(Action::EditIdentities),
            title: "Remove a user from a group",
            text: "The last administrator stays.",
            params: USERNAME,
            handler: |call| Box::pin(remove_member(call)),
        },
        Route {
            verb: Verb::Get,
            op: Some("list_entitlements"),
            access: Access::Can(Action::ViewIdentities),
            title: "List what a group is entitled to",
            text: "What its roles give, in the words of MAAS; what one entitlement implies is left out.",
            params: &[],
            handler: |call| Box::pin(list_entitlements(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("add_entitlement"),
            access: Access::Can(Action::EditIdentities),
            title: "Entitle a group to something",
            text: "Nobody gives what they do not hold.",
            params: ENTITLEMENT,
            handler: |call| Box::pin(add_entitlement(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("remove_entitlement"),
            access: Access::Can(Action::EditIdentities),
            title: "Take an entitlement from a group",
            text: "One that comes with a role is taken by deleting the role binding.",
            params: ENTITLEMENT,
            handler: |call| Box::pin(remove_entitlement(call)),
        },
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let groups = groups::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&groups.iter().map(shown).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let name = call.form.filled("name").ok_or_else(|| ApiError::bad("Name is required."))?.to_owned();
    let description = call.form.owned("description").unwrap_or_default();
    let (region, ctx) = call.owned();
    let made = detach(&call.ctx, async move { groups::create(&region, &ctx, &name, &description).await }).await?;
    Ok(reply::json(&shown(&made)))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    let id = id(&call)?;
    let group = groups::lookup(call.region(), &call.ctx, id).await;
    Ok(reply::json(&shown(&group.map_err(|error| missing(error, &call))?)))
}

async fn update(call: Call) -> Result<Reply, ApiError> {
    let id = id(&call)?;
    let (name, description) = (call.form.owned("name"), call.form.owned("description"));
    let (region, ctx) = call.owned();
    let work = async move { groups::update(&region, &ctx, id, name.as_deref(), description.as_deref()).await };
    let group = detach(&call.ctx, work).await;
    Ok(reply::json(&shown(&group.map_err(|error| missing(error, &call))?)))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let id = id(&call)?;
    let (region, ctx) = call.owned();
    let done = detach(&call.ctx, async move { groups::delete(&region, &ctx, id).await }).await;
    done.map_err(|error| missing(error, &call))?;
    Ok(reply::no_content())
}

async fn list_members(call: Call) -> Result<Reply, ApiError> {
    let members = groups::members(call.region(), &call.ctx, id(&call)?).await;
    let member = |member: groups::Member| wire::UserGroupMember { username: member.username, email: member.email };
    let members = members.map_err(|error| missing(error, &call))?;
    Ok(reply::json(&members.into_iter().map(member).collect::<Vec<_>>()))
}

async fn add_member(call: Call) -> Result<Reply, ApiError> {
    let (id, username) = (id(&call)?, required(&call, "username")?);
    let (region, ctx) = call.owned();
    let done = detach(&call.ctx, async move { groups::add_member(&region, &ctx, id, &username).await }).await;
    done.map_err(|error| missing(error, &call))?;
    Ok(reply::ok())
}

async fn remove_member(call: Call) -> Result<Reply, ApiError> {
    let (id, username) = (id(&call)?, required(&call, "username")?);
    let (region, ctx) = call.owned();
    let done = detach(&call.ctx, async move { groups::remove_member(&region, &ctx, id, &username).await }).await;
    done.map_err(|error| missing(error, &call))?;
    Ok(reply::no_content())
}

async fn list_entitlements(call: Call) -> Result<Reply, ApiError> {
    let found = groups::entitlements(call.region(), &call.ctx, id(&call)?).await;
    let entitlement = |entitlement: Entitlement| wire::Entitlement {
        resource_type: if entitlement.pool.is_some() { "pool" } else { "maas" }.to_owned(),
        resource_id: entitlement.pool.map_or(0, |pool| pool.0),
        entitlement: entitlement.action.as_str().to_owned(),
    };
    let found = found.map_err(|error| missing(error, &call))?;
    Ok(reply::json(&found.into_iter().map(entitlement).collect::<Vec<_>>()))
}

async fn add_entitlement(call: Call) -> Result<Reply, ApiError> {
    let (id, new) = (id(&call)?, entitlement(&call)?);
    let (region, ctx) = call.owned();
    let done = detach(&call.ctx, async move { groups::add_entitlement(&region, &ctx, id, &new).await }).await;
    done.map_err(|error| missing(error, &call))?;
    Ok(reply::ok())
}

async fn remove_entitlement(call: Call) -> Result<Reply, ApiError> {
    let (id, old) = (id(&call)?, entitlement(&call)?);
    let (region, ctx) = call.owned();
    let done = detach(&call.ctx, async move { groups::remove_entitlement(&region, &ctx, id, &old).await }).await;
    done.map_err(|error| missing(error, &call))?;
    Ok(reply::no_content())
}

fn id(call: &Call) -> Result<GroupId, ApiError> {
    call.var(0).parse().map_err(|_| missing(Error::NotFound { what: "UserGroup" }, call))
}

/// MAAS's words for what is not there.
fn missing(error: Error, call: &Call) -> ApiError {
    let line = match error {
        Error::NotFound { what: "UserGroup" } => format!("UserGroup with id {} not found.", call.var(0)),
        Error::NotFound { what: "User" } => {
            format!("User '{}' not found.", call.form.get("username").unwrap_or_default())
        }
        Error::NotFound { what: "ResourcePool" } => {
            format!("ResourcePool with id {} not found.", call.form.get("resource_id").unwrap_or_default())
        }
        other => return other.into(),
    };
    ApiError::Plain(StatusCode::NOT_FOUND, line)
}

fn required(call: &Call, name: &str) -> Result<String, ApiError> {
    call.form.filled(name).map(str::to_owned).ok_or_else(|| ApiError::bad(format!("{name} is required.")))
}

fn entitlement(call: &Call) -> Result<Entitlement, ApiError> {
    let kind = required(call, "resource_type")?;
    let number = required(call, "resource_id")?;
    let word = required(call, "entitlement")?;
    let number: i64 = number.trim().parse().map_err(|_| ApiError::bad("resource_id must be an integer."))?;
    let pool = match (kind.as_str(), number) {
        ("maas", 0) => None,
        ("maas", _) => return Err(ApiError::bad("resource_id must be 0 for 'maas' type.")),
        ("pool", id) => Some(PoolId(id)),
        _ => return Err(ApiError::bad(format!("Unknown resource type '{kind}': it is 'maas' or 'pool'."))),
    };
    let unknown = |_| ApiError::bad(format!("Unknown entitlement '{word}' for resource type '{kind}'."));
    Ok(Entitlement { pool, action: word.parse().map_err(unknown)? })
}

fn shown(group: &Group) -> wire::UserGroup {
    wire::UserGroup {
        id: group.id.0,
        name: group.name.clone(),
        description: group.description.clone(),
        resource_uri: format!("/MAAS/api/2.0/groups/{}/", group.id),
    }
}
