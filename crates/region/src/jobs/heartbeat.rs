//! The sign of life that a region gives.

use std::time::Duration;

use maas_store::{
    job,
    region_seen::{self, RegionSeenRow},
};
use maas_tls::listener::Bound;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval},
};

use super::engine;
use crate::{Region, Result};

/// Gives a sign every few seconds, and at once when its ports change; when the region stops in good order, it is taken off the list.
pub(super) async fn run(region: &Region) {
    let started_us = region.clock().now().micros();
    let stopping = region.tasks().stopping();
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut bound = region.site().tls.bound();
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = moved(&mut bound) => {}
            () = stopping.cancelled() => break,
        }
        let started = Instant::now();
        let ended = beat(region, started_us).await;
        engine::note(region, "heartbeat", started, ended).await;
    }
    if let Err(error) = leave(region).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "could not sign off");
    }
}

/// Waits until other ports are open.
async fn moved(bound: &mut Option<watch::Receiver<Bound>>) {
    let has_ended = match bound {
        Some(bound) => bound.changed().await.is_err(),
        None => std::future::pending().await,
    };
    if has_ended {
        *bound = None;
    }
}

/// One sign.
pub(crate) async fn beat(region: &Region, started_us: i64) -> Result<()> {
    let bound = region.site().tls.bound().map(|bound| bound.borrow().clone()).unwrap_or_default();
    let port = |addresses: &[std::net::SocketAddr]| addresses.first().map(|address| i64::from(address.port()));
    let row = RegionSeenRow {
        region: region.config().region_name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        http_port: port(&bound.http),
        https_port: port(&bound.https),
        started_us,
        last_seen_us: region.clock().now().micros(),
    };
    let mut tx = region.store().begin(&region.job_ctx("heartbeat")).await?;
    region_seen::put(&mut tx, &row).await?;
    Ok(tx.commit_quietly().await?)
}

async fn leave(region: &Region) -> Result<()> {
    let mut tx = region.store().begin(&region.job_ctx("heartbeat")).await?;
    region_seen::delete(&mut tx, &region.config().region_name).await?;
    job::forget_region(&mut tx, &region.config().region_name).await?;
    Ok(tx.commit_quietly().await?)
}

const PERIOD: Duration = Duration::from_secs(5);
