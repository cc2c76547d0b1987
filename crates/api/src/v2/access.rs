//! `access/`: why somebody may, or may not; who can; the policy.

use maas_authz::{Action, Matrix};
use maas_region::{access::explain, pools};
use maas_wire as wire;

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

const ACTION: Param = Param::required("action", "A machine's action such as deploy, or one of roles.");
const OBJECT: Param = Param::optional("object", "A system id, pool:NAME, or nothing for the site.");

pub(crate) const ACCESS: Resource = Resource {
    name: "AccessHandler",
    path: "/MAAS/api/2.0/access/",
    doc: "Ask who may do what, and why.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: Some("explain"),
            access: Access::SignedIn,
            title: "Explain why a user may, or may not, do something",
            text: "Everybody may ask about themselves.",
            params: &[Param::optional("user", "The user; you if not given."), ACTION, OBJECT],
            handler: |call| Box::pin(explanation(call)),
        },
        Route {
            verb: Verb::Get,
            op: Some("who_can"),
            access: Access::Can(Action::ViewIdentities),
            title: "List who can do something",
            text: "",
            params: &[ACTION, OBJECT],
            handler: |call| Box::pin(who_can(call)),
        },
        Route {
            verb: Verb::Get,
            op: Some("matrix"),
            access: Access::SignedIn,
            title: "Show the policy of the built-in roles",
            text: "Which role holds which action, and what that means for machines by whose they are.",
            params: &[],
            handler: |call| Box::pin(matrix(call)),
        },
        Route {
            verb: Verb::Get,
            op: Some("of"),
            access: Access::SignedIn,
            title: "Show what a user holds, and where",
            text: "Everybody may ask about themselves.",
            params: &[Param::optional("user", "The user; you if not given.")],
            handler: |call| Box::pin(of(call)),
        },
    ],
    ..Resource::DEFAULT
};

fn user(call: &Call) -> String {
    let own = || call.ctx.actor.user().map_or_else(String::new, |user| user.username.clone());
    call.form.filled("user").map_or_else(own, str::to_owned)
}

async fn explanation(call: Call) -> Result<Reply, ApiError> {
    let action = call.form.field("action")?;
    let object = call.form.filled("object");
    let found = explain::explain(call.region(), &call.ctx, &user(&call), action, object).await?;
    Ok(reply::json(&wire::Explanation {
        user: found.username,
        action: found.action,
        object: found.object,
        allowed: found.is_allowed,
        hidden: found.is_hidden,
        rule: found.rule,
        bindings: found.bindings,
        needed: found.needed,
        who_can_grant: found.who_can_grant,
    }))
}

async fn who_can(call: Call) -> Result<Reply, ApiError> {
    let action = call.form.field("action")?;
    Ok(reply::json(&explain::who_can(call.region(), &call.ctx, action, call.form.filled("object")).await?))
}

async fn matrix(_call: Call) -> Result<Reply, ApiError> {
    Ok(reply::json(&Matrix::builtin()))
}

async fn of(call: Call) -> Result<Reply, ApiError> {
    let user = user(&call);
    let held = explain::access_of(call.region(), &call.ctx, &user).await?;
    let names = pools::list(call.region(), &call.ctx).await?;
    let pools = held.pools().map(|(id, actions)| wire::PoolAccess {
        pool: names.iter().find(|pool| pool.id == id).map_or_else(|| id.to_string(), |pool| pool.name.clone()),
        actions: view::actions(actions),
    });
    Ok(reply::json(&wire::UserAccess { site: view::actions(held.on_site()), pools: pools.collect(), user }))
}
