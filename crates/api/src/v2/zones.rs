//! `zones/`: where nodes stand.

use maas_authz::Action;
use maas_region::{detach, zones};

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

const NAME: &str = "The name: letters, digits, blanks, `-` and `_`.";

pub(crate) const ZONES: Resource = Resource {
    name: "ZonesHandler",
    path: "/MAAS/api/2.0/zones/",
    doc: "Manage the availability zones.",
    routes: &[
        Route::new(Verb::Get, "", "List zones", |call| Box::pin(list(call))).text("By name."),
        Route::new(Verb::Post, "", "Create a zone", |call| Box::pin(create(call)))
            .access(Access::Can(Action::EditGlobalEntities))
            .params(&[Param::required("name", NAME), Param::optional("description", "What it is.")]),
    ],
    ..Resource::DEFAULT
};

pub(crate) const ZONE: Resource = Resource {
    name: "ZoneHandler",
    path: "/MAAS/api/2.0/zones/{name}/",
    doc: "Manage one availability zone.",
    routes: &[
        Route::new(Verb::Get, "", "Show a zone", |call| Box::pin(read(call))),
        Route::new(Verb::Put, "", "Change a zone", |call| Box::pin(update(call)))
            .access(Access::Can(Action::EditGlobalEntities))
            .params(&[Param::optional("name", NAME), Param::optional("description", "What it is.")]),
        Route::new(Verb::Delete, "", "Delete a zone", |call| Box::pin(delete(call)))
            .access(Access::Can(Action::EditGlobalEntities))
            .text("What stands in it moves to the default zone, which cannot be deleted."),
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let zones = zones::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&zones.iter().map(view::zone).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let name = call.form.field("name")?.to_owned();
    let description = call.form.owned("description").unwrap_or_default();
    let (region, ctx) = call.owned();
    let zone = detach(&call.ctx, async move { zones::create(&region, &ctx, &name, &description).await }).await?;
    Ok(reply::json(&view::zone(&zone)))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    Ok(reply::json(&view::zone(&zones::lookup(call.region(), &call.ctx, call.var(0)).await?)))
}

async fn update(call: Call) -> Result<Reply, ApiError> {
    let (old, new, description) = (call.var(0).to_owned(), call.form.owned("name"), call.form.owned("description"));
    let (region, ctx) = call.owned();
    let work = async move { zones::update(&region, &ctx, &old, new.as_deref(), description.as_deref()).await };
    Ok(reply::json(&view::zone(&detach(&call.ctx, work).await?)))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let name = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { zones::delete(&region, &ctx, &name).await }).await?;
    Ok(reply::no_content())
}
