//! A carrier that does what the test says, and a power switch to talk to.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use maas_store::machine::testing::Machine;

use crate::{
    Region,
    carriers::{Carrier, Carrying, Order, Progress, Registered},
    jobs,
};

/// Says one thing after the other, then that it passed.
#[derive(Default)]
pub(crate) struct Scripted {
    pub(crate) script: Mutex<VecDeque<Progress>>,
    pub(crate) heard: Mutex<Vec<String>>,
    pub(crate) refusal: Mutex<Option<String>>,
}

impl Scripted {
    pub(crate) fn register(region: &Region, script: impl IntoIterator<Item = Progress>) -> (Arc<Self>, Registered) {
        let carrier = Arc::new(Self { script: Mutex::new(script.into_iter().collect()), ..Self::default() });
        let registered = region.carriers().register(carrier.clone());
        (carrier, registered)
    }

    fn hear(&self, what: &str, order: &Order) {
        self.heard.lock().unwrap().push(format!("{what} {} {}", order.step, order.hostname));
    }
}

/// It never ends.
pub(crate) fn hangs() -> Progress {
    Progress::Running { look_again_in: Duration::from_secs(600), news: None }
}

impl Carrier for Scripted {
    fn name(&self) -> &str {
        "scripted rack"
    }

    fn can(&self, _: &Order) -> Result<(), String> {
        self.refusal.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    fn carry<'a>(&'a self, order: &'a Order) -> Carrying<'a, Progress> {
        self.hear("carry", order);
        let next = self.script.lock().unwrap().pop_front().unwrap_or(Progress::Passed);
        Box::pin(std::future::ready(next))
    }

    fn stop<'a>(&'a self, order: &'a Order) -> Carrying<'a, ()> {
        self.hear("stop", order);
        Box::pin(std::future::ready(()))
    }
}

/// A machine behind a webhook.
#[derive(Debug)]
pub(crate) struct Switch {
    pub(crate) address: SocketAddr,
    pub(crate) is: Arc<Mutex<Behaviour>>,
}

/// How it is and behaves.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour {
    pub(crate) is_on: bool,
    /// What it answers to everything.
    pub(crate) refuses: Option<u16>,
    pub(crate) heard: Vec<String>,
}

impl Switch {
    pub(crate) async fn new(is_on: bool) -> Self {
        let is = Arc::new(Mutex::new(Behaviour { is_on, refuses: None, heard: Vec::new() }));
        let routes = Router::new()
            .route("/on", post(async |State(is): Is| answer(&is, "on", Some(true))))
            .route("/off", post(async |State(is): Is| answer(&is, "off", Some(false))))
            .route("/", get(async |State(is): Is| answer(&is, "query", None)))
            .with_state(is.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, is }
    }

    /// A machine with this switch.
    pub(crate) fn machine(&self, machine: Machine) -> Machine {
        let at = format!("http://{}", self.address);
        let power_parameters = serde_json::json!({
            "power_on_uri": format!("{at}/on"), "power_off_uri": format!("{at}/off"), "power_query_uri": at,
        });
        Machine { power_type: "webhook", power_parameters: power_parameters.to_string(), ..machine }
    }

    pub(crate) fn refuses(&self, status: Option<u16>) {
        self.is.lock().unwrap().refuses = status;
    }

    pub(crate) fn is_on(&self) -> bool {
        self.is.lock().unwrap().is_on
    }

    /// What it was asked since the last time.
    pub(crate) fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.is.lock().unwrap().heard)
    }
}

type Is = State<Arc<Mutex<Behaviour>>>;

fn answer(is: &Mutex<Behaviour>, what: &str, to: Option<bool>) -> (StatusCode, String) {
    let mut is = is.lock().unwrap();
    is.heard.push(what.to_owned());
    if let Some(status) = is.refuses {
        return (StatusCode::from_u16(status).unwrap(), String::new());
    }
    is.is_on = to.unwrap_or(is.is_on);
    (StatusCode::OK, format!("status: {}", if is.is_on { "running" } else { "stopped" }))
}

/// Does all that is due of steps and power, as the jobs would.
pub(crate) async fn settle(region: &Region) {
    loop {
        let steps = jobs::steps::take(region, 100).await.unwrap();
        let power = jobs::power::take(region, 100).await.unwrap();
        if steps.is_empty() && power.is_empty() {
            return;
        }
        for wish in power {
            jobs::power::carry_out(region, wish).await;
        }
        for wish in steps {
            jobs::steps::carry_on(region, wish).await;
        }
    }
}
