//! One connection from its first byte to its end.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use super::{
    ConnInfo, Kind, Shared,
    door::Door,
    io::Line,
    pulse::{Verdict, Watch},
};

/// What was made of a connection's first bytes.
enum Greeted {
    Plain(Line),
    Tls(Box<TlsStream<Line>>),
    /// It is over already.
    Done,
}

/// Serves a connection until it ends, is cut off, or `stop` asks it to finish.
pub(super) async fn serve(line: Line, kind: Kind, peer: SocketAddr, shared: Arc<Shared>, stop: CancellationToken) {
    let Ok(local) = line.socket.local_addr() else { return };
    let limit = if kind == Kind::Tls { shared.limits.handshake } else { shared.limits.header_read };
    let greeted = tokio::select! {
        biased;
        greeted = timeout(limit, greet(line, kind, local, &shared)) => greeted,
        () = stop.cancelled() => return,
    };
    match greeted {
        Ok(Ok(Greeted::Plain(line))) => {
            let door = Door { pulse: line.pulse.clone(), info: ConnInfo { peer, local, is_tls: false }, shared };
            http(line, false, door, stop).await;
        }
        Ok(Ok(Greeted::Tls(stream))) => {
            let (line, session) = stream.get_ref();
            let is_http2 = session.alpn_protocol() == Some(b"h2");
            let door = Door { pulse: line.pulse.clone(), info: ConnInfo { peer, local, is_tls: true }, shared };
            http(*stream, is_http2, door, stop).await;
        }
        Ok(Ok(Greeted::Done)) => {}
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a connection failed before its first request"),
        Err(_) => tracing::debug!(%peer, "a connection was not ready in time"),
    }
}

/// Looks at the first byte: TLS is understood on both ports, plain HTTP on the plain one alone.
async fn greet(line: Line, kind: Kind, local: SocketAddr, shared: &Shared) -> io::Result<Greeted> {
    let mut first = [0_u8];
    if line.socket.peek(&mut first).await? == 0 {
        return Ok(Greeted::Done);
    }
    // Read now and not before: a connection opened early shows the certificate of its handshake's moment.
    let config = shared.tls.load_full();
    match (kind, config) {
        (Kind::Tls, _) if first[0].is_ascii_alphabetic() => point_to_https(line, local).await.map(|()| Greeted::Done),
        (Kind::Tls, Some(config)) => shake_hands(line, config).await,
        (Kind::Tls, None) => Ok(Greeted::Done),
        (Kind::Plain, Some(config)) if first[0] == TLS_HANDSHAKE => shake_hands(line, config).await,
        (Kind::Plain, _) => Ok(Greeted::Plain(line)),
    }
}

async fn shake_hands(line: Line, config: Arc<rustls::ServerConfig>) -> io::Result<Greeted> {
    TlsAcceptor::from(config).accept(line).await.map(|stream| Greeted::Tls(Box::new(stream)))
}

/// Answers plain HTTP on the TLS port with one line.
async fn point_to_https(mut line: Line, local: SocketAddr) -> io::Result<()> {
    let body = format!("this port speaks HTTPS: use https://{local}/ with the name or address that you called\n");
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    line.write_all((head + &body).as_bytes()).await?;
    line.shutdown().await?;
    // What the client still sends must be read, or its system throws our answer away.
    let mut rest = line.take(MOST_UNREAD);
    let _ = timeout(Duration::from_secs(1), tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    Ok(())
}

async fn http<S>(stream: S, is_http2: bool, door: Door, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(stream);
    let shared = door.shared.clone();
    let looker = Looker { door: door.clone(), watch: Watch::new(is_http2, Instant::now()) };
    if is_http2 {
        drive(shared.http.http2.serve_connection(io, door), looker, stop).await;
    } else {
        drive(shared.http.http1.serve_connection(io, door).with_upgrades(), looker, stop).await;
    }
}

/// Whoever looks at a connection from time to time.
struct Looker {
    door: Door,
    watch: Watch,
}

async fn drive<C: Finish>(connection: C, mut looker: Looker, stop: CancellationToken) {
    let mut connection = pin!(connection);
    let mut stopped = pin!(stop.cancelled());
    let limits = &looker.door.shared.limits;
    let period = Watch::period(limits);
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let peer = looker.door.info.peer;
    let patience = loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "a connection ended badly");
                }
                return;
            }
            () = stopped.as_mut() => break limits.drain,
            now = ticks.tick() => match looker.watch.look(&looker.door.pulse, limits, now) {
                Verdict::Fine => {}
                Verdict::Idle => break limits.header_read,
                Verdict::Stuck => {
                    tracing::debug!(%peer, "a connection was cut off: its client neither sends nor reads");
                    return;
                }
            },
        }
    };
    connection.as_mut().finish();
    let _ = timeout(patience, connection).await;
}

/// The two kinds of connection, as far as [`drive`] needs to know them.
trait Finish: Future<Output = hyper::Result<()>> {
    /// No further request; those under way are answered.
    fn finish(self: std::pin::Pin<&mut Self>);
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Finish for http1::UpgradeableConnection<TokioIo<S>, Door> {
    fn finish(self: std::pin::Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Finish for http2::Connection<TokioIo<S>, Door, TokioExecutor> {
    fn finish(self: std::pin::Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// How HTTP is spoken; made once.
pub(super) struct Http {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Http {
    pub(super) fn new() -> Self {
        let mut http1 = http1::Builder::new();
        http1.header_read_timeout(None).max_header_size(MOST_HEADERS as usize);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(MOST_STREAMS)
            .max_header_list_size(MOST_HEADERS)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        Self { http1, http2 }
    }
}

/// The first byte of a TLS connection (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;
const MOST_HEADERS: u32 = 32 * 1024;
const MOST_STREAMS: u32 = 128;
const MOST_UNREAD: u64 = 256 * 1024;
