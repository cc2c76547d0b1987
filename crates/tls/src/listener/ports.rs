//! The ports that are open, and how they are made to be what is wanted.

use std::{net::SocketAddr, sync::Arc};

use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    Bound, Kind, Listening, Shared, TlsListening, accept::accept, config::server_config, sockets, sockets::Ask,
};

/// All open ports.
pub(super) struct Ports {
    shared: Arc<Shared>,
    open: Vec<Port>,
    /// Generation and fingerprint of what handshakes show.
    shown: Option<(i64, String)>,
    /// Connections wait in the queue until [`Ports::start`].
    is_started: bool,
}

struct Port {
    ask: Ask,
    local: SocketAddr,
    stop: CancellationToken,
    /// Until it is started.
    waiting: Option<TcpListener>,
    accepting: Option<JoinHandle<()>>,
}

impl Ports {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, open: Vec::new(), shown: None, is_started: false }
    }

    /// Begins to accept.
    pub(super) fn start(&mut self) {
        self.is_started = true;
        for port in &mut self.open {
            port.start(&self.shared);
        }
    }

    /// Opens what is missing, shows the new certificate, closes what is no longer wanted: in this order, so that there is
    /// no moment without a door. On failure everything is as it was.
    ///
    /// # Errors
    /// One line: what could not be bound, and why.
    pub(super) async fn follow(&mut self, wanted: &Listening) -> Result<(), String> {
        let config = match &wanted.tls {
            Some(tls) if self.shown.as_ref() != Some(&identity(tls)) => Some(server_config(&tls.bundle)?),
            _ => None,
        };
        let asks = asks(wanted);
        let missing: Vec<Ask> =
            asks.iter().filter(|ask| !self.open.iter().any(|port| port.ask == **ask)).copied().collect();
        let opened = self.open_missing(&missing, &asks).await?;
        self.open.extend(opened);

        match &wanted.tls {
            Some(tls) => {
                if let Some(config) = config {
                    self.shared.tls.store(Some(config));
                }
                self.shown = Some(identity(tls));
            }
            None => {
                self.shared.tls.store(None);
                self.shown = None;
            }
        }
        if self.is_started {
            self.start();
        }
        self.close(|port| !asks.contains(&port.ask)).await;
        Ok(())
    }

    /// What is open now.
    pub(super) fn bound(&self, error: Option<String>) -> Bound {
        let of = |kind| self.open.iter().filter(|port| port.ask.kind == kind).map(|port| port.local).collect();
        let generation = self.shown.as_ref().map(|(generation, _)| *generation);
        Bound { http: of(Kind::Plain), https: of(Kind::Tls), generation, error }
    }

    /// Opens what is missing. A port that is in the way of it and about to be closed makes room first.
    async fn open_missing(&mut self, missing: &[Ask], asks: &[Ask]) -> Result<Vec<Port>, String> {
        let first_try = self.try_open(missing);
        let is_in_the_way = |port: &Port| {
            let number = port.local.port();
            !asks.contains(&port.ask) && missing.iter().any(|ask| ask.address.port() == number)
        };
        let leaving: Vec<Ask> = self.open.iter().filter(|port| is_in_the_way(port)).map(|port| port.ask).collect();
        if first_try.is_ok() || leaving.is_empty() {
            return first_try;
        }
        self.close(is_in_the_way).await;
        let second_try = self.try_open(missing);
        if second_try.is_err() {
            match self.try_open(&leaving) {
                Ok(back) => self.open.extend(back),
                Err(error) => tracing::error!(%error, "a port could not be opened again"),
            }
            if self.is_started {
                self.start();
            }
        }
        second_try
    }

    fn try_open(&self, asks: &[Ask]) -> Result<Vec<Port>, String> {
        let known = self.open.iter().map(|port| (port.ask, port.local)).collect();
        let opened = sockets::open_all(asks, known)?;
        let port = |(ask, local, listener)| {
            let stop = self.shared.stop.child_token();
            Port { ask, local, stop, waiting: Some(listener), accepting: None }
        };
        Ok(opened.into_iter().map(port).collect())
    }

    async fn close(&mut self, is_leaving: impl Fn(&Port) -> bool) {
        for port in self.open.extract_if(.., |port| is_leaving(port)) {
            port.close().await;
        }
    }
}

impl Port {
    fn start(&mut self, shared: &Arc<Shared>) {
        if let Some(listener) = self.waiting.take() {
            let task = shared.tracker.spawn(accept(listener, self.ask.kind, shared.clone(), self.stop.clone()));
            self.accepting = Some(task);
        }
    }

    /// Stops accepting; connections that are open live on.
    async fn close(self) {
        self.stop.cancel();
        if let Some(task) = self.accepting {
            let _ = task.await;
        }
    }
}

fn identity(tls: &TlsListening) -> (i64, String) {
    (tls.generation, tls.bundle.info.sha256.clone())
}

fn asks(wanted: &Listening) -> Vec<Ask> {
    let kinds = [(Kind::Plain, Some(wanted.http_port)), (Kind::Tls, wanted.tls.as_ref().map(|tls| tls.port))];
    let mut asks = Vec::new();
    for (kind, port) in kinds {
        let Some(port) = port else { continue };
        for address in &wanted.addresses {
            let ask = Ask { kind, address: SocketAddr::new(*address, port) };
            if !asks.contains(&ask) {
                asks.push(ask);
            }
        }
    }
    asks
}
