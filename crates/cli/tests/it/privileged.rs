//! Who sends more than is theirs to say changes nothing by it: every route that writes, and every form of every page, is
//! called with all privileged fields at once by an ordinary user.

use std::collections::BTreeMap;

use maas_testkit::{Api, Database};
use reqwest::Method;
use serde_json::{Value, json};

use crate::estate::{Estate, OTHER_POOL, POOL, bind, status};

/// Everything that somebody might try to slip in.
const FIELDS: [(&str, &str); 41] = [
    ("is_superuser", "1"),
    ("is_admin", "1"),
    ("is_staff", "1"),
    ("role", "administrator"),
    ("actions", "can_edit_identities can_edit_machines"),
    ("owner", "uma"),
    ("owner_id", "1"),
    ("user", "uma"),
    ("user_id", "1"),
    ("group", "Administrators"),
    ("username", "uma"),
    ("realm", "elsewhere"),
    ("subject", "1"),
    ("is_active", "0"),
    ("is_local", "0"),
    ("pool", OTHER_POOL),
    ("pools", OTHER_POOL),
    ("resource_pool", OTHER_POOL),
    ("zone", "elsewhere"),
    ("status", "6"),
    ("locked", "1"),
    ("hostname", "taken-over"),
    ("description", "taken over"),
    ("architecture", "arm64/generic"),
    ("power_type", "webhook"),
    ("power_parameters_power_on_uri", "https://evil.example/"),
    ("entitlement", "can_edit_machines"),
    ("resource_type", "maas"),
    ("resource_id", "0"),
    ("transfer_resources_to", "uma"),
    ("email", "taken@example.org"),
    ("full_name", "Taken Over"),
    ("key", "ssh-ed25519 AAAA x"),
    ("message", "taken over"),
    ("users", "1"),
    ("value", "https://evil.example/"),
    ("definition", "//node"),
    ("add_tags", "blessed"),
    ("dry_run", "0"),
    ("deployed", "1"),
    ("reason", "because"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn privileged_fields_of_an_ordinary_user_change_nothing_on_any_route() {
    for database in Database::available() {
        let world = World::new(database).await;
        let before = world.snapshot().await;
        let uma = world.estate.api("uma");
        let mut calls = 0;
        for route in maas_api::routes().iter().filter(|route| route.method != "GET") {
            let op = route.op.map(|op| format!("?op={op}")).unwrap_or_default();
            // Her own password and sessions are hers to change.
            if route.path.starts_with("/MAAS/accounts/") || route.path.ends_with("/account/csrf/") {
                continue;
            }
            for path in world.filled(route.path) {
                world.call(&uma, route.method, &format!("{path}{op}")).await;
                calls += 1;
            }
        }
        assert!(calls > 150, "{calls} calls");
        world.same(&before, &world.snapshot().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn privileged_fields_of_an_ordinary_user_change_nothing_on_any_page() {
    for database in Database::available() {
        let world = World::new(database).await;
        let before = world.snapshot().await;
        let uma = world.estate.pages("uma");
        let mut calls = 0;
        for page in maas_web::pages().iter().filter(|page| page.method == "POST") {
            if page.path.ends_with("/logout") || page.path.ends_with("/login") || page.path.contains("/sessions/") {
                continue;
            }
            for path in world.filled(page.path) {
                world.call(&uma, page.method, &path).await;
                calls += 1;
            }
        }
        assert!(calls > 80, "{calls} calls");
        uma.get("/MAAS/r/preferences/details").await.ok();
        world.same(&before, &world.snapshot().await);
    }
}

struct World {
    estate: Estate,
    /// Free, hers, another's, and one of another pool.
    machines: [String; 4],
}

impl World {
    async fn new(database: Database) -> Self {
        let mut estate = Estate::new(database).await;
        let machines = [
            estate.machine("free", POOL).await,
            estate.machine("umas", POOL).await,
            estate.machine("ottos", POOL).await,
            estate.machine("far", OTHER_POOL).await,
        ];
        estate.put(&machines[0], status::READY, None, false).await;
        estate.put(&machines[1], status::DEPLOYED, Some("uma"), false).await;
        estate.put(&machines[2], status::DEPLOYED, Some("otto"), false).await;
        let admin = &estate.admin;
        admin.post("zones/", &[("name", "elsewhere")]).await.ok();
        admin.post("tags/", &[("name", "blessed")]).await.ok();
        admin.post("roles/", &[("name", "helper"), ("actions", "can_view_machines")]).await.ok();
        bind(admin, "helper", "otto", Some(OTHER_POOL)).await;
        Self { estate, machines }
    }

    /// A path with its variables filled with what is there.
    fn filled(&self, path: &str) -> Vec<String> {
        let mut all = vec![path.to_owned()];
        loop {
            let Some((variable, choices)) = all.iter().find_map(|path| self.choices(path)) else { return all };
            all = all
                .iter()
                .flat_map(|path| choices.iter().map(|choice| path.replacen(&variable, choice, 1)).collect::<Vec<_>>())
                .collect();
        }
    }

    fn choices(&self, path: &str) -> Option<(String, Vec<String>)> {
        let start = path.find('{')?;
        let variable = path[start..=path[start..].find('}')? + start].to_owned();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let ids = || (0..4).chain(100..104).map(|id: i64| id.to_string()).collect();
        let choices = match variable.as_str() {
            "{system_id}" => self.machines.to_vec(),
            "{id}" if path.contains("/machine/") || path.contains("/devices/") => self.machines.to_vec(),
            "{username}" => words(&["ada", "uma", "otto"]),
            "{action}" => words(&["set-pool", "set-zone", "tag", "delete", "unlock", "mark-fixed", "allocate"]),
            "{name}" if path.contains("/users/") => words(&["ada", "uma", "otto"]),
            "{name}" if path.contains("/tags/") => words(&["blessed"]),
            "{name}" if path.contains("/zones/") => words(&["elsewhere", "default"]),
            "{name}" if path.contains("/roles/") => words(&["helper", "user"]),
            "{name}" => words(&["http_proxy", "Administrators"]),
            "{*rest}" => words(&["x"]),
            _ => ids(),
        };
        Some((variable, choices))
    }

    async fn call(&self, uma: &Api, method: &str, path: &str) {
        let mut form: Vec<(&str, String)> = FIELDS.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        for machine in &self.machines[1..] {
            form.extend(["nodes", "machines", "add", "id", "system_ids"].map(|name| (name, machine.clone())));
        }
        let method: Method = method.parse().unwrap();
        let reply = uma.send(uma.request(method.clone(), path).form(&form)).await;
        assert!(reply.status.as_u16() < 500 || reply.status == 503, "{method} {path}: {} {}", reply.status, reply.body);
    }

    /// Everything that is not hers to change, by name.
    async fn snapshot(&self) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        let admin = &self.estate.admin;
        for list in
            ["role-bindings/", "roles/", "zones/", "tags/", "notifications/", "maas/?op=get_config&name=http_proxy"]
        {
            all.insert(list.to_owned(), admin.get(list).await.ok().json());
        }
        let groups = admin.get("groups/").await.ok().json();
        for group in groups.as_array().unwrap() {
            let members = admin.get(&format!("groups/{}/?op=list_members", group["id"])).await.ok().json();
            let names: Value = members.as_array().unwrap().iter().map(|member| member["username"].clone()).collect();
            all.insert(format!("members of {}", group["name"]), names);
        }
        all.insert("held by uma".to_owned(), admin.get("access/?op=of&user=uma").await.ok().json());
        for user in admin.get("users/").await.ok().json().as_array().unwrap() {
            let mut user = user.clone();
            if user["username"] == "uma" {
                for own in ["email", "full_name", "last_name", "last_login", "sshkeys_count"] {
                    user.as_object_mut().unwrap().remove(own);
                }
            }
            all.insert(
                format!("user {}", user["username"]),
                facts(&user, &["username", "is_superuser", "is_local", "email"]),
            );
        }
        for pool in admin.get("resourcepools/").await.ok().json().as_array().unwrap() {
            all.insert(format!("pool {}", pool["name"]), facts(pool, &["id", "name", "description"]));
        }
        for machine in admin.get("machines/").await.ok().json().as_array().unwrap() {
            let id = machine["system_id"].as_str().unwrap();
            let known =
                facts(machine, &["hostname", "description", "architecture", "power_type", "tag_names", "locked"]);
            let place = json!({ "pool": machine["pool"]["name"], "zone": machine["zone"]["name"] });
            if self.machines.iter().any(|known| known == id) {
                all.insert(format!("machine {id}"), json!([known, place]));
            } else {
                // One that she introduced: it waits where everybody's do.
                assert_eq!(place, json!({ "pool": "default", "zone": "default" }), "{machine}");
                assert_eq!(facts(machine, &["status_name", "owner"])["status_name"], "New", "{machine}");
                assert!(machine["owner"].as_str().unwrap_or_default().is_empty(), "{machine}");
            }
            let owner = machine["owner"].as_str().unwrap_or_default();
            if id == self.machines[2] {
                assert_eq!(owner, "otto");
            } else {
                assert!(["", "uma"].contains(&owner), "{machine}");
            }
            if id == self.machines[3] {
                assert_eq!(owner, "");
            }
        }
        all
    }

    fn same(&self, before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) {
        for (what, now) in after {
            // Locking what is one's own is everybody's right.
            let own = self.machines[..2].iter().any(|id| *what == format!("machine {id}"));
            let steady = |value: &Value| {
                let mut value = value.clone();
                if own {
                    value[0].as_object_mut().unwrap().remove("locked");
                }
                value
            };
            assert_eq!(before.get(what).map(steady), Some(steady(now)), "{what}");
        }
        assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    }
}

fn facts(object: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), object[*name].clone())).collect::<serde_json::Map<_, _>>().into()
}
