//! Ports come and go.

use std::net::TcpListener;

use super::*;

#[tokio::test]
async fn a_changed_port_opens_before_the_old_one_closes() {
    let mut site = Site::start(with_tls(1), Limits::default()).await;
    let (old, new) = (site.https(), free_port());
    let mut open = connect(old, trusting()).await;
    assert_eq!(ask(&mut open, "/").await.0, 200);
    let bound = site.change(|now| now.tls.as_mut().unwrap().port = new).await;
    assert_eq!(bound.https, [SocketAddr::new(LOCALHOST, new)]);
    assert_eq!(ask(&mut connect(site.https(), trusting()).await, "/").await, (200, "full".to_owned()));
    assert_eq!(ask(&mut open, "/").await, (200, "full".to_owned()), "open connections live on");
    assert!(TcpStream::connect(old).await.is_err());
}

#[tokio::test]
async fn off_and_on_change_what_an_open_plain_connection_gets() {
    let mut site = Site::start(with_tls(1), Limits::default()).await;
    let mut plain = TcpStream::connect(site.http()).await.unwrap();
    assert_eq!(ask(&mut plain, "/").await.1, "plain");
    let (https, mut open) = (site.https(), connect(site.https(), trusting()).await);

    let bound = site.change(|now| now.tls = None).await;
    assert_eq!((bound.https.len(), bound.generation), (0, None));
    assert_eq!(ask(&mut plain, "/").await.1, "full");
    assert_eq!(ask(&mut open, "/").await.1, "full", "open connections live on");
    assert!(TcpStream::connect(https).await.is_err());

    let bound = site.change(|now| now.tls = with_tls(2).tls).await;
    assert_eq!(bound.generation, Some(2));
    assert_eq!(ask(&mut plain, "/").await.1, "plain");
    assert_eq!(ask(&mut connect(site.https(), trusting()).await, "/").await.1, "full");
}

#[tokio::test]
async fn what_cannot_be_bound_changes_nothing_and_is_tried_again() {
    let mut site = Site::start(with_tls(1), Limits::default()).await;
    let taken = TcpListener::bind((LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let before = site.bound.borrow().clone();
    let bound = site.change(|now| now.tls = Some(TlsListening { port, bundle: bundle(), generation: 2 })).await;
    let error = bound.error.clone().unwrap();
    assert!(error.starts_with(&format!("could not listen on 127.0.0.1:{port}: ")), "{error}");
    assert!(error.ends_with(&format!("another process has it: see `ss -ltnp sport = :{port}`")), "{error}");
    assert_eq!(Bound { error: None, ..bound }, before);
    assert_eq!(ask(&mut connect(site.https(), trusting()).await, "/").await.0, 200);

    drop(taken);
    let healed = site.bound.wait_for(|bound| bound.error.is_none());
    let healed = timeout(SOON, healed).await.unwrap().unwrap().clone();
    assert_eq!((healed.https[0].port(), healed.generation), (port, Some(2)));
}

#[tokio::test]
async fn a_first_bind_that_fails_says_where_and_why() {
    let taken = TcpListener::bind((LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let listening = watch::Sender::new(Arc::new(Listening { http_port: port, ..with_tls(1) }));
    let bound = Server::bind(listening.subscribe(), apps(Arc::new(Semaphore::new(0))), Limits::default()).await;
    let error = bound.err().unwrap();
    assert!(error.starts_with(&format!("could not listen on 127.0.0.1:{port}: ")), "{error}");
}

#[tokio::test]
async fn an_address_gives_way_to_the_wildcard_on_the_same_port() {
    let port = free_port();
    let mut site = Site::start(Listening { http_port: port, ..with_tls(1) }, Limits::default()).await;
    let mut open = TcpStream::connect(site.http()).await.unwrap();
    assert_eq!(ask(&mut open, "/").await.0, 200);
    let bound = site.change(|now| now.addresses = vec![Ipv4Addr::UNSPECIFIED.into()]).await;
    assert_eq!((bound.error, bound.http), (None, vec![SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port)]));
    assert_eq!(ask(&mut open, "/").await.0, 200);
    let other = SocketAddr::new("127.0.0.3".parse().unwrap(), port);
    assert_eq!(ask(&mut TcpStream::connect(other).await.unwrap(), "/").await.0, 200);
}

#[tokio::test]
async fn both_wildcards_stand_side_by_side_on_one_port() {
    let addresses = vec!["0.0.0.0".parse().unwrap(), "::".parse().unwrap()];
    let site = Site::start(Listening { addresses, ..with_tls(1) }, Limits::default()).await;
    let bound = site.bound.borrow().clone();
    let port = bound.https[0].port();
    let mut stream = connect(SocketAddr::new(LOCALHOST, port), trusting()).await;
    let (_, info) = ask(&mut stream, "/info").await;
    assert!(info.contains("peer: 127.0.0.1:") && info.contains("is_tls: true"), "{info}");
    if let Some(six) = bound.https.get(1) {
        assert_eq!(six.port(), port);
        let mut stream = connect(SocketAddr::new("::1".parse().unwrap(), port), trusting()).await;
        assert!(ask(&mut stream, "/info").await.1.contains("peer: [::1]:"));
    }
}

#[tokio::test]
async fn a_stop_lets_requests_finish_and_takes_no_more() {
    let mut site = Site::start(with_tls(1), Limits::default()).await;
    let address = site.https();
    let mut idle = connect(address, trusting()).await;
    assert_eq!(ask(&mut idle, "/").await.0, 200);
    let mut busy = connect(address, trusting()).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    // The request has certainly come when another on the same runtime was answered after it.
    assert_eq!(ask(&mut connect(address, trusting()).await, "/").await.0, 200);
    site.stop.cancel();
    assert!(is_closed(&mut idle).await);
    assert!(
        TcpStream::connect(address).await.is_err() || is_closed(&mut TcpStream::connect(address).await.unwrap()).await
    );
    assert!(site.run.try_join_next().is_none(), "waits for the request under way");
    site.slow.add_permits(1);
    assert_eq!(answer(&mut busy).await.unwrap(), (200, "slow".to_owned()));
    site.stopped().await;
}

#[tokio::test]
async fn a_drain_has_an_end() {
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let mut site = Site::start(with_tls(1), limits).await;
    let mut stuck = connect(site.https(), trusting()).await;
    stuck.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(ask(&mut connect(site.https(), trusting()).await, "/").await.0, 200);
    site.stop.cancel();
    site.stopped().await;
    assert!(is_closed(&mut stuck).await);
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind((LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
