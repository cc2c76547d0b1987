//! The accept loops: one plain port, one TLS port, both following a [`Listening`] that changes while they run.
//!
//! A new certificate is picked up by the next handshake; open connections live on. A changed port opens the new listener
//! before the old one stops accepting. Each connection has a handshake time-out, a header time-out and a place in the
//! table of connections per address.

mod accept;
mod caps;
mod config;
mod connection;
mod door;
mod io;
mod ports;
mod pulse;
mod sockets;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwapOption;
use axum::Router;
use rustls::ServerConfig;
use tokio::{
    sync::watch,
    time::{interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{caps::Caps, connection::Http, ports::Ports};
use crate::CertBundle;

/// What should be listened on now.
#[derive(Clone, Debug)]
pub struct Listening {
    /// Addresses to bind; both ports are opened on each.
    pub addresses: Vec<IpAddr>,
    /// 0 takes a free port.
    pub http_port: u16,
    /// Off means that the plain port serves everything.
    pub tls: Option<TlsListening>,
}

/// The TLS side.
#[derive(Clone, Debug)]
pub struct TlsListening {
    /// 0 takes a free port.
    pub port: u16,
    pub bundle: Arc<CertBundle>,
    pub generation: i64,
}

/// Whether `port` is free on `addresses` (all when empty), before anything is made that expects it to be.
///
/// # Errors
/// One line: the address and what to do.
pub fn try_port(addresses: &[IpAddr], port: u16) -> Result<(), String> {
    let all = [IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
    let addresses = if addresses.is_empty() { &all } else { addresses };
    sockets::try_all(addresses.iter().map(|address| SocketAddr::new(*address, port)))
}

/// What is served on which port.
#[derive(Clone)]
pub struct Apps {
    /// Everything.
    pub full: Router,
    /// The plain port while TLS is on: its allow-list and the 308.
    pub plain: Router,
}

/// Put into every request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct ConnInfo {
    pub peer: SocketAddr,
    pub local: SocketAddr,
    pub is_tls: bool,
}

/// Bounds on connections.
#[derive(Clone, Debug)]
pub struct Limits {
    pub connections: usize,
    pub connections_per_address: usize,
    pub handshake: Duration,
    pub header_read: Duration,
    /// An idle kept-alive connection is closed after this.
    pub keep_alive: Duration,
    /// How long a drain waits for requests under way.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 1_000,
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            keep_alive: Duration::from_secs(120),
            drain: Duration::from_secs(20),
        }
    }
}

/// What is really bound now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    pub http: Vec<SocketAddr>,
    pub https: Vec<SocketAddr>,
    /// The generation that new handshakes show.
    pub generation: Option<i64>,
    /// Why the last change could not be followed; what was bound before still is.
    pub error: Option<String>,
}

/// The listeners of a region.
pub struct Server {
    listening: watch::Receiver<Arc<Listening>>,
    bound: watch::Sender<Bound>,
    shared: Arc<Shared>,
    ports: Ports,
}

/// What all connections share.
struct Shared {
    apps: Apps,
    limits: Limits,
    http: Http,
    caps: Arc<Caps>,
    /// None while TLS is off.
    tls: ArcSwapOption<ServerConfig>,
    tracker: TaskTracker,
    /// No more connections, and those that are open finish.
    stop: CancellationToken,
}

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Tls,
}

impl Server {
    /// Binds what `listening` says now; follows its changes once [`Server::run`] is called.
    ///
    /// # Errors
    /// The address and the reason, one line, when a first bind fails.
    pub async fn bind(
        mut listening: watch::Receiver<Arc<Listening>>,
        apps: Apps,
        limits: Limits,
    ) -> Result<Self, String> {
        let shared = Arc::new(Shared {
            apps,
            http: Http::new(),
            caps: Caps::new(limits.connections, limits.connections_per_address),
            limits,
            tls: ArcSwapOption::empty(),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        let wanted = listening.borrow_and_update().clone();
        let mut ports = Ports::new(shared.clone());
        ports.follow(&wanted).await?;
        let bound = watch::Sender::new(ports.bound(None));
        Ok(Self { listening, bound, shared, ports })
    }

    /// What is bound, now and later.
    pub fn bound(&self) -> watch::Receiver<Bound> {
        self.bound.subscribe()
    }

    /// Serves until `stop`, then drains: no new connections, requests under way finish within the limit. A WebSocket is
    /// waited for too; whoever serves it must end it when `stop` says so.
    pub async fn run(mut self, stop: CancellationToken) {
        self.ports.start();
        let mut is_watching = true;
        let mut retries = interval(RETRY);
        loop {
            let is_failing = self.bound.borrow().error.is_some();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                changed = self.listening.changed(), if is_watching => is_watching = changed.is_ok(),
                _ = retries.tick(), if is_failing => {}
            }
            self.follow().await;
            retries.reset();
        }
        self.shared.stop.cancel();
        drop(self.ports);
        self.shared.tracker.close();
        if timeout(self.shared.limits.drain, self.shared.tracker.wait()).await.is_err() {
            tracing::warn!("connections that did not finish in time are cut off");
        }
    }

    async fn follow(&mut self) {
        let wanted = self.listening.borrow_and_update().clone();
        let error = self.ports.follow(&wanted).await.err();
        let bound = self.ports.bound(error);
        self.bound.send_if_modified(|now| {
            let is_new = *now != bound;
            if let Some(error) = bound.error.as_ref().filter(|_| is_new) {
                tracing::error!(%error, "the change of listeners could not be followed; trying again");
            }
            *now = bound;
            is_new
        });
    }
}

/// How soon a bind that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
