//! Takes connections off a listener until told to stop. No error ends it or makes it spin.

use std::{future::poll_fn, io, net::SocketAddr, sync::Arc, task::Poll, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{Kind, Shared, connection::serve, io::Line};

/// Accepts until `stop`; then takes what already waits in the queue, unless the whole server stops.
pub(super) async fn accept(listener: TcpListener, kind: Kind, shared: Arc<Shared>, stop: CancellationToken) {
    let mut is_failing = false;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => {
                is_failing = false;
                admit(socket, peer, kind, &shared);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                if !is_failing {
                    tracing::error!(%error, "cannot accept connections now; trying again");
                }
                is_failing = true;
                let _ = timeout(PAUSE, stop.cancelled()).await;
            }
        }
    }
    while !shared.stop.is_cancelled() {
        match poll_fn(|cx| Poll::Ready(listener.poll_accept(cx))).await {
            Poll::Ready(Ok((socket, peer))) => admit(socket, peer, kind, &shared),
            _ => return,
        }
    }
}

fn admit(socket: TcpStream, peer: SocketAddr, kind: Kind, shared: &Arc<Shared>) {
    let Some(permit) = shared.caps.admit(peer.ip()) else { return };
    let _ = socket.set_nodelay(true);
    let line = Line { socket, pulse: Arc::default(), _permit: permit, _token: shared.tracker.token() };
    shared.tracker.spawn(serve(line, kind, peer, shared.clone(), shared.stop.clone()));
}

/// The client went away between its arrival and ours (accept(2)).
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | HostUnreachable | Interrupted)
}

/// Out of file descriptors or memory: others must end first.
const PAUSE: Duration = Duration::from_millis(100);
