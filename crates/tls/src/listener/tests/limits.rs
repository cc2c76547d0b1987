//! Clients that take too much: of connections, of time, of nerves.

use super::*;

const BRIEF: Duration = Duration::from_millis(60);

#[tokio::test]
async fn connections_are_capped_for_each_address_and_in_all() {
    let limits = Limits { connections_per_address: 2, ..Limits::default() };
    let site = Site::start(with_tls(1), limits).await;
    let mut first = TcpStream::connect(site.http()).await.unwrap();
    let mut second = connect(site.https(), trusting()).await;
    assert_eq!(ask(&mut first, "/").await.0, 200);
    assert_eq!(ask(&mut second, "/").await.0, 200);
    assert!(is_closed(&mut TcpStream::connect(site.http()).await.unwrap()).await);
    drop(first);
    // The place is free once the server has seen the end.
    let again = async {
        loop {
            let mut stream = TcpStream::connect(site.http()).await.unwrap();
            if try_ask(&mut stream, "/").await.is_ok() {
                break;
            }
        }
    };
    timeout(SOON, again).await.unwrap();
}

#[tokio::test]
async fn heads_that_never_end_are_cut_off() {
    let limits = Limits { header_read: BRIEF, handshake: BRIEF, ..Limits::default() };
    let site = Site::start(with_tls(1), limits).await;
    let mut silent = TcpStream::connect(site.http()).await.unwrap();
    assert!(is_closed(&mut silent).await);
    let mut silent = TcpStream::connect(site.https()).await.unwrap();
    assert!(is_closed(&mut silent).await, "no handshake");
    let mut half = TcpStream::connect(site.https()).await.unwrap();
    half.write_all(&[0x16, 3, 1, 0, 200, 1]).await.unwrap();
    assert!(is_closed(&mut half).await, "half a handshake");

    let mut dribbling = TcpStream::connect(site.http()).await.unwrap();
    dribbling.set_nodelay(true).unwrap();
    dribbling.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let dribble = async {
        let mut pace = tokio::time::interval(Duration::from_millis(5));
        while dribbling.write_all(b"X: y\r\n").await.is_ok() {
            pace.tick().await;
        }
    };
    timeout(SOON, dribble).await.expect("cut off");

    let mut later = connect(site.https(), trusting()).await;
    assert_eq!(ask(&mut later, "/").await.0, 200);
    later.write_all(b"GET / HT").await.unwrap();
    assert!(is_closed(&mut later).await, "the second head");
}

#[tokio::test]
async fn kept_alive_connections_end_some_time_but_requests_do_not() {
    let limits = Limits { keep_alive: BRIEF, ..Limits::default() };
    let site = Site::start(with_tls(1), limits).await;
    let mut busy = connect(site.https(), trusting()).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut idle = connect(site.https(), trusting()).await;
    assert_eq!(ask(&mut idle, "/").await.0, 200);
    assert!(is_closed(&mut idle).await);
    site.slow.add_permits(1);
    assert_eq!(answer(&mut busy).await.unwrap().1, "slow");
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let limits = Limits { keep_alive: BRIEF, connections_per_address: 1, ..Limits::default() };
    let site = Site::start(with_tls(1), limits).await;
    let mut deaf = connect(site.https(), trusting()).await;
    deaf.write_all(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    // Its place is given to another before it has read a byte.
    let another = async {
        loop {
            let mut stream = TcpStream::connect(site.http()).await.unwrap();
            if try_ask(&mut stream, "/").await.is_ok() {
                break;
            }
        }
    };
    timeout(SOON, another).await.unwrap();
    drop(deaf);
}

#[tokio::test]
async fn heads_may_not_be_endless() {
    let site = Site::start(with_tls(1), Limits::default()).await;
    let mut stream = TcpStream::connect(site.http()).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(40_000));
    stream.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().0, 431);
}

#[tokio::test]
async fn a_panic_is_a_500_and_nothing_more() {
    let site = Site::start(with_tls(1), Limits::default()).await;
    let mut stream = connect(site.https(), trusting()).await;
    assert_eq!(ask(&mut stream, "/panic").await, (500, "internal error\n".to_owned()));
    assert_eq!(ask(&mut stream, "/").await, (200, "full".to_owned()), "even on the same connection");
}
