//! Certificates change while everything goes on.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use rustls::{HandshakeKind, client::Resumption};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::probe::served_fingerprint;

/// What goes on during the swaps.
async fn requests_on_new_connections(address: SocketAddr, done: CancellationToken, count: Arc<AtomicU64>) {
    while !done.is_cancelled() {
        let mut stream = connect(address, trusting()).await;
        assert_eq!(ask(&mut stream, "/").await, (200, "full".to_owned()));
        count.fetch_add(1, Ordering::Relaxed);
    }
}

async fn requests_on_one_connection(address: SocketAddr, done: CancellationToken, count: Arc<AtomicU64>) {
    let mut stream = connect(address, trusting()).await;
    while !done.is_cancelled() {
        assert_eq!(ask(&mut stream, "/").await, (200, "full".to_owned()));
        count.fetch_add(1, Ordering::Relaxed);
    }
}

async fn echo_on_one_connection(address: SocketAddr, done: CancellationToken, count: Arc<AtomicU64>) {
    let mut stream = connect(address, trusting()).await;
    let request = b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    stream.write_all(request).await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().0, 101);
    while !done.is_cancelled() {
        stream.write_all(b"ping").await.unwrap();
        let mut back = [0; 4];
        stream.read_exact(&mut back).await.unwrap();
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_swaps_under_load_fail_nothing() {
    let mut site = Site::start(with_tls(0), Limits::default()).await;
    let address = site.https();
    let (done, count) = (CancellationToken::new(), Arc::new(AtomicU64::new(0)));
    let mut load = JoinSet::new();
    for _ in 0..2 {
        load.spawn(requests_on_new_connections(address, done.clone(), count.clone()));
    }
    load.spawn(requests_on_one_connection(address, done.clone(), count.clone()));
    load.spawn(echo_on_one_connection(address, done.clone(), count.clone()));

    let mut slowest = Duration::ZERO;
    for generation in 1..=100 {
        let bundle = bundle();
        let expected = bundle.info.sha256.clone();
        let begin = Instant::now();
        let bound = site.change(|now| now.tls = Some(TlsListening { port: 0, bundle, generation })).await;
        slowest = slowest.max(begin.elapsed());
        assert_eq!((bound.generation, bound.error, bound.https[0]), (Some(generation), None, address));
        assert_eq!(served_fingerprint(address, "localhost", SOON).await, Ok(expected));
        assert!(load.try_join_next().is_none(), "everything goes on");
    }
    done.cancel();
    while let Some(ended) = load.join_next().await {
        ended.unwrap();
    }
    assert!(count.load(Ordering::Relaxed) > 100);
    assert!(slowest < Duration::from_millis(250), "{slowest:?} though the machine is busy with this very test");
}

#[tokio::test]
async fn a_session_is_resumed_only_under_its_own_certificate() {
    let mut site = Site::start(with_tls(1), Limits::default()).await;
    let mut config = trusting();
    config.resumption = Resumption::in_memory_sessions(8);
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let mut one = config.clone();
        one.resumption = Resumption::in_memory_sessions(8);
        let one = only(one, version);
        let kind = async |address| {
            let mut stream = connect(address, one.clone()).await;
            // The ticket of TLS 1.3 comes with the first answer.
            assert_eq!(ask(&mut stream, "/").await.0, 200);
            stream.get_ref().1.handshake_kind()
        };
        assert_eq!(kind(site.https()).await, Some(HandshakeKind::Full));
        assert_eq!(kind(site.https()).await, Some(HandshakeKind::Resumed));
        let generation = site.bound.borrow().generation.unwrap() + 1;
        site.change(|now| now.tls = Some(TlsListening { port: 0, bundle: bundle(), generation })).await;
        assert_eq!(kind(site.https()).await, Some(HandshakeKind::Full), "shows the new certificate");
        assert_eq!(kind(site.https()).await, Some(HandshakeKind::Resumed));
    }
}

fn only(config: ClientConfig, version: &'static rustls::SupportedProtocolVersion) -> ClientConfig {
    let trust = Trust::Roots { pem: CA.certificate_pem().to_owned(), with_system: false };
    let mut one = crate::client::client_config_for(&trust, &[version]).unwrap();
    one.resumption = config.resumption;
    one
}

#[tokio::test]
async fn the_same_generation_keeps_its_sessions() {
    let mut site = Site::start(with_tls(1), Limits::default()).await;
    let config = trusting();
    ask(&mut connect(site.https(), config.clone()).await, "/").await;
    let before = site.http();
    site.change(|now| now.addresses = vec!["127.0.0.2".parse().unwrap()]).await;
    assert_ne!(site.http(), before);
    let stream = connect(site.https(), config).await;
    assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
}
