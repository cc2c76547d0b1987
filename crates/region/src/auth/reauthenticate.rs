//! Showing the password again, before something dangerous.

use maas_authz::{Action, Asked, AuthMethod, OpCtx};
use maas_model::{EventType, Secret, Timestamp};
use maas_store::{Audit, session};

use super::login::verify_own_password;
use crate::{
    Error, Region, Result,
    access::guard::{self, FRESH},
};

/// Notes that whoever uses this session has shown their password now; says until when that counts.
///
/// # Errors
/// `Invalid` under `password`; `Throttled`; `BadRequest` for what is no session.
pub async fn reauthenticate(region: &Region, ctx: &OpCtx, password: &Secret<String>) -> Result<Timestamp> {
    let may = ctx.own::<maas_authz::action::ViewOwn>()?;
    let Some(AuthMethod::Session(id)) = ctx.actor.user().map(|user| user.method) else {
        return Err(Error::BadRequest("Only sessions ask for the password again.".to_owned()));
    };
    let wrong = || Error::field("password", "Your password was entered incorrectly. Please enter it again.");
    let verified = verify_own_password(region, ctx, password).await?.ok_or_else(wrong)?;
    let mut tx = region.store().begin(ctx).await?;
    // An administrator who locks somebody out must not lose to what was under way.
    if !maas_store::user::still_has(&mut tx, *may.row(), &verified).await?
        || !session::prove(&mut tx, *may.row(), id).await?
    {
        return Err(wrong());
    }
    let audit = Audit::new(EventType::Authorisation, "session.reauthenticate", "Entered the password again.");
    tx.commit(audit.object("session", id)).await?;
    Ok(ctx.clock.now().plus(FRESH))
}

/// Refuses a session whose password was shown too long ago, for what is dangerous though it needs no change of rights:
/// revealing power parameters, deleting machines in bulk.
///
/// # Errors
/// `Denied` with [`Why::StepUp`](maas_authz::Why::StepUp).
pub async fn require_step_up(region: &Region, ctx: &OpCtx, asked: Asked) -> Result<()> {
    guard::require_step_up(&mut *region.store().reader().await?, ctx, asked).await
}

/// What is asked for when somebody makes a key or a token.
pub(crate) const OWN: Asked = Asked::Site(Action::EditOwn);
