//! What the given texts hold: the one key, and the certificates in the order in which they were given.

use maas_model::Secret;
use rustls::pki_types::CertificateDer;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use super::{
    PairText, Problems,
    key::{Key, is_key},
};
use crate::{
    info::{clean, is_certificate},
    pem::{Block, blocks, looks_binary},
};

/// Keys and certificates found. Both texts of a pair are searched for both, so swapped or combined files do.
pub(super) struct Material {
    pub(super) key: Option<Key>,
    /// From the certificate's text, then the key's, then the chain's; each once.
    pub(super) certificates: Vec<Found>,
}

/// A certificate and where it was.
pub(super) struct Found {
    pub(super) der: CertificateDer<'static>,
    /// The name of the file.
    pub(super) file: String,
    pub(super) is_from_ca: bool,
}

impl Material {
    pub(super) fn gather(pair: &PairText<'_>, problems: &mut Problems) -> Self {
        let [key_name, certificate_name, ca_name] = pair.names.map(clean);
        let mut sources = vec![
            Source { name: &certificate_name, blocks: blocks(pair.certificate), is_ca: false },
            Source { name: &key_name, blocks: blocks(pair.key.expose()), is_ca: false },
        ];
        sources.extend(pair.ca.map(|text| Source { name: &ca_name, blocks: blocks(text), is_ca: true }));

        let key = find_key(&sources, &key_name, pair.key, problems);
        let certificates = find_certificates(&sources, problems);
        let is_there = |source: &Source<'_>| source.blocks.iter().any(|block| is_certificate(&block.label));
        if !sources.iter().any(|source| !source.is_ca && is_there(source)) {
            let why = missing_certificate(&certificate_name, pair.certificate, &sources[0].blocks);
            problems.error("tls/cert-parse", format!("Invalid PEM material: {why}"));
        }
        if let (Some(text), Some(source)) = (pair.ca, sources.iter().find(|source| source.is_ca && !is_there(source))) {
            let why = missing_certificate(&ca_name, text, &source.blocks);
            problems.error("tls/cert-parse", format!("Invalid PEM material: {why}, or leave it out"));
        }
        Self { key, certificates }
    }
}

struct Source<'a> {
    name: &'a str,
    blocks: Vec<Block>,
    is_ca: bool,
}

fn find_key(sources: &[Source<'_>], name: &str, text: &Secret<String>, problems: &mut Problems) -> Option<Key> {
    let mut usable: Vec<Key> = Vec::new();
    let mut is_hopeless = false;
    for source in sources {
        for block in source.blocks.iter().filter(|block| is_key(&block.label)) {
            if source.is_ca {
                let text =
                    format!("`{}` holds a private key beside certificates: keep keys out of the chain", source.name);
                problems.warning("tls/key-in-chain", text);
                continue;
            }
            match understand(block, source.name) {
                Ok(key) if usable.iter().any(|one| one.pkcs8 == key.pkcs8) => {}
                Ok(key) => usable.push(key),
                Err((code, why)) => {
                    is_hopeless = true;
                    problems.error(code, why);
                }
            }
        }
    }
    if usable.len() > 1 {
        let why = format!("Invalid PEM material: `{name}` has {} private keys; leave only one", usable.len());
        problems.error("tls/key-parse", why);
        return None;
    }
    if usable.is_empty() && !is_hopeless {
        problems.error("tls/key-parse", format!("Invalid PEM material: {}", missing_key(name, text.expose())));
    }
    usable.pop()
}

fn understand(block: &Block, name: &str) -> Result<Key, (&'static str, String)> {
    if block.is_encrypted || block.label == "ENCRYPTED PRIVATE KEY" {
        let why = format!(
            "Private key can't have a passphrase: `{name}` is encrypted; \
             take it off with `openssl pkey -in {name} -out plain.pem`"
        );
        return Err(("tls/key-encrypted", why));
    }
    let refuse = |why: &str| ("tls/key-parse", format!("Invalid PEM material: `{name}` {why}"));
    match &block.der {
        Ok(der) => Key::parse(&block.label, der).map_err(|why| refuse(&why)),
        Err(why) => Err(refuse(&format!("has a private key at line {} that {why}; copy it again", block.line))),
    }
}

fn find_certificates(sources: &[Source<'_>], problems: &mut Problems) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for source in sources {
        for block in source.blocks.iter().filter(|block| is_certificate(&block.label)) {
            match certificate(block) {
                Ok(der) if found.iter().any(|one| one.der == der) => {}
                Ok(der) => found.push(Found { der, file: source.name.to_owned(), is_from_ca: source.is_ca }),
                Err(why) => {
                    let at = format!("`{}` has a certificate at line {}", source.name, block.line);
                    problems.error("tls/cert-parse", format!("Invalid PEM material: {at} that {why}; copy it again"));
                }
            }
        }
    }
    found
}

fn certificate(block: &Block) -> Result<CertificateDer<'static>, &str> {
    let der = block.der.as_ref().map_err(String::as_str)?;
    match X509Certificate::from_der(der) {
        Ok(([], _)) => Ok(CertificateDer::from(der.to_vec())),
        _ => Err("cannot be read"),
    }
}

fn missing_key(name: &str, text: &str) -> String {
    if looks_binary(text) {
        return format!(
            "`{name}` is binary (DER), not PEM; convert it with `openssl pkey -inform DER -in {name} -out key.pem`"
        );
    }
    if text.trim().is_empty() {
        return format!("`{name}` is empty; it should hold the private key");
    }
    format!("`{name}` holds no private key; give the file that begins with `-----BEGIN PRIVATE KEY-----`")
}

fn missing_certificate(name: &str, text: &str, blocks: &[Block]) -> String {
    if looks_binary(text) {
        return format!(
            "`{name}` is binary (DER), not PEM; convert it with `openssl x509 -inform DER -in {name} -out cert.pem`"
        );
    }
    if text.trim().is_empty() {
        return format!("`{name}` is empty; it should hold a certificate");
    }
    let has = |end: &str| blocks.iter().any(|block| block.label.ends_with(end));
    if has("CERTIFICATE REQUEST") {
        return format!("`{name}` is a request, not yet a certificate; give what the CA sent back for it");
    }
    if has("TRUSTED CERTIFICATE") {
        return format!("`{name}` is in OpenSSL's own format; convert it with `openssl x509 -in {name} -out cert.pem`");
    }
    if has("PKCS7") {
        return format!("`{name}` is PKCS#7; convert it with `openssl pkcs7 -print_certs -in {name} -out cert.pem`");
    }
    format!("`{name}` holds no certificate; give the file that begins with `-----BEGIN CERTIFICATE-----`")
}
