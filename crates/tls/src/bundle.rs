//! A key and its chain, checked: everything that is wrong is found at once, each thing with a stable code.
//!
//! The texts may come swapped, or as one combined file given twice. The whole chain of the certificate's file is kept and
//! put in order; a self-signed root at its end is not served.

mod chain;
mod key;
mod material;
mod port;
mod rules;

use std::sync::Arc;

use maas_model::{Secret, Timestamp};
use rustls::{pki_types::CertificateDer, sign::CertifiedKey};
use serde::Serialize;
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

pub use self::port::check_port;
use self::{
    chain::Chain,
    key::{Key, is_key},
    material::Material,
    rules::{Named, check_chain, check_leaf},
};
use crate::{CertificateInfo, info::is_certificate, pem};

/// A key and certificates as text, with the names to call them in messages.
#[derive(Clone, Copy, Debug)]
pub struct PairText<'a> {
    pub key: &'a Secret<String>,
    /// A file that is not UTF-8 is read lossily; that it is binary is then found out here.
    pub certificate: &'a str,
    pub ca: Option<&'a str>,
    /// What to call key, certificate and chain: file names or form fields.
    pub names: [&'a str; 3],
}

/// What is checked against.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    pub now: Timestamp,
    pub allow_expired: bool,
    pub allow_self_signed_ca: bool,
    /// Names and addresses by which clients reach the site; a warning when the certificate lacks one.
    pub hosts: Vec<String>,
    /// Days before the end at which people are reminded; a warning when fewer are left.
    pub reminder_days: i64,
}

/// How grave a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// One thing wrong with a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `tls/key-mismatch`
    pub code: &'static str,
    pub severity: Severity,
    /// One line: what, where, what to do.
    pub text: String,
}

/// A pair that passed: ready to serve.
#[derive(Clone)]
pub struct CertBundle {
    pub info: CertificateInfo,
    /// Leaf first, in order, without a trailing self-signed root.
    pub chain_pem: String,
    /// PKCS#8 PEM.
    pub key_pem: Secret<String>,
    /// For the handshake.
    pub certified: Arc<CertifiedKey>,
}

impl std::fmt::Debug for CertBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertBundle").field("info", &self.info).finish_non_exhaustive()
    }
}

/// Checks a pair. With any problem of severity `Error` there is no bundle; warnings stand beside it.
pub fn check(pair: PairText<'_>, options: &CheckOptions) -> (Option<CertBundle>, Vec<Problem>) {
    let mut problems = Problems::default();
    let material = Material::gather(&pair, &mut problems);
    let parsed: Vec<X509Certificate<'_>> = material
        .certificates
        .iter()
        .filter_map(|one| X509Certificate::from_der(&one.der).ok())
        .map(|(_, one)| one)
        .collect();
    let all: Vec<Named<'_, '_>> = parsed
        .iter()
        .zip(&material.certificates)
        .map(|(certificate, found)| Named { certificate, file: &found.file })
        .collect();
    let Some(leaf) = choose_leaf(&material, &parsed) else { return (None, problems.0) };

    if material.key.as_ref().is_some_and(|key| !fits(key, &parsed[leaf])) {
        let [key, ..] = pair.names.map(crate::info::clean);
        let text = format!(
            "Private and public keys don't match: `{key}` is not the key of the certificate in `{}`; give the two that belong together",
            all[leaf].file
        );
        problems.error("tls/key-mismatch", text);
    }
    check_leaf(&all[leaf], options, &mut problems);
    let chain = Chain::build(&parsed, leaf);
    check_chain(&all, &chain, options, &mut problems);

    let served = chain.served.iter().map(|index| material.certificates[*index].der.clone()).collect();
    let bundle = match material.key {
        Some(key) if !problems.has_errors() => CertBundle::assemble(served, key),
        _ => None,
    };
    (bundle, problems.0)
}

impl CertBundle {
    /// Reads back a pair that was checked when it was stored; its age does not matter.
    ///
    /// # Errors
    /// One line when the stored pair is damaged.
    pub fn from_stored(chain_pem: &str, key_pem: &Secret<String>) -> Result<Self, String> {
        let chain: Option<Vec<CertificateDer<'static>>> = pem::blocks(chain_pem)
            .into_iter()
            .filter(|block| is_certificate(&block.label))
            .map(|block| block.der.ok().map(|der| CertificateDer::from(der.to_vec())))
            .collect();
        let chain = chain.filter(|chain| !chain.is_empty()).ok_or("the stored certificate is damaged")?;
        let key = pem::blocks(key_pem.expose()).into_iter().find(|block| is_key(&block.label));
        let key = key.and_then(|block| Key::parse(&block.label, block.der.as_deref().ok()?).ok());
        let key = key.ok_or("the stored private key is damaged")?;
        let damaged = "the stored certificate is damaged";
        let (_, leaf) = X509Certificate::from_der(&chain[0]).map_err(|_| damaged)?;
        if !fits(&key, &leaf) {
            return Err("the stored private key is not that of the stored certificate".to_owned());
        }
        Self::assemble(chain, key).ok_or_else(|| damaged.to_owned())
    }

    /// `None` only when the leaf cannot be read.
    fn assemble(chain: Vec<CertificateDer<'static>>, key: Key) -> Option<Self> {
        let info = CertificateInfo::from_der(chain.first()?, chain.len())?;
        let chain_pem = chain.iter().map(|der| pem::encode("CERTIFICATE", der).to_string()).collect();
        let key_pem = Secret::new(pem::encode("PRIVATE KEY", &key.pkcs8).to_string());
        Some(Self { info, chain_pem, key_pem, certified: Arc::new(CertifiedKey::new(chain, key.signing)) })
    }
}

/// The certificate that the key belongs to; failing that, the first that is no CA's.
fn choose_leaf(material: &Material, parsed: &[X509Certificate<'_>]) -> Option<usize> {
    let candidates = || (0..parsed.len()).filter(|index| !material.certificates[*index].is_from_ca);
    let of_key = || candidates().find(|index| material.key.as_ref().is_some_and(|key| fits(key, &parsed[*index])));
    of_key().or_else(|| candidates().find(|index| !parsed[*index].is_ca())).or_else(|| candidates().next())
}

fn fits(key: &Key, certificate: &X509Certificate<'_>) -> bool {
    let public_key = certificate.public_key();
    key.fits(public_key.raw, &public_key.subject_public_key.data)
}

/// Problems as they are found; the same one is kept once.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn error(&mut self, code: &'static str, text: String) {
        self.add(Problem { code, severity: Severity::Error, text });
    }

    fn warning(&mut self, code: &'static str, text: String) {
        self.add(Problem { code, severity: Severity::Warning, text });
    }

    fn add(&mut self, problem: Problem) {
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }
}

#[cfg(test)]
mod tests;
