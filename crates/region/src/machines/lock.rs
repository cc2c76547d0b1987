//! Locking: a locked machine binds everybody until it is unlocked.

use maas_authz::{OpCtx, Why};
use maas_model::{EventType, MachineAction};

use super::{Node, held::Held};
use crate::{Error, Region, Result};

/// Locks a machine against every change, by everybody.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when it is locked already or not deployed.
pub async fn lock(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let mut tx = region.store().begin(ctx).await?;
    let taken = Held::take(&mut tx, ctx, system_id, MachineAction::Lock, "machine.lock").await;
    let mut machine = match taken {
        // Who could lock it learns that it is locked, in the words that clients know.
        Err(Error::Denied(refusal)) if refusal.why == Why::Locked => {
            return Err(Error::Conflict("Machine is already locked".to_owned()));
        }
        taken => taken?,
    };
    machine.require_possible(MachineAction::Lock)?;
    machine.life.is_locked = 1;
    machine.audit(format!("Locked '{}'.", machine.name()));
    machine.request(&tx, EventType::RequestLock, comment);
    machine.finish(region, tx).await
}

/// Unlocks a machine.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when it is not locked.
pub async fn unlock(region: &Region, ctx: &OpCtx, system_id: &str, comment: &str) -> Result<Node> {
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, MachineAction::Unlock, "machine.unlock").await?;
    if machine.life.is_locked == 0 {
        return Err(Error::Conflict("Machine is not locked".to_owned()));
    }
    machine.life.is_locked = 0;
    machine.audit(format!("Unlocked '{}'.", machine.name()));
    machine.request(&tx, EventType::RequestUnlock, comment);
    machine.finish(region, tx).await
}
