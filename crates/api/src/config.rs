//! What this door is told when it is built.

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

/// What this door is told when it is built.
#[derive(Clone, Debug, Default)]
pub struct ApiConfig {
    /// Where `/MAAS/metrics` reads; none switches it off. Set the recorder before the router is built.
    pub metrics: Option<PrometheusHandle>,
    /// Open WebSockets say goodbye when it is cancelled.
    pub stop: CancellationToken,
}
