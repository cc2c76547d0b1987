//! Adding a machine, or introducing one.

use std::collections::BTreeMap;

use maas_authz::Actor;
use maas_model::Secret;
use maas_region::{
    Error, detach, enlist,
    machines::{self, NewMachine, PowerChange, Step},
};
use serde_json::Value;

use crate::{
    call::Call,
    error::ApiError,
    form::Form,
    reply::{self, Reply},
    route::{Kind, Param},
    v2::{machine_view, machines::changed},
};

pub(super) const PARAMS: &[Param] = &[
    Param::required("architecture", "amd64/generic, or amd64."),
    Param::required("mac_addresses", "A MAC address; may be given several times."),
    Param::optional("hostname", "The host name; one is found if it is not given."),
    Param::optional("description", "What it is."),
    Param::optional("domain", "The domain of its name."),
    Param::optional("subarchitecture", "generic, if the architecture does not name it."),
    Param::optional("min_hwe_kernel", "The oldest kernel that it works with: ga-22.04, hwe-24.04."),
    Param::optional("pool", "The resource pool."),
    Param::optional("zone", "The zone."),
    Param::optional("power_type", "The power driver: manual, ipmi, redfish, webhook, virsh."),
    POWER_PARAMETERS,
    Param::optional("power_parameters_skip_check", "Take them unchecked.").kind(Kind::Bool),
    Param::optional("cpu_count", "How many CPUs.").kind(Kind::Int),
    Param::optional("memory", "MiB of memory.").kind(Kind::Int),
    Param::optional("swap_size", "Bytes of swap; K, M, G and T are understood."),
    Param::optional("commission", "Commission it at once; false to leave it New.").kind(Kind::Bool),
    Param::optional("deployed", "It runs already.").kind(Kind::Bool),
    Param::optional("is_dpu", "It is a card in another machine.").kind(Kind::Bool),
];

pub(crate) const POWER_PARAMETERS: Param = Param::optional(
    "power_parameters",
    "A JSON object of what the driver wants to know, or one parameter each as power_parameters_NAME.",
)
.kind(Kind::Secret);

pub(super) async fn create(call: Call) -> Result<Reply, ApiError> {
    let new = read(&call.form)?;
    let asked_to_commission = call.form.switch("commission")?;
    let (region, ctx) = call.owned();
    let machine = detach(&call.ctx, async move { machines::create(&region, &ctx, new).await }).await?;
    if call.ctx.actor == Actor::Anonymous {
        return Ok(machine_view::enlisted(&machine));
    }
    // Asked for in so many words it is done or said why not; by default only what can be done is.
    if asked_to_commission == Some(true) {
        let ((region, ctx), id) = (call.owned(), machine.system_id);
        let start = async move { machines::start(&region, &ctx, id.as_str(), Step::Commission, BTreeMap::new()).await };
        return match detach(&call.ctx, start).await {
            Ok(machine) => changed(&call, machine).await,
            // It was introduced, which asks for nothing else.
            Err(Error::Denied(_) | Error::NotFound { .. }) => changed(&call, machine).await,
            Err(error) => Err(error.into()),
        };
    }
    changed(&call, machine).await
}

fn read(form: &Form) -> Result<NewMachine, ApiError> {
    Ok(NewMachine {
        hostname: form.filled("hostname").map(str::to_owned),
        description: form.owned("description").unwrap_or_default(),
        domain: form.filled("domain").map(str::to_owned),
        architecture: architecture(form)?,
        min_hwe_kernel: kernel(form)?,
        mac_addresses: form.list("mac_addresses"),
        pool: form.filled("pool").map(str::to_owned),
        zone: form.filled("zone").map(str::to_owned),
        cpu_count: form.int("cpu_count")?,
        memory_mib: form.int("memory")?,
        swap_bytes: form.filled("swap_size").map(swap_size).transpose()?,
        power: power_change(form)?,
        is_dpu: form.switch("is_dpu")?.unwrap_or(false),
        is_deployed: form.switch("deployed")?.unwrap_or(false),
        commission: form.switch("commission")?.unwrap_or(true),
    })
}

fn architecture(form: &Form) -> Result<String, ApiError> {
    let architecture = form.get("architecture").unwrap_or_default();
    Ok(match form.filled("subarchitecture") {
        Some(_) if architecture.contains('/') => {
            return Err(ApiError::bad("Subarchitecture cannot be specified twice."));
        }
        Some(sub) => format!("{architecture}/{sub}"),
        None => architecture.to_owned(),
    })
}

fn kernel(form: &Form) -> Result<Option<String>, ApiError> {
    if form.filled("hwe_kernel").is_some() {
        return Err(ApiError::bad("hwe kernel must be specified using the min_hwe_kernel argument."));
    }
    let kernel = form.filled("min_hwe_kernel").map(str::to_owned);
    if kernel.as_deref().is_some_and(|name| !name.starts_with("hwe-") && !name.starts_with("ga-")) {
        return Err(ApiError::bad("min_hwe_kernel must start with \"hwe-\" or \"ga-\""));
    }
    Ok(kernel)
}

/// Bytes, from a number that may end in K, M, G or T, by thousands as MAAS has it.
pub(crate) fn swap_size(text: &str) -> Result<i64, ApiError> {
    let text = text.trim();
    let factor = match text.chars().last().map(|last| last.to_ascii_uppercase()) {
        Some('K') => 1_000,
        Some('M') => 1_000_000,
        Some('G') => 1_000_000_000,
        Some('T') => 1_000_000_000_000,
        _ => 1,
    };
    let digits = if factor == 1 { text } else { &text[..text.len() - 1] };
    let number: Option<i64> = digits.trim().parse().ok().filter(|number: &i64| *number >= 0);
    let bytes = number.and_then(|number| number.checked_mul(factor));
    let why = "Invalid size for swap: use a number, or one with K, M, G or T.";
    bytes.ok_or_else(|| Error::field("swap_size", why).into())
}

/// The power driver and its parameters, if any of it was sent.
pub(crate) fn power_change(form: &Form) -> Result<Option<PowerChange>, ApiError> {
    let mut parameters = BTreeMap::new();
    if let Some(text) = form.filled("power_parameters") {
        let why = "Send a JSON object, or power_parameters_NAME for each.";
        let given: serde_json::Map<String, Value> =
            serde_json::from_str(text).map_err(|_| Error::field("power_parameters", why))?;
        parameters.extend(given.into_iter().map(|(name, value)| (name, Secret::new(plain(value)))));
    }
    for (name, value) in form.pairs() {
        let Some(name) = name.strip_prefix("power_parameters_").filter(|name| *name != "skip_check") else { continue };
        parameters.insert(name.to_owned(), Secret::new(value.to_owned()));
    }
    let power_type = form.owned("power_type");
    let skip_check = form.switch("power_parameters_skip_check")?.unwrap_or(false);
    let is_sent = power_type.is_some() || !parameters.is_empty();
    Ok(is_sent.then_some(PowerChange { power_type, parameters, skip_check }))
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Whether a MAC address is known: to strangers as well, since a machine that introduces itself asks it first.
pub(crate) async fn is_registered(call: Call) -> Result<Reply, ApiError> {
    let mac = call.form.require("mac_address")?;
    Ok(reply::json(&enlist::is_registered(call.region(), &call.ctx, mac).await?))
}

#[cfg(test)]
mod tests {
    use super::swap_size;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [("0", 0), ("1000", 1_000), ("5M", 5_000_000), (" 2g", 2_000_000_000)] {
            assert_eq!(swap_size(text).map_err(|error| error.to_string()), Ok(bytes), "{text}");
        }
        for text in ["", "M", "-1", "x", "99999999999T", "1é"] {
            assert!(swap_size(text).is_err(), "{text}");
        }
    }
}
