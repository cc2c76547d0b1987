//! `tags/`: marks on nodes, given by hand or by an expression over their hardware.

use maas_authz::Action;
use maas_model::filter::{Test, TextField, TextMatch};
use maas_region::{
    detach,
    tags::{self, TagChange},
};
use serde_json::json;

use super::{
    devices,
    stream::{self, Head},
    view,
};
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

const EDIT: Access = Access::Can(Action::EditGlobalEntities);
const COMMENT: Param = Param::optional("comment", "What it is for.");
const DEFINITION: Param =
    Param::optional("definition", "XPath over lshw's XML: machines that it fits have the tag. Empty: given by hand.");
const KERNEL_OPTS: Param = Param::optional("kernel_opts", "Options of the kernel of machines with this tag.");

pub(crate) const TAGS: Resource = Resource {
    name: "TagsHandler",
    path: "/MAAS/api/2.0/tags/",
    doc: "Manage the tags.",
    routes: &[
        Route::new(Verb::Get, "", "List tags", |call| Box::pin(list(call))).text("By name."),
        Route::new(Verb::Post, "", "Create a tag", |call| Box::pin(create(call))).access(EDIT).params(&[
            Param::required("name", "The name: letters, digits, `-` and `_`."),
            COMMENT,
            DEFINITION,
            KERNEL_OPTS,
        ]),
    ],
    ..Resource::DEFAULT
};

pub(crate) const TAG: Resource = Resource {
    name: "TagHandler",
    path: "/MAAS/api/2.0/tags/{name}/",
    doc: "Manage one tag.",
    routes: &[
        Route::new(Verb::Get, "", "Show a tag", |call| Box::pin(read(call))),
        Route::new(Verb::Put, "", "Change a tag", |call| Box::pin(update(call))).access(EDIT).params(&[
            Param::optional("name", "A new name."),
            COMMENT,
            DEFINITION,
            KERNEL_OPTS,
        ]),
        Route::new(Verb::Delete, "", "Delete a tag", |call| Box::pin(delete(call))).access(EDIT),
        Route::new(Verb::Get, "nodes", "List the nodes with this tag", |call| Box::pin(nodes(call)))
            .text("Devices, then machines: those that you may see."),
        Route::new(Verb::Get, "machines", "List the machines with this tag", |call| Box::pin(machines(call)))
            .text("Those that you may see."),
        Route::new(Verb::Get, "devices", "List the devices with this tag", |call| Box::pin(tagged_devices(call)))
            .text("Those that you may see."),
        Route::new(Verb::Get, "rack_controllers", "List the rack controllers with this tag", |call| {
            Box::pin(controllers(call))
        }),
        Route::new(Verb::Get, "region_controllers", "List the region controllers with this tag", |call| {
            Box::pin(controllers(call))
        }),
        Route::new(Verb::Post, "rebuild", "Look again which machines the definition fits", |call| {
            Box::pin(rebuild(call))
        })
        .access(EDIT),
        Route::new(Verb::Post, "update_nodes", "Give the tag to some nodes, take it from others", |call| {
            Box::pin(update_nodes(call))
        })
        .text("For tags without a definition. Needs the right to tag each of the nodes.")
        .params(&[
            Param::optional("add", "The system id of a node that gets the tag; may be given several times."),
            Param::optional("remove", "The system id of a node that loses it; may be given several times."),
            Param::optional("definition", "The definition that the sender thinks the tag has."),
            Param::optional("rack_controller", "Not used."),
        ]),
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let tags = tags::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&tags.iter().map(view::tag).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    call.form.field("name")?;
    let new = change(&call);
    let (region, ctx) = call.owned();
    Ok(reply::json(&view::tag(&detach(&call.ctx, async move { tags::create(&region, &ctx, new).await }).await?)))
}

fn change(call: &Call) -> TagChange {
    let form = &call.form;
    TagChange {
        name: form.owned("name"),
        definition: form.owned("definition"),
        comment: form.owned("comment"),
        kernel_opts: form.owned("kernel_opts"),
    }
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    Ok(reply::json(&view::tag(&tags::lookup(call.region(), &call.ctx, call.var(0)).await?)))
}

async fn update(call: Call) -> Result<Reply, ApiError> {
    let (name, change) = (call.var(0).to_owned(), change(&call));
    let (region, ctx) = call.owned();
    let work = async move { tags::update(&region, &ctx, &name, change).await };
    Ok(reply::json(&view::tag(&detach(&call.ctx, work).await?)))
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let name = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { tags::delete(&region, &ctx, &name).await }).await?;
    Ok(reply::no_content())
}

/// A filter for what has the tag, which must exist.
async fn tagged(call: &Call) -> Result<maas_model::NodeFilter, ApiError> {
    let tag = tags::lookup(call.region(), &call.ctx, call.var(0)).await?;
    let mut filter = maas_model::NodeFilter::default();
    filter.require(Test::Text(TextField::Tag, vec![TextMatch::Is(tag.name)]));
    Ok(filter)
}

async fn nodes(call: Call) -> Result<Reply, ApiError> {
    let filter = tagged(&call).await?;
    let devices = devices::found(&call, &filter).await?;
    stream::machines(call, filter, Head::devices(&devices)).await
}

async fn machines(call: Call) -> Result<Reply, ApiError> {
    let filter = tagged(&call).await?;
    stream::machines(call, filter, Head::default()).await
}

async fn tagged_devices(call: Call) -> Result<Reply, ApiError> {
    let filter = tagged(&call).await?;
    Ok(devices::found(&call, &filter).await?.list())
}

/// There are none yet, but the tag must be one.
async fn controllers(call: Call) -> Result<Reply, ApiError> {
    tags::lookup(call.region(), &call.ctx, call.var(0)).await?;
    Ok(reply::json::<[(); 0]>(&[]))
}

async fn rebuild(call: Call) -> Result<Reply, ApiError> {
    let name = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { tags::rebuild(&region, &ctx, &name).await }).await?;
    Ok(reply::json(&json!({ "rebuilding": call.var(0) })))
}

async fn update_nodes(call: Call) -> Result<Reply, ApiError> {
    let tag = tags::lookup(call.region(), &call.ctx, call.var(0)).await?;
    if let Some(given) = call.form.filled("definition").filter(|given| *given != tag.definition) {
        let line = format!("Definition supplied '{given}' doesn't match current definition '{}'", tag.definition);
        return Err(maas_region::Error::Conflict(line).into());
    }
    let (add, remove) = (call.form.list("add"), call.form.list("remove"));
    let (region, ctx) = call.owned();
    let work = async move { tags::update_nodes(&region, &ctx, &tag.name, &add, &remove).await };
    let (added, removed) = detach(&call.ctx, work).await?;
    Ok(reply::json(&json!({ "added": added, "removed": removed })))
}
