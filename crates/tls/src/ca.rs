//! The site's own certificate authority: ECDSA P-256, ten years, path length 0.

use maas_model::{Secret, Timestamp};

use crate::CertBundle;

/// A CA that can issue server certificates.
pub struct SiteCa {
    // filled by the implementation
}

impl SiteCa {
    /// Makes a new CA named `common_name`.
    ///
    /// # Errors
    /// One line; only when the machine has no randomness.
    pub fn generate(common_name: &str, now: Timestamp) -> Result<Self, String> {
        let _ = (common_name, now);
        unimplemented!("tls")
    }

    /// Reads a stored CA.
    ///
    /// # Errors
    /// One line when it is damaged.
    pub fn from_pem(certificate_pem: &str, key_pem: &Secret<String>) -> Result<Self, String> {
        let _ = (certificate_pem, key_pem);
        unimplemented!("tls")
    }

    /// The certificate to hand to clients.
    pub fn certificate_pem(&self) -> &str {
        unimplemented!("tls")
    }

    /// The key, to be sealed.
    pub fn key_pem(&self) -> Secret<String> {
        unimplemented!("tls")
    }

    /// SHA-256 of the certificate, upper-case hex pairs joined by `:`.
    pub fn fingerprint(&self) -> String {
        unimplemented!("tls")
    }

    /// Issues a server certificate (ECDSA P-256, `serverAuth`) for DNS names and IP addresses; `days` of life, backdated an hour.
    ///
    /// # Errors
    /// One line when a name is no DNS name and no address.
    pub fn issue_server(&self, names: &[String], now: Timestamp, days: u32) -> Result<CertBundle, String> {
        let _ = (names, now, days);
        unimplemented!("tls")
    }
}
