//! Habits of Redfish services that the emulator does not have: versions, settings kept apart, odd links, words in between.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::ETAG},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use maas_power::{Driver, PowerAction, PowerError, PowerState, Target, act, query};
use maas_testkit::HttpService;
use serde_json::{Value, json};

use crate::{CANARY, block_on, clean, target};

#[derive(Debug)]
struct Told {
    state: &'static str,
    /// The word that the next look sees, instead of the state.
    passing: Vec<&'static str>,
    members: Value,
    calls: Vec<String>,
}

type Shared = State<Arc<Mutex<Told>>>;

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap()
}

/// A strict service: changes go to the settings, with their version; the reset is at a link of its own.
fn service() -> (HttpService, Arc<Mutex<Told>>) {
    let members = json!([{"@odata.id": "/redfish/v1/Systems/Blade.1"}]);
    let told = Arc::new(Mutex::new(Told { state: "Off", passing: Vec::new(), members, calls: Vec::new() }));
    let app = Router::new()
        .route("/redfish/v1/Systems", get(async |State(told): Shared| Json(json!({"Members": lock(&told).members}))))
        .route("/redfish/v1/Systems/Blade.1", get(system))
        .route("/redfish/v1/Systems/Blade.1/Settings", get(settings).patch(change))
        .route("/odd/reset", post(reset))
        .with_state(Arc::clone(&told));
    (HttpService::start(app), told)
}

async fn system(State(told): Shared) -> Response {
    let mut told = lock(&told);
    let word = if told.passing.is_empty() { told.state } else { told.passing.remove(0) };
    let body = json!({
        "PowerState": word,
        "@Redfish.Settings": {"SettingsObject": {"@odata.id": "/redfish/v1/Systems/Blade.1/Settings"}},
        "Actions": {"#ComputerSystem.Reset": {"target": "/odd/reset"}},
    });
    ([(ETAG, "\"of-the-system\"")], Json(body)).into_response()
}

async fn settings() -> impl IntoResponse {
    ([(ETAG, "W/\"7\"")], Json(json!({})))
}

async fn change(State(told): Shared, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
    if headers.get("if-match").is_none_or(|version| version != "W/\"7\"") {
        return StatusCode::PRECONDITION_FAILED;
    }
    lock(&told).calls.push(format!("{}", body["Boot"]));
    StatusCode::NO_CONTENT
}

async fn reset(State(told): Shared, Json(body): Json<Value>) -> Response {
    let mut told = lock(&told);
    let kind = body["ResetType"].as_str().unwrap();
    told.calls.push(kind.to_owned());
    let (state, passing) = match kind {
        "On" if told.state == "Off" => ("On", vec!["PoweringOn", "Reset"]),
        "ForceOff" | "GracefulShutdown" if told.state == "On" => ("Off", vec!["PoweringOff"]),
        _ => {
            let info = json!([{"Message": "The request failed due to the state of the resource."}]);
            let body = json!({"error": {"message": "see below", "@Message.ExtendedInfo": info}});
            return (StatusCode::CONFLICT, Json(body)).into_response();
        }
    };
    (told.state, told.passing) = (state, passing);
    StatusCode::NO_CONTENT.into_response()
}

fn target_of(service: &HttpService, more: &[(&str, &str)]) -> Target {
    let given = [("power_address", service.url.as_str()), ("power_user", "admin"), ("power_pass", CANARY)];
    target(Driver::Redfish, &[given.as_slice(), more].concat())
}

#[test]
fn changes_carry_the_version_and_go_where_the_service_wants_them() {
    let (service, told) = service();
    let machine = target_of(&service, &[]);
    for (action, state) in [
        (PowerAction::On, PowerState::On),
        (PowerAction::Cycle, PowerState::On),
        (PowerAction::Off, PowerState::Off),
        (PowerAction::Off, PowerState::Off),
        (PowerAction::SoftOff, PowerState::Off),
    ] {
        assert_eq!(block_on(act(Driver::Redfish, action, &machine)).unwrap().state, state, "{action:?}");
    }
    let boot = r#"{"BootSourceOverrideEnabled":"Once","BootSourceOverrideTarget":"Pxe"}"#;
    assert_eq!(lock(&told).calls, [boot, "On", "ForceOff", boot, "On", "ForceOff", boot, boot]);
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_bmc() {
    let (service, told) = service();
    lock(&told).state = "Paused";
    let error = block_on(act(Driver::Redfish, PowerAction::SoftOff, &target_of(&service, &[]))).unwrap_err();
    assert!(matches!(error, PowerError::Failed { .. }), "{error:?}");
    let said = clean(error).to_string();
    assert!(said.ends_with("it answers 409 Conflict: The request failed due to the state of the resource."), "{said}");
}

#[test]
fn a_machine_is_chosen_by_name_and_links_do_not_lead_elsewhere() {
    let (service, told) = service();
    let two = json!([{"@odata.id": "/redfish/v1/Systems/Blade.1"}, {"@odata.id": "/redfish/v1/Systems/Blade.2"}]);
    lock(&told).members = two;
    let first = block_on(query(Driver::Redfish, &target_of(&service, &[]))).unwrap();
    assert!(first.warnings.iter().any(|line| line.contains("has 2 systems: name one in `node_id`")), "{first:?}");
    let named = block_on(query(Driver::Redfish, &target_of(&service, &[("node_id", "Blade.1")]))).unwrap();
    assert_eq!(named.warnings.len(), 1, "it is not encrypted: {named:?}");
    for (id, expected) in [("../../../odd", "404"), ("Blade.2", "404")] {
        let error = block_on(query(Driver::Redfish, &target_of(&service, &[("node_id", id)]))).unwrap_err();
        assert!(clean(error).to_string().contains(expected));
    }
    for (members, expected) in [
        (json!([{"@odata.id": "http://127.0.0.1:1/redfish/v1/Systems/1"}]), "it links to another computer"),
        (json!([]), "it has no computer system"),
        (json!("none"), "not what Redfish prescribes"),
    ] {
        lock(&told).members = members;
        let error = block_on(query(Driver::Redfish, &target_of(&service, &[]))).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
