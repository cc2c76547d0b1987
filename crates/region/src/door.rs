//! What every door does first with a request: from where it came, and what it brought to show who it is.

use std::net::SocketAddr;

use http::HeaderMap;
use maas_authz::RequestInfo;
use maas_model::Endpoint;

use crate::{Region, auth::Credentials};

/// The name of the session cookie, as in MAAS.
pub const SESSION_COOKIE: &str = "sessionid";
/// The name of the CSRF cookie, as in MAAS.
pub const CSRF_COOKIE: &str = "csrftoken";

/// Where a request came from. `X-Forwarded-*` counts only from a trusted proxy (default: none but loopback), and then the
/// right-most address that is not a proxy itself. A trace id is taken over only when it is 32 lower-case hex digits.
pub fn request_info(
    region: &Region,
    headers: &HeaderMap,
    peer: SocketAddr,
    is_tls: bool,
    endpoint: Endpoint,
) -> RequestInfo {
    let _ = (region, headers, peer, is_tls, endpoint);
    unimplemented!("core")
}

/// What the request brought: a session cookie goes before an `Authorization` header. Incomplete OAuth counts as nothing.
pub fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    let _ = headers;
    unimplemented!("core")
}

/// `https://host:port` as the client addressed us, if the host is one of this site's names or addresses (or loopback,
/// or the address the connection came in on); else the reason.
///
/// # Errors
/// One line for a 400.
pub fn base_url(
    region: &Region,
    headers: &HeaderMap,
    peer: SocketAddr,
    local: SocketAddr,
    is_tls: bool,
) -> Result<String, String> {
    let _ = (region, headers, peer, local, is_tls);
    unimplemented!("core")
}
