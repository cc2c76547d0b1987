//! What this door is told when it is built.

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What this door is told when it is built.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Where `/MAAS/metrics` reads; none switches it off. Set the recorder before the router is built.
    pub metrics: Option<PrometheusHandle>,
    /// The port on which HTTPS really is, while TLS is on: the plain port redirects there.
    pub https_port: watch::Receiver<Option<u16>>,
    /// Open WebSockets say goodbye when it is cancelled.
    pub stop: CancellationToken,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self { metrics: None, https_port: watch::channel(None).1, stop: CancellationToken::new() }
    }
}
