//! What became of a machine's power.

use maas_authz::OpCtx;
use maas_model::{EventType, MachineAction, PowerState, Status};
use maas_store::{
    Tx,
    node::{self, PowerReading},
    queue,
};

use crate::{
    Region, Result,
    machines::{held::Held, release, rescue},
};

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
    match machine.status()? {
        Status::Releasing if state == PowerState::Off => release::end(machine)?,
        Status::ExitingRescueMode if state == rescue::wanted(machine)? => {
            // What is still to be done would be taken for done.
            if queue::POWER.find(tx, machine.row().node_id).await?.is_some() {
                return Ok(false);
            }
            rescue::arrived(machine)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
