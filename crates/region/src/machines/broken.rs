//! Machines taken out of service, and brought back.

use maas_authz::OpCtx;
use maas_model::{EventType, LifecycleEvent, MachineAction, Status};

use super::{Node, held::Held, power, release, step};
use crate::{Error, Region, Result, settings};

/// Marks a machine as broken; it is released first.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn mark_broken(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, MachineAction::MarkBroken, "machine.mark-broken").await?;
    machine.require_possible(MachineAction::MarkBroken)?;
    let status = machine.status()?;
    let is_use = |status: Status| status == Status::DiskErasing || (status.is_releasable() && status != Status::Broken);
    let was_used = is_use(status) || is_use(machine.previous()?) || !machine.life.osystem.is_empty();
    let used_us = machine.life.deployed_us.or(was_used.then(|| tx.now_us()));
    machine.audit(format!("Marked '{}' broken.", machine.name()));
    machine.request(&tx, EventType::RequestMarkBroken, comment);
    machine.stop_step(&mut tx).await?;
    if machine.status()?.is_releasable() {
        machine.happens(LifecycleEvent::StartRelease)?;
        release::clear(&mut tx, &mut machine).await?;
        power::wish_off(&mut tx, &machine).await?;
    }
    machine.happens(LifecycleEvent::MarkBroken)?;
    machine.let_go();
    // What its last owner wrote to its disks is still there.
    machine.life.deployed_us = used_us;
    machine.life.error_description = comment.to_owned();
    machine.says(EventType::Broken, comment);
    machine.finish(region, tx).await
}

/// Marks a broken machine as fixed.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when it is not broken, or was never commissioned.
pub async fn mark_fixed(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, MachineAction::MarkFixed, "machine.mark-fixed").await?;
    machine.require_possible(MachineAction::MarkFixed)?;
    if machine.life.is_commissioned == 0 {
        let name = machine.name();
        return Err(Error::Conflict(format!("{name} has never passed commissioning: commission it instead.")));
    }
    require_erased(region, &machine).await?;
    let to = machine.happens(LifecycleEvent::MarkFixed)?;
    machine.life.error_description = String::new();
    machine.audit(format!("Marked '{}' fixed.", machine.name()));
    machine.request(&tx, EventType::RequestMarkFixed, comment);
    step::arrive(&mut machine, to);
    machine.finish(region, tx).await
}

/// Where the site says that disks are wiped, a broken machine that somebody has used comes back by a release alone: that
/// wipes them.
pub(super) async fn require_erased(region: &Region, machine: &Held) -> Result<()> {
    let is_unerased = machine.status()? == Status::Broken && machine.life.deployed_us.is_some();
    if is_unerased && settings::is_on(region, "enable_disk_erasing_on_release").await? {
        let name = machine.name();
        let why = format!(
            "The disks of {name} were not erased since it was used, which this site demands: release it first, which \
             erases them."
        );
        return Err(Error::Conflict(why));
    }
    Ok(())
}
