//! Giving machines back: switched off, emptied of what was their owner's, wiped where that is asked for, then free.

use std::{collections::BTreeMap, time::Duration};

use maas_authz::OpCtx;
use maas_model::{EventType, LifecycleEvent, MachineAction, Status, node::NodeType};
use maas_store::Tx;

use super::{
    Node, ReleaseOptions, bmc,
    held::Held,
    parts, power,
    step::{self, Start, Step},
};
use crate::{Error, Region, Result, nodes, settings};

/// Gives a machine back. One that is free or on its way there stays as it is.
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` for a status that cannot be left so; `Unready` when erasing needs a rack.
pub async fn release(region: &Region, ctx: &OpCtx, system_id: &str, options: &ReleaseOptions) -> Result<Node> {
    let erase = Erase::read(region, options).await?;
    let mut tx = region.store().begin(ctx).await?;
    let mut machine = Held::take(&mut tx, ctx, system_id, MachineAction::Release, "machine.release").await?;
    if matches!(machine.status()?, Status::Ready | Status::Releasing) {
        return nodes::show(region, machine.row().clone()).await;
    }
    machine.require_possible(MachineAction::Release)?;
    begin(region, &mut tx, ctx, &mut machine, options, erase.as_ref()).await?;
    let node = machine.finish(region, tx).await?;
    region.nudge("power");
    region.nudge("steps");
    Ok(node)
}

/// Gives several machines back; all or nothing. Says which began to be released.
///
/// # Errors
/// As [`release`]; `BadRequest` naming unknown and hidden ids alike.
pub async fn release_all(
    region: &Region,
    ctx: &OpCtx,
    system_ids: &[String],
    options: &ReleaseOptions,
) -> Result<Vec<String>> {
    let erase = Erase::read(region, options).await?;
    let mut tx = region.store().begin(ctx).await?;
    let machines = take_all(&mut tx, ctx, system_ids).await?;
    let (mut released, mut audits) = (Vec::new(), Vec::new());
    for mut machine in machines {
        begin(region, &mut tx, ctx, &mut machine, options, erase.as_ref()).await?;
        let (row, told) = machine.put(&mut tx).await?;
        released.push(row.system_id);
        audits.extend(told);
    }
    if released.is_empty() {
        return Ok(released);
    }
    tx.commit_nodes(audits).await?;
    region.nudge("power");
    region.nudge("steps");
    Ok(released)
}

/// All that are to be released, locked in the order of their ids, so that two callers never wait for each other.
async fn take_all(tx: &mut Tx, ctx: &OpCtx, system_ids: &[String]) -> Result<Vec<Held>> {
    let mut ids = system_ids.to_vec();
    ids.sort();
    ids.dedup();
    let (mut unknown, mut refused, mut stuck, mut machines) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut why = None;
    for id in ids {
        match nodes::lock(tx, ctx, NodeType::Machine, &id, MachineAction::Release).await {
            Ok(node) => {
                let machine = Held::of(node, "machine.release");
                match machine.status()? {
                    Status::Ready | Status::Releasing => {}
                    status if status.is_releasable() => machines.push(machine),
                    status => stuck.push(format!("{id} ('{status}')")),
                }
            }
            Err(Error::NotFound { .. }) => unknown.push(id),
            Err(Error::Denied(refusal)) => {
                why.get_or_insert_with(|| refusal.explain());
                refused.push(id);
            }
            Err(other) => return Err(other),
        }
    }
    if !unknown.is_empty() {
        return Err(Error::BadRequest(format!("Unknown machine(s): {}.", unknown.join(", "))));
    }
    if let Some(why) = why {
        let line = "You don't have the required permission to release the following machine(s): ";
        return Err(Error::Forbidden(format!("{line}{}.\n{why}", refused.join(", "))));
    }
    if !stuck.is_empty() {
        let line = "Machine(s) cannot be released in their current state: ";
        return Err(Error::Conflict(format!("{line}{}.", stuck.join(", "))));
    }
    Ok(machines)
}

async fn begin(
    region: &Region,
    tx: &mut Tx,
    ctx: &OpCtx,
    machine: &mut Held,
    options: &ReleaseOptions,
    erase: Option<&Erase>,
) -> Result<()> {
    machine.stop_step(tx).await?;
    if let Some(erase) = erase {
        let start = Start::new(Step::Erase, erase.parameters(), &options.comment);
        return step::begin_on(region, tx, ctx, machine, &start).await;
    }
    machine.audit(format!("Started releasing '{}'.", machine.name()));
    machine.request(tx, EventType::RequestRelease, &options.comment);
    machine.happens(LifecycleEvent::StartRelease)?;
    go_on(tx, machine, options.is_forced).await
}

/// The last part, with or without erased disks before it: a machine that is off, or that nobody can ask, is free at once.
pub(crate) async fn go_on(tx: &mut Tx, machine: &mut Held, is_forced: bool) -> Result<()> {
    clear(tx, machine).await?;
    power::wish_off(tx, machine).await?;
    machine.says(EventType::Releasing, "");
    let is_off = machine.row().power_state == "off";
    if is_forced || is_off || !power::is_queryable(machine.row()) {
        return end(machine);
    }
    machine.expires_in(tx, LIMIT);
    Ok(())
}

/// The machine is free.
pub(crate) fn end(machine: &mut Held) -> Result<()> {
    let commissioned = machine.life.is_commissioned == 1;
    machine.happens(LifecycleEvent::Released { commissioned })?;
    machine.let_go();
    machine.says(EventType::Released, "");
    Ok(())
}

/// Takes away what was installed and what belonged to it. The owner stays until the machine is free.
pub(crate) async fn clear(tx: &mut Tx, machine: &mut Held) -> Result<()> {
    machine.forget_system();
    bmc::forget_given(tx, machine.row().node_id).await?;
    let told = parts::take_apart(tx, machine.grant()).await?;
    machine.tell_of(told);
    Ok(())
}

/// How to wipe the disks.
#[derive(Clone, Copy, Debug)]
struct Erase {
    secure: bool,
    quick: bool,
}

impl Erase {
    /// Nothing if the disks stay as they are. Where the site says that they are wiped, nobody can opt out.
    async fn read(region: &Region, options: &ReleaseOptions) -> Result<Option<Self>> {
        let is_demanded = settings::is_on(region, "enable_disk_erasing_on_release").await?;
        if !is_demanded && options.erase != Some(true) {
            return Ok(None);
        }
        let secure = settings::is_on(region, "disk_erase_with_secure_erase").await?;
        let quick = settings::is_on(region, "disk_erase_with_quick_erase").await?;
        let asked =
            Self { secure: options.secure_erase.unwrap_or(secure), quick: options.quick_erase.unwrap_or(quick) };
        if !is_demanded {
            return Ok(Some(asked));
        }
        // What the site demands can only be done more thoroughly.
        Ok(Some(Self { secure: secure || asked.secure, quick: quick && asked.quick }))
    }

    fn parameters(self) -> BTreeMap<String, String> {
        let flags = [("secure_erase", self.secure), ("quick_erase", self.quick)];
        flags.into_iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect()
    }
}

const LIMIT: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::with_region;

    #[tokio::test]
    async fn nobody_weakens_the_erasing_that_the_site_demands() {
        with_region(async |site| {
            let (region, admin) = (&site.region, site.ctx("admin").await);
            let set = async |name: &str, value: &str| settings::set(region, &admin, name, value).await.unwrap();
            set("disk_erase_with_quick_erase", "false").await;
            set("disk_erase_with_secure_erase", "true").await;
            let weak = ReleaseOptions {
                erase: Some(true),
                secure_erase: Some(false),
                quick_erase: Some(true),
                ..ReleaseOptions::default()
            };
            let asked = Erase::read(region, &weak).await.unwrap().unwrap();
            assert_eq!((asked.secure, asked.quick), (false, true), "it is theirs to say while nothing is demanded");
            set("enable_disk_erasing_on_release", "true").await;
            let done = Erase::read(region, &weak).await.unwrap().unwrap();
            assert_eq!((done.secure, done.quick), (true, false));
            set("disk_erase_with_quick_erase", "true").await;
            let full = ReleaseOptions { quick_erase: Some(false), ..ReleaseOptions::default() };
            assert!(!Erase::read(region, &full).await.unwrap().unwrap().quick);
        })
        .await;
    }
}
