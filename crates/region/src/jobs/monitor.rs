//! Steps that take longer than they may are given up, and somebody is told what to do.

use maas_authz::OpCtx;
use maas_model::{EventType, LifecycleEvent, MachineAction, Status};
use maas_store::{Tx, machine, queue};

use crate::{
    Region, Result,
    machines::{held::Held, power, step},
};

/// Gives up what has expired.
pub(crate) async fn run(region: &Region) -> Result<String> {
    let now = region.clock().now().micros();
    let expired = machine::expired(&mut *region.store().reader().await?, now, AT_ONCE).await?;
    let ctx = region.job_ctx("status-monitor");
    let mut given_up = 0;
    for system_id in expired {
        given_up += usize::from(give_up(region, &ctx, &system_id).await?);
    }
    if given_up > 0 {
        region.nudge("steps");
        region.nudge("power");
    }
    Ok(match given_up {
        0 => String::new(),
        1 => "gave up 1 machine that took too long".to_owned(),
        more => format!("gave up {more} machines that took too long"),
    })
}

/// Whether it was still to be given up.
async fn give_up(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<bool> {
    let minutes = step::time_limit(region).await?.as_secs() / 60;
    let mut tx = region.store().begin(ctx).await?;
    let taken = Held::take(&mut tx, ctx, system_id, MachineAction::View, "machine.time-out").await;
    let mut machine = match taken {
        Err(crate::Error::NotFound { .. }) => return Ok(false),
        taken => taken?,
    };
    if machine.life.status_expires_us.is_none_or(|at| at > tx.now_us()) {
        return Ok(false);
    }
    let status = machine.status()?;
    if !status.is_active() {
        machine.life.status_expires_us = None;
        machine.finish(region, tx).await?;
        return Ok(false);
    }
    let minutes = if matches!(status, Status::Releasing | Status::ExitingRescueMode) { 5 } else { minutes };
    let why = format!("Node operation '{status}' timed out after {minutes} minutes. {}", advice(status));
    fail(&mut tx, &mut machine, LifecycleEvent::TimedOut, failure(status), &why).await?;
    // A machine that hangs in the system that runs from memory is of no use to anybody.
    if matches!(status, Status::Commissioning | Status::Testing) {
        power::wish_off(&mut tx, &machine).await?;
    }
    machine.finish(region, tx).await?;
    Ok(true)
}

/// What goes on with a machine has failed: nobody goes on with it, and its page says why.
pub(crate) async fn fail(
    tx: &mut Tx,
    machine: &mut Held,
    event: LifecycleEvent,
    kind: EventType,
    why: &str,
) -> Result<()> {
    let to = machine.happens(event)?;
    machine.stop_step(tx).await?;
    queue::POWER.forget(tx, machine.grant()).await?;
    step::arrive(machine, to);
    machine.life.error_description = why.to_owned();
    machine.says(kind, why);
    Ok(())
}

/// The event of a failure.
pub(crate) const fn failure(status: Status) -> EventType {
    match status {
        Status::Commissioning => EventType::FailedCommissioning,
        Status::Testing => EventType::FailedTesting,
        Status::Deploying => EventType::NodeInstallEventFailed,
        Status::EnteringRescueMode => EventType::NodeEnteringRescueModeEventFailed,
        Status::ExitingRescueMode => EventType::FailedExitingRescueMode,
        _ => EventType::MarkFailed,
    }
}

/// What happens to the machine then.
pub(crate) const fn failed(status: Status) -> LifecycleEvent {
    match status {
        Status::Commissioning => LifecycleEvent::CommissioningFailed,
        Status::Testing => LifecycleEvent::TestingFailed,
        Status::Deploying => LifecycleEvent::DeploymentFailed,
        Status::DiskErasing => LifecycleEvent::EraseFailed,
        Status::Releasing => LifecycleEvent::ReleaseFailed,
        Status::EnteringRescueMode => LifecycleEvent::RescueEntryFailed,
        Status::ExitingRescueMode => LifecycleEvent::RescueExitFailed,
        _ => LifecycleEvent::TimedOut,
    }
}

const fn advice(status: Status) -> &'static str {
    match status {
        Status::Releasing => {
            "It does not report that it is off: check its power, then release it again, or release it with force."
        }
        Status::ExitingRescueMode => {
            "Its power is not what it should be: check it, then exit rescue mode again, or mark it broken."
        }
        Status::Deploying => {
            "Look at its console, whether it boots from the network; then release it and deploy again."
        }
        Status::DiskErasing => "Look at its console, whether it boots from the network; then release it again.",
        Status::EnteringRescueMode => {
            "Look at its console, whether it boots from the network; then enter rescue mode again, or exit it."
        }
        Status::Testing => "Look at its console, whether it boots from the network; then test it again.",
        _ => "Look at its console, whether it boots from the network; then commission it again.",
    }
}

const AT_ONCE: i64 = 256;
