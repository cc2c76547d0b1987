//! What our own clients trust: the system's roots, a CA file, or one pinned certificate.

use rustls::ClientConfig;

/// Whom to trust.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The system's roots.
    System,
    /// These certificates as roots, beside the system's when `with_system`.
    Roots { pem: String, with_system: bool },
    /// One certificate by its SHA-256 (hex, colons optional), whatever its name or issuer.
    Pinned(String),
    /// Anything; for `-k`.
    Insecure,
}

/// Why no trust could be built.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("Invalid PEM material")]
    Pem,
    #[error("`{0}` is no SHA-256 fingerprint: give 64 hex digits")]
    Pin(String),
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// A client configuration for TLS 1.2 and 1.3.
///
/// # Errors
/// [`TrustError`] by what was given.
pub fn client_config(trust: &Trust) -> Result<ClientConfig, TrustError> {
    let _ = trust;
    unimplemented!("tls")
}
