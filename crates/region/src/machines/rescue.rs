//! The way out of rescue mode: the machine is switched to what it was before, and is that again once it is so.

use std::time::Duration;

use maas_authz::OpCtx;
use maas_model::{EventType, LifecycleEvent, MachineAction, PowerState, Status};
use maas_store::Tx;

use super::{
    Node,
    held::Held,
    power::{self, PowerAction},
    step,
};
use crate::{Region, Result};

/// Begins to leave rescue mode.
pub(super) async fn exit(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let mut tx = region.store().begin(ctx).await?;
    let action = MachineAction::ExitRescueMode;
    let mut machine = Held::take(&mut tx, ctx, system_id, action, "machine.exit-rescue-mode").await?;
    machine.require_possible(action)?;
    machine.audit(format!("Exited rescue mode on '{}'.", machine.name()));
    machine.request(&tx, EventType::RequestStopRescueMode, comment);
    machine.stop_step(&mut tx).await?;
    machine.happens(LifecycleEvent::ExitRescue)?;
    machine.says(EventType::ExitingRescueMode, "");
    machine.expires_in(&tx, LIMIT);
    switch(&mut tx, &mut machine).await?;
    let node = machine.finish(region, tx).await?;
    region.nudge("power");
    Ok(node)
}

/// A machine that cannot be asked has left at once.
async fn switch(tx: &mut Tx, machine: &mut Held) -> Result<()> {
    let wanted = wanted(machine)?;
    if !power::is_queryable(machine.row()) {
        return arrived(machine);
    }
    let action = if wanted == PowerState::On { PowerAction::Cycle } else { PowerAction::Off };
    power::wish(tx, machine, action).await
}

/// The power that the status before rescue mode goes with.
pub(crate) fn wanted(machine: &Held) -> Result<PowerState> {
    Ok(if machine.previous()? == Status::Deployed { PowerState::On } else { PowerState::Off })
}

/// It is what it was before.
pub(crate) fn arrived(machine: &mut Held) -> Result<()> {
    let to = machine.happens(LifecycleEvent::RescueExited)?;
    step::arrive(machine, to);
    machine.says(EventType::ExitedRescueMode, "");
    Ok(())
}

const LIMIT: Duration = Duration::from_secs(300);
