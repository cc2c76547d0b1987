//! `machines/{system_id}/`: one machine, and all that can be done to it.

mod change;
mod lifecycle;
mod power;
mod step;

use maas_region::{detach, machines};

use super::{bson, machines::answer};
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Kind, Param, Resource, Route, Verb},
};

pub(crate) use change::annotations;
pub(crate) use power::parameters as power_parameters;

const COMMENT: Param = Param::optional("comment", "Why, for the event log.");
const WHY: &[Param] = &[COMMENT];
pub(crate) const ANNOTATIONS: &[Param] =
    &[Param::required("key", "Any name with its value; an empty value removes it.")];

pub(crate) const MACHINE: Resource = Resource {
    name: "MachineHandler",
    path: "/MAAS/api/2.0/machines/{system_id}/",
    doc: "Manage one machine.",
    routes: &[
        Route::new(Verb::Get, "", "Show a machine", |call| Box::pin(read(call))),
        Route::new(Verb::Put, "", "Change a machine", |call| Box::pin(change::update(call)))
            .text("What is not given stays as it is.")
            .params(change::PARAMS),
        Route::new(Verb::Delete, "", "Delete a machine", |call| Box::pin(delete(call))).params(&[Param::optional(
            "force",
            "Accepted; nothing keeps a machine from being deleted yet.",
        )
        .kind(Kind::Bool)]),
        Route::new(Verb::Get, "details", "Show the machine's own account of its hardware", |call| {
            Box::pin(details(call))
        })
        .text("BSON with two binaries, lshw and lldp, both XML or nothing."),
        Route::new(Verb::Get, "power_parameters", "Reveal the power parameters, passwords included", |call| {
            Box::pin(power::parameters(call))
        })
        .text("Kept in the audit log."),
        Route::new(Verb::Get, "query_power_state", "Ask whether the machine is on", |call| {
            Box::pin(power::query(call))
        }),
        Route::new(Verb::Post, "power_on", "Turn the machine on", |call| Box::pin(power::on(call))).params(WHY),
        Route::new(Verb::Post, "power_off", "Turn the machine off", |call| Box::pin(power::off(call))).params(&[
            Param::optional("stop_mode", "hard (as if not given), or soft to ask the operating system."),
            COMMENT,
        ]),
        Route::new(Verb::Post, "power_cycle", "Turn the machine off and on", |call| Box::pin(power::cycle(call)))
            .params(WHY),
        Route::new(Verb::Post, "release", "Give the machine back", |call| Box::pin(lifecycle::release(call)))
            .params(lifecycle::RELEASE),
        Route::new(Verb::Post, "lock", "Lock the machine against every change", |call| Box::pin(lifecycle::lock(call)))
            .params(WHY),
        Route::new(Verb::Post, "unlock", "Unlock the machine", |call| Box::pin(lifecycle::unlock(call))).params(WHY),
        Route::new(Verb::Post, "mark_broken", "Mark the machine as broken", |call| {
            Box::pin(lifecycle::mark_broken(call))
        })
        .params(WHY),
        Route::new(Verb::Post, "mark_fixed", "Mark a broken machine as fixed", |call| {
            Box::pin(lifecycle::mark_fixed(call))
        })
        .params(WHY),
        Route::new(Verb::Post, "override_failed_testing", "Take failed tests as good enough", |call| {
            Box::pin(lifecycle::override_failed_testing(call))
        })
        .params(WHY),
        Route::new(Verb::Post, "abort", "Stop what is under way", |call| Box::pin(lifecycle::abort(call))).params(WHY),
        Route::new(Verb::Post, "set_workload_annotations", "Annotate the machine", |call| {
            Box::pin(change::annotate(call))
        })
        .params(ANNOTATIONS),
        Route::new(Verb::Post, "set_owner_data", "The same as set_workload_annotations", |call| {
            Box::pin(change::annotate(call))
        })
        .params(ANNOTATIONS),
        Route::new(Verb::Post, "commission", "Look at the hardware", |call| Box::pin(step::commission(call)))
            .text(step::NEEDS_RACK)
            .params(step::COMMISSION),
        Route::new(Verb::Post, "test", "Test the hardware", |call| Box::pin(step::test(call)))
            .text(step::NEEDS_RACK)
            .params(step::TEST),
        Route::new(Verb::Post, "deploy", "Install an operating system", |call| Box::pin(step::deploy(call)))
            .text(step::NEEDS_RACK)
            .params(step::DEPLOY),
        Route::new(Verb::Post, "rescue_mode", "Boot into a rescue system", |call| Box::pin(step::rescue(call)))
            .text(step::NEEDS_RACK),
        Route::new(Verb::Post, "exit_rescue_mode", "Leave the rescue system", |call| Box::pin(step::exit_rescue(call)))
            .text(step::NEEDS_RACK),
    ],
    ..Resource::DEFAULT
};

async fn read(call: Call) -> Result<Reply, ApiError> {
    answer(&call, &machines::lookup_detailed(call.region(), &call.ctx, call.var(0)).await?).await
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let system_id = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { machines::delete(&region, &ctx, &system_id).await }).await?;
    Ok(reply::no_content())
}

async fn details(call: Call) -> Result<Reply, ApiError> {
    let facts = machines::details(call.region(), &call.ctx, call.var(0)).await?;
    let kind = http::HeaderValue::from_static("application/bson");
    Ok(reply::with(http::StatusCode::OK, kind, bson::details(&facts)))
}
