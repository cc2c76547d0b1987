//! Machines taken out of service, and brought back.

use maas_authz::OpCtx;
use maas_model::{EventType, LifecycleEvent, MachineAction};

use super::{Node, held::Held, power, release, step};
use crate::{Error, Region, Result};

/// Marks a machine as broken; it is released first.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn mark_broken(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, MachineAction::MarkBroken, "machine.mark-broken").await?;
    machine.require_possible(MachineAction::MarkBroken)?;
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
    let to = machine.happens(LifecycleEvent::MarkFixed)?;
    machine.life.error_description = String::new();
    machine.audit(format!("Marked '{}' fixed.", machine.name()));
    machine.request(&tx, EventType::RequestMarkFixed, comment);
    step::arrive(&mut machine, to);
    machine.finish(region, tx).await
}
