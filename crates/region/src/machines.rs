//! Machines: what people come for. Reading and changing them; what happens to them over time is in `lifecycle`.

use std::collections::BTreeMap;

use maas_authz::OpCtx;
use maas_model::{BlockDeviceId, InterfaceId, PowerState, Secret, constraint::Constraints};
pub use maas_store::node::{Cursor, Group, Page, Sort};

use crate::{Region, Result, nodes::Node};

pub(crate) mod bmc;
mod change;
mod create;
pub(crate) mod document;
mod fields;
mod hardware;
mod list;
mod moves;

pub(crate) use change::annotated;
pub use change::{annotate, delete, update};
pub use create::create;
pub(crate) use create::{HOSTNAME_TAKEN, free_hostname, free_system_id, refuse_known_macs};
pub(crate) use fields::{Fields, no_choice};
pub(crate) use hardware::set_hardware;
pub use hardware::{Hardware, NewDisk, NewInterface, NewPartition, PartitionTable};
pub(crate) use list::check as check_filter;
pub use list::{count, count_by, cursor, details, list, list_detailed, lookup, lookup_detailed};
pub use moves::{set_pool, set_zone};

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
    /// comma. See [`document`].
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
    pub storage: BTreeMap<String, Vec<BlockDeviceId>>,
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

/// One machine's part of a bulk action.
#[derive(Debug)]
pub struct BulkResult {
    pub system_id: String,
    pub result: Result<Node>,
}

/// Takes a ready machine that fits, the cheapest first.
///
/// # Errors
/// `Conflict` with MAAS's texts when there is none; `Invalid` by constraint.
pub async fn allocate(
    region: &Region,
    ctx: &OpCtx,
    constraints: &Constraints,
    options: &AllocateOptions,
) -> Result<Allocation> {
    let _ = (region, ctx, constraints, options);
    unimplemented!("lifecycle")
}

/// Takes one given ready machine.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn acquire(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<Node> {
    let _ = (region, ctx, system_id);
    unimplemented!("lifecycle")
}

/// Gives a machine back.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` for a status that cannot be left so; `Unavailable` when erasing needs a rack.
pub async fn release(region: &Region, ctx: &OpCtx, system_id: &str, options: &ReleaseOptions) -> Result<Node> {
    let _ = (region, ctx, system_id, options);
    unimplemented!("lifecycle")
}

/// Gives several machines back; all or nothing. Says which began to be released.
///
/// # Errors
/// As [`release`]; `BadRequest` naming unknown and hidden ids alike.
pub async fn release_all(
    region: &Region,
    ctx: &OpCtx,
    system_ids: &[String],
    options: &ReleaseOptions,
) -> Result<Vec<String>> {
    let _ = (region, ctx, system_ids, options);
    unimplemented!("lifecycle")
}

/// Machines that the caller has allocated and not deployed.
///
/// # Errors
/// `Denied`.
pub async fn list_allocated(region: &Region, ctx: &OpCtx, system_ids: &[String]) -> Result<Vec<Node>> {
    let _ = (region, ctx, system_ids);
    unimplemented!("lifecycle")
}

/// Accepts enlisted machines, or all that may be; says which were.
///
/// # Errors
/// `BadRequest` naming unknown and hidden ids alike; `Forbidden`; `Conflict`.
pub async fn accept(region: &Region, ctx: &OpCtx, system_ids: Option<&[String]>) -> Result<Vec<Node>> {
    let _ = (region, ctx, system_ids);
    unimplemented!("lifecycle")
}

/// Locks a machine against every change, by everybody.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn lock(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let _ = (region, ctx, system_id, comment);
    unimplemented!("lifecycle")
}

/// Unlocks a machine.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn unlock(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let _ = (region, ctx, system_id, comment);
    unimplemented!("lifecycle")
}

/// Marks a machine as broken; it is released first.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn mark_broken(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let _ = (region, ctx, system_id, comment);
    unimplemented!("lifecycle")
}

/// Marks a broken machine as fixed.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn mark_fixed(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let _ = (region, ctx, system_id, comment);
    unimplemented!("lifecycle")
}

/// Takes failed tests as good enough.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn override_failed_testing(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let _ = (region, ctx, system_id, comment);
    unimplemented!("lifecycle")
}

/// Stops what is under way.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn abort(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let _ = (region, ctx, system_id, comment);
    unimplemented!("lifecycle")
}

/// A step that a rack carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Commission,
    Test,
    Deploy,
    Erase,
    EnterRescueMode,
    ExitRescueMode,
}

/// Starts a step that a rack carries out; `parameters` are those of API 2.0, checked here.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`, `Invalid`; `Unavailable` while nothing can carry it out: nothing is changed then.
pub async fn start(
    region: &Region,
    ctx: &OpCtx,
    system_id: &str,
    step: Step,
    parameters: BTreeMap<String, String>,
) -> Result<Node> {
    let _ = (region, ctx, system_id, step, parameters);
    unimplemented!("lifecycle")
}

/// What to do to the power of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PowerAction {
    On,
    Off,
    /// Ask the operating system to.
    SoftOff,
    Cycle,
}

/// Wishes for a machine's power to be switched; a job does it and tells of it.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` for a machine without a driver, or in a status that forbids it.
pub async fn power(region: &Region, ctx: &OpCtx, system_id: &str, action: PowerAction, comment: &str) -> Result<Node> {
    let _ = (region, ctx, system_id, action, comment);
    unimplemented!("lifecycle")
}

/// Asks the machine's controller about the power, now. For those who may not ask it, what was last heard.
///
/// # Errors
/// `NotFound`; `Unavailable` with the driver's one line.
pub async fn query_power(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<PowerState> {
    let _ = (region, ctx, system_id);
    unimplemented!("lifecycle")
}

/// Reveals a machine's power parameters, secret ones included. Audited.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn power_parameters(
    region: &Region,
    ctx: &OpCtx,
    system_id: &str,
) -> Result<BTreeMap<String, Secret<String>>> {
    let _ = (region, ctx, system_id);
    unimplemented!("lifecycle")
}

/// A machine's power parameters without the secret ones, for forms.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn plain_power_parameters(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<BTreeMap<String, String>> {
    let _ = (region, ctx, system_id);
    unimplemented!("lifecycle")
}
