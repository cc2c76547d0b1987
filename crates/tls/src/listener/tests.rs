//! Real listeners, real handshakes. What all of these tests share: a site, its apps, and a small client.

mod limits;
mod ports;
mod speech;
mod swap;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{Extension, Router, body::Body, extract::Request, response::Response, routing::get};
use http::StatusCode;
use hyper_util::rt::TokioIo;
use maas_model::Timestamp;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split},
    net::TcpStream,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Apps, Bound, ConnInfo, Limits, Listening, Server, TlsListening};
use crate::{
    CertBundle, SiteCa,
    client::{Trust, client_config},
};

const SOON: Duration = Duration::from_secs(20);
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

static CA: LazyLock<SiteCa> = LazyLock::new(|| SiteCa::generate("Site CA", real_now()).unwrap());

/// Clients check certificates against the machine's clock.
fn real_now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "clients check certificates against the machine's clock")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_secs(0).plus(since)
}

fn bundle() -> Arc<CertBundle> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    Arc::new(CA.issue_server(&names, real_now(), 30).unwrap())
}

fn with_tls(generation: i64) -> Listening {
    let tls = TlsListening { port: 0, bundle: bundle(), generation };
    Listening { addresses: vec![LOCALHOST], http_port: 0, tls: Some(tls) }
}

/// A running server.
struct Site {
    listening: watch::Sender<Arc<Listening>>,
    bound: watch::Receiver<Bound>,
    stop: CancellationToken,
    /// Requests to `/slow` wait for one permit each.
    slow: Arc<Semaphore>,
    run: JoinSet<()>,
}

impl Site {
    async fn start(listening: Listening, limits: Limits) -> Self {
        let slow = Arc::new(Semaphore::new(0));
        let listening = watch::Sender::new(Arc::new(listening));
        let server = Server::bind(listening.subscribe(), apps(slow.clone()), limits).await.unwrap();
        let (bound, stop) = (server.bound(), CancellationToken::new());
        let mut run = JoinSet::new();
        run.spawn(server.run(stop.clone()));
        Self { listening, bound, stop, slow, run }
    }

    /// Asks for a change and waits until it is followed, or has failed.
    async fn change(&mut self, change: impl FnOnce(&mut Listening)) -> Bound {
        let before = self.bound.borrow_and_update().clone();
        self.listening.send_modify(|now| {
            let mut new = Listening::clone(now);
            change(&mut new);
            *now = Arc::new(new);
        });
        let changed = self.bound.wait_for(|bound| *bound != before);
        timeout(SOON, changed).await.expect("followed in time").unwrap().clone()
    }

    fn http(&self) -> SocketAddr {
        self.bound.borrow().http[0]
    }

    fn https(&self) -> SocketAddr {
        self.bound.borrow().https[0]
    }

    async fn stopped(&mut self) {
        timeout(SOON, self.run.join_next()).await.expect("stops in time").unwrap().unwrap();
    }
}

fn apps(slow: Arc<Semaphore>) -> Apps {
    let tracker = TaskTracker::new();
    let wait = move || async move {
        slow.acquire().await.unwrap().forget();
        "slow"
    };
    let full = Router::new()
        .route("/", get(|| async { "full" }))
        .route("/info", get(|Extension(info): Extension<ConnInfo>| async move { format!("{info:?}") }))
        .route("/panic", get(panics))
        .route("/slow", get(wait))
        .route("/big", get(|| async { Body::from(vec![b'x'; 64 << 20]) }))
        .route("/echo", get(move |request| echo(request, tracker.clone())));
    Apps { full, plain: Router::new().fallback(|| async { "plain" }) }
}

async fn panics() -> StatusCode {
    panic!("as the test wants it")
}

/// Becomes an echo, as a WebSocket would.
async fn echo(mut request: Request, tracker: TaskTracker) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    tracker.spawn(async move {
        let (mut reader, mut writer) = split(TokioIo::new(upgrade.await.unwrap()));
        let _ = copy(&mut reader, &mut writer).await;
    });
    let response = Response::builder().status(101).header("connection", "upgrade").header("upgrade", "echo");
    response.body(Body::empty()).unwrap()
}

fn trusting() -> ClientConfig {
    client_config(&Trust::Roots { pem: CA.certificate_pem().to_owned(), with_system: false }).unwrap()
}

async fn connect(address: SocketAddr, config: ClientConfig) -> TlsStream<TcpStream> {
    let socket = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap()
}

/// Asks on an open connection; gives status and body.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, path: &str) -> (u16, String) {
    try_ask(stream, path).await.unwrap()
}

async fn try_ask<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, path: &str) -> Result<(u16, String), String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    answer(stream).await
}

async fn answer<S: AsyncRead + Unpin>(stream: &mut S) -> Result<(u16, String), String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = timeout(SOON, stream.read_u8()).await.map_err(|_| "no answer")?;
        head.push(byte.map_err(|error| error.to_string())?);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.map_err(|error| error.to_string())?;
    Ok((head[9..12].parse().unwrap(), String::from_utf8(body).unwrap()))
}

/// Whether the server closes the connection by itself.
async fn is_closed<S: AsyncRead + Unpin>(stream: &mut S) -> bool {
    match timeout(SOON, stream.read_u8()).await {
        Ok(Ok(_)) | Err(_) => false,
        Ok(Err(_)) => true,
    }
}
