//! Made-up rows for tests, and every page drawn from them: with none, one and many rows, for a lint of the markup and for
//! looking at. `MAAS_WEB_GALLERY=DIR cargo test -p maas-web gallery` writes them down.

mod machines;
mod places;
mod roles;

use std::{net::IpAddr, time::Duration};

use askama::Template;
use maas_model::{
    ApiKeyId, Endpoint, EventId, EventType, Level, Outcome, Role, SessionId, SshKeyId, SslKeyId, Timestamp, TokenId,
    TokenScope, UserId, setting,
};
use maas_region::{
    events::{Event, Verified},
    jobs::JobStatus,
    keys::ApiKey,
    sessions::Session,
    settings::SettingView,
    ssh_keys::SshKey,
    ssl_keys::SslKey,
    status::{RegionSeen, SiteStatus},
    tls::{Applied, TlsStatus},
    tokens::Token,
    users::User,
};
use maas_tls::{CertificateInfo, Problem, Severity};
use serde_json::json;

use crate::{
    assets, audit,
    errors::ErrorPage,
    form::{FormErrors, FormView},
    input::Input,
    intro::IntroPage,
    login::{self, LoginPage},
    notices::{NoticeView, NoticesPage},
    preferences::{
        api_keys::{self, ApiKeysPage, TokenChoices},
        details::{self, DetailsPage},
        password::{self, FormPage},
        sessions::{self, SessionsPage},
        ssh_keys::{self, SshKeysPage},
        ssl_keys::{self, SslKeysPage},
    },
    settings::{
        certificate::{self, CertificatePage, Checked, MovedPage},
        general::{self, GeneralPage},
        security::{self, SecurityPage},
        user_actions,
        users::{self, UserPage, UsersPage},
    },
    shell::{Link, Section, Shell, Visitor, nav, preferences_tabs, settings_tabs},
    status,
    text::When,
};

/// The time of all samples.
pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-08-21T21:37:09Z").unwrap()
}

fn days(number: u64) -> Duration {
    Duration::from_secs(86_400 * number)
}

/// A certificate of 90 days, 20 of which are over.
pub(crate) fn certificate() -> CertificateInfo {
    let pem = "-----BEGIN CERTIFICATE-----\nMIIBwTCCAWigAwIBAgIUFx0XlhxHkJ2xFq3h1dMJ0a6q3ocwCgYIKoZIzj0EAwIw\n\
               HTEbMBkGA1UEAwwSbWFhcy5leGFtcGxlLmNvbTAeFw0yNjA4MDEwMDAwMDBaFw0y\n-----END CERTIFICATE-----\n";
    CertificateInfo {
        common_name: "maas.example.com".into(),
        subject: "CN=maas.example.com, O=Example".into(),
        issuer: "CN=Example Issuing CA 2, O=Example".into(),
        names: vec!["DNS:maas.example.com".into(), "DNS:maas".into(), "IP:192.0.2.10".into(), "IP:2001:db8::10".into()],
        not_before: now().minus(days(20)),
        not_after: now().plus(days(70)),
        sha256: (0u8..32).map(|byte| format!("{:02X}", byte.wrapping_mul(37))).collect::<Vec<_>>().join(":"),
        key_type: "ECDSA P-256".into(),
        serial: "17:1D:17:96:1C:47:90:9D:B1:16:AD:E1:D5:D3:09:D1:AE:AA:DE:87".into(),
        chain_length: 2,
        pem: pem.into(),
    }
}

/// Audit rows, newest first.
pub(crate) fn events(count: usize) -> Vec<Event> {
    let kinds = [
        ("Logged in admin.", "login", EventType::Authorisation, Outcome::Success),
        ("Failed login for 'bob'.", "login", EventType::Authorisation, Outcome::Failed),
        ("Denied POST /MAAS/api/2.0/users/.", "denied", EventType::Authorisation, Outcome::Denied),
        (
            "Updated configuration setting 'maas_name' to 'lab'.",
            "setting.update",
            EventType::Settings,
            Outcome::Success,
        ),
        ("Created SSH key for bob.", "ssh-key.create", EventType::Authorisation, Outcome::Success),
    ];
    let event = |number: usize| {
        let (description, action, kind, outcome) = kinds[number % kinds.len()];
        Event {
            id: EventId(1000 - number as i64),
            created_at: now().minus(Duration::from_secs(61 * number as u64)),
            level: Level::Audit,
            kind,
            username: if outcome == Outcome::Failed { String::new() } else { "admin".into() },
            auth_method: if outcome == Outcome::Failed { String::new() } else { "session:4".into() },
            ip: "2001:db8:85a3::8a2e:370:7334".parse().ok(),
            user_agent: AGENT.into(),
            endpoint: Endpoint::Ui,
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
            action: action.into(),
            object_type: "setting".into(),
            object_id: "maas_name".into(),
            outcome,
            description: description.into(),
            details: json!({"before": {"value": "old"}, "after": {"value": "lab"}}),
            hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
            node: None,
            has_trail: true,
        }
    };
    (0..count).map(event).collect()
}

fn user(number: i64, name: &str, role: Role) -> User {
    User {
        id: UserId(number),
        username: name.into(),
        email: format!("{}@example.com", name.to_lowercase()),
        full_name: if number % 2 == 0 { "Żółw Zielony".into() } else { String::new() },
        role,
        is_active: number % 5 != 3,
        is_local: number % 7 != 6,
        is_system: name == "MAAS",
        completed_intro: true,
        joined_at: now().minus(days(100)),
        last_login_at: (number % 3 != 0).then(|| now().minus(days(number.unsigned_abs()))),
        ssh_key_count: number % 4,
    }
}

fn some_users() -> Vec<User> {
    let names =
        ["MAAS", "admin", "bob", "carol+ops@example.org", "a-very-long-user-name-that-goes-on-and-on-and-on", "eve"];
    let role = |number: usize| if number < 2 { Role::Administrator } else { Role::User };
    names.iter().enumerate().map(|(number, name)| user(number as i64, name, role(number))).collect()
}

fn some_settings() -> Vec<SettingView> {
    let view = |setting: &'static setting::Setting| SettingView {
        name: setting.name,
        help: setting.help,
        value: if setting.name == "maas_name" { json!("Lab site") } else { setting.default_value("host1") },
        default: setting.default_value("host1"),
        is_default: setting.name != "maas_name",
        is_secret: setting.is_secret,
    };
    setting::public().map(view).collect()
}

fn tls(is_enabled: bool) -> TlsStatus {
    let info = certificate();
    let applied = |region: &str, generation, error: Option<&str>| Applied {
        region: region.into(),
        generation,
        fingerprint: Some(info.sha256.clone()),
        error: error.map(str::to_owned),
        at: Some(now().minus(days(2))),
    };
    TlsStatus {
        is_enabled,
        port: is_enabled.then_some(5443),
        generation: 4,
        certificate: is_enabled.then(|| info.clone()),
        days_left: is_enabled.then_some(70),
        is_site_issued: true,
        can_roll_back: true,
        regions: vec![
            applied("region-a", 4, None),
            applied("region-b", 3, None),
            applied("region-c", 3, Some("the self-probe on 192.0.2.12:5443 saw another certificate")),
        ],
    }
}

fn shell(section: Section, title: &str) -> Shell {
    let notice = |id, category, label, icon, text: &str| NoticeView {
        id,
        category,
        label,
        icon,
        text: text.into(),
        is_dismissable: id != 2,
    };
    Shell {
        title: title.into(),
        site: "Lab site".into(),
        version: "0.1.0".into(),
        assets: assets::base(),
        visitor: Some(Visitor { username: "admin".into(), role: Role::Administrator }),
        nav: nav(section, |_| true),
        csrf: "c".repeat(64),
        notices: vec![
            notice(
                1,
                "info",
                "Note",
                "info",
                "The certificate expires in 20 days. Renew it under Settings > Security.",
            ),
            notice(2, "error", "Error", "error", "Region region-c could not apply certificate generation 4."),
        ],
        here: "/MAAS/r/machines?a=1&b=2".into(),
        ..Shell::default()
    }
}

fn calm(section: Section, title: &str) -> Shell {
    Shell { notices: Vec::new(), ..shell(section, title) }
}

fn settings(tab: &str, title: &str) -> Shell {
    let tabs = settings_tabs(tab, |_| true);
    let crumbs = vec![Link::crumb("Settings", "/MAAS/r/settings")];
    Shell { tabs, crumbs, ..calm(Section::Settings, title) }
}

fn preferences(tab: &str, title: &str) -> Shell {
    let crumbs = vec![Link::crumb("Preferences", "/MAAS/r/preferences")];
    Shell { tabs: preferences_tabs(tab), crumbs, ..calm(Section::Preferences, title) }
}

fn bare(title: &str) -> Shell {
    Shell { title: title.into(), assets: assets::base(), ..Shell::default() }
}

/// Every page, by name.
pub(crate) fn gallery() -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |name: &str, html: Result<String, askama::Error>| all.push((name.to_owned(), html.unwrap()));
    front(&mut add);
    security_pages(&mut add);
    settings_pages(&mut add);
    preference_pages(&mut add);
    audit_pages(&mut add);
    machines::pages(&mut add);
    machines::tabs(&mut add);
    places::pages(&mut add);
    roles::pages(&mut add);
    all
}

type Add<'a> = dyn FnMut(&str, Result<String, askama::Error>) + 'a;

fn front(add: &mut Add<'_>) {
    let none = FormErrors::default();
    let door = |errors: &FormErrors, create_admin: Option<&str>, is_plain| LoginPage {
        shell: bare("Sign in"),
        form: login::form("bob", "/MAAS/r/audit", errors),
        create_admin: create_admin.map(str::to_owned),
        is_plain,
    };
    add("login", door(&none, None, false).render());
    add("login-first", door(&none, Some("sudo maas createadmin"), true).render());
    let wrong =
        FormErrors::whole("Please enter a correct username and password. Note that both fields may be case-sensitive.");
    add("login-wrong", door(&wrong, None, false).render());
    let csrf = "c".repeat(64);
    let intro = |key_count, errors: &FormErrors| IntroPage {
        shell: calm(Section::Other, "Add your SSH key"),
        add: ssh_keys::add_form(&csrf, "/MAAS/r/intro/key", "ssh-rsa AAAA", errors),
        import: ssh_keys::import_form(&csrf, "/MAAS/r/intro/import", "gh", "", &none).quiet(),
        skip: FormView::new("skip", &csrf, "/MAAS/r/intro/skip", "Skip for now").quiet(),
        key_count,
    };
    add("intro", intro(0, &none).render());
    add("intro-wrong", intro(1, &FormErrors::field("key", "Invalid SSH public key: line 1 is not base64.")).render());
    add("notices", NoticesPage { shell: shell(Section::Other, "Notices") }.render());
    let error = |status, title: &str, line: &str, id: Option<&str>, shell: Shell| ErrorPage {
        shell: Shell { title: title.into(), ..shell },
        status,
        lines: vec![line.into()],
        trace_id: id.map(str::to_owned),
        why: (status == 403).then(|| "/MAAS/r/access?action=can_edit_identities".to_owned()),
    };
    let why = "None of your roles on the whole site includes `can_edit_identities`. An administrator can do this, or give you the role.";
    add("error-403", error(403, "You may not do this", why, None, calm(Section::Other, "")).render());
    add("error-404", error(404, "Not found", "There is no page at this address.", None, bare("")).render());
    let id = Some("4bf92f3577b34da6a3ce929d0e0e4736");
    add(
        "error-500",
        error(500, "Something went wrong here", "This is our fault.", id, calm(Section::Other, "")).render(),
    );
    let site = |degraded: &[&str], regions: Vec<RegionSeen>| SiteStatus {
        version: "0.1.0".into(),
        region: "region-a".into(),
        database: "postgres".into(),
        schema_version: 12,
        tls: tls(true),
        users: 6,
        sessions: 3,
        regions,
        jobs: some_jobs(),
        degraded: degraded.iter().map(|line| (*line).to_owned()).collect(),
    };
    let seen = |name: &str, is_alive| RegionSeen {
        name: name.into(),
        http_port: Some(5240),
        https_port: Some(5443),
        last_seen_at: "2026-08-21T21:37:00Z".into(),
        is_alive,
    };
    let page = |site| status::page(calm(Section::Status, "Status"), site, now(), "maas status".into()).render();
    add("status", page(site(&[], vec![seen("region-a", true)])));
    add("status-none", page(site(&[], Vec::new())));
    let line = "Region region-b has not been seen for 3 minutes.";
    add("status-degraded", page(site(&[line], vec![seen("region-a", true), seen("region-b", false)])));
}

fn some_jobs() -> Vec<JobStatus> {
    let job = |name: &str, about, outcome: &str, message: &str| JobStatus {
        name: name.into(),
        about,
        region: (name == "heartbeat").then(|| "region-a".into()),
        running_in: (name == "power").then(|| "region-a 4711 x7".into()),
        started_at: Some("2026-08-21T21:36:00Z".into()),
        ended_at: Some("2026-08-21T21:36:01Z".into()),
        took_ms: Some(120),
        outcome: outcome.into(),
        message: message.into(),
        runs: 4200,
        failures: i64::from(outcome == "failed"),
        next_at: Some("2026-08-21T21:41:00Z".into()),
    };
    vec![
        job("heartbeat", "Says that a region runs", "ok", ""),
        job("power", "Switches machines on and off", "ok", "switched 3 machines"),
        job("power-poll", "Asks machines for their power", "failed", "10.0.9.4 did not answer within 20 seconds"),
    ]
}

fn security_pages(add: &mut Add<'_>) {
    let csrf = "c".repeat(64);
    let none = FormErrors::default();
    let views = some_settings();
    let page = |status, errors: &FormErrors, now| SecurityPage {
        shell: settings("security", "Security").under("Configuration", security::HERE),
        tls: security::tls_view(status, 30, now),
        reminder: security::form("reminder", &csrf, &views, None, errors),
        sessions: security::form("sessions", &csrf, &views, None, &none),
        hsts: security::form("hsts", &csrf, &views, None, &none),
        may_edit: true,
        command: "sudo maas config-tls enable KEY.pem CERT.pem --port 5443".into(),
    };
    add("security", page(tls(true), &none, now()).render());
    let wrong = FormErrors::field(
        "tls_cert_expiration_notification_interval",
        "Ensure this value is less than or equal to 90.",
    );
    add("security-soon", page(tls(true), &wrong, now().plus(days(50))).render());
    add("security-expired", page(tls(true), &none, now().plus(days(75))).render());
    add("security-off", page(tls(false), &none, now()).render());
    let pair = |errors: &FormErrors, checked, is_plain| CertificatePage {
        shell: settings("security", "Replace certificate").under("Security", security::HERE),
        form: certificate::form(&csrf, "Replace certificate", &Input::default(), "5443", errors),
        checked,
        is_plain,
        command: "sudo maas config-tls enable KEY.pem CERT.pem --port 5443".into(),
    };
    add("certificate", pair(&none, None, false).render());
    let mut errors = FormErrors::field("tls/key-mismatch", "Private and public keys don't match");
    errors.0.insert("tls/cert-expired".into(), vec!["The certificate ended on 2026-08-01 00:00:00 UTC.".into()]);
    add("certificate-wrong", pair(&errors, None, true).render());
    let problem =
        Problem { code: "tls/days-left", severity: Severity::Warning, text: "The certificate ends in 12 days.".into() };
    add("certificate-checked", pair(&none, Some(Checked { is_good: true, problems: vec![problem] }), false).render());
    let moved = MovedPage {
        shell: settings("security", "TLS is on"),
        lines: vec!["The new certificate is served (generation 5).".into()],
        link: format!("https://maas.example.com:5443{}", security::HERE),
    };
    add("moved", moved.render());
    let confirm = FormPage {
        shell: settings("security", "Disable TLS").under("Security", security::HERE),
        lead: vec!["Without TLS, passwords and keys travel in clear.".into()],
        form: FormView::new("confirm", &csrf, "/x", "Disable TLS").danger().cancel(security::HERE),
    };
    add("confirm", confirm.render());
}

fn settings_pages(add: &mut Add<'_>) {
    let csrf = "c".repeat(64);
    let none = FormErrors::default();
    let views = some_settings();
    let general = |filter: &str| GeneralPage {
        shell: settings("general", "General"),
        groups: general::groups(&views, filter),
        filter: filter.into(),
    };
    add("general", general("").render());
    add("general-none", general("no such thing").render());
    for setting in setting::public() {
        let form = general::form(&csrf, setting, "x", &FormErrors::field(setting.name, "Enter a valid URL."));
        let shell = settings("general", setting.name);
        add(
            &format!("setting-{}", setting.name),
            FormPage { shell, lead: vec!["The default is 30.".into()], form }.render(),
        );
    }
    let users = some_users();
    let list = |users: &[User], filter: &str| UsersPage {
        shell: settings("users", "Users"),
        rows: users::rows(users, filter, Some(UserId(1)), now()),
        total: users.len(),
        filter: filter.into(),
        may_edit: true,
    };
    add("users", list(&users, "").render());
    add("users-one", list(&users[1..2], "admin").render());
    add("users-none", list(&users, "nobody").render());
    let one = |user: &User, is_self: bool| UserPage {
        shell: settings("users", &user.username).under("Users", users::HERE),
        row: users::row(user, is_self.then_some(user.id), now()),
        joined: When::new(user.joined_at, now()),
        form: users::edit_form(&csrf, user, is_self, None, &none),
    };
    add("user", one(&users[2], false).render());
    add("user-disabled", one(&users[3], false).render());
    add("user-self", one(&users[1], true).render());
    add("user-system", one(&users[0], false).render());
    let mut errors = FormErrors::field("username", "A user with that username already exists.");
    errors.0.insert("password".into(), vec!["This password is too short: at least 12 characters.".into()]);
    let sent = Input::from_urlencoded(b"username=bob&email=bob@example.com&role=administrator");
    let form = |shell, lead, form| FormPage { shell, lead, form }.render();
    add("user-add", form(settings("users", "Add user"), Vec::new(), users::add_form(&csrf, &sent, &none)));
    add("user-add-wrong", form(settings("users", "Add user"), Vec::new(), users::add_form(&csrf, &sent, &errors)));
    let reset = user_actions::password_form(&csrf, "bob", &none);
    add("user-password", form(settings("users", "Reset password"), vec!["Set a new password.".into()], reset));
    let others = ["admin".to_owned(), "carol".to_owned()];
    let delete = user_actions::delete_form(&csrf, "bob", &others, "carol", &none);
    let lead = user_actions::delete_lead("bob", &[("machines", 3), ("address ranges", 0)]);
    add("user-delete", form(settings("users", "Delete user").under("Users", users::HERE), lead, delete));
}

fn preference_pages(add: &mut Add<'_>) {
    let csrf = "c".repeat(64);
    let none = FormErrors::default();
    let details = DetailsPage {
        shell: preferences("details", "Details"),
        username: "admin".into(),
        role: "administrator",
        joined: When::new(now().minus(days(100)), now()),
        form: details::form(&csrf, "admin@example.com", "Żółw", &none),
    };
    add("details", details.render());
    let password = |errors: &FormErrors| FormPage {
        shell: preferences("password", "Password"),
        lead: Vec::new(),
        form: password::form(&csrf, "admin", errors),
    };
    add("password", password(&none).render());
    add("password-wrong", password(&FormErrors::field("old_password", "Enter your current password.")).render());
    let ip: Option<IpAddr> = "192.0.2.7".parse().ok();
    let key = |number: i64| ApiKey {
        id: ApiKeyId(number),
        name: if number == 0 { "MAAS consumer".into() } else { format!("terraform-{number}") },
        consumer_key: "AbCdEfGhIjKlMnOpQr".into(),
        token_key: format!("StUvWxYzAbCdEfGh{number:02}"),
        created_at: now().minus(days(40)),
        last_used_at: (number > 0).then(|| now().minus(days(1))),
        last_used_ip: ip.filter(|_| number > 0),
        expires_at: (number == 2).then(|| now().minus(days(1))),
    };
    let token = |number: i64| Token {
        id: TokenId(number),
        name: format!("ci-{number}"),
        prefix: "maas_pat_Ab3d".into(),
        scope: if number % 2 == 0 { TokenScope::ReadOnly } else { TokenScope::All },
        created_at: now().minus(days(3)),
        expires_at: now().plus(days(30)),
        last_used_at: None,
        last_used_ip: None,
        role: (number == 1).then(|| "auditor".into()),
        pools: (number == 1).then(|| vec!["web".into(), "lab".into()]),
        networks: if number == 1 { vec!["192.0.2.0/24".parse().unwrap()] } else { Vec::new() },
    };
    let choices = TokenChoices { roles: vec!["user".into()], pools: vec!["default".into(), "web".into()] };
    let api = |count: i64, made: Option<(&str, &str)>, errors: &FormErrors| ApiKeysPage {
        shell: preferences("api-keys", "API keys and tokens"),
        made: made.map(|(what, value)| (what.to_owned(), value.to_owned())),
        keys: api_keys::key_rows(&(0..count).map(key).collect::<Vec<_>>(), now()),
        tokens: api_keys::token_rows(&(0..count).map(token).collect::<Vec<_>>(), now()),
        new_key: api_keys::key_form(&csrf, &Input::default(), now(), &none),
        new_token: api_keys::token_form(&csrf, &Input::default(), &choices, now(), errors).quiet(),
    };
    let value = "AbCdEfGhIjKlMnOpQr:StUvWxYzAbCdEfGh03:0123456789abcdefghijklmnopqrstuv";
    add("api-keys-none", api(0, None, &none).render());
    add("api-keys", api(3, None, &FormErrors::field("token_name", "This field is required.")).render());
    add("api-keys-made", api(1, Some(("API key terraform", value)), &none).render());
    let ssh = |number: i64| SshKey {
        id: SshKeyId(number),
        key: "ssh-ed25519 AAAA".into(),
        keysource: ["", "gh:octocat", "lp:someone"][number as usize % 3].into(),
        kind: "ssh-ed25519".into(),
        fingerprint: "SHA256:uNiVztksCsDhcc0u9e8BrrQXVUpKZIDTMczCvj3tD2s".into(),
        comment: "bob@laptop".into(),
        created_at: now().minus(days(number.unsigned_abs())),
    };
    let ssh_page = |count: i64, errors: &FormErrors| SshKeysPage {
        shell: preferences("ssh-keys", "SSH keys"),
        rows: ssh_keys::rows(&(0..count).map(ssh).collect::<Vec<_>>(), now()),
        add: ssh_keys::add_form(&csrf, "/MAAS/r/preferences/ssh-keys", "", &none),
        import: ssh_keys::import_form(&csrf, "/MAAS/r/preferences/ssh-keys/import", "lp", "x", errors).quiet(),
    };
    add("ssh-keys-none", ssh_page(0, &none).render());
    add(
        "ssh-keys",
        ssh_page(3, &FormErrors::whole("Unable to import SSH keys. Launchpad user x doesn't exist.")).render(),
    );
    let ssl = |number: i64| SslKey {
        id: SslKeyId(number),
        key: certificate().pem,
        subject: "CN=winrm.example.com".into(),
        not_after: if number == 0 { now().minus(days(1)) } else { now().plus(days(100)) },
        fingerprint: certificate().sha256,
        created_at: now(),
    };
    let ssl_page = |count: i64| SslKeysPage {
        shell: preferences("ssl-keys", "SSL keys"),
        rows: ssl_keys::rows(&(0..count).map(ssl).collect::<Vec<_>>(), now()),
        form: ssl_keys::form(&csrf, "", &none),
    };
    add("ssl-keys-none", ssl_page(0).render());
    add("ssl-keys", ssl_page(2).render());
    let session = |number: i64| Session {
        id: SessionId(number),
        created_at: now().minus(days(2)),
        last_seen_at: now().minus(Duration::from_secs(300 * number.unsigned_abs())),
        expires_at: now().plus(days(12)),
        ip,
        user_agent: AGENT.into(),
        is_current: number == 0,
    };
    let session_page = |count: i64| SessionsPage {
        shell: preferences("sessions", "Sessions"),
        rows: sessions::rows(&(0..count).map(session).collect::<Vec<_>>(), now()),
    };
    add("sessions-one", session_page(1).render());
    add("sessions", session_page(4).render());
}

fn audit_pages(add: &mut Add<'_>) {
    let page = |query: &str, count: usize, chain, is_whole, problems: &[&str]| {
        let filter = audit::Filter::read(&Input::from_urlencoded(query.as_bytes()));
        let problems = problems.iter().map(|line| (*line).to_owned()).collect();
        audit::assemble(calm(Section::Audit, "Audit log"), filter, problems, &events(count), chain, is_whole, now())
            .render()
    };
    let whole = Verified::Whole { rows: 1000, first: EventId(1), last: EventId(1000), head: "9f86d081".repeat(8) };
    let broken = Verified::Broken { at: EventId(77), why: "its hash is not that of its content".into() };
    add("audit", page("", 60, None, true, &[]));
    add("audit-one", page("user=admin&since=2026-08-01", 1, Some(audit::chain(whole)), true, &[]));
    add("audit-none", page("outcome=denied", 0, Some(audit::chain(broken)), true, &[]));
    add("audit-own", page("before=90", 3, None, false, &[]));
    add("audit-wrong", page("ip=1.2", 0, None, true, &["`1.2` is no IP address."]));
}

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
