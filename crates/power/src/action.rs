//! What can be asked of any driver.

use std::{future::Future, time::Duration};

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{Driver, Limits, PowerError, PowerState, Target, ipmi, redfish, virsh, webhook};

/// What to do with a machine's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PowerAction {
    /// On, with the network as the next boot's device; a machine that is on starts again.
    On,
    /// Off at once.
    Off,
    /// Asks the operating system to switch off, and does not wait until it has.
    SoftOff,
    /// Off at once and on again.
    Cycle,
}

impl PowerAction {
    /// The word in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::SoftOff => "soft off",
            Self::Cycle => "cycle",
        }
    }

    /// The state that it leads to; nothing when that is the operating system's choice.
    fn leads_to(self) -> Option<PowerState> {
        match self {
            Self::On | Self::Cycle => Some(PowerState::On),
            Self::Off => Some(PowerState::Off),
            Self::SoftOff => None,
        }
    }
}

/// What a BMC said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub state: PowerState,
    /// What someone should know though it worked, such as weak protection of the connection. One line each.
    pub warnings: Vec<String>,
}

impl Reading {
    pub(crate) fn of(state: PowerState) -> Self {
        Self { state, warnings: Vec::new() }
    }
}

/// Asks for the state.
///
/// # Errors
/// [`PowerError`] by what can be done about it.
pub async fn query(driver: Driver, target: &Target) -> Result<Reading, PowerError> {
    let limit = target.limits.query;
    within(limit, driver, target, async {
        match driver {
            Driver::Manual => Ok(Reading::of(PowerState::Unknown)),
            Driver::Ipmi => ipmi::query(target).await,
            Driver::Redfish => redfish::query(target).await,
            Driver::Webhook => webhook::query(target).await,
            Driver::Virsh => virsh::query(target).await,
            other => Err(PowerError::Unsupported { driver: other.as_str() }),
        }
    })
    .await
}

/// Does it, and waits for the state that it leads to.
///
/// # Errors
/// [`PowerError`] by what can be done about it; after [`PowerError::Timeout`] the machine may have heard it all the same.
pub async fn act(driver: Driver, action: PowerAction, target: &Target) -> Result<Reading, PowerError> {
    let limit = target.limits.act;
    within(limit, driver, target, async {
        match driver {
            Driver::Manual => Ok(Reading::of(PowerState::Unknown)),
            Driver::Ipmi => ipmi::act(action, target).await,
            Driver::Redfish => redfish::act(action, target).await,
            Driver::Webhook => webhook::act(action, target).await,
            Driver::Virsh => virsh::act(action, target).await,
            other => Err(PowerError::Unsupported { driver: other.as_str() }),
        }
    })
    .await
}

/// Asks until the state is what `action` leads to. A machine that stays as it is, is a failure.
pub(crate) async fn settle<F>(
    action: PowerAction,
    limits: &Limits,
    address: &str,
    mut ask: impl FnMut() -> F,
) -> Result<PowerState, PowerError>
where
    F: Future<Output = Result<PowerState, PowerError>>,
{
    let mut state = ask().await?;
    let Some(wanted) = action.leads_to() else { return Ok(state) };
    let patience = limits.act / 2;
    let mut again = interval(limits.poll);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    again.tick().await;
    let waited = timeout(patience, async {
        while state != wanted {
            again.tick().await;
            state = ask().await?;
        }
        Ok(())
    });
    match waited.await {
        Ok(done) => done.map(|()| wanted),
        Err(_) => Err(PowerError::Failed {
            address: address.to_owned(),
            message: format!(
                "it accepted `{}`, and after {} s the machine is still reported as {state}; look at its console",
                action.as_str(),
                patience.as_secs_f32(),
                state = state.as_str(),
            ),
        }),
    }
}

async fn within<T>(
    limit: Duration,
    driver: Driver,
    target: &Target,
    work: impl Future<Output = Result<T, PowerError>>,
) -> Result<T, PowerError> {
    let late = |_| Err(PowerError::Timeout { address: shown_address(driver, target), limit });
    timeout(limit, work).await.unwrap_or_else(late)
}

fn shown_address(driver: Driver, target: &Target) -> String {
    let name = if driver == Driver::Webhook { "power_query_uri" } else { "power_address" };
    target.parameters.plain(name).map_or_else(|| format!("the BMC of {}", target.system_id), crate::address::shown)
}
