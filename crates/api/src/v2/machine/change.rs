//! Changing what a machine is.

use std::collections::BTreeMap;

use maas_region::{
    Error, detach,
    machines::{self, MachineChange},
};

use crate::{
    call::Call,
    error::ApiError,
    form::Form,
    reply::Reply,
    route::{Kind, Param},
    v2::machines::{POWER_PARAMETERS, changed, power_change, swap_size},
};

pub(super) const PARAMS: &[Param] = &[
    Param::optional("hostname", "The host name."),
    Param::optional("description", "What it is."),
    Param::optional("domain", "The domain of its name."),
    Param::optional("architecture", "amd64/generic, or amd64."),
    Param::optional("min_hwe_kernel", "The oldest kernel that it works with."),
    Param::optional("pool", "The resource pool; needs the right to edit machines there too."),
    Param::optional("zone", "The zone."),
    Param::optional("power_type", "The power driver: manual, ipmi, redfish, webhook, virsh."),
    POWER_PARAMETERS,
    Param::optional("power_parameters_skip_check", "Take them unchecked.").kind(Kind::Bool),
    Param::optional("cpu_count", "How many CPUs.").kind(Kind::Int),
    Param::optional("memory", "MiB of memory.").kind(Kind::Int),
    Param::optional("swap_size", "Bytes of swap; K, M, G and T are understood."),
    Param::optional("enable_kernel_crash_dump", "Keep what a crashed kernel leaves.").kind(Kind::Bool),
    Param::optional("disable_ipv4", "Must be false.").kind(Kind::Bool),
];

pub(super) async fn update(call: Call) -> Result<Reply, ApiError> {
    let change = read(&call.form)?;
    let system_id = call.var(0).to_owned();
    let (region, ctx) = call.owned();
    let work = async move { machines::update(&region, &ctx, &system_id, change).await };
    let node = detach(&call.ctx, work).await?;
    changed(&call, node).await
}

fn read(form: &Form) -> Result<MachineChange, ApiError> {
    if form.switch("disable_ipv4")? == Some(true) {
        return Err(Error::field("disable_ipv4", "If specified, disable_ipv4 must be False.").into());
    }
    let swap_bytes = match form.get("swap_size") {
        None => None,
        Some("") => Some(None),
        Some(text) => Some(Some(swap_size(text)?)),
    };
    Ok(MachineChange {
        hostname: form.owned("hostname"),
        description: form.owned("description"),
        domain: form.owned("domain"),
        architecture: form.owned("architecture"),
        min_hwe_kernel: form.owned("min_hwe_kernel"),
        pool: form.owned("pool"),
        zone: form.owned("zone"),
        cpu_count: form.int("cpu_count")?,
        memory_mib: form.int("memory")?,
        swap_bytes,
        has_crash_dump: form.switch("enable_kernel_crash_dump")?,
        power: power_change(form)?,
    })
}

pub(super) async fn annotate(call: Call) -> Result<Reply, ApiError> {
    let (system_id, annotations) = (call.var(0).to_owned(), annotations(&call.form));
    let (region, ctx) = call.owned();
    let work = async move { machines::annotate(&region, &ctx, &system_id, annotations).await };
    let node = detach(&call.ctx, work).await?;
    changed(&call, node).await
}

/// Everything in the form, by name; the last value of a name counts.
pub(crate) fn annotations(form: &Form) -> BTreeMap<String, String> {
    let kept = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    form.pairs().filter(|(name, _)| !FRAME.contains(name)).map(kept).collect()
}

/// Fields of the request that are no annotations.
const FRAME: [&str; 2] = ["op", "csrfmiddlewaretoken"];
