//! Holes around machines and their pools.

use maas_testkit::Database;
use reqwest::Method;

use crate::{
    estate::{Estate, OTHER_POOL, POOL, SECOND_POOL, status},
    matrix::doors::{UNKNOWN, same_as_unknown},
};

/// 1: in MAAS any user reads, powers, deploys and releases any unowned machine of any pool, if they know its id.
#[tokio::test]
async fn to_know_the_id_of_a_free_machine_of_another_pool_is_no_help() {
    let mut estate = Estate::new(Database::Sqlite).await;
    let machine = estate.machine("far", POOL).await;
    estate.put(&machine, status::READY, None, false).await;
    // Who operates another pool, and who has no role at all.
    for name in ["stan", "nora"] {
        let api = estate.api(name);
        api.get(&format!("machines/{machine}/")).await.expect(404);
        for op in ["power_on", "power_off", "power_cycle", "deploy", "release", "lock", "mark_broken", "commission"] {
            api.post(&format!("machines/{machine}/?op={op}"), &[]).await.expect(404);
        }
        let taken = api.post("machines/?op=allocate", &[("system_id", &machine)]).await;
        assert!([403, 409].contains(&taken.status.as_u16()), "{} {}", taken.status, taken.body);
    }
    let found = estate.admin.get(&format!("machines/{machine}/")).await.ok().json();
    assert_eq!((found["status_name"].as_str(), found["owner"].as_str().unwrap_or_default()), (Some("Ready"), ""));
    assert_ne!(found["power_state"], "on");
}

/// 5: MAAS says 403 for a machine that exists and 404 for one that does not, and lets anybody read controllers.
#[tokio::test]
async fn nothing_tells_a_hidden_machine_from_one_that_does_not_exist() {
    let mut estate = Estate::new(Database::Sqlite).await;
    let machine = estate.machine("hidden", POOL).await;
    let device = estate.admin.post("devices/", &[("hostname", "lamp"), ("mac_addresses", "52:54:00:ff:00:01")]).await;
    let device = device.ok().json()["system_id"].as_str().unwrap().to_owned();
    estate.put(&machine, status::DEPLOYED, Some("otto"), false).await;
    let stan = estate.api("stan");
    for (id, what) in [(&machine, "machine"), (&device, "device")] {
        for (method, path, form) in about(id) {
            let hidden = stan.send(stan.request(method.clone(), &path).form(&form)).await;
            let other: Vec<_> = form.iter().map(|(name, value)| (*name, value.replace(id, UNKNOWN))).collect();
            let unknown = stan.request(method.clone(), &path.replace(id, UNKNOWN)).form(&other);
            let unknown = stan.send(unknown).await;
            let same = same_as_unknown(&hidden, &unknown, id);
            assert!(same.is_ok(), "{method} {path} of a hidden {what}: {}", same.unwrap_err());
            assert!(!hidden.status.is_server_error(), "{method} {path}: {}", hidden.body);
        }
    }
    let controllers = stan.get("rackcontrollers/").await;
    assert!(controllers.status == 403 || controllers.body.trim() == "[]", "{}", controllers.body);
}

type Form = Vec<(&'static str, String)>;

/// Every way to name a node in a request.
fn about(id: &str) -> Vec<(Method, String, Form)> {
    let get = |path: String| (Method::GET, path, Vec::new());
    let post = |path: &str, name: &'static str| (Method::POST, path.to_owned(), vec![(name, id.to_owned())]);
    let mut all = vec![
        get(format!("machines/?id={id}")),
        get(format!("machines/?op=count&id={id}")),
        get(format!("machines/?op=power_parameters&id={id}")),
        get(format!("machines/?op=list_allocated&id={id}")),
        get(format!("nodes/?id={id}")),
        get(format!("devices/?id={id}")),
        get(format!("events/?op=query&id={id}")),
        get(format!("access/?op=explain&action=view&object={id}")),
        post("machines/?op=release", "machines"),
        post("machines/?op=accept", "machines"),
        post("machines/?op=allocate", "system_id"),
    ];
    for kind in ["machines", "nodes", "devices"] {
        all.push(get(format!("{kind}/{id}/")));
        all.push((Method::DELETE, format!("{kind}/{id}/"), Vec::new()));
    }
    for kind in ["machines", "devices"] {
        all.push((Method::PUT, format!("{kind}/{id}/"), vec![("description", "mine".to_owned())]));
    }
    for path in
        ["", "?op=details", "?op=power_parameters", "interfaces/", "interfaces/1/", "blockdevices/", "blockdevices/1/"]
    {
        all.push(get(format!("nodes/{id}/{path}")));
    }
    all.extend(["details", "power_parameters", "query_power_state"].map(|op| get(format!("machines/{id}/?op={op}"))));
    for kind in ["machines", "nodes"] {
        let form = vec![("nodes", id.to_owned()), ("zone", "default".to_owned())];
        all.push((Method::POST, format!("{kind}/?op=set_zone"), form));
    }
    all
}

/// 6: MAAS shows the installer's configuration, with the machine's credentials, to whoever may see the machine.
#[tokio::test]
async fn who_may_only_look_gets_none_of_a_machines_credentials() {
    let mut estate = Estate::new(Database::Sqlite).await;
    let machine = estate.machine("installed", POOL).await;
    estate.put(&machine, status::DEPLOYED, Some("otto"), false).await;
    for name in ["aude", "otto", "olga"] {
        let answer = estate.api(name).get(&format!("machines/{machine}/?op=get_curtin_config")).await;
        assert!(!answer.status.is_success(), "there is no such operation: {}", answer.body);
    }
    for (name, may) in [("aude", false), ("otto", true), ("olga", true)] {
        let query = format!("access/?op=explain&user={name}&action=view-user-data&object={machine}");
        assert_eq!(estate.admin.get(&query).await.ok().json()["allowed"], may, "{name}");
    }
    estate.api("aude").get(&format!("machines/{machine}/?op=power_parameters")).await.expect(403);
    let shown = estate.api("aude").get(&format!("machines/{machine}/")).await.ok().body;
    assert!(!shown.contains("power_pass") && !shown.contains("oauth"), "{shown}");
}

/// 7: MAAS does not look at the pool into which a machine is moved.
#[tokio::test]
async fn a_machine_goes_only_where_one_may_put_it() {
    let mut estate = Estate::new(Database::Sqlite).await;
    let machine = estate.machine("moved", POOL).await;
    estate.put(&machine, status::READY, None, false).await;
    let olga = estate.api("olga");
    let path = format!("machines/{machine}/");
    let there = olga.put(&path, &[("pool", OTHER_POOL)]).await;
    let nowhere = olga.put(&path, &[("pool", "no-such-pool")]).await;
    assert!([400, 403].contains(&there.status.as_u16()), "{} {}", there.status, there.body);
    // She does not see that pool, so that it is for her as if there were none.
    assert_eq!((there.status, there.body.replace(OTHER_POOL, "no-such-pool")), (nowhere.status, nowhere.body));
    let pages = estate.pages("olga");
    pages.post(&format!("/MAAS/r/machine/{machine}/actions/set-pool"), &[("pool", OTHER_POOL)]).await;
    assert_eq!(estate.admin.get(&path).await.ok().json()["pool"]["name"], POOL);
    olga.put(&path, &[("pool", SECOND_POOL)]).await.ok();
    assert_eq!(estate.admin.get(&path).await.ok().json()["pool"]["name"], SECOND_POOL);

    // Nor is a new one put there.
    let form = [("mac_addresses", "52:54:00:fe:00:01"), ("architecture", "amd64/generic"), ("pool", OTHER_POOL)];
    let made = olga.post("machines/", &form).await;
    let machines = estate.admin.get(&format!("machines/?pool={OTHER_POOL}")).await.ok().json();
    assert_eq!(machines.as_array().unwrap().len(), 0, "{} {}", made.status, made.body);
}

/// 15: MAAS keeps operators from the storage of ready machines in their own pools, and from interfaces.
#[tokio::test]
async fn an_operator_may_change_storage_and_network_of_ready_machines() {
    let mut estate = Estate::new(Database::Sqlite).await;
    let machine = estate.machine("ready", POOL).await;
    estate.put(&machine, status::READY, None, false).await;
    for (name, may) in [("olga", true), ("uma", false), ("aude", false)] {
        for action in ["edit-storage", "edit-network"] {
            let query = format!("access/?op=explain&user={name}&action={action}&object={machine}");
            let told = estate.admin.get(&query).await.ok().json();
            assert_eq!(told["allowed"], may, "{name} {action}: {told}");
        }
    }
}
