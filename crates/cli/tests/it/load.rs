//! Under load: a hundred new certificates without one failed request, and an attacker who keeps nobody else out.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use maas_testkit::{Api, Auth, Authority, PASSWORD, Site, TlsStream, connect_tls, roots_from_pem, served_fingerprint};
use rustls::RootCertStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::MAAS;

const SWAPS: u32 = 100;
const LEAST_LOAD: Duration = Duration::from_secs(31);

/// What the load saw.
#[derive(Default)]
struct Seen {
    requests: AtomicU64,
    stop: AtomicBool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_swaps_fail_no_request_and_close_no_socket() {
    let site = Site::start(MAAS);
    let port = site.ready.https_port.unwrap();
    let authority = Authority::root("Swaps");
    let first = authority.leaf().issue();
    let (key, certificate) = first.write(&site.scratch(), "first");
    site.maas(&["config-tls", "enable", &key, &certificate, "--port", &port.to_string(), "--yes"]).ok();
    let roots = roots_from_pem(&[&authority.pem]);
    let nobody = site.api_trusting(&authority.pem, Auth::Nobody);
    let admin = nobody.speaking_as(Auth::Key(nobody.api_key("admin", PASSWORD).await));

    let seen = Arc::new(Seen::default());
    let mut load: Vec<_> = (0..4).map(|_| tokio::spawn(keep_alive(port, roots.clone(), Arc::clone(&seen)))).collect();
    load.extend((0..2).map(|_| tokio::spawn(new_connections(port, roots.clone(), Arc::clone(&seen)))));
    load.push(tokio::spawn(web_socket(nobody.clone(), port, roots.clone(), Arc::clone(&seen))));

    let started = Instant::now();
    let mut served = first.fingerprint();
    for swap in 0..SWAPS {
        // Spread over the whole time, with a bad pair now and then.
        let due = LEAST_LOAD * swap / SWAPS;
        tokio::time::sleep_until((started + due).into()).await;
        if swap % 10 == 5 {
            let mut bad = authority.leaf().issue();
            bad.key = authority.leaf().issue().key;
            let refused = admin.replace_certificate(&bad, port).await;
            assert_eq!(refused.status, 400, "{}", refused.body);
            assert!(refused.body.contains("tls/key-mismatch"), "{}", refused.body);
            assert_eq!(served_fingerprint(port, roots.clone()).await.unwrap(), served, "a bad pair changes nothing");
        }
        let pair = authority.leaf().issue();
        admin.replace_certificate(&pair, port).await.ok();
        let answered = Instant::now();
        served = pair.fingerprint();
        // Fifty milliseconds after the answer every new handshake shows it; the first that begins then is looked at.
        tokio::time::sleep_until((answered + Duration::from_millis(50)).into()).await;
        assert_eq!(served_fingerprint(port, roots.clone()).await.unwrap(), served, "swap {swap}");
    }
    assert!(started.elapsed() >= LEAST_LOAD * (SWAPS - 1) / SWAPS);
    seen.stop.store(true, Ordering::Relaxed);
    for task in load {
        task.await.expect("no request failed and no socket closed");
    }
    let requests = seen.requests.load(Ordering::Relaxed);
    assert!(requests > 1000, "only {requests} requests: that was no load");
    eprintln!("{requests} requests during {SWAPS} swaps in {:?}", started.elapsed());
}

/// One connection for the whole time.
async fn keep_alive(port: u16, roots: Arc<RootCertStore>, seen: Arc<Seen>) {
    let mut stream = connect_tls(port, roots).await.expect("a connection");
    while !seen.stop.load(Ordering::Relaxed) {
        request(&mut stream, "keep-alive").await;
        seen.requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// A connection for each request.
async fn new_connections(port: u16, roots: Arc<RootCertStore>, seen: Arc<Seen>) {
    while !seen.stop.load(Ordering::Relaxed) {
        let mut stream = connect_tls(port, roots.clone()).await.expect("a new connection");
        request(&mut stream, "close").await;
        seen.requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// Asks for the version and reads the whole answer.
async fn request(stream: &mut TlsStream, connection: &str) {
    let text = format!("GET /MAAS/api/2.0/version/ HTTP/1.1\r\nHost: localhost\r\nConnection: {connection}\r\n\r\n");
    stream.write_all(text.as_bytes()).await.expect("the server takes requests");
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.expect("the server answers");
        assert_ne!(read, 0, "the server hung up in the middle");
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(usize::MAX) {
            return;
        }
    }
}

/// A WebSocket that is open throughout, with a question every so often.
async fn web_socket(api: Api, port: u16, roots: Arc<RootCertStore>, seen: Arc<Seen>) {
    let mut socket = open_socket(&api, port, roots).await;
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    let mut count = 0_i64;
    while !seen.stop.load(Ordering::Relaxed) {
        tick.tick().await;
        count += 1;
        let ping = serde_json::json!({"type": 3, "request_id": count}).to_string();
        socket.send(Message::text(ping)).await.expect("the socket is open");
        loop {
            let message = socket.next().await.expect("the socket is open").expect("the socket is whole");
            let Message::Text(text) = message else { panic!("{message:?}") };
            let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
            // Notices of the swaps come in between.
            if answer["request_id"] == count {
                break;
            }
        }
    }
}

async fn open_socket(api: &Api, port: u16, roots: Arc<RootCertStore>) -> WebSocketStream<TlsStream> {
    let session = api.log_in("admin", PASSWORD).await;
    let stream = connect_tls(port, roots).await.unwrap();
    let request = http::Request::builder()
        .uri(format!("wss://localhost:{port}/MAAS/ws?csrftoken={}", session.csrf_token))
        .header("host", format!("localhost:{port}"))
        .header("origin", format!("https://localhost:{port}"))
        .header("cookie", session.cookie_header())
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(())
        .unwrap();
    tokio_tungstenite::client_async(request, stream).await.expect("the socket opens").0
}

const WRONG_LOGINS: usize = 1000;
const ADDRESSES: usize = 50;

/// A thousand wrong passwords for one account from fifty addresses. Meanwhile another account logs in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_wrong_logins_keep_nobody_else_out() {
    let site = Site::start(MAAS);
    let admin = site.admin().await;
    admin.create_user("victim", false).await;
    admin.create_user("other", false).await;
    let attackers: Vec<Api> = (0..ADDRESSES).map(|n| site.api_from(address(n), Auth::Nobody)).collect();
    let started = Instant::now();
    let attack = tokio::spawn(async move {
        let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
        for round in 0..WRONG_LOGINS / ADDRESSES {
            let guesses = attackers.iter().map(|attacker| async move {
                let password = format!("guess-number-{round}-of-many");
                attacker.post("/MAAS/accounts/login/", &[("username", "victim"), ("password", &password)]).await
            });
            for reply in futures_util::future::join_all(guesses).await {
                *statuses.entry(reply.status.as_u16()).or_default() += 1;
                let text = "Please enter a correct username and password.";
                assert!(reply.body.contains(text) || reply.body.contains("Too many login attempts."), "{}", reply.body);
            }
        }
        statuses
    });
    let mut slowest = Duration::ZERO;
    while !attack.is_finished() {
        let began = Instant::now();
        let form = [("username", "other"), ("password", PASSWORD)];
        site.api(Auth::Nobody).post("/MAAS/accounts/login/", &form).await.expect(204);
        slowest = slowest.max(began.elapsed());
    }
    let statuses = attack.await.unwrap();
    eprintln!("{statuses:?} in {:?}; the other's slowest login took {slowest:?}", started.elapsed());
    assert!(slowest < Duration::from_secs(2), "the other account waited {slowest:?}");
    assert_eq!(statuses.values().sum::<usize>(), WRONG_LOGINS);
    assert!(statuses.keys().all(|status| [400, 429].contains(status)), "{statuses:?}");
    assert!(statuses[&429] > WRONG_LOGINS / 2, "guessing is slowed down: {statuses:?}");
    // The last administrator gets in from an address of their own, whatever was tried.
    site.api(Auth::Nobody).log_in("admin", PASSWORD).await;
}

/// A known name with a wrong password takes as long as an unknown name: the medians differ by less than a twentieth.
#[tokio::test]
async fn timing_tells_nothing_about_names() {
    let site = Site::start(MAAS);
    let admin = site.admin().await;
    let mut known = Vec::new();
    let mut unknown = Vec::new();
    let mut texts = std::collections::BTreeSet::new();
    // Each address and each name is used once or twice, so that no throttle comes into it.
    for n in 0..40 {
        let name = format!("known{n}");
        admin.create_user(&name, false).await;
        let api = site.api_from(address(n), Auth::Nobody);
        // The connection is there already, so that only the login is measured.
        api.get("/MAAS/accounts/login/").await.ok();
        for (name, times) in [(name, &mut known), (format!("unknown{n}"), &mut unknown)] {
            let began = Instant::now();
            let reply =
                api.post("/MAAS/accounts/login/", &[("username", &name), ("password", "wrong-wrong-wrong")]).await;
            times.push(began.elapsed());
            texts.insert((reply.status.as_u16(), reply.body));
        }
    }
    assert_eq!(texts.len(), 1, "{texts:?}");
    let (known, unknown) = (median(known), median(unknown));
    let difference = (known.as_secs_f64() - unknown.as_secs_f64()).abs() / known.as_secs_f64();
    eprintln!("known {known:?}, unknown {unknown:?}");
    assert!(difference < 0.05, "known names take {known:?}, unknown ones {unknown:?}");
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// One of the many addresses of loopback.
fn address(n: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(n + 1).unwrap()))
}
