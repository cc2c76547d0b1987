//! The whole door on a region of its own, without a network: what clients of API 2.0 send, and what they get.

use axum::{Router, body::Body};
use http::{HeaderMap, Request, StatusCode};
use maas_authz::{Actor, Clock, OpCtx, RequestInfo};
use maas_model::{Endpoint, Role, Secret, Timestamp};
use maas_region::{PasswordCost, Region, RegionConfig, keys, tls, users};
use maas_tls::ConnInfo;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{Access, ApiConfig, RouteInfo, routes};

const PASSWORD: &str = "ochre-Lantern-49-tugboat";
const FORM: &str = "application/x-www-form-urlencoded";

/// A region with an administrator `root` and a user `bob`.
pub(crate) struct Door {
    pub(crate) region: Region,
    pub(crate) app: Router,
    plain: Router,
    clock: Clock,
    _dir: tempfile::TempDir,
}

/// An answer.
pub(crate) struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    fn line(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.body)
    }

    /// `name=value` of a cookie just set.
    pub(crate) fn cookie(&self, name: &str) -> String {
        let mut lines = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let line = lines.rfind(|line| line.starts_with(&format!("{name}="))).expect("a cookie");
        line.split(';').next().unwrap_or_default().to_owned()
    }
}

impl Door {
    pub(crate) async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let uri = format!("sqlite:{}", dir.path().join("region.db").display());
        let config = RegionConfig {
            names: vec!["maas.example".into()],
            password_cost: PasswordCost::CHEAP,
            ..RegionConfig::new(dir.path(), uri, "host1")
        };
        let clock = Clock::manual(Timestamp::from_secs(1_800_000_000));
        let region = Region::open(config, clock.clone()).await.unwrap();
        let app = crate::router(region.clone(), ApiConfig::default());
        let plain = crate::plain_router(region.clone());
        let door = Self { region, app, plain, clock, _dir: dir };
        door.add("root", Role::Administrator).await;
        door.add("bob", Role::User).await;
        door
    }

    pub(crate) fn host_ctx(&self) -> OpCtx {
        let request = RequestInfo {
            trace_id: "0".repeat(32),
            ip: None,
            user_agent: String::new(),
            endpoint: Endpoint::Cli,
            is_secure: true,
        };
        OpCtx { actor: Actor::LocalAdmin { unix_user: "root".into() }, request, clock: self.clock.clone() }
    }

    async fn add(&self, name: &str, role: Role) {
        let new = users::CreateUser {
            username: name.into(),
            email: format!("{name}@example.org"),
            full_name: String::new(),
            password: Secret::new(PASSWORD.into()),
            role,
            ssh_keys: None,
        };
        users::create(&self.region, &self.host_ctx(), new).await.unwrap();
    }

    /// A header that signs with a new API key of this user.
    pub(crate) async fn key(&self, name: &str) -> Key {
        let new = keys::create_for(&self.region, &self.host_ctx(), name, None).await.unwrap();
        let text = new.text();
        let mut parts = text.expose().split(':').map(str::to_owned);
        let mut part = || parts.next().unwrap();
        Key { consumer: part(), token: part(), secret: part(), clock: self.clock.clone() }
    }

    async fn switch_tls_on(&self) {
        let mode = tls::Bootstrap::SiteIssued { port: 5443, names: vec!["maas.example".into()] };
        tls::bootstrap(&self.region, &self.host_ctx(), mode).await.unwrap();
    }

    async fn call(&self, request: Request<Body>) -> Seen {
        see(&self.app, request, true).await
    }

    async fn get(&self, path: &str, who: Option<&Key>) -> Seen {
        self.call(request("GET", path, who, "", "")).await
    }

    pub(crate) async fn post(&self, path: &str, who: Option<&Key>, form: &str) -> Seen {
        self.call(request("POST", path, who, FORM, form)).await
    }

    pub(crate) async fn log_in(&self, name: &str) -> Seen {
        self.post("/MAAS/accounts/login/", None, &format!("username={name}&password={PASSWORD}")).await
    }
}

async fn see(router: &Router, mut request: Request<Body>, is_tls: bool) -> Seen {
    let peer = std::net::SocketAddr::from(([192, 0, 2, 9], 40_000));
    let local = std::net::SocketAddr::from(([192, 0, 2, 1], 5443));
    request.extensions_mut().insert(ConnInfo { peer, local, is_tls });
    let reply = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = reply.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Seen { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// An API key and how it signs.
pub(crate) struct Key {
    consumer: String,
    token: String,
    secret: String,
    clock: Clock,
}

impl Key {
    fn header(&self) -> String {
        let nonce = data_encoding::HEXLOWER.encode(&{
            let mut bytes = [0; 8];
            aws_lc_rs::rand::fill(&mut bytes).unwrap();
            bytes
        });
        format!(
            "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{}\", \
             oauth_token=\"{}\", oauth_signature=\"%26{}\", oauth_timestamp=\"{}\", oauth_nonce=\"{nonce}\"",
            self.consumer,
            self.token,
            self.secret,
            self.clock.now().secs()
        )
    }
}

fn request(method: &str, path: &str, who: Option<&Key>, kind: &str, body: &str) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(path).header("host", "maas.example:5443");
    if let Some(key) = who {
        builder = builder.header("authorization", key.header());
    }
    if !kind.is_empty() {
        builder = builder.header("content-type", kind);
    }
    builder.body(Body::from(body.to_owned())).unwrap()
}

const API: &str = "/MAAS/api/2.0";

#[tokio::test]
async fn the_version_is_for_everybody() {
    let door = Door::open().await;
    let seen = door.get(&format!("{API}/version/"), None).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(seen.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(seen.json().get("version"), Some(&json!("3.7.3")));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("vary", "Authorization"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(seen.header(name), value, "{name}");
    }
    assert_eq!(seen.header("maas-trace-id").len(), 32);
    let collapsed = door.get("/MAAS//api/2.0//version/", None).await;
    assert_eq!(collapsed.body, seen.body);
    let described = door.get(&format!("{API}/describe/"), None).await;
    assert_eq!(described.header("content-type"), "application/json");
    assert_eq!(described.json().get("hash"), Some(&json!(seen.header("x-maas-api-hash"))));
    assert!(described.body.contains("https://maas.example:5443/MAAS/api/2.0/users/"));
}

#[tokio::test]
async fn a_foreign_host_gets_no_description() {
    let door = Door::open().await;
    let mut asked = request("GET", &format!("{API}/describe/"), None, "", "");
    asked.headers_mut().insert("host", "evil.example".parse().unwrap());
    assert_eq!(door.call(asked).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn paths_and_operations_are_told_apart() {
    let door = Door::open().await;
    let root = door.key("root").await;
    let check = async |method: &str, path: &str, who: Option<&Key>, expected: &str| {
        let seen = door.call(request(method, path, who, "", "")).await;
        assert_eq!(seen.line(), expected, "{method} {path}");
        seen
    };
    check("GET", "/MAAS/api/2.0/nothing/", None, "404 Unknown API endpoint: /MAAS/api/2.0/nothing/.").await;
    check("GET", "/MAAS/api/2.0/users", Some(&root), "404 Unknown API endpoint: /MAAS/api/2.0/users.").await;
    check("GET", "/MAAS/api/2.0/account/", Some(&root), "400 Unrecognised signature: method=GET op=None").await;
    check("POST", "/MAAS/api/2.0/users/?op=x", Some(&root), "400 Unrecognised signature: method=POST op=x").await;
    check("POST", "/MAAS/api/2.0/users/?op=", Some(&root), "400 No provided username!").await;
    check("GET", "/MAAS/api/2.0/users/?format=xml", Some(&root), "400 Invalid output format specified 'xml'.").await;
    let seen = check("PUT", "/MAAS/api/2.0/users/bob/", Some(&root), "405 ").await;
    assert_eq!(seen.header("allow"), "GET, POST, DELETE");
    check("GET", "/MAAS/api/1.0/x", None, "410 The 1.0 API is no longer available. Please use API version 2.0.").await;
    check("GET", "/MAAS/api/version/", None, "200 2.0").await;
    let seen = check("GET", "/MAAS/accounts/login?next=a", None, "301 ").await;
    assert_eq!(seen.header("location"), "/MAAS/accounts/login/?next=a");
    for path in ["/", "/MAAS", "/MAAS/"] {
        assert_eq!(check("GET", path, None, "301 ").await.header("location"), "/MAAS/r/");
    }
    check("GET", "/MAAS/rpc/", None, "200 {\"eventloops\": {}}").await;
}

#[tokio::test]
async fn too_much_is_refused() {
    let door = Door::open().await;
    let root = door.key("root").await;
    let seen = door.post(&format!("{API}/users/"), Some(&root), &"x".repeat(crate::limits::BODY_BYTES + 1)).await;
    assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn whoami_by_key_token_and_session() {
    let door = Door::open().await;
    let bob = door.key("bob").await;
    let me = json!({
        "is_superuser": false,
        "username": "bob",
        "email": "bob@example.org",
        "is_local": true,
        "resource_uri": "/MAAS/api/2.0/users/bob/",
    });
    let path = format!("{API}/users/?op=whoami");
    assert_eq!(door.get(&path, Some(&bob)).await.json(), me);
    assert_eq!(door.get(&format!("{API}/users/op-whoami"), Some(&bob)).await.json(), me);
    assert_eq!(door.get(&path, None).await.line(), "401 Forbidden");
    let wrong = Key { secret: "x".repeat(32), ..door.key("bob").await };
    let seen = door.get(&path, Some(&wrong)).await;
    assert_eq!(seen.line(), "401 Authorization Error: 'Invalid signature.'");
    assert_eq!(seen.header("www-authenticate"), "OAuth realm=\"OAuth\"");
    assert_eq!(seen.header("x-maas-api-hash"), "");

    let token = door.post(&format!("{API}/tokens/"), Some(&bob), "name=ci").await;
    assert_eq!(token.status, StatusCode::CREATED, "{}", token.body);
    let value = token.json()["value"].as_str().unwrap().to_owned();
    let bearer = |method: &str, path: &str| {
        let mut request = request(method, path, None, "", "");
        request.headers_mut().insert("authorization", format!("Bearer {value}").parse().unwrap());
        request
    };
    assert_eq!(door.call(bearer("GET", &path)).await.json(), me);
    let seen = door.call(bearer("POST", &format!("{API}/account/?op=create_authorisation_token"))).await;
    assert_eq!(seen.line(), "403 This token may only read. Use a token of scope `all`, or sign in.");
}

#[tokio::test]
async fn a_browser_signs_in_and_out() {
    let door = Door::open().await;
    let seen = door.post("/MAAS/accounts/login/", None, "username=bob").await;
    assert_eq!(seen.json(), json!({"password": ["This field is required."]}));
    let seen = door.post("/MAAS/accounts/login/", None, "username=bob&password=no").await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.body.contains("Please enter a correct username and password."));

    let seen = door.log_in("bob").await;
    assert_eq!(seen.line(), "204 ");
    let lines: Vec<_> = seen.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(lines.iter().all(|line| line.contains("; Secure") && line.contains("; SameSite=Lax")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("sessionid=") && line.contains("; HttpOnly")));
    let (session, token) = (seen.cookie("sessionid"), seen.cookie("csrftoken"));
    let token = token.strip_prefix("csrftoken=").unwrap().to_owned();
    let with = |method: &str, path: &str, headers: &[(&'static str, &str)]| {
        let mut request = request(method, path, None, "", "");
        request.headers_mut().insert("cookie", session.parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        request
    };
    let state = door.call(with("GET", "/MAAS/accounts/login/", &[])).await;
    assert_eq!(state.json(), json!({"authenticated": true, "external_auth_url": null, "no_users": false}));
    let masked = door.call(with("POST", "/MAAS/account/csrf/", &[])).await.json()["csrf"].as_str().unwrap().to_owned();
    assert_eq!(masked.len(), 64);

    let path = format!("{API}/account/?op=create_authorisation_token");
    let check = async |headers: &[(&'static str, &str)], status: u16| {
        let seen = door.call(with("POST", &path, headers)).await;
        assert_eq!(seen.status.as_u16(), status, "{headers:?} {}", seen.body);
    };
    check(&[], 403).await;
    check(&[("x-csrftoken", "x")], 403).await;
    check(&[("x-csrftoken", &token)], 200).await;
    check(&[("x-csrftoken", &masked)], 200).await;
    check(&[("x-csrftoken", &token), ("origin", "https://maas.example:5443")], 200).await;
    check(&[("x-csrftoken", &token), ("origin", "https://evil.example")], 403).await;
    check(&[("x-csrftoken", &token), ("origin", "null")], 403).await;
    check(&[("x-csrftoken", &token), ("sec-fetch-site", "same-site")], 403).await;

    assert_eq!(door.call(with("POST", "/MAAS/accounts/logout/", &[])).await.status, StatusCode::FORBIDDEN);
    let seen = door.call(with("POST", "/MAAS/accounts/logout/", &[("x-csrftoken", &token)])).await;
    assert_eq!((seen.line().as_str(), seen.cookie("sessionid").as_str()), ("204 ", "sessionid="));
    assert_eq!(door.call(with("GET", &format!("{API}/users/"), &[])).await.line(), "401 Forbidden");
}

#[tokio::test]
async fn a_foreign_page_cannot_sign_somebody_in() {
    let door = Door::open().await;
    let body = format!("username=bob&password={PASSWORD}");
    let mut foreign = request("POST", "/MAAS/accounts/login/", None, FORM, &body);
    foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    let seen = door.call(foreign).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(seen.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn libmaas_trades_a_password_for_a_key() {
    let door = Door::open().await;
    let path = "/MAAS/accounts/authenticate/";
    let seen = door.post(path, None, &format!("username=bob&password={PASSWORD}&consumer=a@b")).await;
    let body = seen.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    assert_eq!(text("name"), "a@b");
    let key = Key {
        consumer: text("consumer_key"),
        token: text("token_key"),
        secret: text("token_secret"),
        clock: door.clock.clone(),
    };
    assert_eq!(door.get(&format!("{API}/users/?op=whoami"), Some(&key)).await.status, StatusCode::OK);
    assert_eq!(door.post(path, None, "username=bob&password=no").await.line(), "403 ");
    let seen = door.get(path, None).await;
    assert_eq!((seen.status.as_u16(), seen.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn users_come_and_go() {
    let door = Door::open().await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let users = format!("{API}/users/");
    let new = format!("username=eve&email=eve%40example.org&password={PASSWORD}&is_superuser=0");
    let seen = door.post(&users, Some(&bob), "").await;
    assert_eq!(
        seen.line(),
        "403 User does not have permission to perform this operation. The user should have permission \
         'can_edit_identities'"
    );
    assert_eq!(door.post(&users, Some(&root), "username=eve").await.line(), "400 No provided email!");
    let seen = door.post(&format!("{users}?op="), Some(&root), &new).await;
    assert_eq!((seen.status.as_u16(), &seen.json()["username"]), (200, &json!("eve")));
    let seen = door.post(&users, Some(&root), &new.replace("eve%40", "eve2%40")).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert_eq!(seen.json()["username"], json!(["A user with that username already exists."]));
    let seen = door.post(&format!("{users}eve/?op=edit"), Some(&root), "full_name=Eve&is_superuser=1").await;
    assert_eq!(seen.json()["is_superuser"], json!(true));
    let eve = door.key("eve").await;
    assert_eq!(door.post(&format!("{users}eve/?op=disable"), Some(&root), "").await.status, StatusCode::OK);
    let seen = door.get(&format!("{users}?op=whoami"), Some(&eve)).await;
    assert_eq!(seen.line(), "403 User is not allowed access to this API.");
    for _ in 0..2 {
        let seen = door.call(request("DELETE", &format!("{users}eve/"), Some(&root), "", "ignored")).await;
        assert_eq!(seen.line(), "204 ");
    }
    assert_eq!(door.get(&format!("{users}eve/"), Some(&root)).await.line(), "404 No User matches the given query.");
    let seen = door.call(request("DELETE", &format!("{users}root/"), Some(&root), "", "")).await;
    assert_eq!(seen.line(), "400 An administrator cannot self-delete.");
}

#[tokio::test]
async fn own_keys_are_listed_masked() {
    let door = Door::open().await;
    let bob = door.key("bob").await;
    let account = format!("{API}/account/");
    let made = door.post(&format!("{account}?op=create_authorisation_token"), Some(&bob), "name=x").await.json();
    let token_key = made["token_key"].as_str().unwrap();
    let listed = door.get(&format!("{account}?op=list_authorisation_tokens"), Some(&bob)).await;
    assert!(listed.body.contains(&format!("{token_key}:********")) && !listed.body.contains(&bob.secret));
    let rename = format!("{account}?op=update_token_name");
    assert_eq!(door.post(&rename, Some(&bob), &format!("token=a:{token_key}:c&name=y")).await.line(), "202 Accepted");
    let delete = format!("{account}?op=delete_authorisation_token");
    assert_eq!(door.post(&delete, Some(&bob), "").await.line(), "400 No provided token_key!");
    assert_eq!(door.post(&delete, Some(&bob), &format!("token_key={token_key}")).await.line(), "204 ");
    let seen = door.post(&delete, Some(&bob), &format!("token_key={token_key}")).await;
    assert_eq!(seen.line(), "404 No Token matches the given query.");
}

#[tokio::test]
async fn settings_notices_keys_and_events_answer() {
    let door = Door::open().await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let maas = format!("{API}/maas/");
    assert_eq!(
        door.post(&format!("{maas}?op=set_config"), Some(&root), "name=").await.line(),
        "400 Invalid name: Please enter a value"
    );
    assert_eq!(
        door.post(&format!("{maas}?op=set_config"), Some(&root), "name=kernel_opts").await.line(),
        "400 No provided value!"
    );
    assert_eq!(
        door.post(&format!("{maas}?op=set_config"), Some(&root), "name=maas_name&value=x").await.line(),
        "200 OK"
    );
    assert_eq!(door.get(&format!("{maas}?op=get_config&name=maas_name"), Some(&bob)).await.line(), "200 \"x\"");
    assert_eq!(door.get(&format!("{maas}?op=get_config"), Some(&bob)).await.line(), "400 No provided name!");

    let notices = format!("{API}/notifications/");
    let seen = door.post(&notices, Some(&root), "message=hello&users=true").await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    let uri = seen.json()["resource_uri"].as_str().unwrap().to_owned();
    let put = door.call(request("PUT", &uri, Some(&root), FORM, "message=hi")).await;
    assert_eq!((&put.json()["message"], &put.json()["resource_uri"]), (&json!("hi"), &json!(uri)));
    assert_eq!(door.post(&format!("{uri}?op=dismiss"), Some(&bob), "").await.line(), "200 null");
    assert_eq!(door.get(&notices, Some(&bob)).await.json(), json!([]));
    assert_eq!(door.get(&notices, Some(&root)).await.json().as_array().map(Vec::len), Some(1));

    let keys = format!("{API}/account/prefs/sshkeys/");
    assert_eq!(door.post(&keys, Some(&bob), "").await.json(), json!({"key": ["This field is required."]}));
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJH5cSHSBMTHk2wkNwmM9WZ/nKm6vGaV1tIk2YkEoSqY me@here";
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("key", key).finish();
    let seen = door.post(&keys, Some(&bob), &form).await;
    if seen.status == StatusCode::CREATED {
        let uri = seen.json()["resource_uri"].as_str().unwrap().to_owned();
        assert_eq!(door.call(request("DELETE", &uri, Some(&root), "", "")).await.status, StatusCode::FORBIDDEN);
        assert_eq!(door.call(request("DELETE", &uri, Some(&bob), "", "")).await.line(), "204 ");
    }
    assert_eq!(door.get(&format!("{keys}x/"), Some(&bob)).await.line(), "404 No SSHKey matches the given query.");

    let events = door.get(&format!("{API}/events/?op=query&level=AUDIT&limit=1"), Some(&root)).await.json();
    assert_eq!(events["count"], json!(1));
    assert!(
        events["next_uri"].as_str().unwrap().starts_with("/MAAS/api/2.0/events/?op=query&level=AUDIT&limit=1&after=")
    );
}

#[tokio::test]
async fn the_plain_port_redirects_and_takes_no_credential() {
    let door = Door::open().await;
    let root = door.key("root").await;
    door.switch_tls_on().await;
    let plain = async |request: Request<Body>| see(&door.plain, request, false).await;
    for row in routes() {
        let path = sample(row);
        let seen = plain(request(row.method, &path, None, "", "")).await;
        match row.path {
            "/MAAS/rpc/" => assert_eq!(seen.line(), "200 {\"eventloops\": {}}"),
            _ => {
                assert_eq!(seen.status, StatusCode::PERMANENT_REDIRECT, "{path}");
                assert_eq!(seen.header("location"), format!("https://maas.example:5443{path}"));
                assert_eq!(seen.header("cache-control"), "no-store");
            }
        }
        let seen = plain(request(row.method, &path, Some(&root), "", "")).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}");
        assert!(seen.body.contains(&format!("https://maas.example:5443{path}")), "{}", seen.body);
    }
    let mut foreign = request("GET", "/MAAS/r/", None, "", "");
    foreign.headers_mut().insert("host", "evil.example".parse().unwrap());
    assert_eq!(plain(foreign).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(plain(request("GET", "/other", None, "", "")).await.status, StatusCode::NOT_FOUND);
    let mut cookie = request("GET", "/MAAS/r/", None, "", "");
    cookie.headers_mut().insert("cookie", "sessionid=abc".parse().unwrap());
    let seen = plain(cookie).await;
    assert_eq!((seen.status, seen.cookie("sessionid").as_str()), (StatusCode::FORBIDDEN, "sessionid="));
}

#[tokio::test]
async fn while_tls_is_on_nobody_signs_in_without_it() {
    let door = Door::open().await;
    door.switch_tls_on().await;
    let body = format!("username=bob&password={PASSWORD}");
    for path in ["/MAAS/accounts/login/", "/MAAS/accounts/authenticate/"] {
        let seen = see(&door.app, request("POST", path, None, FORM, &body), false).await;
        assert_eq!(seen.line(), "403 Sign in over HTTPS: TLS is on.");
        assert!(seen.headers.get("set-cookie").is_none());
    }
    let root = door.key("root").await;
    let shown = door.get(&format!("{API}/tls/"), Some(&root)).await.json();
    assert_eq!((&shown["enabled"], &shown["port"], &shown["site_issued"]), (&json!(true), &json!(5443), &json!(true)));
    let certificate = door.get(&format!("{API}/tls/certificate/"), Some(&root)).await.json();
    assert_eq!(certificate["fingerprint"], shown["certificate"]["fingerprint"]);
}

#[tokio::test]
async fn metrics_are_for_those_who_may_see_the_status() {
    let door = Door::open().await;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let config = ApiConfig { metrics: Some(recorder.handle()), ..ApiConfig::default() };
    let app = crate::router(door.region.clone(), config);
    let asked = request("GET", "/MAAS/metrics", Some(&door.key("root").await), "", "");
    let seen = see(&app, asked, true).await;
    assert_eq!(
        (seen.status, seen.header("content-type")),
        (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8")
    );
    let asked = request("GET", "/MAAS/metrics", Some(&door.key("bob").await), "", "");
    assert_eq!(see(&app, asked, true).await.status, StatusCode::FORBIDDEN);
    assert_eq!(see(&app, request("GET", "/MAAS/metrics", None, "", ""), true).await.line(), "401 Forbidden");
}

/// A path that a row means, with its operation.
fn sample(row: &RouteInfo) -> String {
    let path = row.path.replace("{username}", "nobody").replace("{id}", "999").replace("{*rest}", "x");
    row.op.map_or(path.clone(), |op| format!("{path}?op={op}"))
}

#[tokio::test]
async fn every_route_asks_for_what_its_row_says() {
    let door = Door::open().await;
    let bob = door.key("bob").await;
    for row in routes() {
        let path = sample(row);
        let stranger = door.call(request(row.method, &path, None, "", "")).await;
        let user = door.call(request(row.method, &path, Some(&bob), "", "")).await;
        match row.access {
            Access::Public | Access::Anyone => assert_ne!(stranger.status, StatusCode::UNAUTHORIZED, "{path}"),
            Access::SignedIn => assert_eq!(stranger.line(), "401 Forbidden", "{path}"),
            Access::Can(action) => {
                assert_eq!(stranger.line(), "401 Forbidden", "{path}");
                let is_allowed = maas_authz::policy::allows(Role::User, action);
                assert!(is_allowed || user.status == StatusCode::FORBIDDEN, "{} {path} {}", row.method, user.body);
            }
        }
        assert_ne!(user.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
}
