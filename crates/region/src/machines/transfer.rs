//! A machine that goes from one owner to another.

use maas_authz::OpCtx;
use maas_model::MachineAction;
use maas_store::user;

use super::{Node, held::Held};
use crate::{Error, Region, Result};

/// Gives a machine that has an owner to somebody else.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` for a machine that nobody has taken; `Invalid` under `owner`.
pub async fn transfer_ownership(region: &Region, ctx: &OpCtx, system_id: &str, username: &str) -> Result<Node> {
    let action = MachineAction::TransferOwnership;
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, action, "machine.transfer").await?;
    if machine.owner().is_none() {
        let name = machine.name();
        return Err(Error::Conflict(format!("{name} has no owner: it can be allocated instead.")));
    }
    let found = user::find(&mut tx, username).await?.filter(|user| user.is_active == 1 && user.is_system == 0);
    let Some(user) = found else {
        return Err(Error::field("owner", format!("There is no active user '{username}'.")));
    };
    machine.life.owner_id = Some(user.user_id);
    machine.audit(format!("Gave '{}' to '{username}'.", machine.name()));
    machine.finish(region, tx).await
}
