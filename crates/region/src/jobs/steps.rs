//! Steps that a rack carries out: asked how far they are, and what becomes of the machine when they end.

use std::time::Duration;

use maas_authz::OpCtx;
use maas_model::{EventType, LifecycleEvent, MachineAction, Status};
use maas_store::{
    Tx, failpoint,
    queue::{self, WishRow},
};
use tokio::time::timeout;

use super::monitor;
use crate::{
    Error, Region, Result,
    carriers::{Order, Progress},
    machines::{Step, held::Held, power, release, step},
};

/// Looks after the steps that are due.
pub(crate) async fn run(region: &Region) -> Result<String> {
    let now = region.clock().now().micros();
    if !queue::STEPS.is_any_due(&mut *region.store().reader().await?, now).await? {
        return Ok(String::new());
    }
    for wish in take(region, AT_ONCE).await? {
        let worker = region.clone();
        region.tasks().spawn_until_shutdown("step", async move {
            carry_on(&worker, wish).await;
            worker.nudge("steps");
        });
    }
    Ok(String::new())
}

/// Takes steps into this region's hands.
pub(crate) async fn take(region: &Region, limit: i64) -> Result<Vec<WishRow>> {
    let mut tx = region.store().begin(&region.job_ctx("steps")).await?;
    let lease_us = tx.now_us() + micros(LEASE);
    let wishes = queue::STEPS.take(&mut tx, region.process_name(), lease_us, limit).await?;
    tx.commit_quietly().await?;
    Ok(wishes)
}

/// Looks after one.
pub(crate) async fn carry_on(region: &Region, wish: WishRow) {
    if let Err(error) = look(region, &wish).await {
        tracing::error!(
            machine.id = %wish.system_id,
            error = &error as &dyn std::error::Error,
            "could not look after a step"
        );
    }
}

async fn look(region: &Region, wish: &WishRow) -> Result<()> {
    let order = order(region, wish).await?;
    if wish.what == step::STOP {
        if let Some(order) = order
            && let Ok(carrier) = region.carriers().find(&order)
            && timeout(PATIENCE, carrier.stop(&order)).await.is_err()
        {
            tracing::warn!(machine.id = %wish.system_id, carrier = carrier.name(), "it did not stop in time");
        }
        return finish(region, wish).await;
    }
    let Some(order) = order else { return finish(region, wish).await };
    let progress = match region.carriers().find(&order) {
        // Whoever had it is not connected here: another region may know, or its time runs out.
        Err(why) => {
            tracing::debug!(machine.id = %wish.system_id, why, "nobody here carries this step on");
            Progress::Running { look_again_in: ABSENT, news: None }
        }
        Ok(carrier) => match timeout(PATIENCE, carrier.carry(&order)).await {
            Ok(progress) => progress,
            Err(_) => {
                tracing::warn!(machine.id = %wish.system_id, carrier = carrier.name(), "no word in time");
                Progress::Running { look_again_in: ABSENT, news: None }
            }
        },
    };
    failpoint("step:heard");
    match progress {
        Progress::Running { look_again_in, news } => go_on(region, wish, look_again_in, news).await,
        Progress::Passed => end(region, wish, &order, Ok(())).await,
        Progress::Failed(why) => end(region, wish, &order, Err(why)).await,
    }
}

/// What the wish orders; nothing when the machine is gone.
async fn order(region: &Region, wish: &WishRow) -> Result<Option<Order>> {
    let mut parameters = step::parameters(&wish.parameters);
    let word = if wish.what == step::STOP { parameters.remove("step").unwrap_or_default() } else { wish.what.clone() };
    let Ok(step) = word.parse::<Step>() else { return Ok(None) };
    let row = maas_store::node::find(&mut *region.store().reader().await?, &wish.system_id).await?;
    Ok(row.map(|row| step::order_of(&row, step, parameters)))
}

async fn finish(region: &Region, wish: &WishRow) -> Result<()> {
    let mut tx = region.store().begin(&region.job_ctx("steps")).await?;
    queue::STEPS.finish(&mut tx, wish).await?;
    Ok(tx.commit_quietly().await?)
}

async fn go_on(
    region: &Region,
    wish: &WishRow,
    look_again_in: Duration,
    news: Option<(EventType, String)>,
) -> Result<()> {
    let ctx = region.job_ctx("steps");
    let limit = step::time_limit(region).await?;
    let mut tx = region.store().begin(&ctx).await?;
    let next_us = tx.now_us() + micros(look_again_in);
    let is_ours = queue::STEPS.postpone(&mut tx, wish, next_us).await?;
    let Some((kind, detail)) = news.filter(|_| is_ours) else { return Ok(tx.commit_quietly().await?) };
    let Some(mut machine) = held(&mut tx, &ctx, wish).await? else { return Ok(()) };
    machine.says(kind, &detail);
    machine.expires_in(&tx, limit);
    machine.finish(region, tx).await.map(drop)
}

async fn held(tx: &mut Tx, ctx: &OpCtx, wish: &WishRow) -> Result<Option<Held>> {
    match Held::take(tx, ctx, &wish.system_id, MachineAction::View, "machine.step").await {
        Err(Error::NotFound { .. }) => Ok(None),
        taken => taken.map(Some),
    }
}

/// The step has ended: the machine moves on, unless somebody has moved it meanwhile.
async fn end(region: &Region, wish: &WishRow, order: &Order, ended: Result<(), String>) -> Result<()> {
    let ctx = region.job_ctx("steps");
    let mut tx = region.store().begin(&ctx).await?;
    let Some(mut machine) = held(&mut tx, &ctx, wish).await? else { return Ok(()) };
    let is_ours = queue::STEPS.finish(&mut tx, wish).await?;
    let status = machine.status()?;
    if !is_ours || status != goes_on_in(order.step) {
        return Ok(tx.commit_quietly().await?);
    }
    match ended {
        Ok(()) => passed(&mut tx, &mut machine, order).await?,
        Err(why) => {
            let (event, kind) = (monitor::failed(status), monitor::failure(status));
            monitor::fail(&mut tx, &mut machine, event, kind, &why).await?;
            power::wish_off(&mut tx, &machine).await?;
        }
    }
    machine.finish(region, tx).await?;
    region.nudge("power");
    Ok(())
}

const fn goes_on_in(step: Step) -> Status {
    match step {
        Step::Commission => Status::Commissioning,
        Step::Test => Status::Testing,
        Step::Deploy => Status::Deploying,
        Step::Erase => Status::DiskErasing,
        Step::EnterRescueMode => Status::EnteringRescueMode,
        Step::ExitRescueMode => Status::ExitingRescueMode,
    }
}

async fn passed(tx: &mut Tx, machine: &mut Held, order: &Order) -> Result<()> {
    let stays_on = step::is_on(&order.parameters, "enable_ssh");
    match order.step {
        Step::Commission => {
            machine.life.is_commissioned = 1;
            let to = machine.happens(LifecycleEvent::CommissioningPassed)?;
            step::arrive(machine, to);
        }
        Step::Test => {
            let deployed = !machine.life.osystem.is_empty();
            let to = machine.happens(LifecycleEvent::TestingPassed { deployed })?;
            step::arrive(machine, to);
            if to == Status::Deployed {
                return power::wish_boot(tx, machine).await;
            }
        }
        Step::Deploy => {
            machine.life.netboot = machine.life.is_ephemeral;
            machine.life.deployed_us = Some(tx.now_us());
            let to = machine.happens(LifecycleEvent::Deployed)?;
            step::arrive(machine, to);
            return Ok(());
        }
        Step::Erase => {
            machine.says(EventType::NodeDisksErased, "");
            machine.happens(LifecycleEvent::Erased)?;
            return release::go_on(tx, machine, false).await;
        }
        Step::EnterRescueMode => {
            let to = machine.happens(LifecycleEvent::RescueEntered)?;
            step::arrive(machine, to);
            return Ok(());
        }
        Step::ExitRescueMode => return Ok(()),
    }
    if stays_on { Ok(()) } else { power::wish_off(tx, machine).await }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 2)
}

/// How many steps are looked at together.
const AT_ONCE: i64 = 64;
/// How long a carrier may take to say how far it is.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longer than that.
const LEASE: Duration = Duration::from_secs(60);
/// How soon to look again for somebody who carries it on.
const ABSENT: Duration = Duration::from_secs(10);
