//! `devices/`: things with a name and an address that nobody deploys.

use maas_model::filter::NodeFilter;
use maas_region::{
    detach,
    devices::{self, DeviceChange, NewDevice},
    nodes::Node,
};

use super::{
    filters,
    machine::{ANNOTATIONS, annotations},
    machine_view::Devices,
};
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Param, Resource, Route, Verb},
};

const HOSTNAME: Param = Param::optional("hostname", "The host name.");
const DESCRIPTION: Param = Param::optional("description", "What it is.");
const DOMAIN: Param = Param::optional("domain", "The domain of its name.");
const PARENT: Param = Param::optional("parent", "The system id of the machine that it is a part of.");
const ZONE: Param = Param::optional("zone", "The zone it stands in.");

pub(crate) const DEVICES: Resource = Resource {
    name: "DevicesHandler",
    path: "/MAAS/api/2.0/devices/",
    doc: "Manage the devices.",
    routes: &[
        Route::new(Verb::Get, "", "List devices", |call| Box::pin(list(call)))
            .text("Those that you may see, by id.")
            .params(filters::PARAMS),
        Route::new(Verb::Post, "", "Create a device", |call| Box::pin(create(call))).text("It belongs to you.").params(
            &[
                Param::required("mac_addresses", "A MAC address; may be given several times."),
                HOSTNAME,
                DESCRIPTION,
                DOMAIN,
                PARENT,
                ZONE,
            ],
        ),
    ],
    ..Resource::DEFAULT
};

pub(crate) const DEVICE: Resource = Resource {
    name: "DeviceHandler",
    path: "/MAAS/api/2.0/devices/{system_id}/",
    doc: "Manage one device.",
    routes: &[
        Route::new(Verb::Get, "", "Show a device", |call| Box::pin(read(call))),
        Route::new(Verb::Put, "", "Change a device", |call| Box::pin(update(call))).params(&[
            HOSTNAME,
            DESCRIPTION,
            DOMAIN,
            PARENT,
            ZONE,
        ]),
        Route::new(Verb::Delete, "", "Delete a device", |call| Box::pin(delete(call))),
        Route::new(Verb::Post, "set_workload_annotations", "Annotate the device", |call| Box::pin(annotate(call)))
            .params(ANNOTATIONS),
        Route::new(Verb::Post, "set_owner_data", "The same as set_workload_annotations", |call| {
            Box::pin(annotate(call))
        })
        .params(ANNOTATIONS),
    ],
    ..Resource::DEFAULT
};

/// The devices that the filter lets through.
pub(crate) async fn found(call: &Call, filter: &NodeFilter) -> Result<Devices, ApiError> {
    let nodes = devices::list(call.region(), &call.ctx, filter).await?;
    complete(call, nodes).await
}

/// The devices with what their rows do not tell.
pub(crate) async fn complete(call: &Call, nodes: Vec<Node>) -> Result<Devices, ApiError> {
    let parents = devices::parents(call.region(), &call.ctx, &nodes).await?;
    let interfaces = devices::interface_sets(call.region(), &nodes).await?;
    Ok(Devices { nodes, parents, interfaces })
}

async fn list(call: Call) -> Result<Reply, ApiError> {
    let filter = filters::read(&call)?;
    Ok(found(&call, &filter).await?.list())
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let form = &call.form;
    let new = NewDevice {
        hostname: form.owned("hostname"),
        description: form.owned("description").unwrap_or_default(),
        domain: form.owned("domain"),
        mac_addresses: form.list("mac_addresses"),
        parent: form.owned("parent"),
        zone: form.owned("zone"),
    };
    let (region, ctx) = call.owned();
    let device = detach(&call.ctx, async move { devices::create(&region, &ctx, new).await }).await?;
    Ok(complete(&call, vec![device]).await?.one())
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    let device = devices::lookup(call.region(), &call.ctx, call.var(0)).await?;
    Ok(complete(&call, vec![device]).await?.one())
}

async fn update(call: Call) -> Result<Reply, ApiError> {
    let form = &call.form;
    let change = DeviceChange {
        hostname: form.owned("hostname"),
        description: form.owned("description"),
        domain: form.owned("domain"),
        parent: form.owned("parent"),
        zone: form.owned("zone"),
    };
    let system_id = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    let work = async move { devices::update(&region, &ctx, &system_id, change).await };
    let device = detach(&call.ctx, work).await?;
    Ok(complete(&call, vec![device]).await?.one())
}

async fn annotate(call: Call) -> Result<Reply, ApiError> {
    let (system_id, annotations) = (call.var(0).to_owned(), annotations(&call.form));
    let (region, ctx) = call.owned();
    let work = async move { devices::annotate(&region, &ctx, &system_id, annotations).await };
    let device = detach(&call.ctx, work).await?;
    Ok(complete(&call, vec![device]).await?.one())
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let system_id = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { devices::delete(&region, &ctx, &system_id).await }).await?;
    Ok(reply::no_content())
}
