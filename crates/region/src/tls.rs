//! The site's certificate: generations that are checked, kept sealed, switched on every region, probed, and rolled back.
//!
//! A change is three steps: the key is sealed under a new number, then one transaction points at that number and tells the
//! audit log, then each region (see [`crate::jobs`]) switches and says how it went. A crash between two of them leaves
//! either the old state or the new one true. A generation that no region has shown yet is taken back by the first region
//! that cannot show it.

mod bootstrap;
pub(crate) mod change;
mod checks;
pub(crate) mod hsts;
pub(crate) mod listening;
mod wait;

use std::time::Duration;

use maas_authz::{
    OpCtx,
    action::{EditConfigurations, ViewConfigurations, ViewOwn},
};
use maas_model::{Secret, Timestamp};
use maas_store::{
    region_seen,
    tls_generation::{self, AppliedRow, GenerationRow, StateRow},
};
use maas_tls::{CertificateInfo, Problem};
use serde::Serialize;

pub(crate) use self::bootstrap::{SERVER_DAYS, site_ca};
pub use self::{
    bootstrap::{Bootstrap, bootstrap, site_ca_fingerprint},
    hsts::hsts_header,
};
use self::{
    change::{Draft, Kind},
    wait::for_regions,
};
pub(crate) use self::{listening::State, wait::is_alive};
use crate::{Error, Region, Result};

/// How long to wait for every region's word, if nothing else is asked for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A pair to enable.
#[derive(Clone, Debug)]
pub struct PairPem {
    pub key: Secret<String>,
    pub certificate: String,
    /// The rest of the chain, if it is not in `certificate`.
    pub ca: Option<String>,
    /// What to call the three in messages: file names, or form fields.
    pub names: [String; 3],
}

/// How to enable.
#[derive(Clone, Debug)]
pub struct EnableOptions {
    pub port: u16,
    /// Warnings refuse too.
    pub strict: bool,
    pub allow_expired: bool,
    pub allow_self_signed_ca: bool,
    /// How long to wait for every region's word; zero does not wait. [`PATIENCE`] is the usual.
    pub wait: Duration,
}

/// What `enable`, `disable` and `roll_back` did.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub generation: i64,
    /// Nothing was done, since the same pair and port are on already.
    pub is_unchanged: bool,
    pub warnings: Vec<Problem>,
    pub old_fingerprint: Option<String>,
    pub new_fingerprint: Option<String>,
    /// What each region said; empty when nobody waited.
    pub regions: Vec<Applied>,
}

/// One region's word on a generation.
#[derive(Clone, Debug, Serialize)]
pub struct Applied {
    pub region: String,
    pub generation: i64,
    pub fingerprint: Option<String>,
    pub error: Option<String>,
    #[serde(skip)]
    pub at: Option<Timestamp>,
}

/// The state of TLS.
#[derive(Clone, Debug, Serialize)]
pub struct TlsStatus {
    pub is_enabled: bool,
    pub port: Option<u16>,
    pub generation: i64,
    pub certificate: Option<CertificateInfo>,
    /// Whole days to the end, rounded down; negative after it.
    pub days_left: Option<i64>,
    /// Issued by the site's own CA and renewed by the site.
    pub is_site_issued: bool,
    pub can_roll_back: bool,
    pub regions: Vec<Applied>,
}

/// Switches to a pair: check, seal, store, apply everywhere, probe.
///
/// # Errors
/// `Denied`; `Invalid` with every problem of section 1.5, keyed by its code (`tls/key-mismatch`); `Unavailable` when a
/// region could not apply it (it then still serves the generation before).
pub async fn enable(region: &Region, ctx: &OpCtx, pair: PairPem, options: EnableOptions) -> Result<Change> {
    let grant = ctx.grant::<EditConfigurations>()?;
    let before = tls_generation::state(&mut *region.store().reader().await?).await?;
    let port = checks::same_port(region, &before, options.port).await?;
    let (bundle, problems) = checks::check(region, ctx, &pair, &options, &before, port).await?;
    let bundle = checks::accepted(bundle, &problems, options.strict)?;
    let current = &before.current;
    if current.chain.as_deref() == Some(bundle.chain_pem.as_str()) && current.port == Some(i64::from(port)) {
        return Ok(unchanged(&before, problems));
    }
    let kind = if current.port.is_some() { Kind::Replace } else { Kind::Enable };
    let draft = Draft { port: Some(port), bundle: Some(bundle), is_site_issued: false, is_confirmed: false };
    let generation = change::store(region, ctx, &grant, &before, draft, kind).await?;
    finish(region, &before, generation, problems, options.wait).await
}

/// Switches TLS off; `wait` as in [`EnableOptions::wait`].
///
/// # Errors
/// `Denied`; `Unavailable` when a region could not follow.
pub async fn disable(region: &Region, ctx: &OpCtx, wait: Duration) -> Result<Change> {
    let grant = ctx.grant::<EditConfigurations>()?;
    let before = tls_generation::state(&mut *region.store().reader().await?).await?;
    if before.current.port.is_none() {
        return Ok(unchanged(&before, Vec::new()));
    }
    let draft = Draft { port: None, bundle: None, is_site_issued: false, is_confirmed: false };
    let generation = change::store(region, ctx, &grant, &before, draft, Kind::Disable).await?;
    finish(region, &before, generation, Vec::new(), wait).await
}

/// Goes back to the certificate before this one; `wait` as in [`EnableOptions::wait`].
///
/// # Errors
/// `Denied`; `BadRequest` when there is none; `Unavailable` when a region could not follow.
pub async fn roll_back(region: &Region, ctx: &OpCtx, wait: Duration) -> Result<Change> {
    let grant = ctx.grant::<EditConfigurations>()?;
    let mut reader = region.store().reader().await?;
    let before = tls_generation::state(&mut reader).await?;
    let target = change::earlier_certificate(&mut reader, &before.current).await?;
    drop(reader);
    let target = target.ok_or_else(|| Error::BadRequest(NOTHING_EARLIER.to_owned()))?;
    refuse_expired(ctx, &target)?;
    change::point_back(region, ctx, &grant, &before, &target).await?;
    finish(region, &before, target.generation, Vec::new(), wait).await
}

/// What has expired since never replaces what is served; one of the site's own is renewed as soon as it is.
fn refuse_expired(ctx: &OpCtx, target: &GenerationRow) -> Result<()> {
    let info = target.chain.as_deref().and_then(CertificateInfo::from_pem);
    match info.filter(|info| ctx.clock.now() >= info.not_after && !target.is_site_issued) {
        None => Ok(()),
        Some(info) => Err(Error::BadRequest(format!(
            "The earlier certificate expired on {}, so the one that is served stays. Enable a new one instead.",
            info.not_after.human()
        ))),
    }
}

/// Checks a pair as [`enable`] would, changing nothing.
///
/// # Errors
/// `Denied`. Problems are the answer.
pub async fn check(region: &Region, ctx: &OpCtx, pair: &PairPem, options: &EnableOptions) -> Result<Vec<Problem>> {
    ctx.grant::<EditConfigurations>()?;
    let before = tls_generation::state(&mut *region.store().reader().await?).await?;
    let port = checks::same_port(region, &before, options.port).await?;
    Ok(checks::check(region, ctx, pair, options, &before, port).await?.1)
}

/// The state. The certificate is for everybody signed in; the table of regions needs `ViewConfigurations`.
///
/// # Errors
/// `Denied`.
pub async fn status(region: &Region, ctx: &OpCtx) -> Result<TlsStatus> {
    ctx.grant::<ViewOwn>()?;
    let mut reader = region.store().reader().await?;
    let state = tls_generation::state(&mut reader).await?;
    let current = &state.current;
    let certificate = current.chain.as_deref().and_then(CertificateInfo::from_pem);
    let regions = match ctx.grant::<ViewConfigurations>() {
        Ok(_) => tls_generation::applied(&mut reader).await?.into_iter().map(Applied::from).collect(),
        Err(_) => Vec::new(),
    };
    let port = match current.port {
        // Any free port was asked for; what it became is what the regions say.
        Some(0) => region_seen::list(&mut reader).await?.into_iter().find_map(|seen| seen.https_port),
        other => other,
    };
    Ok(TlsStatus {
        is_enabled: current.port.is_some(),
        port: port.and_then(|port| u16::try_from(port).ok()),
        generation: current.generation,
        days_left: certificate.as_ref().map(|info| info.days_left(ctx.clock.now())),
        certificate,
        is_site_issued: current.is_site_issued,
        can_roll_back: change::earlier_certificate(&mut reader, current).await?.is_some(),
        regions,
    })
}

/// Waits for the regions' words and says what was done.
async fn finish(
    region: &Region,
    before: &StateRow,
    generation: i64,
    warnings: Vec<Problem>,
    wait: Duration,
) -> Result<Change> {
    let regions = for_regions(region, generation, wait).await?;
    let now = tls_generation::find(&mut *region.store().reader().await?, generation).await?;
    Ok(Change {
        generation,
        is_unchanged: false,
        warnings,
        old_fingerprint: before.current.fingerprint.clone(),
        new_fingerprint: now.and_then(|row| row.fingerprint),
        regions,
    })
}

fn unchanged(state: &StateRow, warnings: Vec<Problem>) -> Change {
    Change {
        generation: state.current.generation,
        is_unchanged: true,
        warnings,
        old_fingerprint: state.current.fingerprint.clone(),
        new_fingerprint: state.current.fingerprint.clone(),
        regions: Vec::new(),
    }
}

impl From<AppliedRow> for Applied {
    fn from(row: AppliedRow) -> Self {
        Self {
            region: row.region,
            generation: row.generation,
            fingerprint: row.fingerprint,
            error: row.error,
            at: Some(Timestamp::from_micros(row.at_us)),
        }
    }
}

const NOTHING_EARLIER: &str =
    "There is no earlier certificate to go back to. `maas config-tls disable` switches TLS off.";

#[cfg(test)]
mod tests;
