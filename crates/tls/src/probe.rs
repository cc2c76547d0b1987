//! Looks at a listener from outside: which certificate does it show?

use std::{net::SocketAddr, time::Duration};

/// Connects, shakes hands without trusting anything, and returns the leaf's SHA-256 (upper-case hex pairs joined by `:`).
///
/// # Errors
/// One line: refused, timed out, no TLS.
pub async fn served_fingerprint(address: SocketAddr, server_name: &str, limit: Duration) -> Result<String, String> {
    let _ = (address, server_name, limit);
    unimplemented!("tls")
}
