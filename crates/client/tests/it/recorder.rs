//! A server that answers as it is told and remembers every request.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::UNIX_EPOCH,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{Response, StatusCode, header},
};
use maas_client::{Console, Credentials, Profile, ProfileFile, login::Login, profile_command};
use maas_model::Timestamp;
use maas_tls::{Apps, Limits, Listening, Server, SiteCa, TlsListening};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

/// What a server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `POST /MAAS/api/2.0/users/?op=x`
    pub(crate) line: String,
    pub(crate) authorization: String,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// How it answers: status, content type, body, further headers.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &'static str, body: &str) -> Self {
        Self { status, content_type, body: body.to_owned(), headers: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

#[derive(Default)]
struct Memory {
    answers: HashMap<String, Answer>,
    asked: Vec<Asked>,
}

/// The server.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Memory>>);

impl Recorder {
    /// A server that describes itself and knows its callers.
    pub(crate) fn new() -> Self {
        let recorder = Self::default();
        recorder
            .answer("/MAAS/api/2.0/describe/", Answer::new(200, "application/json", include_str!("../describe.json")));
        recorder
    }

    /// From now on `path` is answered so. Everything else is `200 null` with the right hash.
    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.0.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    /// What was asked since the last look.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    pub(crate) fn router(&self) -> Router {
        Router::new().fallback(record).with_state(self.clone())
    }

    /// Serves plain HTTP on a free port; the URL of the site.
    pub(crate) async fn serve(&self) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/MAAS", listener.local_addr().unwrap());
        let router = self.router();
        spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    /// Serves HTTPS on a free port for `localhost`; the URL of the site.
    pub(crate) async fn serve_tls(&self, ca: &SiteCa) -> (String, String) {
        let bundle = Arc::new(ca.issue_server(&["localhost".to_owned()], now(), 30).unwrap());
        let fingerprint = bundle.info.sha256.clone();
        let tls = TlsListening { port: 0, bundle, generation: 1 };
        let listening = Listening { addresses: vec![Ipv4Addr::LOCALHOST.into()], http_port: 0, tls: Some(tls) };
        let (sender, receiver) = watch::channel(Arc::new(listening));
        let apps = Apps { full: self.router(), plain: Router::new() };
        let server = Server::bind(receiver, apps, Limits::default()).await.unwrap();
        let port = server.bound().borrow().https[0].port();
        spawn(async move {
            server.run(CancellationToken::new()).await;
            drop(sender);
        });
        (format!("https://localhost:{port}/MAAS"), fingerprint)
    }
}

async fn record(State(recorder): State<Recorder>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let text = |name| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = head.uri.path_and_query().unwrap().to_string();
    let mut memory = recorder.0.lock().unwrap();
    memory.asked.push(Asked {
        line: format!("{} {path}", head.method),
        authorization: text(header::AUTHORIZATION).unwrap_or_default(),
        content_type: text(header::CONTENT_TYPE),
        body: body.to_vec(),
    });
    let usual = Answer::new(200, "application/json; charset=utf-8", "null")
        .with("X-MAAS-API-Hash", "8c3b1f0c5a0d4b7e9f7d2a6e1c4b5a6978123456");
    let answer = memory.answers.get(&path).cloned().unwrap_or(usual);
    let mut response = Response::builder().status(answer.status).header(header::CONTENT_TYPE, answer.content_type);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    assert!(StatusCode::from_u16(answer.status).is_ok());
    response.body(Body::from(answer.body)).unwrap()
}

/// Somebody's home with a profile file.
pub(crate) struct Home {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) file: ProfileFile,
}

impl Home {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = ProfileFile::in_home(directory.path());
        Self { directory, file }
    }

    pub(crate) async fn log_in(&self, url: &str) -> Profile {
        maas_client::login::login(&self.file, with_key(url)).await.unwrap()
    }
}

/// A login as `p` with the key `ck:tk:ts`.
pub(crate) fn with_key(url: &str) -> Login {
    let key: Credentials = "ck:tk:ts".parse().unwrap();
    Login { profile: "p".into(), url: url.into(), proof: maas_client::login::Proof::Key(key), ..Login::default() }
}

/// Runs the words behind the profile's name: exit code, stdout, stderr.
pub(crate) async fn run(profile: &Profile, words: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let mut console = Console { out: &mut out, err: &mut err, is_terminal: false, width: 80 };
    let code = match profile_command::run(profile, &words, &mut console).await {
        Ok(code) => code,
        Err(error) => {
            console.note(error.report().trim_end());
            error.exit_code()
        }
    };
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "certificates of tests are valid now")]
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap())
}

#[expect(clippy::disallowed_methods, reason = "a test has no tasks of a region")]
fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(future);
}
