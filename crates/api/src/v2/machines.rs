//! `machines/`: all machines, and what is done to several or to one that is yet to be found.

mod allocate;
mod bulk;
mod create;

use maas_region::machines;

use super::{
    filters, machine_view,
    stream::{self, Head},
};
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Kind, Param, Resource, Route, Verb},
};

pub(crate) use bulk::{plain, release_options, set_zone};
pub(crate) use create::{POWER_PARAMETERS, is_registered, power_change, swap_size};

const IDS: &str = "A system id; may be given several times.";
const COMMENT: Param = Param::optional("comment", "Why, for the event log.");

pub(crate) const MACHINES: Resource = Resource {
    name: "MachinesHandler",
    path: "/MAAS/api/2.0/machines/",
    doc: "Manage the machines.",
    routes: &[
        Route::new(Verb::Get, "", "List machines", |call| Box::pin(list(call)))
            .text("Those that you may see, by id, with their hardware.")
            .params(filters::PARAMS),
        Route::new(Verb::Post, "", "Add a machine", |call| Box::pin(create::create(call)))
            .access(Access::Anyone)
            .text(
                "Who may edit machines of the pool adds it. From anybody else, signed in or not, it is an introduction: the \
                machine is New and waits to be accepted, in the default pool.",
            )
            .params(create::PARAMS),
        Route::new(Verb::Get, "is_registered", "Tell whether a MAC address is known", |call| Box::pin(is_registered(call)))
            .access(Access::Anyone)
            .params(&[Param::required("mac_address", "The MAC address.")]),
        Route::new(Verb::Get, "list_allocated", "List the machines that you have allocated and not deployed", |call| {
            Box::pin(bulk::list_allocated(call))
        })
        .params(&[Param::optional("id", IDS)]),
        Route::new(Verb::Get, "power_parameters", "Reveal power parameters, passwords included", |call| {
            Box::pin(bulk::power_parameters(call))
        })
        .text("Of machines whose power parameters you may see. Kept in the audit log.")
        .params(&[Param::required("id", IDS)]),
        Route::new(Verb::Post, "accept", "Accept machines that were introduced", |call| Box::pin(bulk::accept(call)))
            .params(&[Param::required("machines", IDS)]),
        Route::new(Verb::Post, "accept_all", "Accept all machines that were introduced", |call| {
            Box::pin(bulk::accept_all(call))
        })
        .text("All that you may accept."),
        Route::new(Verb::Post, "allocate", "Take a ready machine that fits", |call| Box::pin(allocate::allocate(call)))
            .text("The smallest one that has all that is asked for becomes yours.")
            .params(allocate::PARAMS),
        Route::new(Verb::Post, "release", "Give machines back", |call| Box::pin(bulk::release(call)))
            .text("All of them or none. Answers with the ids of those whose release began.")
            .params(&[
                Param::required("machines", IDS),
                COMMENT,
                Param::optional("erase", "Erase the disks.").kind(Kind::Bool),
                Param::optional("secure_erase", "Have the disks erase themselves, if they can.").kind(Kind::Bool),
                Param::optional("quick_erase", "Erase only the beginning and the end.").kind(Kind::Bool),
                Param::optional("force", "Release although the power cannot be switched off.").kind(Kind::Bool),
            ]),
        Route::new(Verb::Post, "set_zone", "Move machines to a zone", |call| Box::pin(bulk::set_zone(call)))
            .text("All of them or none.")
            .params(&[Param::required("zone", "The name of the zone."), Param::required("nodes", IDS)]),
        Route::new(Verb::Get, "count", "Count machines", |call| Box::pin(count(call)))
            .text("Those that you may see.")
            .params(filters::PARAMS),
    ],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let filter = filters::read(&call)?;
    stream::machines(call, filter, Head::default()).await
}

async fn count(call: Call) -> Result<Reply, ApiError> {
    let filter = filters::read(&call)?;
    let count = machines::count(call.region(), &call.ctx, &filter).await?;
    Ok(reply::json(&serde_json::json!({ "count": count })))
}

/// The answer to what changed a machine: all of it, as far as the caller may still see it.
pub(crate) async fn changed(call: &Call, node: maas_region::nodes::Node) -> Result<Reply, ApiError> {
    answer(call, &detailed(call, node).await?).await
}

/// One machine as the answer.
pub(crate) async fn answer(call: &Call, machine: &machines::Detailed) -> Result<Reply, ApiError> {
    let parents = stream::parents(call.region(), &call.ctx, std::slice::from_ref(machine)).await?;
    Ok(machine_view::machine(machine, &parents))
}

/// The machine with its hardware; without it for somebody who gave away the right to see it.
pub(crate) async fn detailed(call: &Call, node: maas_region::nodes::Node) -> Result<machines::Detailed, ApiError> {
    match machines::lookup_detailed(call.region(), &call.ctx, node.system_id.as_str()).await {
        Ok(detailed) => Ok(detailed),
        Err(maas_region::Error::NotFound { .. }) => Ok(machines::Detailed { node, body: String::new() }),
        Err(error) => Err(error.into()),
    }
}
