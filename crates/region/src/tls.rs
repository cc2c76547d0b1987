//! The site's certificate: generations that are checked, kept sealed, switched on every region, probed, and rolled back.

use maas_authz::OpCtx;
use maas_model::{Secret, Timestamp};
use maas_tls::{CertificateInfo, Problem};
use serde::Serialize;

use crate::{Region, Result};

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
    let _ = (region, ctx, pair, options);
    unimplemented!("core")
}

/// Switches TLS off.
///
/// # Errors
/// `Denied`.
pub async fn disable(region: &Region, ctx: &OpCtx) -> Result<Change> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// Goes back to the generation before this one.
///
/// # Errors
/// `Denied`; `BadRequest` when there is none.
pub async fn roll_back(region: &Region, ctx: &OpCtx) -> Result<Change> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// Checks a pair as [`enable`] would, changing nothing.
///
/// # Errors
/// `Denied`. Problems are the answer.
pub async fn check(region: &Region, ctx: &OpCtx, pair: &PairPem, options: &EnableOptions) -> Result<Vec<Problem>> {
    let _ = (region, ctx, pair, options);
    unimplemented!("core")
}

/// The state. The certificate is public; the table of regions needs `ViewConfigurations`.
///
/// # Errors
/// `Denied`.
pub async fn status(region: &Region, ctx: &OpCtx) -> Result<TlsStatus> {
    let _ = (region, ctx);
    unimplemented!("core")
}

/// What this process knows of its own TLS.
#[derive(Debug, Default)]
pub(crate) struct State {}
