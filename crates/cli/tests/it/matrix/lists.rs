//! Whoever lists machines, by whichever door, lists the same ones: those that the first line of the matrix lets them see.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use maas_testkit::{Database, run};
use serde_json::Value;

use crate::{
    estate::{Estate, OTHER_POOL, POOL, status},
    socket::Socket,
};

#[tokio::test]
async fn everybody_lists_the_same_machines_at_every_door() {
    for database in Database::available() {
        let mut estate = Estate::new(database).await;
        let (machines, expected) = fill(&mut estate).await;
        for person in &estate.people {
            let expected = &expected[person.name];
            let api = estate.api(person.name);
            let all = api.get("machines/").await.ok().json();
            assert_eq!(&ids(&all), expected, "machines of {} ({database:?})", person.name);
            let count = api.get("machines/?op=count").await.ok().json();
            assert_eq!(count["count"], expected.len(), "{} counts", person.name);
            assert_eq!(&ids(&api.get("nodes/").await.ok().json()), expected, "nodes of {}", person.name);
            let tagged = api.get("tags/blessed/?op=machines").await;
            // Who has no role at all does not see tags either.
            let tagged = if person.name == "nora" { BTreeSet::new() } else { ids(&tagged.ok().json()) };
            assert_eq!(&tagged, expected, "tagged machines of {}", person.name);
            let by_id = machines.iter().map(|id| format!("id={id}")).collect::<Vec<_>>().join("&");
            assert_eq!(&ids(&api.get(&format!("machines/?{by_id}")).await.ok().json()), expected, "by id");
            let page = estate.pages(person.name).get("/MAAS/r/machines").await.ok();
            assert_eq!(&linked(&page.body, &machines), expected, "the page of {}", person.name);
            let events = api.get("events/?op=query&limit=1000").await.ok().json();
            assert_eq!(&told_of(&events, &machines), expected, "events of {}", person.name);
            assert_eq!(&at_the_command_line(&estate, person.name), expected, "command line of {}", person.name);
        }
        hear_of_the_same(&estate, &machines, &expected).await;
    }
}

/// Five machines, and who is to see which.
async fn fill(estate: &mut Estate) -> (Vec<String>, BTreeMap<&'static str, BTreeSet<String>>) {
    let mut machines = Vec::new();
    for (name, pool) in
        [("free", POOL), ("umas", POOL), ("ottos", POOL), ("elsewhere", OTHER_POOL), ("nowhere", "default")]
    {
        machines.push(estate.machine(name, pool).await);
    }
    estate.put(&machines[0].clone(), status::READY, None, false).await;
    estate.put(&machines[1].clone(), status::ALLOCATED, Some("uma"), false).await;
    estate.put(&machines[2].clone(), status::DEPLOYED, Some("otto"), true).await;
    estate.admin.post("tags/", &[("name", "blessed")]).await.ok();
    let add: Vec<(&str, &str)> = machines.iter().map(|id| ("add", id.as_str())).collect();
    // A locked machine takes no tag.
    estate.put(&machines[2].clone(), status::DEPLOYED, Some("otto"), false).await;
    estate.admin.post("tags/blessed/?op=update_nodes", &add).await.ok();
    // The machines are switched by hand, so that all there is of it is an event.
    for machine in &machines {
        estate.admin.post(&format!("machines/{machine}/?op=power_on"), &[]).await.ok();
    }
    let set = |indexes: &[usize]| indexes.iter().map(|index| machines[*index].clone()).collect::<BTreeSet<_>>();
    let expected = BTreeMap::from([
        ("ada", set(&[0, 1, 2, 3, 4])),
        ("olga", set(&[0, 1, 2])),
        ("uma", set(&[0, 1])),
        ("otto", set(&[0, 2])),
        ("aude", set(&[0, 1, 2])),
        ("stan", set(&[3])),
        ("nora", set(&[])),
    ]);
    (machines, expected)
}

/// Every machine is changed; each open page hears of those that its user sees.
async fn hear_of_the_same(estate: &Estate, machines: &[String], expected: &BTreeMap<&str, BTreeSet<String>>) {
    let mut sockets = Vec::new();
    for person in &estate.people {
        sockets.push((person.name, Socket::open(&estate.site, &person.session).await));
    }
    for machine in machines {
        estate.admin.put(&format!("machines/{machine}/"), &[("description", "touched")]).await.ok();
    }
    for machine in machines {
        let hears = sockets[0].1.hears(Duration::from_secs(10), |data| data["system_id"] == *machine).await;
        assert!(hears, "the administrator hears of {machine}");
    }
    for (name, socket) in &mut sockets {
        socket.settle().await;
        let heard: BTreeSet<String> = socket
            .heard
            .iter()
            .filter(|(kind, _, _)| kind == "machine")
            .map(|(_, _, data)| data["system_id"].as_str().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(&heard, &expected[*name], "what the socket of {name} tells");
    }
}

fn at_the_command_line(estate: &Estate, name: &str) -> BTreeSet<String> {
    let url = format!("{}/MAAS", estate.site.base_url());
    let mut command = estate.site.command();
    command.args(["login", name, &url, &estate.person(name).account.key.text(), "--cacerts"]);
    run(command.arg(estate.site.ca_path())).ok();
    ids(&run(estate.site.command().args([name, "machines", "read"])).ok().json())
}

fn ids(list: &Value) -> BTreeSet<String> {
    let nodes = list.as_array().expect("a list").iter();
    let machines = nodes.filter(|node| node["node_type_name"].as_str().is_none_or(|kind| kind == "Machine"));
    machines.map(|node| node["system_id"].as_str().expect("nodes have ids").to_owned()).collect()
}

fn linked(page: &str, machines: &[String]) -> BTreeSet<String> {
    machines.iter().filter(|id| page.contains(&format!("/MAAS/r/machine/{id}"))).cloned().collect()
}

fn told_of(events: &Value, machines: &[String]) -> BTreeSet<String> {
    let events = events["events"].as_array().expect("events").iter();
    let told: BTreeSet<&str> = events.filter_map(|event| event["node"].as_str()).collect();
    machines.iter().filter(|id| told.contains(id.as_str())).cloned().collect()
}
