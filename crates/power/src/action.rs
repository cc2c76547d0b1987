//! What can be asked of any driver.

use std::{future::Future, time::Duration};

use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{Driver, Limits, PowerError, PowerState, Target, ipmi, redfish, virsh, webhook};

/// What to do with a machine's power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PowerAction {
    /// On. IPMI and Redfish have the machine boot from the network, for which one that is on starts again; the other
    /// drivers cannot choose, and leave a machine that is on as it is.
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

/// A machine behind a BMC, as far as waiting for it goes.
pub(crate) trait Powered: Send {
    /// The BMC in messages.
    fn address(&self) -> String;

    fn state(&mut self) -> impl Future<Output = Result<PowerState, PowerError>> + Send;
}

/// Asks until the state is what `action` leads to. A BMC that says nothing for a while in between is asked again; a
/// machine that stays as it is, is a failure.
pub(crate) async fn settle(
    action: PowerAction,
    limits: &Limits,
    machine: &mut impl Powered,
) -> Result<PowerState, PowerError> {
    let Some(wanted) = action.leads_to() else { return machine.state().await };
    let patience = limits.act / 2;
    let mut again = interval(limits.poll);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    let waited = timeout(patience, async {
        loop {
            again.tick().await;
            match machine.state().await {
                Ok(state) if state == wanted => return Ok(wanted),
                Err(error) if !error.may_pass() => return Err(error),
                other => last = Some(other),
            }
        }
    });
    if let Ok(done) = waited.await {
        return done;
    }
    match last {
        Some(Err(error)) => Err(error),
        Some(Ok(state)) => Err(PowerError::Failed {
            message: format!(
                "it accepted `{}`, and after {} s still reports the machine as {state}; look at the machine's console",
                action.as_str(),
                patience.as_secs_f32(),
            ),
            address: machine.address(),
        }),
        None => Err(PowerError::Timeout { address: machine.address(), limit: patience }),
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

#[cfg(test)]
mod tests {
    use std::{future::Future, time::Duration};

    use super::{PowerAction, Powered, act, query, settle};
    use crate::{Driver, Limits, PowerError, PowerState, Target};

    fn sendable<T>(work: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
        work
    }

    #[tokio::test]
    async fn manual_machines_are_never_known_and_the_rest_says_what_to_use() {
        let target = Target::default();
        assert_eq!(sendable(query(Driver::Manual, &target)).await.unwrap().state, PowerState::Unknown);
        let answer = sendable(act(Driver::Manual, PowerAction::Cycle, &target)).await.unwrap();
        assert_eq!(answer.state, PowerState::Unknown);
        for driver in Driver::ALL.into_iter().filter(|driver| !driver.is_supported()) {
            let error = query(driver, &target).await.unwrap_err();
            let start = format!("the power type `{driver}` is not supported here; use `webhook`");
            assert!(error.to_string().starts_with(&start), "{error}");
        }
    }

    /// Goes through answers, and stays at the last.
    struct Scripted(Vec<Result<PowerState, PowerError>>);

    impl Powered for Scripted {
        fn address(&self) -> String {
            "the BMC b".into()
        }

        async fn state(&mut self) -> Result<PowerState, PowerError> {
            if self.0.len() > 1 { self.0.remove(0) } else { self.0[0].clone() }
        }
    }

    async fn off(answers: Vec<Result<PowerState, PowerError>>) -> Result<PowerState, PowerError> {
        let limits = Limits { act: Duration::from_millis(40), poll: Duration::from_millis(1), ..Limits::default() };
        settle(PowerAction::Off, &limits, &mut Scripted(answers)).await
    }

    #[tokio::test]
    async fn a_machine_that_stays_as_it_is_is_a_failure() {
        expect_test::expect![[
            "the BMC b failed: it accepted `off`, and after 0.02 s still reports the machine as on; look at the machine's console"
        ]]
        .assert_eq(&off(vec![Ok(PowerState::On)]).await.unwrap_err().to_string());
    }

    #[tokio::test]
    async fn a_bmc_that_is_busy_for_a_while_is_asked_again() {
        let away = || Err(PowerError::Unreachable { address: "the BMC b".into(), why: "busy".into() });
        assert_eq!(off(vec![away(), Ok(PowerState::On), away(), Ok(PowerState::Off)]).await, Ok(PowerState::Off));
        assert_eq!(off(vec![Ok(PowerState::On), away()]).await, away());
        let refused = || Err(PowerError::Auth { address: "the BMC b".into(), hint: "no".into() });
        assert_eq!(off(vec![refused(), Ok(PowerState::Off)]).await, refused());
    }
}
