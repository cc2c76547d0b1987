//! The accept loops: one plain port, one TLS port, both following a [`Listening`] that changes while they run.
//!
//! A new certificate is picked up by the next handshake; open connections live on. A changed port opens the new listener
//! before the old one stops accepting. Each connection has a handshake time-out, a header time-out and a place in the
//! table of connections per address.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

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
    // filled by the implementation
}

impl Server {
    /// Binds what `listening` says now; follows its changes once [`Server::run`] is called.
    ///
    /// # Errors
    /// The address and the reason, one line, when a first bind fails.
    pub async fn bind(listening: watch::Receiver<Arc<Listening>>, apps: Apps, limits: Limits) -> Result<Self, String> {
        let _ = (listening, apps, limits);
        unimplemented!("tls")
    }

    /// What is bound, now and later.
    pub fn bound(&self) -> watch::Receiver<Bound> {
        unimplemented!("tls")
    }

    /// Serves until `stop`, then drains: no new connections, requests under way finish within the limit.
    pub async fn run(self, stop: CancellationToken) {
        let _ = stop;
        unimplemented!("tls")
    }
}
