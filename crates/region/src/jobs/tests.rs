//! The life of machines as the jobs move it, on both databases.

use std::{collections::BTreeMap, time::Duration};

use maas_model::{EventType, PowerState, Status};
use maas_store::machine::testing::Machine;

use super::{
    engine::{self, Job, Looked, Place},
    monitor, power_poll,
};
use crate::{
    Error, Region,
    carriers::Progress,
    machines::{self, AllocateOptions, PowerAction, ReleaseOptions, Step, start},
    nodes::Node,
    testing::{
        TestRegion,
        carrier::{Scripted, Switch, hangs, settle},
        with_region,
    },
};

async fn look(site: &TestRegion, id: &str) -> Node {
    machines::lookup(&site.region, &site.ctx("admin").await, id).await.unwrap()
}

fn none() -> BTreeMap<String, String> {
    BTreeMap::new()
}

#[tokio::test]
async fn a_machine_goes_through_its_life() {
    with_region(async |site| {
        let (region, admin, bob) = (&site.region, site.ctx("admin").await, site.ctx("bob").await);
        let switch = Switch::new(false).await;
        let new = Machine { status: 0, is_commissioned: false, ..Machine::default() };
        let id = site.machine(switch.machine(new), "fast-newt").await;
        let news = (EventType::GatheringInfo, String::new());
        let script = [Progress::Running { look_again_in: Duration::ZERO, news: Some(news) }];
        let (carrier, registered) = Scripted::register(region, script);

        let node = start(region, &admin, &id, Step::Commission, none()).await.unwrap();
        assert_eq!((node.status, &*node.status_message), (Status::Commissioning, "Commissioning"));
        assert_eq!(node.owner.unwrap().username.as_ref(), "admin");
        settle(region).await;
        let node = look(site, &id).await;
        assert_eq!((node.status, node.owner, node.is_commissioned), (Status::Ready, None, true));
        assert_eq!((node.power_state, switch.is_on()), (PowerState::Off, false), "it was switched off at the end");
        assert_eq!(switch.heard().first().map(String::as_str), Some("off"), "a cycle comes first");

        start(region, &admin, &id, Step::Test, none()).await.unwrap();
        settle(region).await;
        assert_eq!(look(site, &id).await.status, Status::Ready);

        let options = AllocateOptions::default();
        machines::allocate(region, &bob, &maas_model::constraint::Constraints::default(), &options).await.unwrap();
        let system = BTreeMap::from([
            ("distro_series".to_owned(), "ubuntu/noble".to_owned()),
            ("user_data".to_owned(), "canary-secret".to_owned()),
        ]);
        let node = start(region, &bob, &id, Step::Deploy, system).await.unwrap();
        assert_eq!((node.status, &*node.osystem, &*node.distro_series), (Status::Deploying, "ubuntu", "noble"));
        let step = maas_store::queue::STEPS.find(&mut region.store().reader().await.unwrap(), node.id.0).await.unwrap();
        assert!(!step.unwrap().parameters.contains("canary"), "user data is kept sealed");
        settle(region).await;
        let node = look(site, &id).await;
        assert_eq!((node.status, node.netboot, node.power_state), (Status::Deployed, false, PowerState::On));

        start(region, &admin, &id, Step::EnterRescueMode, none()).await.unwrap();
        settle(region).await;
        assert_eq!(look(site, &id).await.status, Status::RescueMode);
        let node = start(region, &admin, &id, Step::ExitRescueMode, none()).await.unwrap();
        assert_eq!(node.status, Status::ExitingRescueMode);
        settle(region).await;
        let node = look(site, &id).await;
        assert_eq!((node.status, node.owner.unwrap().username.as_ref()), (Status::Deployed, "bob"));

        let erase = ReleaseOptions { erase: Some(true), ..ReleaseOptions::default() };
        assert_eq!(machines::release(region, &bob, &id, &erase).await.unwrap().status, Status::DiskErasing);
        settle(region).await;
        let node = look(site, &id).await;
        assert_eq!((node.status, node.owner, &*node.osystem), (Status::Ready, None, ""));
        assert_eq!((node.status_message.as_str(), switch.is_on()), ("Released", false));
        let kept = format!("node/{}/user_data", node.id);
        let mut reader = region.store().reader().await.unwrap();
        assert!(maas_store::secret::latest(&mut reader, &kept).await.unwrap().is_none(), "it was bob's");
        drop(reader);
        drop(registered);
        let heard = carrier.heard.lock().unwrap().join(", ");
        assert_eq!(
            heard,
            "carry commission fast-newt, carry commission fast-newt, carry test fast-newt, carry deploy fast-newt, \
             carry rescue fast-newt, carry erase fast-newt"
        );
    })
    .await;
}

#[tokio::test]
async fn what_fails_or_hangs_ends_with_a_reason() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        let switch = Switch::new(false).await;
        let id = site.machine(switch.machine(Machine::default()), "m1").await;
        let script = [Progress::Failed("no disk".into()), hangs(), hangs()];
        let (carrier, _registered) = Scripted::register(region, script);
        start(region, &admin, &id, Step::Commission, none()).await.unwrap();
        settle(region).await;
        let node = look(site, &id).await;
        assert_eq!((node.status, node.owner.is_none()), (Status::FailedCommissioning, true));
        assert_eq!((&*node.status_message, &*node.error_description), ("Failed commissioning - no disk", "no disk"));

        start(region, &admin, &id, Step::Commission, none()).await.unwrap();
        settle(region).await;
        assert_eq!(monitor::run(region).await.unwrap(), "");
        site.db.clock.advance(Duration::from_secs(30 * 60));
        assert_eq!(monitor::run(region).await.unwrap(), "gave up 1 machine that took too long");
        let node = look(site, &id).await;
        assert_eq!(node.status, Status::FailedCommissioning);
        let text = "Node operation 'Commissioning' timed out after 30 minutes. Look at its console, whether it boots from \
                    the network; then commission it again.";
        assert_eq!(node.error_description, text);
        assert_eq!(monitor::run(region).await.unwrap(), "", "once");
        settle(region).await;
        assert_eq!(carrier.heard.lock().unwrap().last().unwrap(), "stop commission m1");

        // Somebody stops it, and whoever carried it out is told.
        start(region, &admin, &id, Step::Commission, none()).await.unwrap();
        settle(region).await;
        let node = machines::abort(region, &admin, &id, "").await.unwrap();
        assert_eq!((node.status, &*node.status_message), (Status::New, "Aborted commissioning"));
        settle(region).await;
        assert_eq!(carrier.heard.lock().unwrap().last().unwrap(), "stop commission m1");
        let why = machines::abort(region, &admin, &id, "").await.unwrap_err().to_string();
        assert_eq!(why, format!("Cannot abort in current state: node {id} is in state New."));
        *carrier.refusal.lock().unwrap() = Some("it has no boot images".into());
        let why = start(region, &admin, &id, Step::Commission, none()).await.unwrap_err().to_string();
        assert!(why.ends_with("that can do it: scripted rack: it has no boot images."), "{why}");
    })
    .await;
}

#[tokio::test]
async fn power_is_switched_and_told_once() {
    with_region(async |site| {
        let (region, bob) = (&site.region, site.ctx("bob").await);
        let switch = Switch::new(false).await;
        let owner = Some(site.id("bob").await);
        let id = site.machine(switch.machine(Machine { owner, status: 10, ..Machine::default() }), "m1").await;
        machines::power(region, &bob, &id, PowerAction::Off, "").await.unwrap();
        machines::power(region, &bob, &id, PowerAction::On, "please").await.unwrap();
        settle(region).await;
        assert_eq!(look(site, &id).await.power_state, PowerState::On);
        assert!(!switch.heard().contains(&"off".to_owned()), "the latest wish stands");
        let told: Vec<_> = site.events().await.into_iter().map(|row| row.kind).collect();
        assert_eq!(told[0], "NODE_POWERED_ON");
        assert_eq!(told.iter().filter(|kind| kind.starts_with("NODE_POWER")).count(), 1);

        // What may pass is tried again, 4, 8 and 16 seconds later; then one event says so.
        switch.refuses(Some(500));
        switch.heard();
        machines::power(region, &bob, &id, PowerAction::Off, "").await.unwrap();
        for wait in [0, 4, 8, 16] {
            site.db.clock.advance(Duration::from_secs(wait));
            settle(region).await;
        }
        assert_eq!(switch.heard(), ["off"; 4]);
        let node = look(site, &id).await;
        assert_eq!((node.status, node.power_state), (Status::Allocated, PowerState::Error));
        assert!(node.status_message.starts_with("Failed to power off node - http://127.0.0.1:"), "{node:?}");
        assert_eq!(site.events().await[0].kind, "NODE_POWER_OFF_FAILED");

        // What will not pass is told at once.
        switch.refuses(Some(401));
        machines::power(region, &bob, &id, PowerAction::Off, "").await.unwrap();
        settle(region).await;
        assert_eq!(switch.heard(), ["off"]);
        let why = machines::query_power(region, &bob, &id).await.unwrap_err();
        assert!(matches!(&why, Error::Unready(line) if line.starts_with("m1: http://127.0.0.1:")), "{why:?}");
        switch.refuses(None);
        assert_eq!(machines::query_power(region, &bob, &id).await.unwrap(), PowerState::On);
        let node = look(site, &id).await;
        assert_eq!((node.power_state, &*node.power_error), (PowerState::On, ""));
    })
    .await;
}

#[tokio::test]
async fn a_release_waits_for_the_power_and_not_for_ever() {
    with_region(async |site| {
        let (region, bob) = (&site.region, site.ctx("bob").await);
        let switch = Switch::new(true).await;
        let owner = Some(site.id("bob").await);
        let mine = Machine { owner, status: 6, power_state: "on", ..Machine::default() };
        let id = site.machine(switch.machine(mine.clone()), "m1").await;
        switch.refuses(Some(401));
        let options = ReleaseOptions::default();
        assert_eq!(machines::release(region, &bob, &id, &options).await.unwrap().status, Status::Releasing);
        settle(region).await;
        let node = look(site, &id).await;
        assert_eq!((node.status, node.status_expires_at), (Status::FailedReleasing, None));
        assert!(node.status_message.starts_with("Failed to power off node - "), "{}", node.status_message);
        switch.refuses(None);
        machines::release(region, &bob, &id, &options).await.unwrap();
        settle(region).await;
        assert_eq!((look(site, &id).await.status, switch.is_on()), (Status::Ready, false));

        // The job died: the time runs out.
        let slow = site.machine(switch.machine(mine), "m2").await;
        machines::release(region, &bob, &slow, &options).await.unwrap();
        site.db.clock.advance(Duration::from_secs(301));
        monitor::run(region).await.unwrap();
        let node = look(site, &slow).await;
        assert_eq!(node.status, Status::FailedReleasing);
        let text = "Node operation 'Releasing' timed out after 5 minutes. It does not report that it is off: check its \
                    power, then release it again, or release it with force.";
        assert_eq!(node.error_description, text);
    })
    .await;
}

#[tokio::test]
async fn machines_are_asked_for_their_power_and_a_release_ends_by_it() {
    with_region(async |site| {
        let region = &site.region;
        let (on, off) = (Switch::new(true).await, Switch::new(false).await);
        let a = site.machine(on.machine(Machine::default()), "a").await;
        let owner = Some(site.id("bob").await);
        let leaving = Machine { owner, status: 12, previous_status: 6, power_state: "on", ..Machine::default() };
        let b = site.machine(off.machine(leaving), "b").await;
        let nobody = Switch { address: "127.0.0.1:9".parse().unwrap(), ..Switch::new(true).await };
        let c = site.machine(nobody.machine(Machine::default()), "c").await;
        site.machine(Machine::default(), "manual").await;
        assert_eq!(power_poll::run(region).await.unwrap(), "asked 3 machines, 1 of which did not answer");
        assert_eq!(look(site, &a).await.power_state, PowerState::On);
        assert_eq!(look(site, &b).await.status, Status::Ready);
        let silent = look(site, &c).await;
        assert_eq!((silent.power_state, silent.power_error.is_empty()), (PowerState::Error, false));
        assert_eq!(power_poll::run(region).await.unwrap(), "");
        site.db.clock.advance(Duration::from_secs(300));
        let version = look(site, &a).await.version;
        let events = site.events().await.len();
        assert_eq!(power_poll::run(region).await.unwrap(), "asked 3 machines, 1 of which did not answer");
        assert_eq!(look(site, &a).await.version, version, "what stays as it is, is no change");
        assert_eq!(site.events().await.len(), events, "and not told again");
    })
    .await;
}

#[tokio::test]
async fn the_next_owner_never_gets_a_machine_with_a_power_wish_in_hand() {
    with_region(async |site| {
        let (region, bob) = (&site.region, site.ctx("bob").await);
        let switch = Switch::new(true).await;
        let owner = Some(site.id("bob").await);
        let mine = Machine { owner, status: 6, power_state: "on", ..Machine::default() };
        let id = site.machine(switch.machine(mine), "m1").await;
        let options = ReleaseOptions::default();
        assert_eq!(machines::release(region, &bob, &id, &options).await.unwrap().status, Status::Releasing);
        // Somebody pressed the button before the wish was carried out.
        super::power::heard(region, &bob, &id, &Ok(PowerState::Off)).await.unwrap();
        assert_eq!(look(site, &id).await.status, Status::Releasing);
        settle(region).await;
        assert_eq!(look(site, &id).await.status, Status::Ready);
    })
    .await;
}

#[tokio::test]
async fn five_hundred_machines_are_asked_in_few_commits() {
    with_region(async |site| {
        let region = &site.region;
        let switch = Switch::new(true).await;
        {
            let mut tx = region.store().begin(&region.job_ctx("test")).await.unwrap();
            for n in 0..500 {
                switch.machine(Machine::default()).insert(&mut tx, &format!("m{n}")).await;
            }
            tx.commit_nodes(Vec::new()).await.unwrap();
        }
        let before = *region.node_changes().borrow();
        assert_eq!(power_poll::run(region).await.unwrap(), "asked 500 machines");
        let commits = *region.node_changes().borrow() - before;
        assert!(commits <= 60, "{commits} commits");
        assert_eq!(switch.heard().len(), 500);
        let on = maas_model::filter::Test::PowerState(vec![PowerState::On]);
        let filter =
            maas_model::NodeFilter { criteria: vec![maas_model::filter::Criterion { negated: false, test: on }] };
        assert_eq!(machines::count(region, &site.ctx("admin").await, &filter).await.unwrap(), 500);
    })
    .await;
}

#[tokio::test]
async fn power_that_nobody_can_switch_is_said_to_be_so() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        let node = async |power_type| site.machine(Machine { power_type, ..Machine::default() }, power_type).await;
        let none = site.machine(Machine { power_type: "", ..Machine::default() }, "bare").await;
        let why = machines::power(region, &admin, &none, PowerAction::On, "").await.unwrap_err().to_string();
        assert!(why.starts_with("bare has no power type: set one"), "{why}");
        let why = machines::power(region, &admin, &node("amt").await, PowerAction::On, "").await.unwrap_err();
        assert!(why.to_string().contains("use `webhook`"), "{why}");
        let by_hand = node("manual").await;
        let node = machines::power(region, &admin, &by_hand, PowerAction::On, "").await.unwrap();
        assert!(node.status_message.ends_with("switch it on by hand: its power type is `manual`"));
        assert_eq!(machines::query_power(region, &admin, &by_hand).await.unwrap(), PowerState::Unknown);
        let testing = site.machine(Machine { status: 21, ..Machine::default() }, "busy").await;
        let why = machines::power(region, &admin, &testing, PowerAction::Off, "").await.unwrap_err().to_string();
        assert_eq!(why, "Power off is not possible for busy while it is 'Testing'.");
    })
    .await;
}

#[tokio::test]
async fn a_job_of_the_site_runs_in_one_region_at_a_time() {
    with_region(async |site| {
        let other = TestRegion::open(&site.db, "host2").await;
        let job = |run| Job {
            name: "example",
            about: "",
            period: Duration::from_secs(60),
            place: Place::OneRegion,
            follows_nodes: false,
            run,
        };
        let quick = job(|_| Box::pin(async { Ok("did 1".to_owned()) }));
        let hangs = job(|_| Box::pin(std::future::pending()));
        let fails = job(|_| Box::pin(async { Err(Error::Conflict("no".into())) }));
        {
            let running = engine::once(&site.region, &hangs, true);
            let watching = async {
                let mut tick = tokio::time::interval(Duration::from_millis(5));
                while jobs(&site.region).await.first().is_none_or(|job| job.running_in.is_none()) {
                    tick.tick().await;
                }
                assert_eq!(engine::once(&other, &quick, true).await.unwrap(), Looked::Busy);
                assert_eq!(engine::once(&site.region, &quick, true).await.unwrap(), Looked::Busy);
            };
            tokio::select! { looked = running => panic!("{looked:?}"), () = watching => {} }
        }
        // The region died in the middle: after its lease another takes over.
        assert_eq!(engine::once(&other, &quick, true).await.unwrap(), Looked::Busy);
        site.db.clock.advance(engine::LEASE);
        assert_eq!(engine::once(&other, &quick, false).await.unwrap(), Looked::Ran);
        assert_eq!(engine::once(&site.region, &quick, false).await.unwrap(), Looked::Early);
        assert_eq!(engine::once(&site.region, &quick, true).await.unwrap(), Looked::Ran, "wanted at once");
        site.db.clock.advance(Duration::from_secs(60));
        assert_eq!(engine::once(&site.region, &fails, false).await.unwrap(), Looked::Ran);
        let status = jobs(&site.region).await.remove(0);
        assert_eq!((&*status.outcome, status.runs, status.failures), ("failed", 3, 1));
        assert_eq!(status.problem().unwrap(), "The job `example` failed: no.");
        assert!(super::status(&site.region, &site.ctx("bob").await).await.is_err());
        other.shutdown().await;
    })
    .await;
}

async fn jobs(region: &Region) -> Vec<super::JobStatus> {
    super::status(region, &region.job_ctx("test")).await.unwrap()
}
