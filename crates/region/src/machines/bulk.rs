//! One action on many machines, each on its own: what one refuses, the others still do.

use std::collections::BTreeMap;

use maas_authz::{Asked, OpCtx};
use maas_model::MachineAction;

use super::{Node, PowerAction, ReleaseOptions, Step};
use crate::{Error, Region, Result, auth};

/// One machine's part of a bulk action.
#[derive(Debug)]
pub struct BulkResult {
    pub system_id: String,
    /// The machine as it is now; none when it was deleted.
    pub result: Result<Option<Node>>,
}

/// Does something to each of the machines; `parameters` are those of the same action on one.
pub async fn bulk(
    region: &Region,
    ctx: &OpCtx,
    action: MachineAction,
    system_ids: &[String],
    parameters: &BTreeMap<String, String>,
) -> Vec<BulkResult> {
    if let Err(error) = check_deletion(region, ctx, action, system_ids).await {
        let again = || match &error {
            Error::Denied(refusal) => Error::Denied(refusal.clone()),
            other => Error::internal(format!("nobody could say whether this may be: {other}")),
        };
        let refuse = |id: &String| BulkResult { system_id: id.clone(), result: Err(again()) };
        return system_ids.iter().map(refuse).collect();
    }
    let mut results = Vec::with_capacity(system_ids.len());
    for system_id in system_ids {
        let result = one(region, ctx, action, system_id, parameters).await;
        results.push(BulkResult { system_id: system_id.clone(), result });
    }
    results
}

/// Deleting many machines at once asks a session for a password that was shown not long ago.
async fn check_deletion(region: &Region, ctx: &OpCtx, action: MachineAction, system_ids: &[String]) -> Result<()> {
    if action != MachineAction::Delete || system_ids.len() < 2 {
        return Ok(());
    }
    auth::require_step_up(region, ctx, Asked::Machine(action)).await
}

async fn one(
    region: &Region,
    ctx: &OpCtx,
    action: MachineAction,
    id: &str,
    parameters: &BTreeMap<String, String>,
) -> Result<Option<Node>> {
    use MachineAction as M;
    let given = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let comment = given("comment").or(given("message")).unwrap_or_default();
    let step = async |step| super::start(region, ctx, id, step, parameters.clone()).await;
    let power = async |action| super::power(region, ctx, id, action, comment).await;
    let node = match action {
        M::Allocate => super::acquire(region, ctx, id).await,
        M::Deploy => step(Step::Deploy).await,
        M::Release => super::release(region, ctx, id, &release_options(parameters, comment)).await,
        M::PowerOn => power(PowerAction::On).await,
        M::PowerOff if given("stop_mode") == Some("soft") => power(PowerAction::SoftOff).await,
        M::PowerOff => power(PowerAction::Off).await,
        M::PowerCycle => power(PowerAction::Cycle).await,
        M::Lock => super::lock(region, ctx, id, comment).await,
        M::Unlock => super::unlock(region, ctx, id, comment).await,
        M::MarkBroken => super::mark_broken(region, ctx, id, comment).await,
        M::MarkFixed => super::mark_fixed(region, ctx, id, comment).await,
        M::Abort => super::abort(region, ctx, id, comment).await,
        M::Commission => step(Step::Commission).await,
        M::Test => step(Step::Test).await,
        M::OverrideFailedTesting => super::override_failed_testing(region, ctx, id, comment).await,
        M::EnterRescueMode => step(Step::EnterRescueMode).await,
        M::ExitRescueMode => step(Step::ExitRescueMode).await,
        M::SetPool => super::set_pool(region, ctx, id, required(parameters, "pool")?).await,
        M::SetZone => {
            super::set_zone(region, ctx, &[id.to_owned()], required(parameters, "zone")?).await?;
            super::lookup(region, ctx, id).await
        }
        M::TransferOwnership => super::transfer_ownership(region, ctx, id, required(parameters, "owner")?).await,
        M::Create => {
            super::accept(region, ctx, Some(&[id.to_owned()])).await?;
            super::lookup(region, ctx, id).await
        }
        M::QueryPower => {
            super::query_power(region, ctx, id).await?;
            super::lookup(region, ctx, id).await
        }
        M::Delete => return super::delete(region, ctx, id).await.map(|()| None),
        other => Err(Error::BadRequest(format!("`{other}` is not done to many machines at once."))),
    };
    node.map(Some)
}

fn required<'a>(parameters: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str> {
    let given = parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    given.ok_or_else(|| Error::field(name, "This field is required."))
}

fn release_options(parameters: &BTreeMap<String, String>, comment: &str) -> ReleaseOptions {
    let flag = |name: &str| parameters.get(name).and_then(|value| super::step::flag(value));
    ReleaseOptions {
        comment: comment.to_owned(),
        erase: flag("erase"),
        secure_erase: flag("secure_erase"),
        quick_erase: flag("quick_erase"),
        is_forced: flag("force").unwrap_or(false),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use maas_authz::{Actor, AuthMethod};
    use maas_model::SessionId;

    use super::*;
    use crate::testing::with_region;

    #[tokio::test]
    async fn a_check_that_cannot_be_made_lets_nobody_delete() {
        with_region(async |site| {
            let mut ctx = site.ctx("admin").await;
            if let Actor::User(user) = &mut ctx.actor {
                user.method = AuthMethod::Session(SessionId(1));
                user.access = Arc::clone(&user.access);
            }
            let ids = ["4aaaaa".to_owned(), "4bbbbb".to_owned()];
            let checked = check_deletion(&site.region, &ctx, MachineAction::Delete, &ids).await;
            assert!(matches!(checked, Err(Error::Denied(_))), "the password was not shown: {checked:?}");
            // Nothing can be read now.
            site.region.shutdown().await;
            let checked = check_deletion(&site.region, &ctx, MachineAction::Delete, &ids).await;
            assert!(matches!(&checked, Err(error) if !matches!(error, Error::Denied(_))), "{checked:?}");
            let all = bulk(&site.region, &ctx, MachineAction::Delete, &ids, &BTreeMap::new()).await;
            assert!(all.iter().all(|one| one.result.is_err()));
        })
        .await;
    }
}
