//! Power through the whole program: a request, the wish that it leaves, the driver that carries it out, a BMC of another
//! make, and a machine behind it that is a process. What goes wrong is told once and keeps nobody waiting.

use std::{
    net::{TcpListener, UdpSocket},
    time::{Duration, Instant},
};

use maas_testkit::{Bmc, BmcKind, Database, have, installed, sha256_of_pem};
use serde_json::Value;
use tokio::net::TcpSocket;

use crate::estate::{Estate, POOL, status};

/// The password of every BMC; it stands nowhere else.
const CANARY: &str = "Canary-7Q2w-kestrel";
/// A real machine takes its time; these do not.
const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_is_switched_through_bmcs_of_every_make() {
    let mut estate = Estate::new(Database::Sqlite).await;
    for kind in [BmcKind::Pyghmi, BmcKind::IpmiSim, BmcKind::Sushy] {
        let Some(bmc) = Bmc::start(kind, CANARY) else { continue };
        let machine = behind(&mut estate, &format!("{kind:?}").to_lowercase(), kind, &bmc).await;
        let seen = Machine { estate: &estate, id: &machine };
        assert_eq!(seen.asked().await, "off", "{kind:?}");

        seen.switch("power_on").await;
        seen.becomes("on").await;
        let first = bmc.machine_pid().expect("a machine that is on has a process");
        assert_eq!(seen.asked().await, "on", "{kind:?}");

        seen.switch("power_cycle").await;
        until(&format!("{kind:?}: another process after a cycle"), async || {
            bmc.machine_pid().is_some_and(|pid| pid != first) && seen.read().await["power_state"] == "on"
        })
        .await;
        seen.told(2, "powered on").await;

        seen.switch("power_off").await;
        seen.becomes("off").await;
        assert_eq!(bmc.machine_pid(), None, "{kind:?}");
        assert_eq!(seen.asked().await, "off", "{kind:?}");
        seen.told(1, "powered off").await;
        seen.told(0, "fail").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_one_event_and_no_stuck_machine() {
    let mut estate = Estate::new(Database::Sqlite).await;
    for kind in [BmcKind::Pyghmi, BmcKind::IpmiSim, BmcKind::Sushy] {
        let Some(bmc) = Bmc::start(kind, CANARY) else { continue };
        let machine = behind(&mut estate, &format!("wrong-{kind:?}").to_lowercase(), kind, &bmc).await;
        let wrong = [("power_parameters_power_pass", "Canary-not-this-one")];
        estate.admin.put(&format!("machines/{machine}/"), &wrong).await.ok();
        let seen = Machine { estate: &estate, id: &machine };
        seen.switch("power_on").await;
        seen.becomes("error").await;
        let event = seen.told(1, "fail").await;
        assert!(event.contains("power_pass"), "{kind:?}: {event}");
        assert_eq!(seen.read().await["status_name"], "Ready", "{kind:?}");
        assert_eq!(bmc.machine_pid(), None);
        // With the right one it goes on at once.
        let right = [("power_parameters_power_pass", CANARY)];
        estate.admin.put(&format!("machines/{machine}/"), &right).await.ok();
        seen.switch("power_on").await;
        seen.becomes("on").await;
        seen.told(1, "fail").await;
    }
}

/// Both at once, since each takes as long as the program is patient.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bmc_that_is_not_there_or_says_nothing_is_one_event_and_no_stuck_machine() {
    if !have("ipmitool", installed("ipmitool")) {
        return;
    }
    let mut estate = Estate::new(Database::Sqlite).await;
    // Bound and never listened to, so that nobody else gets the port meanwhile.
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = held.local_addr().unwrap().to_string();
    let (tcp, udp) = silent();
    let silent = tcp.local_addr().unwrap().to_string();
    let gone = with_redfish(&mut estate, "gone", &nobody).await;
    let dumb = with_redfish(&mut estate, "dumb", &silent).await;
    let (gone, dumb) = (Machine { estate: &estate, id: &gone }, Machine { estate: &estate, id: &dumb });

    let started = Instant::now();
    gone.switch("power_on").await;
    let asked = async { estate.admin.get(&format!("machines/{}/?op=query_power_state", dumb.id)).await };
    let (reply, event) = tokio::join!(asked, async {
        gone.becomes("error").await;
        gone.told(1, "fail").await
    });
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(reply.body.contains("did not answer within"), "{}", reply.body);
    assert!(event.contains(&nobody), "{event}");
    assert!(started.elapsed() < Duration::from_secs(90), "{:?}", started.elapsed());
    let event = dumb.told(1, "fail").await;
    assert!(event.contains("did not answer within"), "{event}");
    for machine in [gone, dumb] {
        // The machine waits for nothing: it can be taken and given back by hand.
        assert_eq!(machine.read().await["status_name"], "Ready");
        machine.estate.admin.put(&format!("machines/{}/", machine.id), &[("power_type", "manual")]).await.ok();
        let taken = machine.estate.admin.post("machines/?op=allocate", &[("system_id", machine.id)]).await.ok();
        assert_eq!(taken.json()["status_name"], "Allocated");
        let released = machine.estate.admin.post(&format!("machines/{}/?op=release", machine.id), &[]).await.ok();
        assert_eq!(released.json()["status_name"], "Ready");
    }
    drop(udp);
}

/// A ready machine that this BMC switches.
async fn behind(estate: &mut Estate, name: &str, kind: BmcKind, bmc: &Bmc) -> String {
    let power_type = if kind == BmcKind::Sushy { "redfish" } else { "ipmi" };
    let mut parameters = vec![
        ("power_type", power_type.to_owned()),
        ("power_parameters_power_address", bmc.address.clone()),
        ("power_parameters_power_user", bmc.user.to_owned()),
        ("power_parameters_power_pass", bmc.password.clone()),
    ];
    if let Some(certificate) = bmc.certificate().filter(|_| kind == BmcKind::Sushy) {
        parameters.push(("power_parameters_power_fingerprint", sha256_of_pem(&certificate)));
    }
    configured(estate, name, &parameters).await
}

async fn with_redfish(estate: &mut Estate, name: &str, address: &str) -> String {
    let parameters = [
        ("power_type", "redfish".to_owned()),
        ("power_parameters_power_address", format!("https://{address}")),
        ("power_parameters_power_user", "admin".to_owned()),
        ("power_parameters_power_pass", CANARY.to_owned()),
    ];
    configured(estate, name, &parameters).await
}

async fn configured(estate: &mut Estate, name: &str, parameters: &[(&str, String)]) -> String {
    let machine = estate.machine(name, POOL).await;
    estate.put(&machine, status::READY, None, false).await;
    let form: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    estate.admin.put(&format!("machines/{machine}/"), &form).await.ok();
    machine
}

/// A machine of the site, seen through the API.
#[derive(Clone, Copy)]
struct Machine<'a> {
    estate: &'a Estate,
    id: &'a str,
}

impl Machine<'_> {
    async fn read(&self) -> Value {
        self.estate.admin.get(&format!("machines/{}/", self.id)).await.ok().json()
    }

    async fn switch(&self, op: &str) {
        self.estate.admin.post(&format!("machines/{}/?op={op}", self.id), &[]).await.ok();
    }

    /// What the BMC says now.
    async fn asked(&self) -> String {
        let said = self.estate.admin.get(&format!("machines/{}/?op=query_power_state", self.id)).await.ok().json();
        said["state"].as_str().unwrap_or_default().to_owned()
    }

    async fn becomes(&self, state: &str) {
        until(&format!("{} is {state}", self.id), async || self.read().await["power_state"] == state).await;
    }

    /// Waits for so many events whose type has these words, and finds no more of them; the last one's text.
    async fn told(&self, count: usize, words: &str) -> String {
        until(&format!("{} has {count} events of {words}", self.id), async || self.events(words).await.len() >= count)
            .await;
        let found = self.events(words).await;
        assert_eq!(found.len(), count, "events of {words}: {found:#?}");
        found.first().map(|event| event["description"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    }

    async fn events(&self, words: &str) -> Vec<Value> {
        let query = format!("events/?op=query&limit=1000&level=DEBUG&id={}", self.id);
        let events = self.estate.admin.get(&query).await.ok().json();
        let of_kind = |event: &&Value| event["type"].as_str().is_some_and(|kind| kind.to_lowercase().contains(words));
        events["events"].as_array().expect("events").iter().filter(of_kind).cloned().collect()
    }
}

/// One port, on which connections are taken and datagrams kept, and nothing is ever said.
fn silent() -> (TcpListener, UdpSocket) {
    for _ in 0..100 {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            return (tcp, udp);
        }
    }
    panic!("no port is free for both");
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < DEADLINE, "still not: {what}");
    }
}
