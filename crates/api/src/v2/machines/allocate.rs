//! `machines/?op=allocate`: a machine that fits becomes the caller's.

use maas_model::constraint::{Constraints, removed_option};
use maas_region::{
    detach,
    machines::{self, AllocateOptions},
};

use crate::{
    call::Call,
    error::ApiError,
    reply::Reply,
    route::{Kind, Param},
    v2::{filters, machine_view, machines::detailed, stream},
};

const fn constraint(name: &'static str, help: &'static str) -> Param {
    Param::optional(name, help)
}

pub(super) const PARAMS: &[Param] = &[
    constraint("name", "The host name, or host name and domain."),
    constraint("system_id", "The system id."),
    constraint("arch", "The architecture: amd64, or amd64/generic."),
    constraint("cpu_count", "At least so many CPUs."),
    constraint("mem", "At least so many MiB of memory."),
    constraint("tags", "Tags, all of them."),
    constraint("not_tags", "None of these tags."),
    constraint("zone", "The zone."),
    constraint("not_in_zone", "Not these zones."),
    constraint("pool", "The resource pool."),
    constraint("not_in_pool", "Not these resource pools."),
    constraint("subnets", "Connected to these subnets."),
    constraint("not_subnets", "Not connected to these subnets."),
    constraint("storage", "Disks: LABEL:SIZE(TAG,TAG),... with sizes in GB; the first one is the root disk."),
    constraint("interfaces", "Interfaces: LABEL:KEY=VALUE,...;LABEL2:..."),
    constraint("devices", "Devices in it: vendor_id=...,product_id=..."),
    constraint("fabrics", "Connected to these fabrics."),
    constraint("not_fabrics", "Not connected to these fabrics."),
    constraint("fabric_classes", "Connected to fabrics of these classes."),
    constraint("not_fabric_classes", "Not connected to fabrics of these classes."),
    constraint("agent_name", "A name for whoever allocates, to find the machine by."),
    constraint("comment", "Why, for the event log."),
    constraint("bridge_all", "Make bridges on all interfaces.").kind(Kind::Bool),
    constraint("bridge_type", "standard or ovs."),
    constraint("bridge_stp", "Spanning tree on the bridges.").kind(Kind::Bool),
    constraint("bridge_fd", "Forward delay of the bridges, in seconds.").kind(Kind::Int),
    constraint("dry_run", "Say which machine it would be, and take none.").kind(Kind::Bool),
    constraint("verbose", "Accepted; what fits which constraint is told always.").kind(Kind::Bool),
];

pub(super) async fn allocate(call: Call) -> Result<Reply, ApiError> {
    let form = &call.form;
    if let Some(line) = removed_option(form.pairs()) {
        return Err(ApiError::bad(line));
    }
    let constraints = Constraints::for_allocation(form.pairs()).map_err(filters::invalid)?;
    let options = AllocateOptions {
        agent_name: form.owned("agent_name").unwrap_or_default(),
        comment: form.owned("comment").unwrap_or_default(),
        is_dry_run: form.switch("dry_run")?.unwrap_or(false),
    };
    let (region, ctx) = call.owned();
    let work = async move { machines::allocate(&region, &ctx, &constraints, &options).await };
    let found = detach(&call.ctx, work).await?;
    let machine = detailed(&call, found.machine.clone()).await?;
    let parents = stream::parents(call.region(), &call.ctx, std::slice::from_ref(&machine)).await?;
    Ok(machine_view::allocation(&machine, &parents, &found))
}
