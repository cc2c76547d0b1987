//! One question through every door that it has.

use std::collections::BTreeMap;

use maas_testkit::{Api, Reply, run};
use reqwest::Method;

use super::{Column, Verdict, Whose, fitting_status, subject};
use crate::{
    MAAS,
    estate::{Estate, SECOND_POOL},
};

/// An id of the right shape that no machine has.
pub(crate) const UNKNOWN: &str = "yyyyyy";

pub(super) struct Doors {
    estate: Estate,
    machine: String,
    /// Whether to ask at the command line too, which takes its time.
    has_command_line: bool,
    used: BTreeMap<&'static str, usize>,
}

/// A request for one action on one machine.
struct Request {
    method: Method,
    path: String,
    form: Vec<(&'static str, String)>,
    /// Of several machines at once: a hidden one is 400 like one that does not exist.
    is_bulk: bool,
}

impl Doors {
    pub(super) async fn new(estate: Estate, has_command_line: bool) -> Self {
        let machine = subject(&estate, "subject").await;
        estate.admin.post("tags/", &[("name", "blessed")]).await.ok();
        if has_command_line {
            for person in &estate.people {
                log_in(&estate, person.name, &person.account.key.text());
            }
        }
        Self { estate, machine, has_command_line, used: BTreeMap::new() }
    }

    /// Asks at every door, each time of the machine as it was. What is wrong, in words.
    pub(super) async fn ask(&mut self, action: &str, column: &Column, whose: Whose, verdict: Verdict) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut told = |door: &str, found: String| {
            wrong.push(format!(
                "{action} by {} on {whose:?} (locked: {}), {door}: {found}",
                column.who, column.is_locked
            ));
        };
        self.reset(action, column, whose).await;
        if let Err(found) = self.explained(action, column, verdict).await {
            told("explain", found);
        }
        let is_last = action == "delete" && verdict == Verdict::Allowed;
        if let Some(request) = api_request(action, &self.machine, whose) {
            self.count("api");
            if let Err(found) = self.by_api(&request, action, column, verdict).await {
                told("API", found);
            }
            if is_last {
                self.machine = subject(&self.estate, &format!("after-{}", self.used["api"])).await;
            }
            self.reset(action, column, whose).await;
            if self.has_command_line && is_asked_at_the_command_line(column) {
                let request = api_request(action, &self.machine, whose).expect("as before");
                if let Some(words) = command_line(&request, &self.machine) {
                    self.count("command line");
                    if let Err(found) = self.by_command_line(&words, column, verdict) {
                        told("command line", found);
                    }
                    if is_last {
                        self.machine = subject(&self.estate, &format!("later-{}", self.used["api"])).await;
                    }
                    self.reset(action, column, whose).await;
                }
            }
        }
        if let Some(request) = page_request(action, &self.machine) {
            self.count("pages");
            if let Err(found) = self.by_page(&request, action, column, verdict).await {
                told("page", found);
            }
            if is_last {
                self.machine = subject(&self.estate, &format!("last-{}", self.used["api"])).await;
            }
        }
        wrong
    }

    /// So that a door that was forgotten is no proof.
    pub(super) fn all_were_used(&self) {
        assert!(self.used["api"] > 300 && self.used["pages"] > 200, "{:?}", self.used);
        assert!(!self.has_command_line || self.used["command line"] > 40, "{:?}", self.used);
    }

    fn count(&mut self, door: &'static str) {
        *self.used.entry(door).or_default() += 1;
    }

    async fn reset(&mut self, action: &str, column: &Column, whose: Whose) {
        let status = fitting_status(action, whose);
        let locked = column.is_locked;
        self.estate.put(&self.machine.clone(), status, whose.owner(), locked).await;
    }

    async fn by_api(&self, request: &Request, action: &str, column: &Column, verdict: Verdict) -> Result<(), String> {
        let api = self.estate.api(column.who);
        let reply = send(&api, request).await;
        match verdict {
            Verdict::Hidden => {
                let unknown = send(&api, &request.about(&self.machine, UNKNOWN)).await;
                let status = if request.is_bulk { 400 } else { 404 };
                same_as_unknown(&reply, &unknown, &self.machine)?;
                let is_shut_out = column.who == "nora" && reply.status == 403;
                expect(&reply, reply.status == status || action == "allocate" || is_shut_out)
            }
            Verdict::Refused if is_locked_twice(action, column) => expect(&reply, reply.status == 409),
            Verdict::Refused => {
                expect(&reply, reply.status == 403)?;
                let (_, why) = reply.body.split_once('\n').unwrap_or_default();
                let is_explained = why.contains("None of ") || why.contains("is locked");
                expect(&reply, is_explained && !reply.header("x-maas-error-code").is_empty())
            }
            Verdict::Allowed if NEED_A_RACK.contains(&action) => {
                expect(&reply, reply.status == 503 && reply.body.contains("rack"))
            }
            Verdict::Allowed => expect(&reply, ![401, 403, 404, 500, 503].contains(&reply.status.as_u16())),
        }
    }

    async fn by_page(&self, request: &Request, action: &str, column: &Column, verdict: Verdict) -> Result<(), String> {
        let pages = self.estate.pages(column.who);
        let reply = send(&pages, request).await;
        let message = flash(&reply);
        let is_refused = ["None of your roles", "The machine is locked"].iter().any(|word| message.contains(word));
        match verdict {
            Verdict::Hidden => {
                let unknown = send(&pages, &request.about(&self.machine, UNKNOWN)).await;
                same_as_unknown(&reply, &unknown, &self.machine)?;
                // Who may use no machine anywhere is refused at the door, whatever there is behind it.
                expect(&reply, reply.status == 404 || (column.who == "nora" && reply.status == 403))
            }
            Verdict::Refused if is_locked_twice(action, column) => expect(&reply, message.contains("already locked")),
            Verdict::Refused => {
                let is_explained = reply.body.contains("None of your roles");
                expect(&reply, (reply.status == 303 && is_refused) || (reply.status == 403 && is_explained))
            }
            Verdict::Allowed => expect(&reply, !is_refused && ![401, 403, 404, 500].contains(&reply.status.as_u16())),
        }
    }

    fn by_command_line(&self, words: &[String], column: &Column, verdict: Verdict) -> Result<(), String> {
        let said = run(self.estate.site.command().arg(column.who).args(words));
        let text = said.text();
        let found = if text.contains("No Machine matches the given query.") {
            Verdict::Hidden
        } else if text.contains("You are not allowed to") || text.contains("Machine is locked.") {
            Verdict::Refused
        } else {
            Verdict::Allowed
        };
        let fits = found == verdict && (verdict == Verdict::Allowed || said.code != 0);
        if fits { Ok(()) } else { Err(format!("exit code {}: {text}", said.code)) }
    }

    /// The administrator asks on their behalf.
    async fn explained(&self, action: &str, column: &Column, verdict: Verdict) -> Result<(), String> {
        let query = format!("access/?op=explain&user={}&action={action}&object={}", column.who, self.machine);
        let reply = self.estate.admin.get(&query).await;
        expect(&reply, reply.status == 200)?;
        let told = reply.json();
        let found = match (told["allowed"].as_bool(), told["hidden"].as_bool()) {
            (Some(true), Some(false)) => Verdict::Allowed,
            (Some(false), Some(false)) => Verdict::Refused,
            (Some(false), Some(true)) => Verdict::Hidden,
            _ => return expect(&reply, false),
        };
        let is_told = told["rule"].as_str().is_some_and(|rule| !rule.is_empty());
        expect(&reply, found == verdict && is_told)
    }
}

impl Request {
    /// The same about another machine.
    fn about(&self, machine: &str, other: &str) -> Self {
        let form = self.form.iter().map(|(name, value)| (*name, value.replace(machine, other))).collect();
        Self { method: self.method.clone(), path: self.path.replace(machine, other), form, is_bulk: self.is_bulk }
    }
}

/// The command line speaks the API, so that one person, who meets every answer, is enough to see that it says the same.
fn is_asked_at_the_command_line(column: &Column) -> bool {
    column.who == "uma" && !column.is_locked
}

/// What only a rack can carry out, and there is none.
const NEED_A_RACK: [&str; 5] = ["commission", "test", "deploy", "rescue-mode", "create"];

/// Who may lock it is told that it is locked already.
fn is_locked_twice(action: &str, column: &Column) -> bool {
    action == "lock" && column.is_locked
}

/// The request of API 2.0 for an action; nothing where there is none, or none that is about one machine.
fn api_request(action: &str, machine: &str, whose: Whose) -> Option<Request> {
    let of = |method: Method, op: &str, form: &[(&'static str, &str)]| {
        let op = if op.is_empty() { String::new() } else { format!("?op={op}") };
        let form = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Some(Request { method, path: format!("machines/{machine}/{op}"), form, is_bulk: false })
    };
    let bulk = |path: &str, form: &[(&'static str, &str)]| {
        let form = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Some(Request { method: Method::POST, path: path.to_owned(), form, is_bulk: true })
    };
    match action {
        "view" => of(Method::GET, "", &[]),
        "view-details" => of(Method::GET, "details", &[]),
        "view-power-parameters" => of(Method::GET, "power_parameters", &[]),
        // A machine that somebody has is not found, whoever asks.
        "allocate" if whose == Whose::Nobodys => bulk("machines/?op=allocate", &[("system_id", machine)]),
        "deploy" | "release" | "lock" | "unlock" | "abort" | "commission" | "test" => of(Method::POST, action, &[]),
        "on" | "off" | "cycle" => of(Method::POST, &format!("power_{action}"), &[]),
        "annotate" => of(Method::POST, "set_workload_annotations", &[("purpose", "proof")]),
        "mark-broken" | "mark-fixed" | "override-failed-testing" | "rescue-mode" | "exit-rescue-mode" => {
            of(Method::POST, &action.replace('-', "_"), &[])
        }
        "edit" => of(Method::PUT, "", &[("description", "changed")]),
        "set-pool" => of(Method::PUT, "", &[("pool", SECOND_POOL)]),
        "set-zone" => bulk("machines/?op=set_zone", &[("nodes", machine), ("zone", "default")]),
        "tag" => bulk("tags/blessed/?op=update_nodes", &[("add", machine)]),
        "create" => bulk("machines/?op=accept", &[("machines", machine)]),
        "delete" => of(Method::DELETE, "", &[]),
        _ => None,
    }
}

/// The form of a page for an action.
fn page_request(action: &str, machine: &str) -> Option<Request> {
    let of = |method: Method, path: &str, form: &[(&'static str, &str)]| {
        let form = form.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Some(Request { method, path: format!("/MAAS/r/machine/{machine}{path}"), form, is_bulk: false })
    };
    match action {
        "view" => of(Method::GET, "", &[]),
        "allocate"
        | "deploy"
        | "release"
        | "lock"
        | "unlock"
        | "abort"
        | "commission"
        | "test"
        | "on"
        | "off"
        | "cycle"
        | "mark-broken"
        | "mark-fixed"
        | "override-failed-testing"
        | "rescue-mode"
        | "exit-rescue-mode"
        | "delete" => of(Method::POST, &format!("/actions/{action}"), &[]),
        "set-pool" => of(Method::POST, "/actions/set-pool", &[("pool", SECOND_POOL)]),
        "set-zone" => of(Method::POST, "/actions/set-zone", &[("zone", "default")]),
        "tag" => of(Method::POST, "/actions/tag", &[("add_tags", "blessed")]),
        _ => None,
    }
}

/// The same words at the command line.
fn command_line(request: &Request, machine: &str) -> Option<Vec<String>> {
    let op = match (request.path.split_once("?op="), request.method.as_str()) {
        _ if request.is_bulk => return None,
        (Some((_, op)), _) => op.replace('_', "-"),
        (None, "GET") => "read".to_owned(),
        (None, "PUT") => "update".to_owned(),
        (None, _) => "delete".to_owned(),
    };
    let mut words = vec!["machine".to_owned(), op, machine.to_owned()];
    words.extend(request.form.iter().map(|(name, value)| format!("{name}={value}")));
    Some(words)
}

fn log_in(estate: &Estate, profile: &str, key: &str) {
    let url = format!("{}/MAAS", estate.site.base_url());
    let ca = estate.site.ca_path();
    let mut command = estate.site.command();
    run(command.args(["login", profile, &url, key, "--cacerts"]).arg(ca)).ok();
    assert!(command.get_program().to_string_lossy() == MAAS);
}

async fn send(api: &Api, request: &Request) -> Reply {
    let mut sent = api.request(request.method.clone(), &request.path);
    if request.method != Method::GET {
        sent = sent.form(&request.form);
    }
    api.send(sent).await
}

/// The message that a page leaves for the next one.
fn flash(reply: &Reply) -> String {
    let cookie = reply.cookie("maas_flash").unwrap_or_default();
    percent_encoding::percent_decode_str(&cookie).decode_utf8_lossy().into_owned()
}

fn expect(reply: &Reply, holds: bool) -> Result<(), String> {
    if holds {
        return Ok(());
    }
    let body: String = reply.body.chars().filter(|letter| *letter != '\n').take(300).collect();
    Err(format!("{} {body} {}", reply.status, flash(reply)))
}

/// Nothing tells a hidden machine from one that does not exist: not the status, not a header, not a letter of the body.
pub(crate) fn same_as_unknown(hidden: &Reply, unknown: &Reply, machine: &str) -> Result<(), String> {
    let hidden_body = steady(&hidden.body).replace(machine, UNKNOWN);
    let unknown_body = steady(&unknown.body);
    if hidden.status != unknown.status || hidden_body != unknown_body {
        return Err(format!("{}\n{hidden_body}\nis not\n{}\n{unknown_body}", hidden.status, unknown.status));
    }
    let headers = |reply: &Reply| {
        let steady = reply.headers.iter().filter(|(name, _)| !["date", "maas-trace-id"].contains(&name.as_str()));
        steady.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default())).collect::<Vec<_>>()
    };
    let (hidden, unknown) = (headers(hidden), headers(unknown));
    if hidden == unknown { Ok(()) } else { Err(format!("{hidden:?} is not {unknown:?}")) }
}

/// Without what is fresh in every page, whoever asks for whatever.
fn steady(body: &str) -> String {
    let lines = body.lines().filter(|line| !line.contains("csrf") && !line.contains("nonce"));
    lines.collect::<Vec<_>>().join("\n")
}
