//! A certificate factory: authorities, intermediates and leaves of every kind, good and bad.

use std::{path::Path, process::Command};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use crate::{Run, process::run};

/// The kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    P256,
    P384,
    P521,
    Ed25519,
    Rsa2048,
    Rsa3072,
}

impl KeyKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::P256, Self::P384, Self::P521, Self::Ed25519, Self::Rsa2048, Self::Rsa3072];

    fn generate(self) -> KeyPair {
        let pair = match self {
            Self::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            Self::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            Self::P521 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512),
            Self::Ed25519 => KeyPair::generate_for(&rcgen::PKCS_ED25519),
            Self::Rsa2048 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048),
            Self::Rsa3072 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_3072),
        };
        pair.expect("this machine has randomness")
    }
}

/// A certificate authority: a root, or an intermediate.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub pem: String,
    /// Itself and those above it, the root left out; empty for a root.
    pub chain_pem: String,
    /// The root's certificate.
    pub root_pem: String,
}

impl Authority {
    /// A root.
    pub fn root(name: &str) -> Self {
        let params = authority_params(name);
        let key = KeyKind::P256.generate();
        let pem = params.self_signed(&key).expect("these parameters are complete").pem();
        Self { issuer: Issuer::new(params, key), root_pem: pem.clone(), pem, chain_pem: String::new() }
    }

    /// An intermediate below this authority.
    pub fn intermediate(&self, name: &str) -> Self {
        let params = authority_params(name);
        let key = KeyKind::P256.generate();
        let pem = params.signed_by(&key, &self.issuer).expect("these parameters are complete").pem();
        let chain_pem = format!("{pem}{}", self.chain_pem);
        Self { issuer: Issuer::new(params, key), chain_pem, root_pem: self.root_pem.clone(), pem }
    }

    /// A leaf to be issued: for `localhost` and loopback's addresses, 90 days, ECDSA P-256, for servers.
    pub fn leaf(&self) -> Leaf<'_> {
        Leaf::new(Some(self))
    }
}

/// A certificate to be made.
pub struct Leaf<'a> {
    authority: Option<&'a Authority>,
    common_name: String,
    names: Vec<String>,
    kind: KeyKind,
    key: Option<KeyPair>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    usages: Vec<ExtendedKeyUsagePurpose>,
    is_ca: bool,
}

impl Leaf<'static> {
    /// One that signs itself.
    pub fn self_signed() -> Self {
        Self::new(None)
    }
}

impl<'a> Leaf<'a> {
    fn new(authority: Option<&'a Authority>) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            authority,
            common_name: "localhost".to_owned(),
            names: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec(),
            kind: KeyKind::P256,
            key: None,
            not_before: now - Duration::hours(1),
            not_after: now + Duration::days(90),
            usages: vec![ExtendedKeyUsagePurpose::ServerAuth],
            is_ca: false,
        }
    }

    /// The subject's common name.
    #[must_use]
    pub fn common_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.common_name);
        self
    }

    /// The alternative names, DNS names and addresses; none at all is possible.
    #[must_use]
    pub fn names(mut self, names: &[&str]) -> Self {
        self.names = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// The kind of key.
    #[must_use]
    pub fn key(mut self, kind: KeyKind) -> Self {
        self.kind = kind;
        self
    }

    /// A key that is there already, in PEM.
    #[must_use]
    pub fn key_pem(mut self, pem: &str) -> Self {
        self.key = Some(KeyPair::from_pem(pem).expect("a key in PKCS#8"));
        self
    }

    /// Valid from and until so many days from now; negative is in the past.
    #[must_use]
    pub fn days(mut self, from: i64, until: i64) -> Self {
        let now = OffsetDateTime::now_utc();
        self.not_before = now + Duration::days(from);
        self.not_after = now + Duration::days(until);
        self
    }

    /// For clients, not for servers.
    #[must_use]
    pub fn for_clients(mut self) -> Self {
        self.usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self
    }

    /// Marked as an authority.
    #[must_use]
    pub fn as_authority(mut self) -> Self {
        self.is_ca = true;
        self
    }

    /// Makes it.
    pub fn issue(self) -> Pair {
        let key = self.key.unwrap_or_else(|| self.kind.generate());
        let mut params = CertificateParams::new(self.names).expect("names that a certificate can hold");
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.common_name);
        params.not_before = self.not_before;
        params.not_after = self.not_after;
        params.extended_key_usages = self.usages;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if self.is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        } else {
            params.is_ca = IsCa::ExplicitNoCa;
        }
        params.use_authority_key_identifier_extension = self.authority.is_some();
        let certificate = match self.authority {
            Some(authority) => params.signed_by(&key, &authority.issuer),
            None => params.self_signed(&key),
        };
        Pair {
            key: key.serialize_pem(),
            certificate: certificate.expect("these parameters are complete").pem(),
            chain: self.authority.map(|authority| authority.chain_pem.clone()).unwrap_or_default(),
        }
    }
}

/// A key and a certificate in PEM.
#[derive(Clone, Debug)]
pub struct Pair {
    /// PKCS#8.
    pub key: String,
    pub certificate: String,
    /// The intermediates, nearest first; empty when a root issued it.
    pub chain: String,
}

impl Pair {
    /// Certificate and intermediates.
    pub fn full_chain(&self) -> String {
        format!("{}{}", self.certificate, self.chain)
    }

    /// The certificate's SHA-256, upper-case hex pairs joined by `:`.
    pub fn fingerprint(&self) -> String {
        sha256_of_pem(&self.certificate)
    }

    /// Writes `NAME.key` (0600) and `NAME.crt` (with the chain) and returns their paths as text.
    pub fn write(&self, dir: &Path, name: &str) -> (String, String) {
        use std::os::unix::fs::PermissionsExt;
        let (key, certificate) = (dir.join(format!("{name}.key")), dir.join(format!("{name}.crt")));
        std::fs::write(&key, &self.key).expect("a writable directory");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("our own file");
        std::fs::write(&certificate, self.full_chain()).expect("a writable directory");
        (key.display().to_string(), certificate.display().to_string())
    }
}

/// SHA-256 of the first certificate of a PEM text, upper-case hex pairs joined by `:`.
pub fn sha256_of_pem(pem: &str) -> String {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate in PEM");
    sha256(&der)
}

pub(crate) fn sha256(der: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    let pairs: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// Runs openssl, for what no careful library makes: weak keys, old formats, passphrases.
#[track_caller]
pub fn openssl(dir: &Path, arguments: &[&str]) -> Run {
    run(Command::new("openssl").current_dir(dir).args(arguments)).ok()
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::days(30);
    params.not_after = now + Duration::days(3650);
    params
}

#[cfg(test)]
mod tests {
    use super::{Authority, KeyKind, Leaf};

    #[test]
    fn openssl_accepts_what_the_factory_makes() {
        let dir = tempfile::tempdir().unwrap();
        let root = Authority::root("Root");
        let issuing = root.intermediate("Issuing");
        std::fs::write(dir.path().join("root.crt"), &root.pem).unwrap();
        std::fs::write(dir.path().join("chain.crt"), &issuing.chain_pem).unwrap();
        for kind in KeyKind::ALL {
            let pair = issuing.leaf().key(kind).issue();
            pair.write(dir.path(), "leaf");
            let verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "localhost"];
            let files = ["-CAfile", "root.crt", "-untrusted", "chain.crt", "leaf.crt"];
            super::openssl(dir.path(), &[&verify[..], &files[..]].concat());
        }
        assert_ne!(Leaf::self_signed().issue().fingerprint(), Leaf::self_signed().issue().fingerprint());
    }
}
