//! The whole door on a region of its own, without a network: what clients of API 2.0 send, and what they get.

mod access;
mod machines;
mod paths;
mod plain;
mod resources;
mod who;

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
            ssh_import: None,
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

    /// The body of what is there.
    pub(crate) async fn read(&self, path: &str, who: &Key) -> String {
        self.get(path, Some(who)).await.body
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

/// A path that a row means, with its operation.
fn sample(row: &RouteInfo) -> String {
    let path = row.path.replace("{username}", "nobody").replace("{id}", "999").replace("{*rest}", "x");
    let path = path.replace("{system_id}", "zzzzzz").replace("{name}", "nothing");
    row.op.map_or(path.clone(), |op| format!("{path}?op={op}"))
}
