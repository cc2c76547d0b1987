//! What people want to know of a certificate.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use maas_model::Timestamp;
use serde::Serialize;
use x509_parser::{
    certificate::X509Certificate,
    extensions::GeneralName,
    oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521, OID_SIG_ED25519},
    prelude::FromDer,
    public_key::PublicKey,
    x509::{SubjectPublicKeyInfo, X509Name},
};

use crate::pem;

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
    /// Upper-case hex pairs joined by `:`.
    pub serial: String,
    /// How many certificates are served, the leaf included.
    pub chain_length: usize,
    /// The leaf as PEM.
    pub pem: String,
}

impl CertificateInfo {
    /// Describes the first certificate of a PEM text; `None` when there is no certificate that parses.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let blocks = pem::blocks(pem);
        let mut certificates = blocks.iter().filter(|block| is_certificate(&block.label));
        let first = certificates.next()?;
        Self::from_der(first.der.as_deref().ok()?, 1 + certificates.count())
    }

    /// Describes a certificate that is served with `chain_length` certificates in all.
    pub(crate) fn from_der(der: &[u8], chain_length: usize) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let serial = certificate.raw_serial();
        Some(Self {
            common_name: common_name(certificate.subject()),
            subject: name_text(certificate.subject()),
            issuer: name_text(certificate.issuer()),
            names: names(&certificate),
            not_before: Timestamp::from_secs(certificate.validity().not_before.timestamp()),
            not_after: Timestamp::from_secs(certificate.validity().not_after.timestamp()),
            sha256: fingerprint(der),
            key_type: key_type(certificate.public_key()),
            serial: hex_pairs(serial.strip_prefix(&[0]).filter(|rest| !rest.is_empty()).unwrap_or(serial)),
            chain_length,
            pem: pem::encode("CERTIFICATE", der).to_string(),
        })
    }

    /// Whole days from `now` to the end, rounded down; negative after it.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        (self.not_after.micros() - now.micros()).div_euclid(86_400_000_000)
    }
}

/// Whether a PEM label is one of a certificate.
pub(crate) fn is_certificate(label: &str) -> bool {
    matches!(label, "CERTIFICATE" | "X509 CERTIFICATE")
}

/// SHA-256, upper-case hex pairs joined by `:`.
pub(crate) fn fingerprint(der: &[u8]) -> String {
    hex_pairs(digest(&SHA256, der).as_ref())
}

/// A distinguished name on one line.
pub(crate) fn name_text(name: &X509Name<'_>) -> String {
    clean(&name.to_string())
}

/// A text that may stand in a one-line message, whatever it was made of.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// `RSA 2048`, `ECDSA P-256`, `Ed25519`; an unknown type by its number.
pub(crate) fn key_type(key: &SubjectPublicKeyInfo<'_>) -> String {
    let algorithm = &key.algorithm.algorithm;
    if *algorithm == OID_SIG_ED25519 {
        return "Ed25519".to_owned();
    }
    if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
        let curve = key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
        return match curve {
            Some(oid) if oid == OID_EC_P256 => "ECDSA P-256".to_owned(),
            Some(oid) if oid == OID_NIST_EC_P384 => "ECDSA P-384".to_owned(),
            Some(oid) if oid == OID_NIST_EC_P521 => "ECDSA P-521".to_owned(),
            Some(oid) => format!("ECDSA {oid}"),
            None => "ECDSA".to_owned(),
        };
    }
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("RSA {}", rsa.key_size()),
        _ => algorithm.to_id_string(),
    }
}

/// The alternative names that a server can be reached by, and what else stands there.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(format!("DNS:{}", clean(name))),
        GeneralName::IPAddress(bytes) => Some(format!("IP:{}", address(bytes)?)),
        GeneralName::RFC822Name(name) => Some(format!("email:{}", clean(name))),
        GeneralName::URI(name) => Some(format!("URI:{}", clean(name))),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(text).collect()
}

/// An address as a certificate has it.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes).map(IpAddr::from).or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

fn common_name(name: &X509Name<'_>) -> String {
    let text = name.iter_common_name().next().and_then(|attribute| attribute.as_str().ok());
    clean(text.unwrap_or_default())
}

fn hex_pairs(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use maas_model::Timestamp;

    use super::CertificateInfo;
    use crate::SiteCa;

    #[test]
    fn describes_a_server_certificate() {
        let now = Timestamp::parse("2026-11-25T12:00:00Z").unwrap();
        let ca = SiteCa::generate("Site CA", now).unwrap();
        let names = ["maas.internal", "192.0.2.7", "2001:db8::7"].map(str::to_owned);
        let info = ca.issue_server(&names, now, 90).unwrap().info;

        assert_eq!((info.common_name.as_str(), info.issuer.as_str()), ("maas.internal", "CN=Site CA"));
        assert_eq!(info.names, ["DNS:maas.internal", "IP:192.0.2.7", "IP:2001:db8::7"]);
        assert_eq!(info.key_type, "ECDSA P-256");
        assert_eq!((info.days_left(now), info.chain_length), (90, 1));
        assert_eq!(info.sha256.len(), 95);
        let again = CertificateInfo::from_pem(&info.pem).unwrap();
        assert_eq!((again.sha256, again.serial), (info.sha256, info.serial));
        assert!(CertificateInfo::from_pem("nothing here").is_none());
    }
}
