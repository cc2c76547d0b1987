//! A region that dies in the middle of taking, releasing or switching a machine: what it leaves behind is whole, and the
//! next one goes on from there. The region that dies is this test program once more, told where to abort.

use std::{collections::BTreeSet, process::Command};

use maas_authz::{Actor, AuthMethod, OpCtx, UserActor};
use maas_model::{SessionId, Status, UserId, constraint::Constraints};
use maas_store::{
    event,
    machine::testing::Machine,
    testing::{TestDb, request},
};

use super::*;
use crate::{
    PasswordCost, Region, RegionConfig, jobs,
    testing::{TestRegion, carrier::Switch, with_region},
};

/// Where to die, doing what; whether the change is there afterwards.
const POINTS: [(&str, &str, bool); 4] = [
    ("before-commit:machine.allocate", "allocate", false),
    ("after-commit:machine.allocate", "allocate", true),
    ("before-commit:machine.release", "release", false),
    ("after-commit:machine.release", "release", true),
];

/// The test that, in the other process, does as it is told and nothing else.
const CHILD: &str = "machines::crash::a_machine_has_never_two_owners_whenever_a_region_dies";

#[tokio::test]
async fn a_machine_has_never_two_owners_whenever_a_region_dies() {
    if std::env::var_os("CRASH_NOW").is_some() {
        return do_as_told().await;
    }
    for (point, what, is_done) in POINTS {
        with_region(async |site| {
            let bob = site.id("bob").await;
            let mut ids = BTreeSet::new();
            for n in 0..3 {
                ids.insert(site.machine(Machine::default(), &format!("free{n}")).await);
            }
            let mine = Machine { owner: Some(bob), status: 10, cpu_count: 99, ..Machine::default() };
            let mine = site.machine(mine, "mine").await;
            die(&site.db, point, what, &mine, bob).await;

            let owned = owned(site).await;
            let expected = 1 + usize::from(what == "allocate" && is_done) - usize::from(what == "release" && is_done);
            assert_eq!(owned.len(), expected, "{point}: {owned:?}");
            let eve = site.ctx("eve").await;
            let mut taken = BTreeSet::new();
            let options = AllocateOptions::default();
            while let Ok(found) = allocate(&site.region, &eve, &Constraints::default(), &options).await {
                assert!(taken.insert(found.machine.system_id.to_string()), "{point}: twice");
            }
            assert_eq!(taken.len(), 4 - expected, "{point}");
            assert!(taken.is_disjoint(&owned), "{point}");
            // What was cut can be done again.
            if what == "release" {
                let again = release(&site.region, &site.ctx("bob").await, &mine, &ReleaseOptions::default()).await;
                assert_eq!(again.is_ok(), !is_done, "{point}: {again:?}");
            }
            event::verify(&mut site.region.store().reader().await.unwrap()).await.unwrap().unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn a_wish_outlives_the_region_that_had_it() {
    with_region(async |site| {
        let (region, bob) = (&site.region, site.ctx("bob").await);
        let switch = Switch::new(false).await;
        let owner = Some(site.id("bob").await);
        let id = site.machine(switch.machine(Machine { owner, status: 10, ..Machine::default() }), "m1").await;
        power(region, &bob, &id, PowerAction::On, "").await.unwrap();
        die(&site.db, "power:acted", "power", &id, site.id("bob").await).await;
        assert!(switch.is_on(), "it had been done");
        assert!(jobs::power::take(region, 9).await.unwrap().is_empty(), "its lease still runs");
        site.db.clock.advance(std::time::Duration::from_secs(151));
        crate::testing::carrier::settle(region).await;
        let node = lookup(region, &bob, &id).await.unwrap();
        assert_eq!(node.power_state, maas_model::PowerState::On);
        let told = site.events().await.iter().filter(|row| row.kind == "NODE_POWERED_ON").count();
        assert_eq!(told, 1, "and told once");
    })
    .await;
}

async fn owned(site: &TestRegion) -> BTreeSet<String> {
    let mut reader = site.region.store().reader().await.unwrap();
    let rows =
        maas_store::machine::of_owner(&mut reader, site.id("bob").await, Status::Allocated.code()).await.unwrap();
    rows.into_iter().map(|row| row.system_id).collect()
}

/// Runs a region on the same database that does something and dies at a point of it.
async fn die(db: &TestDb, point: &str, what: &str, id: &str, user: UserId) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", CHILD, "--nocapture"])
        .env("MAAS_ABORT_AT", point)
        .env("CRASH_URI", &db.config.uri)
        .env("CRASH_PASSWORD", db.config.password.as_ref().map_or("", |password| password.expose()))
        .env("CRASH_DIR", db.dir.path())
        .env("CRASH_NOW", db.clock.now().micros().to_string())
        .env("CRASH_WHAT", format!("{what} {id} {}", user.0));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(!output.status.success(), "it did not die at {point}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{point}: {said}");
}

/// What the other process does.
async fn do_as_told() {
    let given = |name: &str| std::env::var(name).unwrap_or_default();
    let now = given("CRASH_NOW").parse().unwrap();
    let password = Some(given("CRASH_PASSWORD")).filter(|text| !text.is_empty()).map(maas_model::Secret::new);
    let config = RegionConfig {
        database_password: password,
        database_sslmode: Some("disable".into()),
        password_cost: PasswordCost::CHEAP,
        ..RegionConfig::new(given("CRASH_DIR"), given("CRASH_URI"), "host2")
    };
    let clock = maas_authz::Clock::manual(maas_model::Timestamp::from_micros(now));
    let region = Region::open(config, clock.clone()).await.unwrap();
    let what = given("CRASH_WHAT");
    let [what, id, user] = what.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let actor = UserActor {
        id: UserId(user.parse().unwrap()),
        username: "bob".into(),
        access: std::sync::Arc::new(maas_authz::Access::everything()),
        method: AuthMethod::Session(SessionId(1)),
    };
    let ctx = OpCtx { actor: Actor::User(actor), request: request(), clock };
    match what {
        "allocate" => {
            let options = AllocateOptions::default();
            allocate(&region, &ctx, &Constraints::default(), &options).await.map(drop).unwrap();
        }
        "release" => release(&region, &ctx, id, &ReleaseOptions::default()).await.map(drop).unwrap(),
        _ => {
            for wish in jobs::power::take(&region, 9).await.unwrap() {
                jobs::power::carry_out(&region, wish).await;
            }
        }
    }
}
