//! The filters of API 2.0's lists of nodes.

use maas_model::{
    constraint::{ConstraintErrors, Constraints},
    filter::NodeFilter,
};
use maas_region::Error;

use crate::{call::Call, error::ApiError, route::Param};

/// The filter that the query asks for. Parameters that are no filters mean nothing.
///
/// # Errors
/// By parameter, what is wrong with its values.
pub(crate) fn read(call: &Call) -> Result<NodeFilter, ApiError> {
    Ok(Constraints::for_list(call.form.pairs()).map_err(invalid)?.filter)
}

/// Messages by parameter, as the answer has them.
pub(crate) fn invalid(errors: ConstraintErrors) -> ApiError {
    Error::Invalid(errors.0).into()
}

const fn filter(name: &'static str, help: &'static str) -> Param {
    Param::optional(name, help)
}

/// What lists of nodes take. Each may be given several times; `not_` asks for the opposite.
pub(crate) const PARAMS: &[Param] = &[
    filter("hostname", "Host names."),
    filter("not_hostname", "Not these host names."),
    filter("id", "System ids."),
    filter("not_id", "Not these system ids."),
    filter("mac_address", "MAC addresses."),
    filter("domain", "Domains."),
    filter("not_domain", "Not these domains."),
    filter("agent_name", "Agent names."),
    filter("not_agent_name", "Not these agent names."),
    filter("status", "Statuses: ready, deployed, failed_testing..."),
    filter("not_status", "Not these statuses."),
    filter("simple_status", "Groups of statuses: new, ready, allocated, deployed, failed, broken..."),
    filter("not_simple_status", "Not these groups of statuses."),
    filter("owner", "Names of owners."),
    filter("not_owner", "Not these owners."),
    filter("power_state", "on, off, unknown or error."),
    filter("not_power_state", "Not these states of power."),
    filter("zone", "Zones."),
    filter("not_in_zone", "Not these zones."),
    filter("pool", "Resource pools."),
    filter("not_in_pool", "Not these resource pools."),
    filter("arch", "Architectures: amd64, or amd64/generic."),
    filter("not_arch", "Not these architectures."),
    filter("tags", "Tags, all of them."),
    filter("not_tags", "None of these tags."),
    filter("fabrics", "Fabrics."),
    filter("not_fabrics", "Not these fabrics."),
    filter("fabric_classes", "Classes of fabrics."),
    filter("not_fabric_classes", "Not these classes of fabrics."),
    filter("subnets", "Subnets."),
    filter("not_subnets", "Not these subnets."),
    filter("vlans", "VLANs."),
    filter("not_vlans", "Not these VLANs."),
    filter("link_speed", "At least so many Mbit/s."),
    filter("cpu_count", "At least so many CPUs."),
    filter("cpu_speed", "At least so many MHz."),
    filter("mem", "At least so many MiB of memory."),
    filter("deployment_target", "disk or memory."),
    filter("not_deployment_target", "Not deployed there."),
];
