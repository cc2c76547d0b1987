//! The pages in front of a real region: who gets what, and what a person does in a day.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{Router, body::Body};
use http::{Request, StatusCode, header};
use maas_authz::{Actor, Clock, OpCtx, RequestInfo};
use maas_model::{Endpoint, Role, Secret};
use maas_region::{
    Region, RegionConfig,
    auth::{self, Credentials},
    machines::{self, NewMachine, PowerChange},
    region::PasswordCost,
    sessions,
    users::{self, CreateUser},
};
use maas_tls::ConnInfo;
use maas_web::{Access, WebConfig, pages, router};
use tower::ServiceExt;

const PASSWORD: &str = "ochre-Lantern-49-tugboat";

struct Site {
    region: Region,
    router: Router,
    _dir: tempfile::TempDir,
}

/// What came back.
struct Reply {
    status: StatusCode,
    location: String,
    cookies: Vec<String>,
    headers: http::HeaderMap,
    body: String,
}

/// A browser: its cookies, and the token of its session.
#[derive(Clone, Default)]
struct Browser {
    cookies: Vec<(String, String)>,
}

impl Site {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let uri = format!("sqlite:{}", dir.path().join("region.db").display());
        let mut config = RegionConfig::new(dir.path(), uri, "region-a");
        config.password_cost = PasswordCost::CHEAP;
        let region = Region::open(config, Clock::System).await.unwrap();
        let router = router(region.clone(), WebConfig { version: "1.2.3".into(), ..WebConfig::default() });
        Self { region, router, _dir: dir }
    }

    async fn with_users() -> Self {
        let site = Self::start().await;
        for (name, role) in [("root", Role::Administrator), ("bob", Role::User)] {
            let new = CreateUser {
                username: name.into(),
                email: format!("{name}@example.com"),
                full_name: String::new(),
                password: Secret::new(PASSWORD.into()),
                role,
                ssh_keys: None,
                ssh_import: None,
            };
            let user = users::create(&site.region, &site.host(), new).await.unwrap();
            assert!(!user.completed_intro);
        }
        site
    }

    fn host(&self) -> OpCtx {
        let request = RequestInfo {
            trace_id: "0".repeat(32),
            ip: None,
            user_agent: String::new(),
            endpoint: Endpoint::Cli,
            is_secure: false,
        };
        let actor = Actor::LocalAdmin { unix_user: "tester".into() };
        OpCtx { actor, request, clock: self.region.clock().clone() }
    }

    async fn send(&self, mut request: Request<Body>) -> Reply {
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 5443));
        let peer = SocketAddr::from(([192, 0, 2, 7], 40000));
        request.extensions_mut().insert(ConnInfo { peer, local, is_tls: true });
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = |name| parts.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let cookies = parts.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned());
        Reply {
            status: parts.status,
            location: text(header::LOCATION),
            cookies: cookies.collect(),
            body: String::from_utf8(axum::body::to_bytes(body, 1 << 22).await.unwrap().to_vec()).unwrap(),
            headers: parts.headers,
        }
    }

    async fn get(&self, browser: &Browser, path: &str) -> Reply {
        let request = Request::get(path).header(header::HOST, HOST).header(header::COOKIE, browser.header());
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Posts a form with the session's token, as a page of ours does.
    async fn post(&self, browser: &Browser, path: &str, form: &[(&str, &str)]) -> Reply {
        let token = browser.cookie("csrftoken");
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form).append_pair("csrfmiddlewaretoken", &token);
        self.post_body(browser, path, body.finish(), "https://maas.example:5443").await
    }

    async fn post_body(&self, browser: &Browser, path: &str, body: String, origin: &str) -> Reply {
        let request = Request::post(path)
            .header(header::HOST, HOST)
            .header(header::ORIGIN, origin)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, browser.header());
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// What the region makes of a browser's session.
    async fn session_ctx(&self, browser: &Browser) -> OpCtx {
        let key = Credentials::Session(Secret::new(browser.cookie("sessionid")));
        auth::authenticate(&self.region, Some(key), RequestInfo::internal(Endpoint::Ui)).await.unwrap()
    }

    async fn log_in(&self, name: &str) -> Browser {
        let mut browser = Browser::default();
        let reply = self.post(&browser, "/MAAS/r/login", &[("username", name), ("password", PASSWORD)]).await;
        assert_eq!(reply.status, 303, "{}", reply.body);
        browser.keep(&reply);
        browser
    }
}

impl Browser {
    fn header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn cookie(&self, name: &str) -> String {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn keep(&mut self, reply: &Reply) {
        for line in &reply.cookies {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }
}

const HOST: &str = "maas.example:5443";

/// A path that the pattern of a page fits.
fn example(pattern: &str) -> String {
    pattern.replace("{name}", "bob").replace("{id}", "1").replace("{key}", "x").replace("{action}", "lock")
}

#[tokio::test]
async fn every_page_is_closed_to_whom_it_is_closed() {
    let site = Site::with_users().await;
    let (nobody, user, admin) = (Browser::default(), site.log_in("bob").await, site.log_in("root").await);
    for page in pages() {
        let path = example(page.path);
        let call = async |browser: &Browser| match page.method {
            "GET" => site.get(browser, &path).await,
            _ => site.post_body(browser, &path, String::new(), "https://maas.example:5443").await,
        };
        let reply = call(&nobody).await;
        if page.access == Access::Public {
            assert!(reply.status == 200 || reply.status == 400, "{path}: {}", reply.status);
        } else {
            let is_login = reply.location.starts_with("/MAAS/r/login");
            assert!(reply.status == 303 && is_login, "{} {path} let nobody in: {}", page.method, reply.status);
        }
        let held = maas_authz::Access::of(maas_authz::role::BUILTIN[2].actions);
        let is_admins = match page.access {
            Access::May(action) => !held.allows(action),
            Access::Somewhere(actions) => !actions.iter().any(|action| held.anywhere().has(*action)),
            _ => false,
        };
        if is_admins {
            assert_eq!(call(&user).await.status, 403, "{} {path} let a user in", page.method);
        }
        if page.method == "POST" && page.access != Access::Public {
            let reply = call(&admin).await;
            assert_eq!(reply.status, 403, "{path} took a form without a token");
        } else if page.method == "GET" {
            for (browser, who) in [(&user, "bob"), (&admin, "root")] {
                let reply = call(browser).await;
                let is_ok = matches!(reply.status.as_u16(), 200 | 303 | 404) || (is_admins && who == "bob");
                assert!(is_ok, "{path} for {who}: {} {}", reply.status, reply.body);
            }
        }
    }
    site.region.shutdown().await;
}

#[tokio::test]
async fn a_session_that_ends_while_its_form_arrives_does_nothing() {
    let site = Site::with_users().await;
    let bob = site.log_in("bob").await;
    let form = format!("name=late&csrfmiddlewaretoken={}", bob.cookie("csrftoken"));
    let (region, host) = (site.region.clone(), site.host());
    let slow = Body::from_stream(futures_util::stream::once(async move {
        sessions::revoke_all_of(&region, &host, "bob").await.unwrap();
        Ok::<_, std::convert::Infallible>(form)
    }));
    let request = Request::post("/MAAS/r/preferences/api-keys")
        .header(header::HOST, HOST)
        .header(header::ORIGIN, "https://maas.example:5443")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, bob.header());
    let reply = site.send(request.body(slow).unwrap()).await;
    assert!(reply.status == 303 && reply.location.starts_with("/MAAS/r/login"), "{} {}", reply.status, reply.location);
    assert!(maas_region::keys::list_of(&site.region, &site.host(), "bob").await.unwrap().is_empty());
    site.region.shutdown().await;
}

#[tokio::test]
async fn foreign_forms_do_nothing() {
    let site = Site::with_users().await;
    let admin = site.log_in("root").await;
    let body = format!("csrfmiddlewaretoken={}", admin.cookie("csrftoken"));
    let reply = site.post_body(&admin, "/MAAS/r/logout", body, "https://evil.example").await;
    assert_eq!(reply.status, 403);
    assert!(reply.body.contains("did not come from a page of this site"), "{}", reply.body);
    assert_eq!(site.get(&admin, "/MAAS/r/preferences/details").await.status, 200);
    let stale = "csrfmiddlewaretoken=".to_owned() + &"x".repeat(32);
    let reply = site.post_body(&admin, "/MAAS/r/logout", stale, "https://maas.example:5443").await;
    assert_eq!(reply.status, 403);
    let login = "username=root&password=x".to_owned();
    assert_eq!(site.post_body(&Browser::default(), "/MAAS/r/login", login, "https://evil.example").await.status, 403);
    site.region.shutdown().await;
}

#[tokio::test]
async fn a_first_login_leads_to_the_key_page_and_then_on() {
    let site = Site::start().await;
    let reply = site.get(&Browser::default(), "/MAAS/r/login").await;
    assert!(reply.body.contains("maas createadmin"), "{}", reply.body);
    let site = Site::with_users().await;
    let reply = site.get(&Browser::default(), "/MAAS/r/audit?user=bob").await;
    assert_eq!(reply.location, "/MAAS/r/login?next=%2FMAAS%2Fr%2Faudit%3Fuser%3Dbob");
    let wrong = site.post(&Browser::default(), "/MAAS/r/login", &[("username", "bob"), ("password", "x")]).await;
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.body.contains("Please enter a correct username and password.") && wrong.body.contains("value=\"bob\"")
    );
    assert!(wrong.cookies.iter().all(|line| !line.starts_with("sessionid")), "{:?}", wrong.cookies);

    let mut bob = site.log_in("bob").await;
    let session = site.post(&Browser::default(), "/MAAS/r/login", &[("username", "bob"), ("password", PASSWORD)]).await;
    let line = session.cookies.iter().find(|line| line.starts_with("sessionid=")).unwrap();
    for word in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(line.contains(word), "{line}");
    }
    assert_eq!(session.location, "/MAAS/r/intro");
    assert_eq!(site.get(&bob, "/MAAS/r/machines").await.location, "/MAAS/r/intro");
    let reply = site.post(&bob, "/MAAS/r/intro/key", &[("key", "ssh-dss nonsense")]).await;
    assert!(reply.status == 400 && reply.body.contains("ssh-dss nonsense"), "{}", reply.body);
    let reply = site.post(&bob, "/MAAS/r/intro/key", &[("key", KEY)]).await;
    assert_eq!((reply.status.as_u16(), reply.location.as_str()), (303, "/MAAS/r/machines"));
    bob.keep(&reply);
    let reply = site.get(&bob, "/MAAS/r/machines").await;
    assert!(
        reply.body.contains("Added 1 SSH key.") && reply.body.contains("No machine is free for you now"),
        "{}",
        reply.body
    );
    bob.keep(&reply);
    assert!(!site.get(&bob, "/MAAS/r/machines").await.body.contains("Added 1 SSH key."));
    let reply = site.post(&bob, "/MAAS/r/logout", &[]).await;
    assert_eq!(reply.location, "/MAAS/r/login");
    assert_eq!(site.get(&bob, "/MAAS/r/machines").await.status, 303);
    site.region.shutdown().await;
}

#[tokio::test]
async fn an_administrator_manages_users() {
    let site = Site::with_users().await;
    let root = site.log_in("root").await;
    let add = "/MAAS/r/settings/users/add";
    let form = |name, again| {
        [("username", name), ("email", "carol@example.com"), ("role", "user"), ("password", PASSWORD), ("again", again)]
    };
    let reply = site.post(&root, add, &form("carol", "other")).await;
    assert!(reply.status == 400 && reply.body.contains("The two passwords differ."), "{}", reply.body);
    assert!(!reply.body.contains(PASSWORD));
    let reply = site.post(&root, add, &form("a/b", PASSWORD)).await;
    assert!(reply.status == 400 && reply.body.contains("Enter a valid username."), "{}", reply.body);
    assert_eq!(site.post(&root, add, &form("carol", PASSWORD)).await.location, "/MAAS/r/settings/users");
    let carol = site.log_in("carol").await;
    let one = |word: &str| format!("/MAAS/r/settings/users/carol/{word}");
    let edit = [("email", "c@example.com"), ("full_name", "Carol C."), ("role", "administrator")];
    assert_eq!(site.post(&root, &one("edit"), &edit).await.status, 303);
    assert_eq!(site.get(&carol, "/MAAS/r/settings/users").await.status, 200);
    assert_eq!(site.post(&root, &one("disable"), &[]).await.status, 303);
    assert_eq!(site.get(&carol, "/MAAS/r/settings/users").await.status, 303);
    assert_eq!(site.post(&root, &one("enable"), &[]).await.status, 303);
    let reset = [("password", "mauve-Harbour-77-bicycle"), ("again", "mauve-Harbour-77-bicycle")];
    assert_eq!(site.post(&root, &one("password"), &reset).await.status, 303);
    let page = site.get(&root, &one("delete")).await;
    assert!(page.body.contains("Delete “carol” for good?"), "{}", page.body);
    assert_eq!(site.post(&root, &one("delete"), &[("transfer_to", "")]).await.location, "/MAAS/r/settings/users");
    assert_eq!(site.get(&root, &one("edit")).await.status, 404);
    let reply = site.post(&root, "/MAAS/r/settings/users/root/delete", &[]).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    let log = site.get(&root, "/MAAS/r/audit?user=root&q=carol").await.body;
    for text in ["Created user &#39;carol&#39;.", "Deleted admin &#39;carol&#39;."] {
        assert!(log.contains(text), "{text} in {log}");
    }
    site.region.shutdown().await;
}

#[tokio::test]
async fn keys_and_tokens_are_shown_once() {
    let site = Site::with_users().await;
    let bob = site.log_in("bob").await;
    for (path, form, beside) in [
        ("/MAAS/r/preferences/api-keys", vec![("name", "ci")], "Your new API key ci"),
        (
            "/MAAS/r/preferences/tokens",
            vec![("token_name", "ci"), ("scope", "read-only"), ("expires_at", "")],
            "Your new token ci",
        ),
    ] {
        let day = site.region.clock().now().plus(std::time::Duration::from_secs(86_400 * 30)).iso();
        let form: Vec<_> = form
            .into_iter()
            .map(|(name, value)| (name, if name == "expires_at" { &day[..10] } else { value }))
            .collect();
        let reply = site.post(&bob, path, &form).await;
        assert!(reply.status == 200 && reply.body.contains(beside), "{}", reply.body);
        assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
        let value = reply.body.split("id=\"made-value\">").nth(1).unwrap().split('<').next().unwrap();
        assert!(value.len() > 30, "{value}");
        assert!(!site.get(&bob, path).await.body.contains(value));
    }
    let reply = site
        .post(
            &bob,
            "/MAAS/r/preferences/tokens",
            &[("token_name", "x"), ("scope", "all"), ("expires_at", "2001-01-01")],
        )
        .await;
    assert_eq!(reply.status, 400);
    site.region.shutdown().await;
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_a_session_can_be_ended() {
    let site = Site::with_users().await;
    let (here, there) = (site.log_in("bob").await, site.log_in("bob").await);
    let path = "/MAAS/r/preferences/password";
    let new = "mauve-Harbour-77-bicycle";
    let form = |old| [("old_password", old), ("password", new), ("again", new)];
    assert_eq!(site.post(&here, path, &form("wrong")).await.status, 400);
    let judged = site.post(&here, "/MAAS/r/preferences/password/strength", &[("password", new)]).await;
    assert!(judged.body.contains("\"score\":"), "{}", judged.body);
    assert_eq!(site.post(&here, path, &form(PASSWORD)).await.status, 303);
    assert_eq!(site.get(&here, path).await.status, 200);
    assert_eq!(site.get(&there, path).await.status, 303);
    let list = site.get(&here, "/MAAS/r/preferences/sessions").await.body;
    assert!(list.contains("This session") && !list.contains("End all others"), "{list}");
    let log = site.get(&here, "/MAAS/r/audit").await.body;
    assert!(log.contains("These are your own actions.") && !log.contains("root"), "{log}");
    site.region.shutdown().await;
}

#[tokio::test]
async fn keys_come_as_files_too() {
    let site = Site::with_users().await;
    let bob = site.log_in("bob").await;
    let part = |name: &str, more: &str, value: &str| {
        format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{value}\r\n")
    };
    let body = part("csrfmiddlewaretoken", "", &bob.cookie("csrftoken"))
        + &part("key", "", "")
        + &part("key_file", "; filename=\"id.pub\"", KEY)
        + "--X--\r\n";
    let request = Request::post("/MAAS/r/preferences/ssh-keys")
        .header(header::HOST, HOST)
        .header(header::ORIGIN, "https://maas.example:5443")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=X")
        .header(header::COOKIE, bob.header());
    assert_eq!(site.send(request.body(Body::from(body)).unwrap()).await.status, 303);
    assert!(site.get(&bob, "/MAAS/r/preferences/ssh-keys").await.body.contains("bob@laptop"));
    site.region.shutdown().await;
}

#[tokio::test]
async fn every_problem_of_a_pair_is_named_and_nothing_changes() {
    let site = Site::with_users().await;
    let root = site.log_in("root").await;
    let page = site.get(&root, "/MAAS/r/settings/configuration/security").await.body;
    assert!(page.contains("TLS disabled") && page.contains("config-tls enable KEY.pem CERT.pem --port 5443"), "{page}");
    let path = "/MAAS/r/settings/configuration/security/certificate";
    let pair = [("key", "NO-KEY"), ("certificate", "NO-CERT"), ("port", "5250")];
    let reply = site.post(&root, path, &pair).await;
    for code in ["tls/key-parse", "tls/cert-parse", "tls/port"] {
        assert!(reply.status == 400 && reply.body.contains(code), "{code}: {}", reply.body);
    }
    assert!(reply.body.contains("NO-CERT") && !reply.body.contains("NO-KEY"), "{}", reply.body);
    let checked = site.post(&root, path, &[&pair[..], &[("intent", "check")]].concat()).await;
    assert!(checked.status == 200 && checked.body.contains("This pair cannot be used."), "{}", checked.body);
    let reminder =
        [("tls_cert_expiration_notification_enabled", "true"), ("tls_cert_expiration_notification_interval", "91")];
    let reply = site.post(&root, "/MAAS/r/settings/configuration/security/reminder", &reminder).await;
    assert!(reply.status == 400 && reply.body.contains("less than or equal to 90"), "{}", reply.body);
    site.region.shutdown().await;
}

#[tokio::test]
async fn settings_are_checked_and_saved_one_at_a_time() {
    let site = Site::with_users().await;
    let root = site.log_in("root").await;
    let path = "/MAAS/r/settings/configuration/general/upstream_dns";
    let reply = site.post(&root, path, &[("upstream_dns", "8.8.8")]).await;
    assert!(reply.status == 400 && reply.body.contains("Invalid IP address: 8.8.8"), "{}", reply.body);
    assert_eq!(site.post(&root, path, &[("upstream_dns", "192.0.2.53")]).await.status, 303);
    let list = site.get(&root, "/MAAS/r/settings/configuration/general?q=upstream").await.body;
    assert!(list.contains("192.0.2.53") && !list.contains("NTP"), "{list}");
    for hidden in ["uuid", "session_length", "nothing"] {
        let reply = site.get(&root, &format!("/MAAS/r/settings/configuration/general/{hidden}")).await;
        assert_eq!(reply.status, 404, "{hidden}");
    }
    site.region.shutdown().await;
}

#[tokio::test]
async fn every_answer_carries_the_guard_headers() {
    let site = Site::with_users().await;
    let bob = site.log_in("bob").await;
    for path in
        ["/MAAS/r/login", "/MAAS/r/nowhere", "/MAAS/r/preferences/details", "/MAAS/r/settings", "/MAAS/r/logout"]
    {
        let reply = site.get(&bob, path).await;
        assert!(reply.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'self';"));
        assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(reply.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
    assert_eq!(site.get(&bob, "/MAAS/r/nowhere").await.status, 404);
    assert_eq!(site.get(&bob, "/MAAS/r/logout").await.status, 404);
    let refused = site.get(&bob, "/MAAS/r/settings/users").await;
    assert!(
        refused.status == 403 && refused.body.contains("None of your roles on the whole site includes"),
        "{}",
        refused.body
    );
    site.region.shutdown().await;
}

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl bob@laptop";

/// A machine of the default pool, made by the host.
async fn machine(site: &Site, hostname: &str, mac: &str) -> String {
    let new = NewMachine {
        hostname: Some(hostname.into()),
        architecture: "amd64/generic".into(),
        mac_addresses: vec![mac.into()],
        power: Some(PowerChange { power_type: Some("manual".into()), ..PowerChange::default() }),
        ..NewMachine::default()
    };
    machines::create(&site.region, &site.host(), new).await.unwrap().system_id.to_string()
}

#[tokio::test]
async fn machines_are_found_changed_and_done_to_in_bulk() {
    let site = Site::with_users().await;
    let root = site.log_in("root").await;
    site.post(&root, "/MAAS/r/intro/skip", &[]).await;
    let empty = site.get(&root, "/MAAS/r/machines").await.body;
    assert!(empty.contains("No machines yet") && empty.contains("machines create hostname=node1"), "{empty}");
    let form = [
        ("hostname", "alpha"),
        ("mac_addresses", "52:54:00:00:00:01"),
        ("architecture", "amd64/generic"),
        ("pool", "default"),
        ("zone", "default"),
        ("power_type", "redfish"),
        ("power_address", "192.0.2.9"),
        ("power_user", "maas"),
    ];
    let wrong = site.post(&root, "/MAAS/r/machines/add", &form).await;
    assert!(wrong.status == 400 && wrong.body.contains("machine-power-pass-error"), "{}", wrong.body);
    let with_password = [&form[..], &[("power_pass", "kX9-canary")]].concat();
    let added = site.post(&root, "/MAAS/r/machines/add", &with_password).await;
    assert!(added.location.starts_with("/MAAS/r/machine/"), "{}", added.body);
    let alpha = added.location.rsplit('/').next().unwrap().to_owned();
    let beta = machine(&site, "beta", "52:54:00:00:00:02").await;
    let list = site.get(&root, "/MAAS/r/machines?q=status%3A(%3Dnew)").await.body;
    assert!(list.contains("2 machines") && list.contains("alpha") && list.contains("beta"), "{list}");
    let list = site.get(&root, "/MAAS/r/machines?q=alph&sort=memory&desc=1&group=pool").await.body;
    assert!(list.contains("1 machine<") && !list.contains(&beta), "{list}");
    for (query, line) in [("q=colour%3A(red)", "Unknown filter"), ("q=pool%3A(%3Dnowhere)", "nowhere")] {
        let list = site.get(&root, &format!("/MAAS/r/machines?{query}")).await;
        assert!(list.status == 200 && list.body.contains(line), "{query}: {}", list.body);
    }
    for tab in ["", "/network", "/storage", "/events", "/power", "/access", "/configuration", "/actions/delete"] {
        let page = site.get(&root, &format!("/MAAS/r/machine/{alpha}{tab}")).await;
        assert!(page.status == 200 && page.body.contains("alpha"), "{tab}: {} {}", page.status, page.body);
        assert!(!page.body.contains("kX9-canary"), "{tab}");
    }
    let shown = site.post(&root, &format!("/MAAS/r/machine/{alpha}/power/reveal"), &[]).await;
    assert!(shown.status == 200 && shown.body.contains("kX9-canary"), "{}", shown.body);
    let both = [("id", alpha.as_str()), ("id", beta.as_str()), ("action", "mark-broken")];
    let asked = site.post(&root, "/MAAS/r/machines/actions", &both).await;
    assert!(asked.status == 200 && asked.body.contains("Mark broken 2 machines: "), "{}", asked.body);
    let done = site.post(&root, "/MAAS/r/machines/actions", &[&both[..], &[("sure", "true")]].concat()).await;
    assert!(done.body.contains("all 2 machines"), "{}", done.body);
    let again = [("id", beta.as_str()), ("action", "lock"), ("sure", "true")];
    let refused = site.post(&root, "/MAAS/r/machines/actions", &again).await.body;
    assert!(refused.contains("Nothing was done.") && refused.contains("Not done"), "{refused}");
    let deleted = site.post(&root, &format!("/MAAS/r/machine/{beta}/actions/delete"), &[]).await;
    assert_eq!(deleted.location, "/MAAS/r/machines");
    assert_eq!(site.get(&root, &format!("/MAAS/r/machine/{beta}")).await.status, 404);
    site.region.shutdown().await;
}

#[tokio::test]
async fn what_a_user_may_not_see_is_on_no_page() {
    let site = Site::with_users().await;
    let (root, bob) = (site.log_in("root").await, site.log_in("bob").await);
    site.post(&bob, "/MAAS/r/intro/skip", &[]).await;
    site.post(&root, "/MAAS/r/intro/skip", &[]).await;
    // A machine of root's, in the pool that bob uses too.
    let id = machine(&site, "sunken-otter", "52:54:00:00:00:03").await;
    let taken = NewMachine {
        hostname: Some("hidden-lynx".into()),
        architecture: "amd64/generic".into(),
        mac_addresses: vec!["52:54:00:00:00:04".into()],
        is_deployed: true,
        ..NewMachine::default()
    };
    let ctx = site.session_ctx(&root).await;
    let hidden = machines::create(&site.region, &ctx, taken).await.unwrap().system_id.to_string();
    for page in pages().iter().filter(|page| page.method == "GET") {
        for one in [&id, &hidden] {
            let path =
                page.path.replace("{id}", one).replace("{name}", "x").replace("{key}", "x").replace("{action}", "lock");
            let reply = site.get(&bob, &path).await;
            assert!(!reply.body.contains("hidden-lynx"), "{path} tells of a machine that is not bob's: {}", reply.body);
            if path.contains(&format!("/machine/{hidden}")) {
                assert_eq!(reply.status, 404, "{path}");
                let missing = site.get(&bob, &path.replace(&hidden, "aaaaaa")).await;
                let plain = |reply: &Reply| {
                    reply.body.replace(&hidden, "aaaaaa").replace(|c: char| c.is_ascii_alphanumeric(), "")
                };
                assert_eq!(plain(&reply), plain(&missing), "{path}: hidden and missing look the same");
            }
        }
    }
    let bulk = [("id", hidden.as_str()), ("action", "lock"), ("sure", "true")];
    assert_eq!(site.post(&bob, "/MAAS/r/machines/actions", &bulk).await.status, 303, "as if none was marked");
    for word in ["lock", "delete", "release"] {
        let path = format!("/MAAS/r/machine/{hidden}/actions/{word}");
        assert_eq!(site.post(&bob, &path, &[]).await.status, 404, "{word}");
    }
    assert_eq!(site.post(&bob, &format!("/MAAS/r/machine/{hidden}/power/reveal"), &[]).await.status, 403);
    let seen = site.get(&bob, &format!("/MAAS/r/machine/{id}")).await;
    assert!(seen.status == 200 && seen.body.contains("None of your roles on pool default includes"), "{}", seen.body);
    site.region.shutdown().await;
}

#[tokio::test]
async fn a_role_is_looked_at_before_it_is_given() {
    let site = Site::with_users().await;
    let (root, bob) = (site.log_in("root").await, site.log_in("bob").await);
    site.post(&bob, "/MAAS/r/intro/skip", &[]).await;
    let add = "/MAAS/r/settings/roles/add";
    let role =
        [("name", "night-watch"), ("description", ""), ("actions", "can_view_machines"), ("actions", "can_view_audit")];
    let reply = site.post(&root, add, &role).await;
    assert_eq!(reply.status, 303, "{}", reply.body);
    let matrix = site.get(&root, "/MAAS/r/settings/roles").await.body;
    assert!(matrix.contains("night-watch") && matrix.contains("can_edit_machines"), "{matrix}");
    let pool = site.post(&root, "/MAAS/r/pools/add", &[("name", "web"), ("description", "")]).await;
    assert_eq!(pool.location, "/MAAS/r/pools", "{}", pool.body);
    let give = "/MAAS/r/settings/bindings/add";
    let form = [("role", "operator"), ("subject", "user:bob"), ("pool", "web")];
    let tried = site.post(&root, give, &[&form[..], &[("intent", "try")]].concat()).await;
    assert!(tried.status == 200 && tried.body.contains("can_edit_machines on pool"), "{}", tried.body);
    assert_eq!(site.get(&bob, "/MAAS/r/machines/add").await.status, 403, "nothing was given yet");
    let given = site.post(&root, give, &form).await;
    assert_eq!(given.location, "/MAAS/r/settings/bindings", "{}", given.body);
    let page = site.get(&bob, "/MAAS/r/machines/add").await;
    assert!(page.status == 200 && page.body.contains("value=\"web\""), "{}", page.body);
    let why = site.get(&bob, "/MAAS/r/access?user=bob&action=can_edit_identities").await;
    assert!(why.status == 200 && why.body.contains("may not"), "{}", why.body);
    let users = site.get(&root, "/MAAS/r/settings/users").await.body;
    assert!(users.contains("operator on pool"), "{users}");
    for path in [
        "/MAAS/r/settings/groups",
        "/MAAS/r/settings/groups/1",
        "/MAAS/r/tags",
        "/MAAS/r/zones",
        "/MAAS/r/devices",
        "/MAAS/r/status",
    ] {
        assert_eq!(site.get(&root, path).await.status, 200, "{path}");
    }
    site.region.shutdown().await;
}
