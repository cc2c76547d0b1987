//! What somebody takes on themselves after failed tests.

use maas_authz::OpCtx;
use maas_model::{EventType, LifecycleEvent, MachineAction};

use super::{Node, held::Held, step};
use crate::{Region, Result};

/// Takes failed tests as good enough.
///
/// # Errors
/// `NotFound`, `Denied`, `Conflict`.
pub async fn override_failed_testing(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let action = MachineAction::OverrideFailedTesting;
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, action, "machine.override-failed-testing").await?;
    machine.require_possible(action)?;
    let deployed = !machine.life.osystem.is_empty();
    let to = machine.happens(LifecycleEvent::OverrideFailedTesting { deployed })?;
    machine.life.error_description = String::new();
    machine.audit(format!("Overrode failed testing on '{}'.", machine.name()));
    machine.request(&tx, EventType::RequestOverrideFailedTesting, comment);
    step::arrive(&mut machine, to);
    machine.finish(region, tx).await
}
