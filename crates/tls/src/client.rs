//! What our own clients trust: the system's roots, a CA file, or one pinned certificate.

mod verifier;

use std::sync::Arc;

use aws_lc_rs::digest::SHA256_OUTPUT_LEN;
use data_encoding::HEXUPPER;
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    pki_types::CertificateDer,
    version::{TLS12, TLS13},
};
use rustls_platform_verifier::Verifier;

use self::verifier::{OrGiven, Unchained};
use crate::{info::is_certificate, pem, provider::provider};

/// Whom to trust.
#[derive(Clone, Debug)]
pub enum Trust {
    /// The system's roots.
    System,
    /// These certificates as roots, beside the system's when `with_system`. A server that shows one of them itself is
    /// trusted too, so that a self-signed certificate can be given as its own CA.
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
    client_config_for(trust, &[&TLS13, &TLS12])
}

/// The same for chosen versions.
pub(crate) fn client_config_for(
    trust: &Trust,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<ClientConfig, TrustError> {
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::System => Arc::new(Verifier::new(provider())?),
        Trust::Roots { pem, with_system } => roots(certificates(pem)?, *with_system)?,
        Trust::Pinned(pin) => Arc::new(Unchained::pinned(digest_from(pin)?)),
        Trust::Insecure => Arc::new(Unchained::anything()),
    };
    Ok(ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

fn roots(given: Vec<CertificateDer<'static>>, with_system: bool) -> Result<Arc<dyn ServerCertVerifier>, TrustError> {
    let inner: Arc<dyn ServerCertVerifier> = if with_system {
        Arc::new(Verifier::new_with_extra_roots(given.clone(), provider())?)
    } else {
        let mut store = RootCertStore::empty();
        for certificate in &given {
            store.add(certificate.clone()).map_err(|_| TrustError::Pem)?;
        }
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider()).build();
        built.map_err(|error| rustls::Error::General(error.to_string()))?
    };
    Ok(Arc::new(OrGiven::new(inner, given)))
}

fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let found: Result<Vec<_>, TrustError> = pem::blocks(text)
        .into_iter()
        .filter(|block| is_certificate(&block.label))
        .map(|block| block.der.map(|der| CertificateDer::from(der.to_vec())).map_err(|_| TrustError::Pem))
        .collect();
    found.and_then(|found| if found.is_empty() { Err(TrustError::Pem) } else { Ok(found) })
}

fn digest_from(pin: &str) -> Result<[u8; SHA256_OUTPUT_LEN], TrustError> {
    let bare = pin.strip_prefix("sha256:").unwrap_or(pin);
    let digits: String = bare.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
    let bytes = HEXUPPER.decode(digits.to_ascii_uppercase().as_bytes()).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| TrustError::Pin(pin.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Trust, TrustError, client_config, digest_from};

    #[test]
    fn pins_are_read_as_people_write_them() {
        let plain = "ab".repeat(32);
        let pairs = vec!["AB"; 32].join(":");
        assert_eq!(digest_from(&plain).unwrap(), [0xab; 32]);
        assert_eq!(digest_from(&format!("sha256:{pairs}")).unwrap(), [0xab; 32]);
        for bad in ["", "abc", &"ab".repeat(31), &"zz".repeat(32)] {
            assert!(matches!(digest_from(bad), Err(TrustError::Pin(_))), "{bad}");
        }
    }

    #[test]
    fn roots_must_be_certificates() {
        for bad in ["", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let trust = Trust::Roots { pem: bad.to_owned(), with_system: false };
            assert_eq!(client_config(&trust).unwrap_err().to_string(), "Invalid PEM material", "{bad}");
        }
    }
}
