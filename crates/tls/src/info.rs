//! What people want to know of a certificate.

use maas_model::Timestamp;
use serde::Serialize;

/// A certificate described.
#[derive(Clone, Debug, Serialize)]
pub struct CertificateInfo {
    /// Common name of the subject, or empty.
    pub common_name: String,
    /// Whole subject: `CN=maas.internal, O=Example`.
    pub subject: String,
    pub issuer: String,
    /// `DNS:maas.internal`, `IP:192.0.2.1`.
    pub names: Vec<String>,
    #[serde(skip)]
    pub not_before: Timestamp,
    #[serde(skip)]
    pub not_after: Timestamp,
    /// SHA-256 of the DER, upper-case hex pairs joined by `:`.
    pub sha256: String,
    /// `ECDSA P-256`, `RSA 2048`, `Ed25519`.
    pub key_type: String,
    pub serial: String,
    /// How many certificates are served, the leaf included.
    pub chain_length: usize,
    /// The leaf as PEM.
    pub pem: String,
}

impl CertificateInfo {
    /// Describes the first certificate of a PEM text.
    ///
    /// # Errors
    /// `None` when there is no certificate that parses.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let _ = pem;
        unimplemented!("tls")
    }

    /// Whole days from `now` to the end, rounded down; negative after it.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        (self.not_after.micros() - now.micros()).div_euclid(86_400_000_000)
    }
}
