//! The site's own certificate authority: ECDSA P-256, ten years, path length 0.

use std::{net::IpAddr, time::Duration};

use maas_model::{Secret, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use time::OffsetDateTime;

use crate::{CertBundle, info, info::CertificateInfo, pem};

/// A CA that can issue server certificates.
pub struct SiteCa {
    certificate_pem: String,
    fingerprint: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for SiteCa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SiteCa").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl SiteCa {
    /// Makes a new CA named `common_name`.
    ///
    /// # Errors
    /// One line; only when the machine has no randomness.
    pub fn generate(common_name: &str, now: Timestamp) -> Result<Self, String> {
        let failed = |error: rcgen::Error| format!("could not make the site's CA: {error}");
        let mut params = params(now, 3653)?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let certificate = params.self_signed(&key).map_err(failed)?;
        let key_pem = Secret::new(key.serialize_pem());
        Self::from_pem(&certificate.pem(), &key_pem)
    }

    /// Reads a stored CA.
    ///
    /// # Errors
    /// One line when it is damaged, or when key and certificate do not belong together.
    pub fn from_pem(certificate_pem: &str, key_pem: &Secret<String>) -> Result<Self, String> {
        let stored =
            CertBundle::from_stored(certificate_pem, key_pem).map_err(|why| format!("the site's CA: {why}"))?;
        let damaged = |error: rcgen::Error| format!("the site's CA is damaged: {error}");
        let key = KeyPair::from_pem(stored.key_pem.expose()).map_err(damaged)?;
        let certificate_pem = stored.info.pem;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key).map_err(damaged)?;
        Ok(Self { certificate_pem, fingerprint: stored.info.sha256, issuer })
    }

    /// The certificate to hand to clients.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The key, to be sealed.
    pub fn key_pem(&self) -> Secret<String> {
        Secret::new(self.issuer.key().serialize_pem())
    }

    /// SHA-256 of the certificate, upper-case hex pairs joined by `:`.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    /// What people want to know of the CA's certificate.
    pub fn info(&self) -> Option<CertificateInfo> {
        CertificateInfo::from_pem(&self.certificate_pem)
    }

    /// Issues a server certificate (ECDSA P-256, `serverAuth`) for DNS names and IP addresses; `days` of life, backdated an hour.
    ///
    /// # Errors
    /// One line when a name is no DNS name and no address.
    pub fn issue_server(&self, names: &[String], now: Timestamp, days: u32) -> Result<CertBundle, String> {
        let failed = |error: rcgen::Error| format!("could not issue a server certificate: {error}");
        let mut params = params(now, days)?;
        params.subject_alt_names = names.iter().map(|name| alternative_name(name)).collect::<Result<_, _>>()?;
        let common_name = names.iter().find(|name| name.len() <= 64).map_or("maas", String::as_str);
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        let chain = pem::encode("CERTIFICATE", certificate.der());
        CertBundle::from_stored(&chain, &Secret::new(key.serialize_pem()))
    }
}

/// Dates, a random serial number, and nothing else.
fn params(now: Timestamp, days: u32) -> Result<CertificateParams, String> {
    let end = now.plus(Duration::from_secs(u64::from(days) * 86_400));
    let mut serial = [0_u8; 16];
    aws_lc_rs::rand::fill(&mut serial).map_err(|_| "this machine gives no randomness".to_owned())?;
    serial[0] = serial[0] & 0x7f | 0x40;
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = moment(now.minus(Duration::from_secs(3600)))?;
    params.not_after = moment(end)?;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

fn moment(at: Timestamp) -> Result<OffsetDateTime, String> {
    OffsetDateTime::from_unix_timestamp(at.secs()).map_err(|_| "this machine's clock is out of range".to_owned())
}

fn alternative_name(name: &str) -> Result<SanType, String> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let bare = name.strip_prefix("*.").unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let wrong = || format!("`{}` is neither a DNS name nor an address", info::clean(name));
    if name.len() > 253 || !bare.split('.').all(is_label) {
        return Err(wrong());
    }
    name.try_into().map(SanType::DnsName).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use maas_model::{Secret, Timestamp};

    use super::SiteCa;
    use crate::{CheckOptions, PairText, check};

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-25T12:00:00Z").unwrap()
    }

    #[test]
    fn what_it_issues_passes_our_own_check() {
        let ca = SiteCa::generate("Site CA", now()).unwrap();
        let again = SiteCa::from_pem(ca.certificate_pem(), &ca.key_pem()).unwrap();
        assert_eq!(again.fingerprint(), ca.fingerprint());
        let names = ["maas.internal", "*.lab.internal", "::1"].map(str::to_owned);
        let bundle = again.issue_server(&names, now(), 90).unwrap();
        assert_eq!(bundle.info.issuer, "CN=Site CA");
        let pair = PairText {
            key: &bundle.key_pem,
            certificate: &bundle.chain_pem,
            ca: Some(ca.certificate_pem()),
            names: ["key", "certificate", "ca"],
        };
        let options = CheckOptions {
            now: now(),
            allow_expired: false,
            allow_self_signed_ca: false,
            hosts: names.to_vec(),
            reminder_days: 30,
        };
        let (checked, problems) = check(pair, &options);
        assert_eq!(problems, []);
        assert_eq!(checked.unwrap().info.chain_length, 1, "the root is not served");
    }

    #[test]
    fn names_must_be_names() {
        let ca = SiteCa::generate("Site CA", now()).unwrap();
        for bad in ["", "a b", "-a.example", "a..b", "https://maas", "*", &"a".repeat(64)] {
            let why = ca.issue_server(&[bad.to_owned()], now(), 1).unwrap_err();
            assert!(why.ends_with("is neither a DNS name nor an address"), "{why}");
        }
    }

    #[test]
    fn a_damaged_ca_is_one_line() {
        let ca = SiteCa::generate("Site CA", now()).unwrap();
        let other = SiteCa::generate("Other", now()).unwrap();
        assert!(SiteCa::from_pem("", &ca.key_pem()).is_err());
        assert!(SiteCa::from_pem(ca.certificate_pem(), &Secret::new(String::new())).is_err());
        let why = SiteCa::from_pem(ca.certificate_pem(), &other.key_pem()).unwrap_err();
        assert_eq!(why, "the site's CA: the stored private key is not that of the stored certificate");
    }
}
