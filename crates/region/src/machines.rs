//! Machines: what people come for. Reading and changing them; what happens to them over time is in `lifecycle`.

use std::collections::BTreeMap;

use maas_model::{InterfaceId, Secret, constraint::StorageId};
pub use maas_store::node::{Cursor, Group, Page, Sort};

use crate::nodes::Node;

mod abort;
mod accept;
mod allocate;
pub(crate) mod asking;
pub(crate) mod bmc;
mod broken;
mod bulk;
mod change;
#[cfg(test)]
mod crash;
mod create;
pub(crate) mod document;
mod enlistment;
mod facts;
mod fields;
mod hardware;
pub(crate) mod held;
mod list;
mod lock;
mod moves;
mod parts;
pub(crate) mod power;
pub(crate) mod query;
pub(crate) mod release;
pub(crate) mod rescue;
pub(crate) mod step;
mod testing;
#[cfg(test)]
mod tests;
mod transfer;

pub use abort::abort;
pub use accept::accept;
pub use allocate::{acquire, allocate, list_allocated};
pub use broken::{mark_broken, mark_fixed};
pub use bulk::{BulkResult, bulk};
pub(crate) use change::annotated;
pub use change::{annotate, delete, update};
pub use create::create;
pub(crate) use create::{HOSTNAME_TAKEN, free_hostname, free_system_id, refuse_known_macs};
pub(crate) use fields::{Fields, no_choice};
pub(crate) use hardware::set_hardware;
pub use hardware::{Hardware, NewDisk, NewInterface, NewPartition, PartitionTable};
pub(crate) use list::{check as check_filter, check_size};
pub use list::{count, count_by, cursor, details, list, list_detailed, lookup, lookup_detailed};
pub use lock::{lock, unlock};
pub use moves::{set_pool, set_zone};
pub use power::{PowerAction, power};
pub use query::{ShownPower, power_parameters, query_power, shown_power_parameters};
pub use release::{release, release_all};
pub use step::{Step, start};
pub use testing::override_failed_testing;
pub use transfer::transfer_ownership;

/// A new machine.
#[derive(Clone, Debug, Default)]
pub struct NewMachine {
    pub hostname: Option<String>,
    pub description: String,
    pub domain: Option<String>,
    /// `amd64/generic`, or `amd64`.
    pub architecture: String,
    pub min_hwe_kernel: Option<String>,
    pub mac_addresses: Vec<String>,
    pub pool: Option<String>,
    pub zone: Option<String>,
    pub cpu_count: Option<i64>,
    pub memory_mib: Option<i64>,
    pub swap_bytes: Option<i64>,
    pub power: Option<PowerChange>,
    pub is_dpu: bool,
    /// Register as deployed already, rather than as new.
    pub is_deployed: bool,
    /// Start commissioning at once, if the caller may and something can carry it out.
    pub commission: bool,
}

/// The power driver of a machine and its parameters, secret ones included; checked against the driver's schema.
#[derive(Clone, Debug, Default)]
pub struct PowerChange {
    /// None keeps the driver.
    pub power_type: Option<String>,
    /// Names without `power_parameters_`; what is not named stays if the driver stays.
    pub parameters: BTreeMap<String, Secret<String>>,
    /// Take them unchecked.
    pub skip_check: bool,
}

/// A change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct MachineChange {
    pub hostname: Option<String>,
    pub description: Option<String>,
    pub domain: Option<String>,
    pub architecture: Option<String>,
    pub min_hwe_kernel: Option<String>,
    pub pool: Option<String>,
    pub zone: Option<String>,
    pub cpu_count: Option<i64>,
    pub memory_mib: Option<i64>,
    pub swap_bytes: Option<Option<i64>>,
    pub has_crash_dump: Option<bool>,
    pub power: Option<PowerChange>,
}

/// How many machines share a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCount {
    /// The name of the pool, zone, status or owner; empty for "nobody".
    pub value: String,
    pub count: i64,
}

/// A machine with its hardware as API 2.0 shows it.
#[derive(Clone, Debug)]
pub struct Detailed {
    pub node: Node,
    /// The part of its JSON that tells of hardware: members without the braces, indented for a list, starting with a
    /// comma.
    pub body: String,
}

/// What to allocate, besides the constraints.
#[derive(Clone, Debug, Default)]
pub struct AllocateOptions {
    pub agent_name: String,
    pub comment: String,
    /// Say which it would be, and take nothing.
    pub is_dry_run: bool,
}

/// A machine that was found, and what of it fits the labels of the constraints.
#[derive(Clone, Debug)]
pub struct Allocation {
    pub machine: Node,
    pub storage: BTreeMap<String, Vec<StorageId>>,
    pub interfaces: BTreeMap<String, Vec<InterfaceId>>,
}

/// How to release.
#[derive(Clone, Debug, Default)]
pub struct ReleaseOptions {
    pub comment: String,
    /// None leaves it to the site's settings.
    pub erase: Option<bool>,
    pub secure_erase: Option<bool>,
    pub quick_erase: Option<bool>,
    /// Release although the power cannot be switched off.
    pub is_forced: bool,
}
