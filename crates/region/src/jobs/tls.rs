//! This region shows the generation of TLS that is meant, and says so.
//!
//! Woken by every change and every minute: read the pointer, unseal, publish to the listeners, look at one of them from
//! outside, and keep the word. What cannot be shown is followed by the last good one; see `take_back`.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use maas_store::{
    failpoint, region_seen,
    tls_generation::{self, AppliedRow, GenerationRow, StateRow},
};
use maas_tls::{CertificateInfo, listener::Bound, probe::served_fingerprint};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use super::engine;
use crate::{
    Region, Result,
    notifications::raise::raise,
    tls::{
        hsts::Hsts,
        is_alive,
        listening::{Own, failure_notice, take_back},
    },
};

/// Follows what is meant. Does not return.
pub(super) async fn run(region: &Region) {
    let Some(own) = region.site().tls.own() else { return };
    let mut changes = region.changes();
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Last::default();
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            changed = changes.changed() => if changed.is_err() { return },
        }
        let started = Instant::now();
        let ended = reconcile(region, own, &mut last).await;
        engine::note(region, "tls", started, ended).await;
    }
}

/// What this job did last.
#[derive(Default)]
pub(crate) struct Last {
    shown: Option<i64>,
    /// A generation that could not be shown, and when.
    failed: Option<(i64, Instant)>,
    /// The certificate whose end is metered.
    metered: Option<String>,
}

/// Compares what is shown with what is meant, and acts.
pub(crate) async fn reconcile(region: &Region, own: &Own, last: &mut Last) -> Result<()> {
    let state = tls_generation::state(&mut *region.store().reader().await?).await?;
    region.site().tls.set_hsts(Hsts::read(region, &state).await?);
    let target = &state.current;
    if last.shown == Some(target.generation) {
        return confirm_if_all(region, target).await;
    }
    let is_resting = |(generation, at): &(i64, Instant)| *generation == target.generation && at.elapsed() < REST;
    if last.failed.as_ref().is_some_and(is_resting) {
        return Ok(());
    }
    match show(region, own, target).await {
        Ok(fingerprint) => {
            meter(region, target, &mut last.metered);
            (last.shown, last.failed) = (Some(target.generation), None);
            failpoint("tls:shown");
            say(region, target, fingerprint, None).await?;
            failpoint("tls:said");
            confirm_if_all(region, target).await
        }
        Err(why) => {
            (last.shown, last.failed) = (None, Some((target.generation, Instant::now())));
            fail(region, &state, &why).await
        }
    }
}

/// Publishes a generation and looks at it from outside; on failure the one before is published again.
async fn show(region: &Region, own: &Own, target: &GenerationRow) -> Result<Option<String>, String> {
    let next = own.build(region, target).await?;
    let bound = region.site().tls.bound();
    let before = own.listening.borrow().clone();
    let is_new = before.tls.as_ref().map(|tls| tls.generation) != next.tls.as_ref().map(|tls| tls.generation);
    if is_new {
        own.listening.send_replace(Arc::new(next));
    }
    let looked = match bound {
        Some(bound) => look(bound, target).await,
        None => Ok(()),
    };
    match looked {
        Ok(()) => Ok(target.fingerprint.clone()),
        Err(why) => {
            own.listening.send_replace(before);
            Err(why)
        }
    }
}

/// Waits until the listeners have followed, and asks one of them what it shows.
async fn look(mut bound: watch::Receiver<Bound>, target: &GenerationRow) -> Result<(), String> {
    let wanted = target.port.map(|_| target.generation);
    let followed = async {
        let mut may_be_old = true;
        loop {
            let now = bound.borrow_and_update().clone();
            match now.error {
                None if now.generation == wanted => return Ok(now),
                // An error that was there before the change says nothing of the change.
                Some(why) if !may_be_old => return Err(why),
                _ => {}
            }
            may_be_old = false;
            if bound.changed().await.is_err() {
                return Err("the listeners have ended".to_owned());
            }
        }
    };
    let now = match timeout(PATIENCE, followed).await {
        Ok(followed) => followed?,
        Err(_) => {
            return Err(bound.borrow().error.clone().unwrap_or_else(|| "the listeners did not follow".to_owned()));
        }
    };
    let (Some(expected), Some(address)) = (&target.fingerprint, now.https.first()) else { return Ok(()) };
    let shown = served_fingerprint(reachable(*address), "localhost", PATIENCE).await?;
    if shown == *expected { Ok(()) } else { Err(format!("{address} shows the certificate {shown}")) }
}

/// Where a socket that is bound to everything can be reached.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    SocketAddr::new(ip, address.port())
}

/// Meters when the certificate that is shown ends, and no longer that of the one before.
fn meter(region: &Region, target: &GenerationRow, metered: &mut Option<String>) {
    let gauge = |sha256: &str, seconds: f64| {
        let labels = [("region", region.config().region_name.clone()), ("sha256", sha256.to_owned())];
        metrics::gauge!("maas_tls_certificate_not_after_seconds", &labels).set(seconds);
    };
    if let Some(old) = metered.take() {
        gauge(&old, f64::NAN);
    }
    if let Some(info) = target.chain.as_deref().and_then(CertificateInfo::from_pem) {
        let ends = Duration::from_secs(info.not_after.secs().try_into().unwrap_or(0));
        gauge(&info.sha256, ends.as_secs_f64());
        *metered = Some(info.sha256);
    }
}

/// Keeps this region's word, and lets those who wait for it know.
async fn say(
    region: &Region,
    target: &GenerationRow,
    fingerprint: Option<String>,
    error: Option<String>,
) -> Result<()> {
    let ctx = region.job_ctx("tls");
    let mut tx = region.store().begin(&ctx).await?;
    let row = AppliedRow {
        region: region.config().region_name.clone(),
        generation: target.generation,
        fingerprint,
        error: error.clone(),
        at_us: tx.now_us(),
    };
    tls_generation::put_applied(&mut tx, &row).await?;
    let mut raised = None;
    if let Some(why) = error {
        let why = format!("region `{}`: {why}", region.config().region_name);
        let notice = failure_notice(&why, "It goes on with what it showed before and tries again every minute.");
        raised = Some(raise(&mut tx, &ctx.grant()?, notice).await?);
    }
    tx.commit_all(Vec::new()).await?;
    if let Some(raised) = raised {
        raised.announce(region);
    }
    tracing::info!(
        tls.generation = target.generation,
        tls.fingerprint = row.fingerprint,
        "this region has followed TLS"
    );
    Ok(())
}

async fn fail(region: &Region, state: &StateRow, why: &str) -> Result<()> {
    tracing::error!(tls.generation = state.current.generation, why, "this region cannot show what it should");
    if take_back(region, state, why).await? {
        return Ok(());
    }
    say(region, &state.current, None, Some(why.to_owned())).await
}

/// Once every region that runs has shown a generation, no region takes it back any more.
async fn confirm_if_all(region: &Region, target: &GenerationRow) -> Result<()> {
    if target.confirmed_us.is_some() {
        return Ok(());
    }
    let now = region.clock().now();
    let mut reader = region.store().reader().await?;
    let words = tls_generation::applied(&mut reader).await?;
    let has_shown = |name: &str| {
        words.iter().any(|word| word.region == name && word.generation == target.generation && word.error.is_none())
    };
    let alive = region_seen::list(&mut reader).await?.into_iter().filter(|seen| is_alive(seen, now));
    let is_shown_by_all = alive.map(|seen| seen.region).all(|name| has_shown(&name));
    drop(reader);
    if !is_shown_by_all || !has_shown(&region.config().region_name) {
        return Ok(());
    }
    let mut tx = region.store().begin(&region.job_ctx("tls")).await?;
    tls_generation::confirm(&mut tx, target.generation).await?;
    Ok(tx.commit_quietly().await?)
}

const PERIOD: Duration = Duration::from_secs(60);
/// How long a generation that could not be shown is left alone.
const REST: Duration = Duration::from_secs(50);
/// How long the listeners may take to follow, and one of them to answer.
const PATIENCE: Duration = Duration::from_secs(5);
