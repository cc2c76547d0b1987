//! What is wished of a machine's power. A job carries it out (`jobs/power.rs`).

use maas_authz::OpCtx;
use maas_model::{EventType, MachineAction, Status, node::NodeType};
use maas_power::Driver;
use maas_store::{Tx, node::NodeRow, queue};

use super::{Node, held::Held};
use crate::{Error, Region, Result, nodes};

/// What to do to the power of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PowerAction {
    On,
    Off,
    /// Ask the operating system to.
    SoftOff,
    Cycle,
}

impl PowerAction {
    /// The word in stored rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::SoftOff => "soft-off",
            Self::Cycle => "cycle",
        }
    }

    /// From a stored row.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::On, Self::Off, Self::SoftOff, Self::Cycle].into_iter().find(|action| action.as_str() == word)
    }

    const fn row(self) -> (MachineAction, &'static str, EventType, &'static str) {
        match self {
            Self::On => (MachineAction::PowerOn, "machine.power-on", EventType::RequestStart, "Powered on"),
            Self::Cycle => (MachineAction::PowerCycle, "machine.power-cycle", EventType::RequestStart, "Power cycled"),
            Self::Off | Self::SoftOff => {
                (MachineAction::PowerOff, "machine.power-off", EventType::RequestStop, "Powered off")
            }
        }
    }
}

impl From<PowerAction> for maas_power::PowerAction {
    fn from(action: PowerAction) -> Self {
        match action {
            PowerAction::On => Self::On,
            PowerAction::Off => Self::Off,
            PowerAction::SoftOff => Self::SoftOff,
            PowerAction::Cycle => Self::Cycle,
        }
    }
}

/// Wishes for a machine's power to be switched; a job does it and tells of it.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` for a machine without a driver, or in a status that forbids it.
pub async fn power(region: &Region, ctx: &OpCtx, system_id: &str, action: PowerAction, comment: &str) -> Result<Node> {
    let (needed, word, request, done) = action.row();
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, needed, word).await?;
    require_accepted(ctx, machine.row())?;
    machine.require_possible(needed)?;
    let driver = driver(machine.row()).map_err(Error::Conflict)?;
    machine.audit(format!("{done} '{}'.", machine.name()));
    machine.request(&tx, request, comment);
    if driver == Driver::Manual {
        let how = if matches!(action, PowerAction::Off | PowerAction::SoftOff) { "off" } else { "on" };
        machine.says(EventType::WaitingForPower, &format!("switch it {how} by hand: its power type is `manual`"));
    } else {
        wish(&mut tx, &machine, action).await?;
    }
    let node = machine.finish(region, tx).await?;
    region.nudge("power");
    Ok(node)
}

/// What has introduced itself is made to do nothing before it is accepted, but by those who could accept it.
///
/// # Errors
/// The refusal.
pub(super) fn require_accepted(ctx: &OpCtx, row: &NodeRow) -> Result<()> {
    if row.status != Status::New.code() {
        return Ok(());
    }
    nodes::grant(ctx, NodeType::Machine, Some(row.clone()), MachineAction::Create).map(drop)
}

/// The driver that can switch this machine.
///
/// # Errors
/// One line that says what is missing.
pub(crate) fn driver(row: &NodeRow) -> Result<Driver, String> {
    if row.power_type.is_empty() {
        let name = &row.hostname;
        return Err(format!("{name} has no power type: set one in its configuration, `manual` to switch it by hand."));
    }
    let driver: Driver = row.power_type.parse().map_err(|error| format!("{error}"))?;
    if driver.is_supported() {
        return Ok(driver);
    }
    Err(maas_power::PowerError::Unsupported { driver: driver.as_str() }.to_string())
}

/// Whether somebody other than a human can switch it.
pub(crate) fn is_switchable(row: &NodeRow) -> bool {
    driver(row).is_ok_and(|driver| driver != Driver::Manual)
}

/// Whether its state can be asked for.
pub(crate) fn is_queryable(row: &NodeRow) -> bool {
    driver(row).is_ok_and(|driver| driver.schema().queryable)
}

/// Wishes; the latest wish stands.
pub(crate) async fn wish(tx: &mut Tx, machine: &Held, action: PowerAction) -> Result<()> {
    Ok(queue::POWER.put(tx, machine.grant(), action.as_str(), "{}").await?)
}

/// Off, if somebody other than a human can do it, and it is not off already.
pub(crate) async fn wish_off(tx: &mut Tx, machine: &Held) -> Result<()> {
    if is_switchable(machine.row()) && machine.row().power_state != "off" {
        return wish(tx, machine, PowerAction::Off).await;
    }
    Ok(queue::POWER.forget(tx, machine.grant()).await?)
}

/// A fresh start from the network; a human has to do it where nobody else can.
pub(crate) async fn wish_boot(tx: &mut Tx, machine: &mut Held) -> Result<()> {
    if is_switchable(machine.row()) {
        return wish(tx, machine, PowerAction::Cycle).await;
    }
    machine.says(EventType::WaitingForPower, "start it from the network by hand");
    Ok(())
}
