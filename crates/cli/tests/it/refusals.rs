//! Every refusal says which rule refused and who could help; `explain` says the same before anybody is refused.

use maas_testkit::{Auth, Database, Reply, run};
use reqwest::Method;

use crate::estate::{Estate, POOL, status};

/// Who is refused what on what, and the rule: `free`, `umas`, `ottos`, `locked` are machines of the pool.
const REFUSALS: [(&str, &str, &str, &str); 20] = [
    ("uma", "lock", "free", "can_edit_machines"),
    ("uma", "release", "free", "can_edit_machines"),
    ("uma", "commission", "free", "can_edit_machines"),
    ("uma", "delete", "umas", "can_edit_machines"),
    ("uma", "edit", "umas", "can_edit_machines"),
    ("uma", "set-pool", "umas", "can_edit_machines"),
    ("uma", "view-power-parameters", "umas", "can_view_power_parameters"),
    ("uma", "release", "locked", "The machine is locked"),
    ("uma", "view", "ottos", "can_view_machines"),
    ("uma", "deploy", "ottos", "can_view_machines"),
    ("aude", "deploy", "free", "can_deploy_machines"),
    ("aude", "on", "ottos", "can_edit_machines"),
    ("aude", "view-user-data", "ottos", "can_edit_machines"),
    ("aude", "mark-broken", "free", "can_edit_machines"),
    ("olga", "delete", "locked", "The machine is locked"),
    ("ada", "mark-broken", "locked", "The machine is locked"),
    ("stan", "view", "free", "can_view_machines"),
    ("nora", "allocate", "free", "can_view_machines"),
    ("olga", "can_edit_identities", "", "can_edit_identities"),
    ("uma", "can_edit_pools", "", "can_edit_pools"),
];

#[tokio::test]
async fn explain_names_the_rule_of_twenty_refusals() {
    for database in Database::available() {
        let (estate, machines) = filled(database).await;
        for (who, action, object, rule) in REFUSALS {
            let object = machines.iter().find(|(name, _)| *name == object).map_or("", |(_, id)| id);
            let query = format!("access/?op=explain&user={who}&action={action}&object={object}");
            let told = estate.admin.get(&query).await.ok().json();
            let by_api = told["rule"].as_str().unwrap_or_default();
            assert_eq!(told["allowed"], false, "{who} {action}: {told}");
            assert!(by_api.contains(rule), "{who} {action}: {by_api}");
            let helpers = told["who_can_grant"].as_array().expect("a list");
            assert!(helpers.iter().any(|name| *name == "admin"), "{who} {action}: {told}");
            // On the host, in the same words.
            let mut words = vec!["access", "explain", who, action];
            words.extend((!object.is_empty()).then_some(object));
            let said = run(estate.site.command().args(words));
            assert!(said.text().contains(by_api), "{who} {action}: {}", said.text());
            // Of what they see, everybody may ask about themselves, and hears the same.
            let own = estate.api(who).get(&format!("access/?op=explain&action={action}&object={object}")).await;
            if told["hidden"] == true {
                assert_eq!(own.status, 404, "{who} {action}: {}", own.body);
            } else {
                assert_eq!(own.ok().json()["rule"], told["rule"], "{who} {action}");
            }
        }
    }
}

/// Every route, as people who may little: each 403 has a word for scripts, MAAS's line, and why.
#[tokio::test]
async fn every_403_of_the_api_says_why() {
    let (estate, machines) = filled(Database::Sqlite).await;
    let ada = estate.api("ada");
    let form = [("name", "narrow"), ("scope", "all"), ("role", "auditor")];
    let narrow = ada.post("tokens/", &form).await.ok().json()["value"].as_str().unwrap().to_owned();
    let reading = ada.post("tokens/", &[("name", "reading")]).await.ok().json()["value"].as_str().unwrap().to_owned();
    let callers = [
        ("nora", estate.api("nora")),
        ("aude", estate.api("aude")),
        ("uma", estate.api("uma")),
        ("a narrow token", ada.speaking_as(Auth::Bearer(narrow))),
        ("a reading token", ada.speaking_as(Auth::Bearer(reading))),
    ];
    let ids: Vec<(&str, &str)> =
        machines.iter().flat_map(|(_, id)| ["machines", "nodes", "add"].map(|name| (name, id.as_str()))).collect();
    let mut refusals = 0;
    let mut wrong = Vec::new();
    for route in maas_api::routes().iter().filter(|route| !route.path.starts_with("/MAAS/account")) {
        let op = route.op.map(|op| format!("?op={op}")).unwrap_or_default();
        for machine in ["free", "ottos"] {
            let id = &machines.iter().find(|(name, _)| *name == machine).unwrap().1;
            let path = route.path.replace("{system_id}", id).replace("tags/{name}", "tags/blessed");
            let path = crate::routes::filled(&path) + &op;
            for (name, api) in &callers {
                let method: Method = route.method.parse().unwrap();
                let mut request = api.request(method, &path);
                if route.method != "GET" {
                    request = request.form(&ids);
                }
                let reply = api.send(request).await;
                if reply.status != 403 {
                    continue;
                }
                refusals += 1;
                if !says_why(&reply) {
                    wrong.push(format!("{} {path} as {name}: {:?}", route.method, reply.body));
                }
            }
        }
    }
    assert!(refusals > 150, "only {refusals} refusals");
    wrong.dedup();
    assert!(wrong.is_empty(), "{} of {refusals} refusals do not say why:\n{}", wrong.len(), wrong.join("\n"));
}

fn says_why(reply: &Reply) -> bool {
    match reply.header("x-maas-error-code") {
        "" => false,
        // The reason is not a rule of roles, and stands in the one line.
        "Forbidden" => reply.body.len() > 20,
        _ => reply.body.split_once('\n').is_some_and(|(line, why)| !line.is_empty() && why.len() > 20),
    }
}

async fn filled(database: Database) -> (Estate, Vec<(&'static str, String)>) {
    let mut estate = Estate::new(database).await;
    let mut machines = Vec::new();
    for (name, status, owner, is_locked) in [
        ("free", status::READY, None, false),
        ("umas", status::DEPLOYED, Some("uma"), false),
        ("ottos", status::DEPLOYED, Some("otto"), false),
        ("locked", status::DEPLOYED, Some("uma"), true),
    ] {
        let id = estate.machine(name, POOL).await;
        estate.put(&id, status, owner, is_locked).await;
        machines.push((name, id));
    }
    estate.admin.post("tags/", &[("name", "blessed")]).await.ok();
    (estate, machines)
}
