//! The power of every machine that can be asked is asked for every few minutes, a little apart, many at once; what has
//! changed is written for many machines in one go, so that those who use the site do not feel it.

use std::time::Duration;

use maas_authz::GrantedNode;
use maas_model::{MachineAction, PowerState, Status, node::NodeType};
use maas_power::{Driver, Target};
use maas_store::{machine, node::NodeRow};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

use super::power::hear;
use crate::{
    Region, Result,
    machines::{held::Held, query},
    nodes,
};

/// Asks those that are due.
pub(crate) async fn run(region: &Region) -> Result<String> {
    let drivers: Vec<&str> =
        Driver::ALL.iter().filter(|d| d.is_supported() && d.schema().queryable).map(|d| d.as_str()).collect();
    let now = region.clock().now().micros();
    let due = {
        let mut reader = region.store().reader().await?;
        machine::due_for_poll(&mut reader, &drivers, now, PERIOD, SPREAD, PER_RUN).await?
    };
    let (mut asked, mut silent) = (0, 0);
    let mut waiting = due.into_iter();
    let mut running = JoinSet::new();
    let mut heard = Vec::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(row) = waiting.next()
        {
            let (driver, target) = match aim(region, &row).await {
                Ok(aimed) => aimed,
                Err(error) => {
                    heard.push(Heard { row, said: Err(error.to_string()) });
                    continue;
                }
            };
            running.spawn(async move {
                let said = query::ask(driver, &target).await;
                Heard { row, said }
            });
        }
        let until = Instant::now() + GATHER;
        while heard.len() < TOGETHER {
            match timeout_at(until, running.join_next()).await {
                Ok(Some(Ok(one))) => heard.push(one),
                // A driver that panicked is a bug of ours, which the log has; the machine is asked again.
                Ok(Some(Err(error))) => tracing::error!(error = &error as &dyn std::error::Error, "a query failed"),
                Ok(None) | Err(_) => break,
            }
        }
        asked += heard.len();
        silent += heard.iter().filter(|one| one.said.is_err()).count();
        write(region, std::mem::take(&mut heard)).await?;
        if running.is_empty() && waiting.len() == 0 {
            break;
        }
    }
    Ok(match (asked, silent) {
        (0, _) => String::new(),
        (asked, 0) => format!("asked {asked} machines"),
        (asked, silent) => format!("asked {asked} machines, {silent} of which did not answer"),
    })
}

struct Heard {
    row: NodeRow,
    said: Result<PowerState, String>,
}

impl Heard {
    /// Whether nothing follows from it but that it was asked.
    fn is_old(&self) -> bool {
        let waits = [Status::Releasing.code(), Status::ExitingRescueMode.code()].contains(&self.row.status);
        !waits
            && match &self.said {
                Ok(state) => self.row.power_state == state.as_str() && self.row.power_error.is_empty(),
                Err(why) => self.row.power_state == PowerState::Error.as_str() && self.row.power_error == *why,
            }
    }
}

async fn aim(region: &Region, row: &NodeRow) -> Result<(Driver, Target)> {
    query::target(region, &mut *region.store().reader().await?, row).await
}

/// One transaction for what has changed, one statement for the rest.
async fn write(region: &Region, heard: Vec<Heard>) -> Result<()> {
    if heard.is_empty() {
        return Ok(());
    }
    let ctx = region.job_ctx("power-poll");
    let (old, mut new): (Vec<_>, Vec<_>) = heard.into_iter().partition(Heard::is_old);
    // Everybody locks in this order, so that two never wait for each other.
    new.sort_by(|a, b| a.row.system_id.cmp(&b.row.system_id));
    let mut tx = region.store().begin(&ctx).await?;
    let old: Vec<GrantedNode<NodeRow>> = old
        .into_iter()
        .filter_map(|one| {
            let facts = nodes::facts(&one.row);
            ctx.grant_node(MachineAction::QueryPower, one.row, &facts).ok()
        })
        .collect();
    machine::touch_polled(&mut tx, &old).await?;
    let mut audits = Vec::new();
    let mut is_changed = false;
    for one in new {
        let action = MachineAction::QueryPower;
        let locked = nodes::lock(&mut tx, &ctx, NodeType::Machine, &one.row.system_id, action).await;
        let Ok(granted) = locked else { continue };
        if granted.row().power_type != one.row.power_type {
            continue;
        }
        let mut machine = Held::of(granted, "machine.power");
        if hear(&mut tx, &mut machine, &one.said).await? {
            is_changed = true;
            audits.extend(machine.put(&mut tx).await?.1);
        }
    }
    if is_changed {
        tx.commit_nodes(audits).await?
    } else {
        tx.commit_quietly().await?
    }
    Ok(())
}

/// How often each machine is asked.
const PERIOD: Duration = Duration::from_secs(300);
/// How much earlier some are asked, so that they are not all asked at once for ever.
const SPREAD: Duration = Duration::from_secs(60);
const PER_RUN: i64 = 1024;
/// How many are asked at once.
const AT_ONCE: usize = 64;
/// How many readings are written together, and how long the first waits for the last of them.
const TOGETHER: usize = 64;
const GATHER: Duration = Duration::from_millis(500);
