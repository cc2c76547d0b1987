//! `nodes/`: machines and devices alike.

use maas_region::{Error, detach, devices as device_cases, machines};

use super::{
    bson, devices, filters, machine,
    machines::{answer, is_registered, set_zone},
    stream::{self, Head},
};
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

pub(crate) const NODES: Resource = Resource {
    name: "NodesHandler",
    path: "/MAAS/api/2.0/nodes/",
    doc: "Read about nodes of every kind.",
    routes: &[
        Route::new(Verb::Get, "", "List nodes", |call| Box::pin(list(call)))
            .text("Devices, then machines: those that you may see, each kind by id.")
            .params(filters::PARAMS),
        Route::new(Verb::Get, "is_registered", "Tell whether a MAC address is known", |call| {
            Box::pin(is_registered(call))
        })
        .access(Access::Anyone)
        .params(&[Param::required("mac_address", "The MAC address.")]),
        Route::new(Verb::Post, "set_zone", "Move nodes to a zone", |call| Box::pin(set_zone(call)))
            .text("All of them or none.")
            .params(&[
                Param::required("zone", "The name of the zone."),
                Param::required("nodes", "A system id; may be given several times."),
            ]),
    ],
    ..Resource::DEFAULT
};

pub(crate) const NODE: Resource = Resource {
    name: "NodeHandler",
    path: "/MAAS/api/2.0/nodes/{system_id}/",
    doc: "Manage one node of any kind.",
    routes: &[
        Route::new(Verb::Get, "", "Show a node", |call| Box::pin(read(call))),
        Route::new(Verb::Delete, "", "Delete a node", |call| Box::pin(delete(call))),
        Route::new(Verb::Get, "details", "Show the node's own account of its hardware", |call| Box::pin(details(call)))
            .text("BSON with two binaries, lshw and lldp, both XML or nothing."),
        Route::new(Verb::Get, "power_parameters", "Reveal the power parameters, passwords included", |call| {
            Box::pin(power_parameters(call))
        })
        .text("Kept in the audit log."),
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let filter = filters::read(&call)?;
    let devices = devices::found(&call, &filter).await?;
    stream::machines(call, filter, Head::devices(&devices)).await
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    match machines::lookup_detailed(call.region(), &call.ctx, call.var(0)).await {
        Ok(machine) => answer(&call, &machine).await,
        Err(Error::NotFound { .. }) => {
            let device = device_cases::lookup(call.region(), &call.ctx, call.var(0)).await.map_err(as_node)?;
            Ok(devices::complete(&call, vec![device]).await?.one())
        }
        Err(error) => Err(error.into()),
    }
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let system_id = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    let work = async move {
        match machines::delete(&region, &ctx, &system_id).await {
            Err(Error::NotFound { .. }) => device_cases::delete(&region, &ctx, &system_id).await,
            other => other,
        }
    };
    detach(&call.ctx, work).await.map_err(as_node)?;
    Ok(reply::no_content())
}

async fn details(call: Call) -> Result<Reply, ApiError> {
    let facts = machines::details(call.region(), &call.ctx, call.var(0)).await.map_err(as_node)?;
    let kind = http::HeaderValue::from_static("application/bson");
    Ok(reply::with(http::StatusCode::OK, kind, bson::details(&facts)))
}

async fn power_parameters(call: Call) -> Result<Reply, ApiError> {
    machine::power_parameters(call).await.map_err(|error| match error {
        ApiError::Region(error) => as_node(error),
        other => other,
    })
}

/// Of any kind: what is not there is no `Node`.
fn as_node(error: Error) -> ApiError {
    match error {
        Error::NotFound { .. } => Error::NotFound { what: "Node" }.into(),
        error => error.into(),
    }
}
