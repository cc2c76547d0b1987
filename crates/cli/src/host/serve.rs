//! The assembly: region, API, pages and listeners become one serving process.

use std::{net::IpAddr, sync::Arc, time::Duration};

use maas_api::ApiConfig;
use maas_region::Region;
use maas_tls::{
    Apps, Limits, Server,
    listener::{Bound, Listening},
};
use maas_web::WebConfig;
use metrics_exporter_prometheus::PrometheusBuilder;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use super::up::link_host;
use crate::failure::Failure;

/// Where to listen.
#[derive(Clone, Debug)]
pub(crate) struct ServeOptions {
    /// All addresses when empty.
    pub addresses: Vec<IpAddr>,
    pub http_port: u16,
    pub pages: WebConfig,
}

/// What answers now.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// By the host's name, for people elsewhere.
    pub url: String,
    /// By `localhost`, which always resolves here.
    pub local_url: String,
    pub http_port: Option<u16>,
    pub https_port: Option<u16>,
    /// Of the site's own CA, when its certificate is the one that is served.
    pub ca_fingerprint: Option<String>,
}

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// A port that cannot be bound, a certificate that cannot be read.
pub(crate) async fn serve(region: Region, options: ServeOptions, ready: impl FnOnce(&Ready)) -> Result<(), Failure> {
    let listening = region.start_listening(options.addresses.clone(), options.http_port).await?;
    raise_file_limit();
    let stop = CancellationToken::new();
    let apps = apps(&region, options.pages, stop.clone())?;
    let server = Server::bind(listening.clone(), apps, Limits::default()).await.map_err(|why| {
        Failure::failed(format!("cannot listen: {why}"))
            .hint("`--http-port` takes another plain port; that of HTTPS belongs to the site: `maas config-tls enable --port`")
    })?;
    region.start_jobs(server.bound());
    region.tasks().spawn_until_shutdown("stop-when-broken", stop_when_broken(region.clone(), stop.clone()));
    region.tasks().spawn_until_shutdown("signals", wait_for_signals(stop.clone()));
    region.tasks().spawn_until_shutdown("watchdog", feed_watchdog(region.clone(), stop.clone()));
    let bound = server.bound();
    let now = ready_now(&region, &listening, &bound, &options.addresses).await;
    tracing::info!(target: "security", event = "sys_startup", http.port = now.http_port, https.port = now.https_port, "sys_startup");
    let _ = sd_notify::notify(&[
        sd_notify::NotifyState::Ready,
        sd_notify::NotifyState::Status(&format!("serving {}", now.url)),
    ]);
    ready(&now);
    server.run(stop).await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!(target: "security", event = "sys_shutdown", "sys_shutdown");
    region.shutdown().await;
    Ok(())
}

/// Each connection is a file; the usual soft limit of 1024 is below the number of connections that are allowed.
fn raise_file_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
    {
        tracing::warn!(%error, limit = soft, "cannot raise the limit of open files");
    }
}

fn https_port(bound: &Bound) -> Option<u16> {
    bound.https.first().map(std::net::SocketAddr::port)
}

/// A background task that failed ends the process: half a region is worse than one that is started again.
async fn stop_when_broken(region: Region, stop: CancellationToken) {
    region.tasks().broken().cancelled().await;
    tracing::error!("a background task failed: stopping");
    stop.cancel();
}

fn apps(region: &Region, pages: WebConfig, stop: CancellationToken) -> Result<Apps, Failure> {
    let metrics = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| Failure::failed(format!("cannot start metrics: {error}")))?;
    let api = ApiConfig { metrics: Some(metrics), stop };
    let pages = maas_web::router(region.clone(), pages).layer(maas_api::headers::layer(region.clone()));
    let full = maas_api::router(region.clone(), api).merge(pages);
    Ok(Apps { full, plain: maas_api::plain_router(region.clone()) })
}

async fn ready_now(
    region: &Region,
    listening: &watch::Receiver<Arc<Listening>>,
    bound: &watch::Receiver<Bound>,
    addresses: &[IpAddr],
) -> Ready {
    let bound = bound.borrow().clone();
    let is_tls = listening.borrow().tls.is_some();
    let http_port = bound.http.first().map(std::net::SocketAddr::port);
    let https_port = https_port(&bound).filter(|_| is_tls);
    let base = |host: &str| match https_port {
        Some(port) => format!("https://{host}:{port}"),
        None => format!("http://{host}:{}", http_port.unwrap_or_default()),
    };
    Ready {
        url: base(&link_host(addresses)),
        local_url: base("localhost"),
        http_port,
        https_port,
        ca_fingerprint: maas_region::tls::site_ca_fingerprint(region).await.ok().flatten(),
    }
}

/// The first SIGTERM or SIGINT drains, the second ends the process at once.
async fn wait_for_signals(stop: CancellationToken) {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("cannot listen for signals: stop this process with SIGKILL");
        return;
    };
    for turn in 0.. {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if turn > 0 {
            std::process::exit(130);
        }
        tracing::info!("stopping: requests under way are finished first");
        stop.cancel();
    }
}

/// Tells systemd that we live, as long as the database answers.
async fn feed_watchdog(region: Region, stop: CancellationToken) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut tick = tokio::time::interval((limit / 2).max(Duration::from_millis(100)));
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = stop.cancelled() => return,
        }
        if region.is_healthy().await {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
    }
}
