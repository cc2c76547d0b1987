//! The life of machines as people move it: races, refusals, and who may do what.

use std::collections::{BTreeMap, BTreeSet};

use maas_authz::{Access, OpCtx, role::builtin};
use maas_model::{MachineAction, PoolId, RoleId, Status, UserId, constraint::Constraints};
use maas_store::machine::testing::Machine;

use super::*;
use crate::{
    Error, Region,
    testing::{TestRegion, with_region},
};

fn any() -> Constraints {
    Constraints::default()
}

#[tokio::test]
async fn fifty_callers_race_for_ten_machines() {
    with_region(async |site| {
        let mut free = BTreeSet::new();
        for n in 0..10 {
            free.insert(site.machine(Machine::default(), &format!("m{n}")).await);
        }
        let mut callers = tokio::task::JoinSet::new();
        for n in 0..50 {
            let (region, ctx) = (site.region.clone(), site.ctx(if n % 2 == 0 { "bob" } else { "eve" }).await);
            callers.spawn(async move { allocate(&region, &ctx, &any(), &AllocateOptions::default()).await });
        }
        let (mut taken, mut refused) = (BTreeSet::new(), 0);
        while let Some(result) = callers.join_next().await {
            match result.unwrap() {
                Ok(allocation) => {
                    assert_eq!(allocation.machine.status, Status::Allocated);
                    assert!(taken.insert(allocation.machine.system_id.to_string()), "two owners");
                }
                Err(Error::Conflict(text)) => {
                    assert_eq!(text, "No machine available.");
                    refused += 1;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!((taken, refused), (free, 40));
    })
    .await;
}

#[tokio::test]
async fn the_cheapest_is_taken_and_a_dry_run_takes_nothing() {
    with_region(async |site| {
        let dear = site.machine(Machine { cpu_count: 64, ..Machine::default() }, "dear").await;
        let cheap = site.machine(Machine::default(), "cheap").await;
        site.machine(Machine { is_locked: true, cpu_count: 1, ..Machine::default() }, "locked").await;
        let bob = site.ctx("bob").await;
        let dry = AllocateOptions { is_dry_run: true, ..AllocateOptions::default() };
        for _ in 0..2 {
            let found = allocate(&site.region, &bob, &any(), &dry).await.unwrap().machine;
            assert_eq!((found.system_id.to_string(), found.status), (cheap.clone(), Status::Ready));
        }
        let options =
            AllocateOptions { agent_name: "juju".into(), comment: "for tests".into(), ..AllocateOptions::default() };
        let first = allocate(&site.region, &bob, &any(), &options).await.unwrap().machine;
        assert_eq!((first.system_id.to_string(), &*first.agent_name), (cheap.clone(), "juju"));
        assert_eq!((&*first.owner.unwrap().username, &*first.status_message), ("bob", "Allocated"));
        let told: Vec<_> = site.events().await.into_iter().take(3).map(|row| (row.kind, row.description)).collect();
        let told: Vec<_> = told.iter().map(|(kind, text)| (kind.as_str(), text.as_str())).collect();
        assert_eq!(
            told,
            [("ALLOCATED", "Allocated"), ("REQUEST_NODE_ACQUIRE", "(bob) - for tests"), ("NODE", "Acquired 'cheap'.")]
        );
        let mine = list_allocated(&site.region, &bob, &[]).await.unwrap();
        assert_eq!(mine.len(), 1);
        assert!(list_allocated(&site.region, &site.ctx("eve").await, &[]).await.unwrap().is_empty());
        // A given machine: once, and not the one that somebody has.
        let eve = site.ctx("eve").await;
        assert!(matches!(acquire(&site.region, &eve, &cheap).await, Err(Error::NotFound { .. })));
        acquire(&site.region, &eve, &dear).await.unwrap();
        let again = acquire(&site.region, &eve, &dear).await.unwrap_err().to_string();
        assert_eq!(again, format!("No machine with system ID {dear} available."));
    })
    .await;
}

#[tokio::test]
async fn a_machine_is_given_back() {
    with_region(async |site| {
        let (region, bob) = (&site.region, site.ctx("bob").await);
        let owner = Some(site.id("bob").await);
        // Nobody can ask it, so it is free at once.
        let by_hand = site.machine(Machine { owner, status: 10, ..Machine::default() }, "by-hand").await;
        let node = release(region, &bob, &by_hand, &ReleaseOptions::default()).await.unwrap();
        assert_eq!((node.status, node.owner.is_none()), (Status::Ready, true));
        assert_eq!(node.status_message, "Released");
        // It can be asked, so it is free once it is off.
        let kind = "virsh";
        let on = Machine { owner, status: 6, power_type: kind, power_state: "on", ..Machine::default() };
        let on = site.machine(on, "on").await;
        let node = release(region, &bob, &on, &ReleaseOptions::default()).await.unwrap();
        assert_eq!((node.status, node.previous_status), (Status::Releasing, Status::Deployed));
        assert_eq!(node.owner.unwrap().username.as_ref(), "bob");
        let expires = node.status_expires_at.unwrap().since(site.db.clock.now());
        assert_eq!(expires, std::time::Duration::from_secs(300));
        let again = release(region, &bob, &on, &ReleaseOptions::default()).await.unwrap();
        assert_eq!(again.version, node.version, "it is on its way already");
        // Or at once, whatever the power does.
        let forced = Machine { owner, status: 6, power_type: kind, power_state: "on", ..Machine::default() };
        let forced = site.machine(forced, "forced").await;
        let options = ReleaseOptions { is_forced: true, ..ReleaseOptions::default() };
        assert_eq!(release(region, &bob, &forced, &options).await.unwrap().status, Status::Ready);
        // What needs a rack is refused whole.
        let full = site.machine(Machine { owner, status: 6, ..Machine::default() }, "full").await;
        let erase = ReleaseOptions { erase: Some(true), ..ReleaseOptions::default() };
        let why = release(region, &bob, &full, &erase).await.unwrap_err();
        assert!(matches!(&why, Error::Unready(line) if line.starts_with("Erasing disks needs a rack controller")));
        let admin = site.ctx("admin").await;
        crate::settings::set(region, &admin, "enable_disk_erasing_on_release", "true").await.unwrap();
        let no = ReleaseOptions { erase: Some(false), ..ReleaseOptions::default() };
        assert!(matches!(release(region, &bob, &full, &no).await, Err(Error::Unready(_))), "nobody can opt out");
    })
    .await;
}

#[tokio::test]
async fn several_are_given_back_all_or_none() {
    with_region(async |site| {
        let (region, bob) = (&site.region, site.ctx("bob").await);
        let owner = Some(site.id("bob").await);
        let own = |status| Machine { owner, status, ..Machine::default() };
        let (a, b) = (site.machine(own(10), "a").await, site.machine(own(6), "b").await);
        let testing = site.machine(own(21), "testing").await;
        let free = site.machine(Machine::default(), "free").await;
        let hers = Machine { owner: Some(site.id("eve").await), status: 10, ..Machine::default() };
        let hers = site.machine(hers, "hers").await;
        let text = async |ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            release_all(region, &bob, &ids, &ReleaseOptions::default()).await.map_err(|error| error.to_string())
        };
        assert_eq!(text(&[&a, "nobody", &hers]).await.unwrap_err(), format!("Unknown machine(s): {hers}, nobody."));
        let why = text(&[&a, &free]).await.unwrap_err();
        assert!(why.starts_with("You don't have the required permission to release the following machine(s): "));
        assert_eq!(
            text(&[&a, &testing]).await.unwrap_err(),
            format!("Machine(s) cannot be released in their current state: {testing} ('Testing').")
        );
        let mut both = vec![a.clone(), b.clone()];
        both.sort();
        assert_eq!(text(&[&b, &a, &a]).await.unwrap(), both);
    })
    .await;
}

#[tokio::test]
async fn locks_and_repairs() {
    with_region(async |site| {
        let (region, bob, admin) = (&site.region, site.ctx("bob").await, site.ctx("admin").await);
        let owner = Some(site.id("bob").await);
        let id = site.machine(Machine { owner, status: 6, ..Machine::default() }, "m1").await;
        let free = site.machine(Machine::default(), "m2").await;
        assert!(lock(region, &bob, &id, "").await.unwrap().is_locked);
        assert_eq!(lock(region, &bob, &id, "").await.unwrap_err().to_string(), "Machine is already locked");
        let refused = mark_broken(region, &admin, &id, "").await.unwrap_err();
        assert!(matches!(&refused, Error::Denied(why) if why.why == maas_authz::Why::Locked), "{refused:?}");
        assert!(matches!(lock(region, &admin, &free, "").await, Err(Error::Conflict(_))));
        assert!(!unlock(region, &admin, &id, "").await.unwrap().is_locked);
        assert_eq!(unlock(region, &bob, &id, "").await.unwrap_err().to_string(), "Machine is not locked");
        let broken = mark_broken(region, &bob, &id, "smokes").await.unwrap();
        assert_eq!((broken.status, broken.owner, &*broken.error_description), (Status::Broken, None, "smokes"));
        assert_eq!(broken.status_message, "Broken - smokes");
        assert!(matches!(mark_fixed(region, &bob, &id, "").await, Err(Error::Denied(_))));
        let fixed = mark_fixed(region, &admin, &id, "").await.unwrap();
        assert_eq!((fixed.status, &*fixed.error_description), (Status::Ready, ""), "it was given back first");
        let why = mark_fixed(region, &admin, &id, "").await.unwrap_err().to_string();
        assert_eq!(why, "Can't mark a non-broken node as 'Ready'.");
        let failed = site.machine(Machine { status: 22, ..Machine::default() }, "m3").await;
        assert_eq!(override_failed_testing(region, &admin, &failed, "").await.unwrap().status, Status::Ready);
    })
    .await;
}

#[tokio::test]
async fn what_needs_a_rack_is_refused_while_there_is_none() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        let new = site.machine(Machine { status: 0, is_commissioned: false, ..Machine::default() }, "new").await;
        let ready = site.machine(Machine::default(), "ready").await;
        for (id, step, line) in [
            (&new, Step::Commission, "Commissioning needs a rack controller, and none is connected: connect one, "),
            (&ready, Step::Test, "Testing needs a rack controller"),
            (&ready, Step::Deploy, "Deploying needs a rack controller"),
            (&ready, Step::EnterRescueMode, "Entering rescue mode needs a rack controller"),
        ] {
            let why = start(region, &admin, id, step, BTreeMap::new()).await.unwrap_err();
            assert!(matches!(&why, Error::Unready(text) if text.starts_with(line)), "{why:?}");
        }
        assert!(matches!(accept(region, &admin, None).await, Err(Error::Unready(_))));
        let told = site.events().await.into_iter().filter(|row| row.object_type == "machine").count();
        assert_eq!(told, 0, "nothing was changed");
        let why = start(region, &admin, &new, Step::Test, BTreeMap::new()).await.unwrap_err().to_string();
        assert!(why.starts_with("new has never been commissioned"), "{why}");
        let bad = BTreeMap::from([("enable_ssh".to_owned(), "perhaps".to_owned())]);
        assert!(matches!(start(region, &admin, &new, Step::Commission, bad).await, Err(Error::Invalid(_))));
    })
    .await;
}

/// Who may do what, as the matrix of roles says: administrator, operator of the pool, then a user with a free machine, their
/// own and somebody else's, an auditor, and somebody without a role there. `y`es, `n`o (403), `h`idden (404).
const MATRIX: &[(&str, &str)] = &[
    ("query", "yyyyhyh"),
    ("acquire", "yyyyhnh"),
    ("deploy", "yyyyhnh"),
    ("release", "yynyhnh"),
    ("on", "yyyyhnh"),
    ("off", "yyyyhnh"),
    ("cycle", "yyyyhnh"),
    ("lock", "yynyhnh"),
    ("unlock", "yynyhnh"),
    ("mark-broken", "yynyhnh"),
    ("abort", "yynyhnh"),
    ("commission", "yynnhnh"),
    ("test", "yynnhnh"),
    ("override", "yynnhnh"),
    ("rescue", "yynnhnh"),
    ("exit-rescue", "yynnhnh"),
    ("mark-fixed", "yynnhnh"),
    ("transfer", "yynnhnh"),
    ("parameters", "yynnhnh"),
    ("plain-parameters", "yynnhnh"),
];

#[tokio::test]
async fn every_use_case_asks_for_the_right_that_the_matrix_names() {
    with_region(async |site| {
        for (name, expected) in MATRIX {
            let mut found = String::new();
            for column in 0..expected.len() {
                let (ctx, owner) = person(site, column).await;
                let machine = Machine { owner, is_locked: *name == "unlock", ..Machine::default() };
                let id = site.machine(machine, &format!("{name}-{column}")).await;
                found.push(match attempt(&site.region, &ctx, &id, name).await {
                    Err(Error::Denied(_)) => 'n',
                    Err(Error::NotFound { what: "Machine" }) => 'h',
                    Err(Error::NotFound { .. } | Error::Internal(_) | Error::Invalid(_)) => '?',
                    _ => 'y',
                });
            }
            assert_eq!(&found, expected, "{name}");
        }
    })
    .await;
}

/// Who tries, and whose the machine is.
async fn person(site: &TestRegion, column: usize) -> (OpCtx, Option<UserId>) {
    let role = |id| builtin(RoleId(id)).unwrap().actions;
    let bob = site.ctx("bob").await;
    let hers = Some(site.id("eve").await);
    let on_pool = |id, pool| {
        let mut access = Access::own_only();
        access.may_power_free = true;
        access.give(role(id), Some(PoolId(pool)));
        site.holding(&bob, access)
    };
    match column {
        0 => (site.ctx("admin").await, hers),
        1 => (on_pool(2, 0), hers),
        2 => (on_pool(3, 0), None),
        3 => (on_pool(3, 0), Some(site.id("bob").await)),
        4 => (on_pool(3, 0), hers),
        5 => (on_pool(4, 0), hers),
        _ => (on_pool(2, 1), None),
    }
}

async fn attempt(region: &Region, ctx: &OpCtx, id: &str, name: &str) -> crate::Result<()> {
    let step = async |step| start(region, ctx, id, step, BTreeMap::new()).await.map(drop);
    let switch = async |action| power(region, ctx, id, action, "").await.map(drop);
    match name {
        "query" => query_power(region, ctx, id).await.map(drop),
        "acquire" => acquire(region, ctx, id).await.map(drop),
        "deploy" => step(Step::Deploy).await,
        "release" => release(region, ctx, id, &ReleaseOptions::default()).await.map(drop),
        "on" => switch(PowerAction::On).await,
        "off" => switch(PowerAction::Off).await,
        "cycle" => switch(PowerAction::Cycle).await,
        "lock" => lock(region, ctx, id, "").await.map(drop),
        "unlock" => unlock(region, ctx, id, "").await.map(drop),
        "mark-broken" => mark_broken(region, ctx, id, "").await.map(drop),
        "abort" => abort(region, ctx, id, "").await.map(drop),
        "commission" => step(Step::Commission).await,
        "test" => step(Step::Test).await,
        "override" => override_failed_testing(region, ctx, id, "").await.map(drop),
        "rescue" => step(Step::EnterRescueMode).await,
        "exit-rescue" => step(Step::ExitRescueMode).await,
        "mark-fixed" => mark_fixed(region, ctx, id, "").await.map(drop),
        "transfer" => transfer_ownership(region, ctx, id, "eve").await.map(drop),
        "parameters" => power_parameters(region, ctx, id).await.map(drop),
        _ => shown_power_parameters(region, ctx, id).await.map(drop),
    }
}

#[tokio::test]
async fn who_may_take_nothing_is_told_so() {
    with_region(async |site| {
        site.machine(Machine::default(), "m1").await;
        let auditor = person(site, 5).await.0;
        let options = AllocateOptions::default();
        let refused = allocate(&site.region, &auditor, &any(), &options).await.unwrap_err();
        assert!(matches!(&refused, Error::Denied(why) if why.explain().contains("can_deploy_machines")), "{refused:?}");
        let elsewhere = person(site, 6).await.0;
        let none = allocate(&site.region, &elsewhere, &any(), &options).await.unwrap_err().to_string();
        assert_eq!(none, "No machine available.", "what is hidden is not there");
    })
    .await;
}

#[tokio::test]
async fn secret_power_parameters_are_revealed_and_that_is_told() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        let power_parameters = "{\"power_address\": \"10.0.0.1\"}".to_owned();
        let id = site.machine(Machine { power_type: "ipmi", power_parameters, ..Machine::default() }, "m1").await;
        let parameters = [("power_pass".to_owned(), maas_model::Secret::new("canary-7".to_owned()))].into();
        let power = Some(PowerChange { power_type: None, parameters, skip_check: true });
        update(region, &admin, &id, MachineChange { power, ..MachineChange::default() }).await.unwrap();
        let shown = shown_power_parameters(region, &admin, &id).await.unwrap();
        assert_eq!(shown.plain, [("power_address".to_owned(), "10.0.0.1".to_owned())].into());
        assert_eq!(shown.secrets, ["power_pass".to_owned()].into());
        let all = super::power_parameters(region, &admin, &id).await.unwrap();
        assert_eq!(all["power_pass"].expose(), "canary-7");
        let told = site.events().await.remove(0);
        assert_eq!(
            (&*told.action, &*told.description),
            ("machine.power.reveal", "Revealed the power parameters of 'm1'.")
        );
        assert!(!told.details.contains("canary"), "{}", told.details);
    })
    .await;
}

#[tokio::test]
async fn many_at_once_say_each_for_itself() {
    with_region(async |site| {
        let (region, bob) = (&site.region, site.ctx("bob").await);
        let free = site.machine(Machine::default(), "a").await;
        let busy = site.machine(Machine { status: 21, ..Machine::default() }, "b").await;
        let ids = [free, busy, "nobody".to_owned()];
        let results = bulk(region, &bob, MachineAction::Allocate, &ids, &BTreeMap::new()).await;
        let said: Vec<_> = results.iter().map(|one| one.result.as_ref().err().map(ToString::to_string)).collect();
        assert_eq!(said[0], None);
        assert_eq!(said[1], Some(format!("No machine with system ID {} available.", ids[1])));
        assert_eq!(said[2].as_deref(), Some("No Machine matches the given query."));
        let back = bulk(region, &bob, MachineAction::Release, &ids[..1], &BTreeMap::new()).await.remove(0);
        assert_eq!(back.result.unwrap().unwrap().status, Status::Ready);
        let why = bulk(region, &bob, MachineAction::SetPool, &ids[..1], &BTreeMap::new()).await.remove(0);
        assert!(matches!(why.result, Err(Error::Invalid(_))));
    })
    .await;
}

#[tokio::test]
async fn a_storage_that_nothing_has_stops_no_writer() {
    with_region(async |site| {
        for n in 0..70 {
            site.machine(Machine::default(), &format!("m{n}")).await;
        }
        let bob = site.ctx("bob").await;
        let huge = Constraints::for_allocation([("storage", "root:900000000(ssd)")]).unwrap();
        // Somebody writes meanwhile: what only looks needs no turn.
        let writer = site.region.store().begin(&site.region.job_ctx("test")).await.unwrap();
        let options = AllocateOptions::default();
        let asked = allocate(&site.region, &bob, &huge, &options);
        let refused = tokio::time::timeout(std::time::Duration::from_secs(4), asked).await;
        assert!(matches!(refused.expect("it waits for nobody"), Err(Error::Conflict(_))));
        writer.roll_back().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn thousands_of_values_are_looked_for_and_more_are_refused() {
    with_region(async |site| {
        let first = site.machine(Machine::default(), "m1").await;
        let admin = site.ctx("admin").await;
        let ids: Vec<String> = (0..1499).map(|n| format!("4{n:05}")).chain([first]).collect();
        let page = maas_store::node::Page { limit: 10, ..Default::default() };
        for key in ["system_id", "hostname", "mac_address", "agent_name", "description"] {
            let text = if key == "system_id" { ids.join(",") } else { format!("{},m1", ids.join(",")) };
            let given = Constraints::for_list([(if key == "system_id" { "id" } else { key }, text.as_str())]);
            let Ok(given) = given else { continue };
            let found = list(&site.region, &admin, &given.filter, &page).await.unwrap();
            assert!(found.len() <= 1, "{key}");
        }
        let is_one_of = |field, ids: &[String]| {
            let mut filter = maas_model::NodeFilter::default();
            let values = ids.iter().cloned().map(maas_model::filter::TextMatch::Is).collect();
            filter.require(maas_model::filter::Test::Text(field, values));
            filter
        };
        let field = maas_model::filter::TextField::SystemId;
        let by_id = is_one_of(field, &ids);
        assert_eq!(list(&site.region, &admin, &by_id, &page).await.unwrap().len(), 1);
        for ctx in [&admin, &site.ctx("bob").await] {
            let query = crate::events::EventQuery { nodes: by_id.clone(), limit: 1000, ..Default::default() };
            crate::events::query(&site.region, ctx, query).await.unwrap();
        }
        let why = set_zone(&site.region, &admin, &ids, "default").await.unwrap_err();
        assert!(matches!(why, Error::Invalid(_)), "{why:?}");
        let many: Vec<String> = (0..6000).map(|n| format!("{n:06}")).collect();
        let many = is_one_of(field, &many);
        let why = list(&site.region, &admin, &many, &page).await.unwrap_err();
        assert!(matches!(&why, Error::BadRequest(line) if line.contains("at most 5000 values")), "{why:?}");
        let query = crate::events::EventQuery { nodes: many, ..Default::default() };
        assert!(matches!(crate::events::query(&site.region, &admin, query).await, Err(Error::BadRequest(_))));
        let mut deep = maas_model::NodeFilter::default();
        for n in 0..1500 {
            deep.require(maas_model::filter::Test::FreeText(n.to_string()));
        }
        assert!(matches!(list(&site.region, &admin, &deep, &page).await, Err(Error::BadRequest(_))));
        let mut too_deep = Constraints::default();
        too_deep.filter = deep;
        let deep = too_deep;
        let options = AllocateOptions::default();
        assert!(matches!(allocate(&site.region, &admin, &deep, &options).await, Err(Error::BadRequest(_))));
    })
    .await;
}

#[tokio::test]
async fn marking_a_machine_broken_is_no_way_around_erasing() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        crate::settings::set(region, &admin, "enable_disk_erasing_on_release", "true").await.unwrap();
        let owner = Some(site.id("bob").await);
        for (status, name) in [(6, "deployed"), (10, "allocated"), (9, "deploying"), (14, "erasing")] {
            let id = site.machine(Machine { owner, status, ..Machine::default() }, name).await;
            mark_broken(region, &admin, &id, "").await.unwrap();
            let why = mark_fixed(region, &admin, &id, "").await.unwrap_err().to_string();
            assert!(why.contains("were not erased") && why.contains("release it first"), "{name}: {why}");
            for step in [Step::Commission, Step::Test] {
                let why = start(region, &admin, &id, step, BTreeMap::new()).await.unwrap_err();
                assert!(matches!(&why, Error::Conflict(line) if line.contains("were not erased")), "{why:?}");
            }
            let why = release(region, &admin, &id, &ReleaseOptions::default()).await.unwrap_err();
            assert!(matches!(&why, Error::Unready(line) if line.contains("rack")), "{why:?}");
        }
        let unused = site.machine(Machine::default(), "unused").await;
        mark_broken(region, &admin, &unused, "").await.unwrap();
        assert_eq!(mark_fixed(region, &admin, &unused, "").await.unwrap().status, Status::Ready);
    })
    .await;
}

#[tokio::test]
async fn nothing_that_was_an_owners_reaches_the_next() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        let owner = Some(site.id("bob").await);
        let bob = site.ctx("bob").await;
        let given = async |id: &str, is_kept: bool| {
            let mut tx = region.store().begin(&admin).await.unwrap();
            let row = maas_store::node::find(&mut tx, id).await.unwrap().unwrap();
            if is_kept {
                bmc::keep_given(region, &mut tx, row.node_id, "user_data", "password".into()).await.unwrap();
            }
            let path = format!("node/{}/user_data", row.node_id);
            let found = region.site().latest_secret(&mut tx, &path).await.unwrap().is_some();
            tx.commit_nodes(Vec::new()).await.unwrap();
            found
        };
        let id = site.machine(Machine { owner, status: 10, ..Machine::default() }, "m1").await;
        let words = BTreeMap::from([("app".to_owned(), "db".to_owned())]);
        annotate(region, &bob, &id, words).await.unwrap();
        assert!(given(&id, true).await);
        let mut tx = region.store().begin(&admin).await.unwrap();
        let mut held = held::Held::take(&mut tx, &admin, &id, MachineAction::View, "machine.step").await.unwrap();
        held.life.status = Status::Ready.code();
        held.life.agent_name = "juju".into();
        step::arrive(&mut held, Status::Ready);
        held.audit("It came to rest.");
        let node = held.finish(region, tx).await.unwrap();
        assert!(node.owner.is_none() && node.owner_data.is_empty() && node.agent_name.is_empty(), "{node:?}");
        assert!(!given(&id, false).await, "the sealed user data stays");
        let id = site.machine(Machine { owner, status: 6, ..Machine::default() }, "m2").await;
        assert!(given(&id, true).await);
        transfer_ownership(region, &admin, &id, "eve").await.unwrap();
        assert!(!given(&id, false).await, "the sealed user data goes with the machine");
    })
    .await;
}

#[tokio::test]
async fn giving_a_machine_back_deletes_no_device_of_others() {
    with_region(async |site| {
        let (region, admin, bob) = (&site.region, site.ctx("admin").await, site.ctx("bob").await);
        for is_deletion in [false, true] {
            let name = if is_deletion { "m2" } else { "m1" };
            let id = site.machine(Machine::default(), name).await;
            acquire(region, &bob, &id).await.unwrap();
            let device = |name: &str, mac: String| crate::devices::NewDevice {
                hostname: Some(name.to_owned()),
                mac_addresses: vec![mac],
                parent: Some(id.clone()),
                ..crate::devices::NewDevice::default()
            };
            let digit = u8::from(is_deletion);
            let new = device(&format!("theirs{digit}"), format!("52:54:00:00:0{digit}:01"));
            let theirs = crate::devices::create(region, &admin, new).await.unwrap().system_id;
            let new = device(&format!("own{digit}"), format!("52:54:00:00:0{digit}:02"));
            let own = crate::devices::create(region, &bob, new).await.unwrap().system_id;
            if is_deletion {
                delete(region, &admin, &id).await.unwrap();
            } else {
                release(region, &bob, &id, &ReleaseOptions::default()).await.unwrap();
            }
            let left = crate::devices::lookup(region, &admin, theirs.as_str()).await.unwrap();
            assert_eq!(left.parent, None);
            assert!(matches!(crate::devices::lookup(region, &bob, own.as_str()).await, Err(Error::NotFound { .. })));
            let told: Vec<String> = site.events().await.into_iter().map(|row| row.description).collect();
            assert!(told.contains(&format!("Device 'theirs{digit}' is no part of '{name}' any more.")), "{told:?}");
            assert!(told.contains(&format!("Deleted the device 'own{digit}' with '{name}'.")), "{told:?}");
        }
    })
    .await;
}
