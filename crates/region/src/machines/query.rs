//! What is known of a machine's power, and what is asked for now.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use maas_authz::{Asked, OpCtx};
use maas_model::{EventType, MachineAction, PowerState, Secret, node::NodeType};
use maas_power::{Driver, Target};
use maas_store::{Audit, Connection, node::NodeRow};
use serde_json::json;
use tokio::time::timeout;

use super::{bmc, power};
use crate::{Error, Region, Result, access::guard, nodes};

/// Asks the machine's controller about the power, now. For those who may not ask it, what was last heard.
///
/// # Errors
/// `NotFound`; `Unready` with the driver's one line; `Unavailable` when too many are being asked.
pub async fn query_power(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<PowerState> {
    let mut reader = region.store().reader().await?;
    let seen = nodes::lookup(&mut reader, ctx, NodeType::Machine, system_id, MachineAction::View).await?;
    let may_ask = ctx.grant_node(MachineAction::QueryPower, (), &nodes::facts(seen.row())).is_ok()
        && power::require_accepted(ctx, seen.row()).is_ok();
    let row = seen.into_row();
    if !may_ask || !power::is_queryable(&row) {
        return row.power_state.parse().map_err(|_| Error::internal(format!("{system_id} has a bad power state")));
    }
    drop(reader);
    let asked = async {
        let (driver, target) = target(region, &mut *region.store().reader().await?, &row).await?;
        let said = ask(driver, &target).await;
        crate::jobs::power::heard(region, ctx, system_id, &said).await?;
        Ok(said)
    };
    let said = region.engine().asking().ask(row.node_id, asked).await?;
    said.map_err(|why| Error::Unready(format!("{}: {why}", row.hostname)))
}

/// Reveals a machine's power parameters, secret ones included. Audited.
///
/// # Errors
/// `NotFound`, `Denied`, also for a session whose password was shown too long ago.
pub async fn power_parameters(
    region: &Region,
    ctx: &OpCtx,
    system_id: &str,
) -> Result<BTreeMap<String, Secret<String>>> {
    let mut tx = region.store().begin(ctx).await?;
    let action = MachineAction::ViewPowerParameters;
    let seen = nodes::lookup(&mut tx, ctx, NodeType::Machine, system_id, action).await?;
    guard::require_step_up(&mut tx, ctx, Asked::Machine(action)).await?;
    let row = seen.row();
    let held = bmc::load(region, &mut tx, row).await?.parameters;
    let text = format!("Revealed the power parameters of '{}'.", row.hostname);
    let audit = Audit::new(EventType::Node, "machine.power.reveal", text)
        .object("machine", &row.system_id)
        .details(json!({ "hostname": row.hostname, "secret": held.secret.keys().collect::<Vec<_>>() }));
    tx.commit_refusal(audit).await?;
    let plain = held.plain.into_iter().map(|(name, value)| (name, Secret::new(value)));
    Ok(plain.chain(held.secret).collect())
}

/// What a form shows of a machine's power parameters.
#[derive(Clone, Debug, Default)]
pub struct ShownPower {
    pub plain: BTreeMap<String, String>,
    /// The names of the secret ones that are stored.
    pub secrets: BTreeSet<String>,
}

/// A machine's power parameters for forms: secret ones by name only.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn shown_power_parameters(region: &Region, ctx: &OpCtx, system_id: &str) -> Result<ShownPower> {
    let mut reader = region.store().reader().await?;
    let seen = nodes::lookup(&mut reader, ctx, NodeType::Machine, system_id, MachineAction::Edit).await?;
    let held = bmc::load(region, &mut reader, seen.row()).await?.parameters;
    Ok(ShownPower { plain: held.plain, secrets: held.secret.into_keys().collect() })
}

/// What a driver has to know of a machine.
///
/// # Errors
/// `Conflict` when no driver can do anything with it.
pub(crate) async fn target(region: &Region, connection: &mut Connection, row: &NodeRow) -> Result<(Driver, Target)> {
    let driver = power::driver(row).map_err(Error::Conflict)?;
    let parameters = bmc::load(region, connection, row).await?.parameters;
    Ok((driver, Target::new(&row.system_id, parameters)))
}

/// Asks a driver for the state, and no longer than somebody would wait.
pub(crate) async fn ask(driver: Driver, target: &Target) -> Result<PowerState, String> {
    match timeout(PATIENCE, maas_power::query(driver, target)).await {
        Ok(Ok(reading)) => Ok(reading.state),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("the BMC did not answer within {} s; look whether it has power", PATIENCE.as_secs())),
    }
}

const PATIENCE: Duration = Duration::from_secs(35);
