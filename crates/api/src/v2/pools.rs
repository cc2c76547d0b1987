//! `resourcepools/`: every machine is in exactly one pool, and roles are given on them.

use maas_authz::Action;
use maas_region::{detach, pools};

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

const NAME: &str = "The name: letters, digits, blanks, `-` and `_`.";

pub(crate) const POOLS: Resource = Resource {
    name: "ResourcePoolsHandler",
    path: "/MAAS/api/2.0/resourcepools/",
    doc: "Manage the resource pools.",
    routes: &[
        Route::new(Verb::Get, "", "List resource pools", |call| Box::pin(list(call)))
            .text("Those that you may know of, by name."),
        Route::new(Verb::Post, "", "Create a resource pool", |call| Box::pin(create(call)))
            .access(Access::Can(Action::EditPools))
            .params(&[Param::required("name", NAME), Param::optional("description", "What it is for.")]),
    ],
    ..Resource::DEFAULT
};

pub(crate) const POOL: Resource = Resource {
    name: "ResourcePoolHandler",
    path: "/MAAS/api/2.0/resourcepool/{id}/",
    doc: "Manage one resource pool, by id or name.",
    routes: &[
        Route::new(Verb::Get, "", "Show a resource pool", |call| Box::pin(read(call))),
        Route::new(Verb::Put, "", "Change a resource pool", |call| Box::pin(update(call)))
            .params(&[Param::optional("name", NAME), Param::optional("description", "What it is for.")]),
        Route::new(Verb::Delete, "", "Delete a resource pool", |call| Box::pin(delete(call)))
            .text("It must be empty. The default pool cannot be deleted."),
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let pools = pools::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&pools.iter().map(view::pool).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let name = call.form.field("name")?.to_owned();
    let description = call.form.owned("description").unwrap_or_default();
    let (region, ctx) = call.owned();
    let pool = detach(&call.ctx, async move { pools::create(&region, &ctx, &name, &description).await }).await?;
    Ok(reply::json(&view::pool(&pool)))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    Ok(reply::json(&view::pool(&pools::lookup(call.region(), &call.ctx, call.var(0)).await?)))
}

async fn update(call: Call) -> Result<Reply, ApiError> {
    let (id, name, description) = (call.var(0).to_owned(), call.form.owned("name"), call.form.owned("description"));
    let (region, ctx) = call.owned();
    let work = async move { pools::update(&region, &ctx, &id, name.as_deref(), description.as_deref()).await };
    Ok(reply::json(&view::pool(&detach(&call.ctx, work).await?)))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let id = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { pools::delete(&region, &ctx, &id).await }).await?;
    Ok(reply::no_content())
}
