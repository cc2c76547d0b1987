//! Stopping what is under way.

use maas_authz::OpCtx;
use maas_model::{EventType, LifecycleEvent, MachineAction, Status};

use super::{Node, held::Held, power, step};
use crate::{Region, Result};

/// Stops what is under way.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn abort(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, MachineAction::Abort, "machine.abort").await?;
    machine.require_possible(MachineAction::Abort)?;
    let (request, aborted, what) = words(machine.status()?);
    machine.audit(format!("Aborted {what} on '{}'.", machine.name()));
    machine.request(&tx, request, comment);
    machine.stop_step(&mut tx).await?;
    let to = machine.happens(LifecycleEvent::Abort)?;
    if to == Status::Allocated {
        let agent = machine.life.agent_name.clone();
        machine.forget_system();
        machine.life.agent_name = agent;
    }
    step::arrive(&mut machine, to);
    machine.says(aborted, "");
    power::wish_off(&mut tx, &machine).await?;
    let node = machine.finish(region, tx).await?;
    region.nudge("power");
    region.nudge("steps");
    Ok(node)
}

/// What was asked for, what the machine's page says of it, and the word for people.
const fn words(status: Status) -> (EventType, EventType, &'static str) {
    use EventType as T;
    match status {
        Status::Commissioning => (T::RequestAbortCommissioning, T::AbortedCommissioning, "commissioning"),
        Status::Deploying => (T::RequestAbortDeployment, T::AbortedDeployment, "deployment"),
        Status::DiskErasing => (T::RequestAbortEraseDisk, T::AbortedDiskErasing, "disk erasing"),
        _ => (T::RequestAbortTesting, T::AbortedTesting, "testing"),
    }
}
