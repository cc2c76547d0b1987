//! Who asks, and with what.

use http::{HeaderMap, request::Parts};
use maas_authz::{Actor, OpCtx};
use maas_model::{Endpoint, Secret};
use maas_region::{
    Region,
    auth::{self, AuthError, Credentials},
    door,
};
use maas_tls::ConnInfo;

use crate::{error::ApiError, table::Found};

/// Somebody, known or not.
pub(crate) struct Asker {
    pub(crate) ctx: OpCtx,
    pub(crate) session: Option<Secret<String>>,
    /// The count of changes before it was looked who this is.
    pub(crate) change: u64,
}

/// Where the audit log says that a request came in.
pub(crate) fn endpoint(found: &Found) -> Endpoint {
    if found.resource.is_api() { Endpoint::Api } else { Endpoint::Ui }
}

/// Looks at what the request brought, unless nothing here depends on it.
pub(crate) async fn identify(region: &Region, parts: &Parts, conn: ConnInfo, found: &Found) -> Result<Asker, ApiError> {
    let (endpoint, change) = (endpoint(found), region.change_count());
    if found.resource.is_public() {
        return Ok(Asker { ctx: anonymous(region, &parts.headers, conn, endpoint), session: None, change });
    }
    let credentials = door::credentials(&parts.headers);
    let session = match &credentials {
        Some(Credentials::Session(key)) => Some(key.clone()),
        _ => None,
    };
    let method = credentials.as_ref().map_or("none", kind_of);
    let request = door::request_info(region, &parts.headers, conn.peer, conn.is_tls, endpoint);
    let ctx = auth::authenticate(region, credentials, request).await;
    let ctx = ctx.inspect_err(|error| count_attempt(method, matches!(error, AuthError::Throttled { .. })))?;
    Ok(Asker { ctx, session, change })
}

const fn kind_of(credentials: &Credentials) -> &'static str {
    match credentials {
        Credentials::Session(_) => "session",
        Credentials::OAuth(_) => "api-key",
        Credentials::Bearer(_) => "token",
    }
}

/// Counts credentials that did not do.
pub(crate) fn count_attempt(method: &'static str, is_throttled: bool) {
    if is_throttled {
        metrics::counter!("maas_auth_throttled_total").increment(1);
    }
    metrics::counter!("maas_auth_attempts_total", "method" => method, "outcome" => "failed").increment(1);
}

/// The context of somebody unknown.
pub(crate) fn anonymous(region: &Region, headers: &HeaderMap, conn: ConnInfo, endpoint: Endpoint) -> OpCtx {
    let request = door::request_info(region, headers, conn.peer, conn.is_tls, endpoint);
    OpCtx { actor: Actor::Anonymous, request, clock: region.clock().clone() }
}

/// The connection; one that nobody told us of comes from nowhere and is trusted with nothing.
pub(crate) fn connection(parts: &Parts) -> ConnInfo {
    let nowhere = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
    parts.extensions.get::<ConnInfo>().copied().unwrap_or(ConnInfo { peer: nowhere, local: nowhere, is_tls: false })
}
