//! The state of the site in one look.

use maas_authz::OpCtx;
use serde::Serialize;

use crate::{Region, Result, tls::TlsStatus};

/// What `maas status` and the status page show.
#[derive(Clone, Debug, Serialize)]
pub struct SiteStatus {
    pub version: String,
    pub region: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    pub schema_version: i64,
    pub tls: TlsStatus,
    pub users: i64,
    pub sessions: i64,
    pub regions: Vec<RegionSeen>,
    /// What needs somebody, one sentence each; empty is healthy.
    pub degraded: Vec<String>,
}

/// A region as the database knows it.
#[derive(Clone, Debug, Serialize)]
pub struct RegionSeen {
    pub name: String,
    pub http_port: Option<u16>,
    pub https_port: Option<u16>,
    /// RFC 3339.
    pub last_seen_at: String,
    pub is_alive: bool,
}

/// The state (`ViewStatus`).
///
/// # Errors
/// `Denied`.
pub async fn status(region: &Region, ctx: &OpCtx) -> Result<SiteStatus> {
    let _ = (region, ctx);
    unimplemented!("core")
}
