//! Many want the same machines, and the region is killed in the middle: a machine has one owner, always.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use maas_testkit::{Api, Auth, Database, PASSWORD};
use serde_json::Value;

use crate::estate::{Estate, POOL, bind, status};

const CALLERS: usize = 50;
const MACHINES: usize = 10;

/// Where an allocation or a release can be cut.
const POINTS: [&str; 4] = [
    "before-commit:machine.allocate",
    "after-commit:machine.allocate",
    "before-commit:machine.release",
    "after-commit:machine.release",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_race_for_ten_machines() {
    for database in Database::available() {
        let mut estate = Estate::new(database).await;
        let free = ready_machines(&mut estate, MACHINES).await;
        let callers = callers(&estate, CALLERS).await;
        let replies = join_all(callers.iter().map(|(_, api)| api.post("machines/?op=allocate", &[]))).await;
        let mut owners = BTreeMap::new();
        let mut refused = 0;
        for ((name, _), reply) in callers.iter().zip(replies) {
            match reply.status.as_u16() {
                200 => {
                    let machine = reply.json();
                    assert_eq!(
                        (&machine["owner"], &machine["status_name"]),
                        (&name.as_str().into(), &"Allocated".into())
                    );
                    let id = machine["system_id"].as_str().unwrap().to_owned();
                    assert!(owners.insert(id.clone(), name.clone()).is_none(), "{id} was given to two");
                }
                409 => refused += 1,
                other => panic!("{other}: {}", reply.body),
            }
        }
        assert_eq!((owners.len(), refused), (MACHINES, CALLERS - MACHINES), "{database:?}");
        assert_eq!(owners.values().collect::<BTreeSet<_>>().len(), MACHINES, "ten owners");
        assert_eq!(owners.keys().cloned().collect::<BTreeSet<_>>(), free, "the ten machines");
        assert_eq!(owners_of(&estate.admin).await, owners, "and they are written down");
    }
}

#[tokio::test]
async fn an_allocation_or_a_release_that_is_cut_is_whole_or_not_there() {
    for database in Database::available() {
        let mut estate = Estate::new(database).await;
        let machine = ready_machines(&mut estate, 1).await.pop_first().unwrap();
        let uma = estate.api("uma").auth;
        for point in POINTS {
            let is_release = point.ends_with("release");
            let (before, owner) = if is_release { (status::DEPLOYED, Some("uma")) } else { (status::READY, None) };
            estate.put(&machine, before, owner, false).await;
            let site = &mut estate.site;
            site.stop();
            site.set_environment(vec![("MAAS_ABORT_AT".to_owned(), point.to_owned())]);
            site.reboot();
            let op =
                if is_release { format!("machines/{machine}/?op=release") } else { "machines/?op=allocate".to_owned() };
            let cut = site.api(uma.clone()).try_post(&op, &[]).await;
            assert!(cut.is_err() && site.ends_within(Duration::from_secs(10)), "the region did not die at {point}");
            site.kill();
            site.set_environment(Vec::new());
            site.reboot();
            let admin = site.api(estate.admin.auth.clone());
            let found = admin.get(&format!("machines/{machine}/")).await.ok().json();
            let is_done = point.starts_with("after-commit");
            let expected = match (is_release, is_done) {
                (false, true) => ("Allocated", Value::from("uma")),
                (false, false) | (true, true) => ("Ready", Value::Null),
                (true, false) => ("Deployed", Value::from("uma")),
            };
            let owner = if found["owner"] == "" { Value::Null } else { found["owner"].clone() };
            assert_eq!((found["status_name"].as_str().unwrap(), owner), expected, "{point} {database:?}");
            site.maas(&["audit", "verify"]).ok();
            // And it goes on from there: what was cut can be done, what was done is not done again.
            let again = site.api(uma.clone()).post(&op, &[]).await;
            let status = if is_done && !is_release { 409 } else { again.status.as_u16() };
            assert_eq!(again.status.as_u16(), status, "{point}: {}", again.body);
            assert!(is_done || again.status.is_success(), "{point}: {} {}", again.status, again.body);
        }
    }
}

/// The region is killed while fifty callers take and give back without pause; whoever was told that they have a machine
/// has it, nobody else has it, and the machines are all there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_region_killed_in_a_storm_gives_no_machine_to_two() {
    for database in Database::available() {
        let mut estate = Estate::new(database).await;
        let all = ready_machines(&mut estate, MACHINES).await;
        let callers = callers(&estate, 20).await;
        for round in 1..=3 {
            let answers = Arc::new(AtomicUsize::new(0));
            let site = &estate.site;
            let storm: Vec<_> = callers
                .iter()
                .map(|(name, api)| {
                    let api = site.api(api.auth.clone());
                    tokio::spawn(storm(name.clone(), api, Arc::clone(&answers)))
                })
                .collect();
            while answers.load(Ordering::Relaxed) < 40 * round {
                tokio::task::yield_now().await;
            }
            estate.site.kill();
            let mut has = BTreeMap::new();
            let mut unsure = BTreeSet::new();
            for caller in storm {
                let caller = caller.await.unwrap();
                for machine in caller.has {
                    assert!(has.insert(machine.clone(), caller.name.clone()).is_none(), "{machine} was given to two");
                }
                unsure.extend(caller.unsure);
            }
            estate.site.reboot();
            let admin = estate.site.api(estate.admin.auth.clone());
            let owners = owners_of(&admin).await;
            let list = admin.get("machines/").await.ok().json();
            let ids = list.as_array().unwrap().iter().map(|machine| machine["system_id"].as_str().unwrap().to_owned());
            assert_eq!(ids.collect::<BTreeSet<_>>(), all, "nothing is lost");
            for (machine, owner) in has.iter().filter(|(machine, _)| !unsure.contains(*machine)) {
                assert_eq!(owners.get(machine), Some(owner), "{machine} in round {round} ({database:?})");
            }
            estate.site.maas(&["audit", "verify"]).ok();
            for machine in &all {
                estate.put(machine, status::READY, None, false).await;
            }
        }
    }
}

/// What one caller knows when the region is gone.
struct Caller {
    name: String,
    has: BTreeSet<String>,
    /// Those whose release was never answered.
    unsure: Option<String>,
}

async fn storm(name: String, api: Api, answers: Arc<AtomicUsize>) -> Caller {
    let mut caller = Caller { name, has: BTreeSet::new(), unsure: None };
    loop {
        let Ok(taken) = api.try_post("machines/?op=allocate", &[]).await else { return caller };
        answers.fetch_add(1, Ordering::Relaxed);
        if taken.status != 200 {
            assert_eq!(taken.status, 409, "{}", taken.body);
            continue;
        }
        let id = taken.json()["system_id"].as_str().unwrap().to_owned();
        caller.has.insert(id.clone());
        let given_back = api.try_post(&format!("machines/{id}/?op=release"), &[]).await;
        let Ok(given_back) = given_back else {
            caller.unsure = Some(id);
            return caller;
        };
        assert_eq!(given_back.status, 200, "{}", given_back.body);
        answers.fetch_add(1, Ordering::Relaxed);
        caller.has.remove(&id);
    }
}

async fn ready_machines(estate: &mut Estate, count: usize) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for number in 0..count {
        let id = estate.machine(&format!("wanted-{number}"), POOL).await;
        estate.put(&id, status::READY, None, false).await;
        all.insert(id);
    }
    all
}

/// Users who may take machines of the pool. Each logs in from an address of their own, since one that logs in too often is
/// slowed down.
async fn callers(estate: &Estate, count: usize) -> Vec<(String, Api)> {
    let admin = &estate.admin;
    let mut all = Vec::new();
    for number in 0..count {
        let name = format!("caller-{number}");
        let form = [("username", name.as_str()), ("email", ""), ("password", PASSWORD), ("is_superuser", "0")];
        admin.post("users/", &form).await.ok();
        bind(admin, "user", &name, Some(POOL)).await;
        let address = IpAddr::from([127, 0, 1, u8::try_from(number + 1).unwrap()]);
        let key = estate.site.api_from(address, Auth::Nobody).api_key(&name, PASSWORD).await;
        all.push((name, admin.speaking_as(Auth::Key(key))));
    }
    all
}

async fn owners_of(admin: &Api) -> BTreeMap<String, String> {
    let machines = admin.get("machines/").await.ok().json();
    let owned = machines.as_array().unwrap().iter().filter_map(|machine| {
        let owner = machine["owner"].as_str().filter(|owner| !owner.is_empty())?;
        Some((machine["system_id"].as_str()?.to_owned(), owner.to_owned()))
    });
    owned.collect()
}
