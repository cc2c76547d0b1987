//! Power: what is wished of it is carried out, and what was heard of it is written down.
//!
//! Every region takes wishes that are due, so many at once, each under a lease. A wish that fails in a way that may pass is
//! tried again a few times; then one event says what went wrong, and the machine is stuck nowhere.

use std::time::Duration;

use maas_authz::OpCtx;
use maas_model::{EventType, MachineAction, PowerState, Status};
use maas_power::PowerError;
use maas_store::{
    Tx, failpoint,
    node::{self, PowerReading},
    queue::{self, WishRow},
};

use super::monitor;
use crate::{
    Error, Region, Result,
    machines::{PowerAction, held::Held, query, release, rescue},
};

/// Takes what is due, as far as hands are free, and begins with it.
pub(crate) async fn run(region: &Region) -> Result<String> {
    let slots = region.engine().power_slots();
    let now = region.clock().now().micros();
    if slots.available_permits() == 0 || !queue::POWER.is_any_due(&mut *region.store().reader().await?, now).await? {
        return Ok(String::new());
    }
    let free = i64::try_from(slots.available_permits()).unwrap_or(1);
    for wish in take(region, free).await? {
        let Ok(slot) = slots.clone().acquire_owned().await else { break };
        let worker = region.clone();
        region.tasks().spawn("power-action", async move {
            carry_out(&worker, wish).await;
            drop(slot);
            worker.nudge("power");
        });
    }
    Ok(String::new())
}

/// Takes wishes into this region's hands.
pub(crate) async fn take(region: &Region, limit: i64) -> Result<Vec<WishRow>> {
    let mut tx = region.store().begin(&region.job_ctx("power")).await?;
    let lease_us = tx.now_us() + micros(LEASE);
    let wishes = queue::POWER.take(&mut tx, region.process_name(), lease_us, limit).await?;
    tx.commit_quietly().await?;
    Ok(wishes)
}

/// Does what was wished, and writes what came of it. What cannot be written is done again by whoever takes it next.
pub(crate) async fn carry_out(region: &Region, wish: WishRow) {
    let stopping = region.tasks().stopping();
    let done = match stopping.run_until_cancelled(act(region, &wish)).await {
        Some(outcome) => {
            failpoint("power:acted");
            write(region, &wish, outcome).await
        }
        None => let_go(region, &wish).await,
    };
    if let Err(error) = done {
        tracing::error!(
            machine.id = %wish.system_id,
            error = &error as &dyn std::error::Error,
            "could not write what became of a power action"
        );
    }
}

/// Why a machine's power was not switched.
struct Failure {
    line: String,
    may_pass: bool,
}

impl From<PowerError> for Failure {
    fn from(error: PowerError) -> Self {
        Self { may_pass: error.may_pass(), line: error.to_string() }
    }
}

async fn act(region: &Region, wish: &WishRow) -> Result<PowerState, Failure> {
    let fail = |line: String| Failure { line, may_pass: false };
    let action = PowerAction::from_word(&wish.what).ok_or_else(|| fail(format!("unknown action `{}`", wish.what)))?;
    let aimed = async {
        let mut reader = region.store().reader().await?;
        match node::find(&mut reader, &wish.system_id).await? {
            Some(row) => query::target(region, &mut reader, &row).await,
            None => Err(Error::NotFound { what: "Machine" }),
        }
    };
    let (driver, target) = aimed
        .await
        .map_err(|error| Failure { may_pass: matches!(error, Error::Unavailable { .. }), line: error.to_string() })?;
    tracing::debug!(machine.id = %wish.system_id, power.action = %wish.what, power.driver = %driver, "switching power");
    let reading = maas_power::act(driver, action.into(), &target).await?;
    for warning in &reading.warnings {
        tracing::warn!(machine.id = %wish.system_id, power.driver = %driver, warning, "the BMC was talked to weakly");
    }
    Ok(reading.state)
}

async fn write(region: &Region, wish: &WishRow, outcome: Result<PowerState, Failure>) -> Result<()> {
    match outcome {
        Err(failure) if failure.may_pass && wish.attempts < ATTEMPTS => {
            tracing::info!(machine.id = %wish.system_id, attempt = wish.attempts, why = failure.line, "trying again");
            postpone(region, wish, wait(wish.attempts)).await
        }
        outcome => conclude(region, wish, outcome).await,
    }
}

async fn conclude(region: &Region, wish: &WishRow, outcome: Result<PowerState, Failure>) -> Result<()> {
    let ctx = region.job_ctx("power");
    let mut tx = region.store().begin(&ctx).await?;
    let taken = Held::take(&mut tx, &ctx, &wish.system_id, MachineAction::PowerOn, "machine.power").await;
    let mut machine = match taken {
        // The machine is gone, and its wish with it.
        Err(Error::NotFound { .. }) => return Ok(()),
        taken => taken?,
    };
    let is_last = queue::POWER.finish(&mut tx, wish).await?;
    match outcome {
        Ok(state) => {
            hear(&mut tx, &mut machine, &Ok(state)).await?;
            if is_last {
                tell(&mut machine, wish, state);
            }
        }
        // Something else is wished for by now: that will say what is wrong, if it still is.
        Err(_) if !is_last => return Ok(tx.commit_quietly().await?),
        Err(failure) => give_up(&mut tx, &mut machine, wish, &failure.line).await?,
    }
    machine.finish(region, tx).await.map(drop)
}

/// The one event of a wish that came true. What the machine's own move has said stays on its page.
fn tell(machine: &mut Held, wish: &WishRow, state: PowerState) {
    let by = format!("({})", wish.requested_by);
    match (PowerAction::from_word(&wish.what), state) {
        (Some(PowerAction::SoftOff), PowerState::On | PowerState::Unknown) => {
            machine.says(EventType::NodeStatusEvent, &format!("asked the operating system to switch off {by}"));
        }
        (Some(PowerAction::On | PowerAction::Cycle), _) => machine.says(EventType::NodePoweredOn, &by),
        _ => machine.says(EventType::NodePoweredOff, &by),
    }
}

/// No machine waits for what will not happen.
async fn give_up(tx: &mut Tx, machine: &mut Held, wish: &WishRow, line: &str) -> Result<()> {
    let error = PowerReading { state: PowerState::Error, error: line };
    node::set_power_reading(tx, machine.grant(), error).await?;
    let kind = match PowerAction::from_word(&wish.what) {
        Some(PowerAction::On) => EventType::NodePowerOnFailed,
        Some(PowerAction::Cycle) => EventType::NodePowerCycleFailed,
        _ => EventType::NodePowerOffFailed,
    };
    let status = machine.status()?;
    if status.is_active() {
        return monitor::fail(tx, machine, monitor::failed(status), kind, line).await;
    }
    machine.says(kind, line);
    Ok(())
}

async fn postpone(region: &Region, wish: &WishRow, pause: Duration) -> Result<()> {
    let mut tx = region.store().begin(&region.job_ctx("power")).await?;
    let next_us = tx.now_us() + micros(pause);
    queue::POWER.postpone(&mut tx, wish, next_us).await?;
    Ok(tx.commit_quietly().await?)
}

/// This process ends: whoever comes next takes it up at once.
async fn let_go(region: &Region, wish: &WishRow) -> Result<()> {
    postpone(region, wish, Duration::ZERO).await
}

/// 4, 8, 16 s.
fn wait(attempts: i64) -> Duration {
    Duration::from_secs(2 << attempts.clamp(1, 4))
}

/// Writes what a BMC said of a machine's power, or why it said nothing.
pub(crate) async fn heard(
    region: &Region,
    ctx: &OpCtx,
    system_id: &str,
    said: &Result<PowerState, String>,
) -> Result<()> {
    // Whoever asked, it is the site that heard it: a reading may end a release that the asker had no part in.
    let ctx = OpCtx { request: ctx.request.clone(), ..region.job_ctx("power") };
    let mut tx = region.store().begin(&ctx).await?;
    let mut machine = Held::take(&mut tx, &ctx, system_id, MachineAction::QueryPower, "machine.power").await?;
    let is_news = hear(&mut tx, &mut machine, said).await?;
    if !is_news {
        return Ok(tx.commit_quietly().await?);
    }
    machine.finish(region, tx).await.map(drop)
}

/// Notes a reading, and what follows from it; whether there is anything to tell.
pub(crate) async fn hear(tx: &mut Tx, machine: &mut Held, said: &Result<PowerState, String>) -> Result<bool> {
    let (state, error) = match said {
        Ok(state) => (*state, ""),
        Err(why) => (PowerState::Error, why.as_str()),
    };
    node::set_power_reading(tx, machine.grant(), PowerReading { state, error }).await?;
    let row = machine.row();
    let is_new = row.power_state != state.as_str() || row.power_error != error;
    if is_new && let Err(why) = said {
        machine.says(EventType::NodePowerQueryFailed, why);
    }
    Ok(settle(tx, machine, state).await? || is_new)
}

/// A machine that only waited for its power goes on.
async fn settle(tx: &mut Tx, machine: &mut Held, state: PowerState) -> Result<bool> {
    let status = machine.status()?;
    let is_there = match status {
        Status::Releasing => state == PowerState::Off,
        Status::ExitingRescueMode => state == rescue::wanted(machine)?,
        _ => false,
    };
    // What is still to be done would be taken for done, and done to whoever has the machine next.
    if !is_there || queue::POWER.find(tx, machine.row().node_id).await?.is_some() {
        return Ok(false);
    }
    if status == Status::Releasing {
        release::end(machine)?
    } else {
        rescue::arrived(machine)?
    }
    Ok(true)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 2)
}

/// How many machines are switched at once.
pub(super) const AT_ONCE: usize = 32;
/// How often a wish is tried.
const ATTEMPTS: i64 = 4;
/// Longer than any driver takes.
const LEASE: Duration = Duration::from_secs(150);
