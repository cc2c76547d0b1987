//! Steps that a rack carries out: they begin here, and only when something can carry them out. What becomes of them is
//! the job's part (`jobs/steps.rs`).

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use maas_authz::OpCtx;
use maas_model::{EventType, LifecycleEvent, MachineAction, Status};
use maas_store::{Tx, node::NodeRow, queue};
use serde_json::Value;

use super::{Node, bmc, broken, held::Held, power, rescue};
use crate::{Error, FieldErrors, Region, Result, carriers::Order, settings};

/// A step that a rack carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Commission,
    Test,
    Deploy,
    Erase,
    EnterRescueMode,
    /// Only power is needed for this one.
    ExitRescueMode,
}

impl Step {
    /// The word in stored rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commission => "commission",
            Self::Test => "test",
            Self::Deploy => "deploy",
            Self::Erase => "erase",
            Self::EnterRescueMode => "rescue",
            Self::ExitRescueMode => "exit-rescue",
        }
    }

    /// Begins a sentence: `Commissioning needs ..`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Commission => "Commissioning",
            Self::Test => "Testing",
            Self::Deploy => "Deploying",
            Self::Erase => "Erasing disks",
            Self::EnterRescueMode => "Entering rescue mode",
            Self::ExitRescueMode => "Leaving rescue mode",
        }
    }

    /// What has to be allowed for it.
    pub const fn action(self) -> MachineAction {
        match self {
            Self::Commission => MachineAction::Commission,
            Self::Test => MachineAction::Test,
            Self::Deploy => MachineAction::Deploy,
            Self::Erase => MachineAction::Release,
            Self::EnterRescueMode => MachineAction::EnterRescueMode,
            Self::ExitRescueMode => MachineAction::ExitRescueMode,
        }
    }

    /// What happens to the machine, what was asked for, and what its page says from then on.
    const fn begins(self) -> (LifecycleEvent, EventType, EventType) {
        use EventType as T;
        use LifecycleEvent as E;
        match self {
            Self::Commission => (E::StartCommissioning, T::RequestStartCommissioning, T::Commissioning),
            Self::Test => (E::StartTesting, T::RequestStartTesting, T::Testing),
            Self::Deploy => (E::StartDeployment, T::RequestStartDeployment, T::Deploying),
            Self::Erase => (E::StartErase, T::RequestEraseDisk, T::DiskErasing),
            Self::EnterRescueMode => (E::EnterRescue, T::RequestStartRescueMode, T::EnteringRescueMode),
            Self::ExitRescueMode => (E::ExitRescue, T::RequestStopRescueMode, T::ExitingRescueMode),
        }
    }

    /// MAAS's sentence in the audit log.
    fn sentence(self, hostname: &str) -> String {
        match self {
            Self::Commission => format!("Started commissioning on '{hostname}'."),
            Self::Test => format!("Started testing on '{hostname}'."),
            Self::Deploy => format!("Started deploying '{hostname}'."),
            Self::Erase => format!("Started releasing '{hostname}', erasing its disks."),
            Self::EnterRescueMode => format!("Started rescue mode on '{hostname}'."),
            Self::ExitRescueMode => format!("Exited rescue mode on '{hostname}'."),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Commission => "machine.commission",
            Self::Test => "machine.test",
            Self::Deploy => "machine.deploy",
            Self::Erase => "machine.release",
            Self::EnterRescueMode => "machine.rescue-mode",
            Self::ExitRescueMode => "machine.exit-rescue-mode",
        }
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Commission, Self::Test, Self::Deploy, Self::Erase, Self::EnterRescueMode, Self::ExitRescueMode]
            .into_iter()
            .find(|step| step.as_str() == text)
            .ok_or_else(|| format!("unknown step `{text}`"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A step to begin.
#[derive(Clone, Debug)]
pub(super) struct Start {
    step: Step,
    /// What the caller must be allowed to do: accepting a machine begins with commissioning it.
    action: MachineAction,
    parameters: BTreeMap<String, String>,
    comment: String,
}

impl Start {
    pub(super) fn new(step: Step, parameters: BTreeMap<String, String>, comment: &str) -> Self {
        Self { step, action: step.action(), parameters, comment: comment.to_owned() }
    }
}

/// Commissioning, for those who take a machine in.
pub(super) fn accepting() -> Start {
    Start { action: MachineAction::Create, ..Start::new(Step::Commission, BTreeMap::new(), "") }
}

/// Starts a step that a rack carries out; `parameters` are those of API 2.0, checked here.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`, `Invalid`; `Unready` while nothing can carry it out: nothing is changed then.
pub async fn start(
    region: &Region,
    ctx: &OpCtx,
    system_id: &str,
    step: Step,
    mut parameters: BTreeMap<String, String>,
) -> Result<Node> {
    let comment = parameters.remove("comment").unwrap_or_default();
    if step == Step::ExitRescueMode {
        return rescue::exit(region, ctx, system_id, &comment).await;
    }
    check(step, &parameters)?;
    let mut tx = region.store().begin(ctx).await?;
    let machine = begin(region, &mut tx, ctx, system_id, &Start::new(step, parameters, &comment)).await?;
    let node = machine.finish(region, tx).await?;
    region.nudge("steps");
    region.nudge("power");
    Ok(node)
}

/// Begins a step within a transaction.
pub(super) async fn begin(region: &Region, tx: &mut Tx, ctx: &OpCtx, system_id: &str, start: &Start) -> Result<Held> {
    let mut machine = Held::take(tx, ctx, system_id, start.action, start.step.word()).await?;
    machine.require_possible(start.step.action())?;
    let never = machine.status()? == Status::New && machine.life.is_commissioned == 0;
    if start.step == Step::Test && never {
        let name = machine.name();
        return Err(Error::Conflict(format!("{name} has never been commissioned: commission it before testing it.")));
    }
    if matches!(start.step, Step::Commission | Step::Test) {
        broken::require_erased(region, &machine).await?;
    }
    begin_on(region, tx, ctx, &mut machine, start).await?;
    Ok(machine)
}

/// The same on a machine that is held.
pub(super) async fn begin_on(
    region: &Region,
    tx: &mut Tx,
    ctx: &OpCtx,
    machine: &mut Held,
    start: &Start,
) -> Result<()> {
    let step = start.step;
    let mut order = order_of(machine.row(), step, start.parameters.clone());
    region.carriers().find(&order).map_err(Error::Unready)?;
    let (event, request, says) = step.begins();
    machine.audit(step.sentence(machine.name()));
    machine.request(tx, request, &start.comment);
    if step == Step::Deploy {
        prepare_deployment(tx, ctx, machine, &order.parameters)?;
        keep_user_data(region, tx, machine, &mut order.parameters).await?;
    }
    machine.happens(event)?;
    // Who begins something on a free machine has it meanwhile. A machine that is somebody's stays theirs.
    if machine.owner().is_none() {
        machine.life.owner_id = ctx.actor.user().map(|user| user.id.0);
    }
    machine.life.error_description = String::new();
    machine.says(says, "");
    let limit = time_limit(region).await?;
    machine.expires_in(tx, limit);
    let parameters = serde_json::to_string(&order.parameters).map_err(|error| Error::Internal(error.into()))?;
    queue::STEPS.put(tx, machine.grant(), step.as_str(), &parameters).await?;
    power::wish_boot(tx, machine).await
}

/// A free machine is taken first; what is to be installed is what its row tells of from now on.
fn prepare_deployment(tx: &Tx, ctx: &OpCtx, machine: &mut Held, parameters: &BTreeMap<String, String>) -> Result<()> {
    if machine.status()? == Status::Ready {
        let owner = super::allocate::taker(ctx)?;
        machine.happens(LifecycleEvent::Allocate)?;
        machine.life.owner_id = Some(owner.0);
        machine.request(tx, EventType::RequestAcquire, "");
    }
    let series = parameters.get("distro_series").cloned().unwrap_or_default();
    let (osystem, series) = match series.split_once('/') {
        Some((osystem, series)) => (osystem.to_owned(), series.to_owned()),
        None => (parameters.get("osystem").cloned().unwrap_or_else(|| "ubuntu".to_owned()), series),
    };
    let life = &mut machine.life;
    (life.osystem, life.distro_series) = (osystem, series);
    life.hwe_kernel = parameters.get("hwe_kernel").cloned().unwrap_or_default();
    life.is_ephemeral = i64::from(is_on(parameters, "ephemeral_deploy"));
    life.has_hw_sync = i64::from(is_on(parameters, "enable_hw_sync"));
    if let Some(agent) = parameters.get("agent_name") {
        life.agent_name.clone_from(agent);
    }
    life.netboot = 1;
    Ok(())
}

/// User data often carries passwords, so it is kept sealed.
async fn keep_user_data(
    region: &Region,
    tx: &mut Tx,
    machine: &Held,
    parameters: &mut BTreeMap<String, String>,
) -> Result<()> {
    for name in bmc::GIVEN {
        if let Some(value) = parameters.remove(name).filter(|value| !value.is_empty()) {
            bmc::keep_given(region, tx, machine.row().node_id, name, value).await?;
        }
    }
    Ok(())
}

/// The order that a machine's wish is.
pub(crate) fn order_of(row: &NodeRow, step: Step, parameters: BTreeMap<String, String>) -> Order {
    Order {
        step,
        system_id: row.system_id.clone(),
        hostname: row.hostname.clone(),
        architecture: row.architecture.clone(),
        parameters,
    }
}

/// How long one phase of a step may take: the setting `node_timeout`, in minutes.
pub(crate) async fn time_limit(region: &Region) -> Result<Duration> {
    let minutes = u64::try_from(settings::number(region, "node_timeout").await?).unwrap_or(30).max(1);
    Ok(Duration::from_secs(minutes * 60))
}

/// The machine has come to rest in a status: its page says so, and nobody keeps what is nobody's there.
pub(crate) fn arrive(machine: &mut Held, status: Status) {
    if !status.is_owned() {
        let (why, used_us) = (machine.life.error_description.clone(), machine.life.deployed_us);
        machine.let_go();
        machine.life.error_description = why;
        if status == Status::Broken {
            machine.life.deployed_us = used_us;
        }
    }
    if let Some(kind) = resting(status) {
        machine.says(kind, "");
    }
}

const fn resting(status: Status) -> Option<EventType> {
    Some(match status {
        Status::New => EventType::New,
        Status::Ready => EventType::Ready,
        Status::Allocated => EventType::Allocated,
        Status::Deployed => EventType::Deployed,
        Status::Broken => EventType::Broken,
        Status::RescueMode => EventType::RescueMode,
        _ => return None,
    })
}

pub(crate) fn is_on(parameters: &BTreeMap<String, String>, name: &str) -> bool {
    parameters.get(name).is_some_and(|value| flag(value) == Some(true))
}

pub(super) fn flag(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" | "y" | "t" => Some(true),
        "false" | "0" | "off" | "no" | "n" | "f" | "" => Some(false),
        _ => None,
    }
}

/// Parameters of scripts have any names, so only what is known is checked.
fn check(step: Step, parameters: &BTreeMap<String, String>) -> Result<()> {
    let flags: &[&str] = match step {
        Step::Commission => &["enable_ssh", "skip_bmc_config", "skip_networking", "skip_storage"],
        Step::Test => &["enable_ssh"],
        Step::Deploy => &["ephemeral_deploy", "enable_hw_sync", "enable_kernel_crash_dump", "bridge_all"],
        _ => &[],
    };
    let mut errors = FieldErrors::new();
    for name in flags.iter().filter(|name| parameters.get(**name).is_some_and(|value| flag(value).is_none())) {
        errors.insert((*name).to_owned(), vec!["Enter `true` or `false`.".to_owned()]);
    }
    let longest = 1024 * 1024;
    for (name, _) in parameters.iter().filter(|(_, value)| value.len() > longest) {
        errors.insert(name.clone(), vec![format!("Ensure this value has at most {longest} characters.")]);
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Parameters from a stored row.
pub(crate) fn parameters(text: &str) -> BTreeMap<String, String> {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let Value::Object(map) = value else { return BTreeMap::new() };
    map.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
}

/// The step of a row whose step is to be stopped.
pub(crate) const STOP: &str = "stop";
