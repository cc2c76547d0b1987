//! Who issued whom: puts certificates in order, by name and by signature.

use rustls::pki_types::SignatureVerificationAlgorithm;
use x509_parser::{
    certificate::X509Certificate,
    oid_registry::{OID_PKCS1_SHA1WITHRSA, OID_SHA1_WITH_RSA},
};

use crate::{der, provider::provider};

/// A chain in order, as positions in what was given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// Leaf first; a self-signed root at the end is left out, unless it is the leaf.
    pub(super) served: Vec<usize>,
    /// Given, but without a part in this.
    pub(super) unrelated: Vec<usize>,
}

impl Chain {
    /// Follows the issuers from `leaf` up.
    pub(super) fn build(certificates: &[X509Certificate<'_>], leaf: usize) -> Self {
        let mut served = vec![leaf];
        let mut rest: Vec<usize> = (0..certificates.len()).filter(|index| *index != leaf).collect();
        let mut last = leaf;
        while !is_self_signed(&certificates[last]) {
            let issuers = rest.iter().filter(|index| is_issued_by(&certificates[last], &certificates[**index]));
            // A cross-signed certificate of the same issuer goes before its self-signed twin, which clients have or have not.
            let Some(next) = issuers.min_by_key(|index| is_self_signed(&certificates[**index])).copied() else { break };
            rest.retain(|index| *index != next);
            if is_self_signed(&certificates[next]) {
                break;
            }
            served.push(next);
            last = next;
        }
        // Another certificate of an issuer in the chain, such as the self-signed twin, is superfluous and no mistake.
        let is_twin = |index: &usize| served.iter().any(|one| is_issued_by(&certificates[*one], &certificates[*index]));
        rest.retain(|index| !is_twin(index));
        Self { served, unrelated: rest }
    }
}

/// Whether a certificate is signed with its own key.
pub(super) fn is_self_signed(certificate: &X509Certificate<'_>) -> bool {
    is_issued_by(certificate, certificate)
}

/// Whether the signature rests on SHA-1.
pub(super) fn is_sha1(certificate: &X509Certificate<'_>) -> bool {
    let algorithm = &certificate.signature_algorithm.algorithm;
    *algorithm == OID_PKCS1_SHA1WITHRSA
        || *algorithm == OID_SHA1_WITH_RSA
        || algorithm.to_id_string() == ECDSA_WITH_SHA1
}

/// Name and signature both say so. A signature by an algorithm that we cannot check does not count.
pub(super) fn is_issued_by(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> bool {
    certificate.issuer().as_raw() == issuer.subject().as_raw() && verify(certificate, issuer).is_some()
}

fn verify(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Option<()> {
    let message = certificate.tbs_certificate.as_ref();
    let signature = &certificate.signature_value.data;
    let public_key = issuer.public_key();
    let bits = &public_key.subject_public_key.data;
    let [key_algorithm, _] = der::read_all(der::sequence(public_key.raw)?, [der::SEQUENCE, der::BIT_STRING])?;
    let [_, algorithm] = der::read_all(der::sequence(certificate.as_raw())?, [der::SEQUENCE, der::SEQUENCE])?;
    if is_sha1(certificate) {
        use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY as LEGACY, UnparsedPublicKey};
        return UnparsedPublicKey::new(&LEGACY, bits).verify(message, signature).ok();
    }
    let fits = |one: &&&dyn SignatureVerificationAlgorithm| {
        one.public_key_alg_id().as_ref() == key_algorithm.content
            && one.signature_alg_id().as_ref() == algorithm.content
    };
    let provider = provider();
    let known = provider.signature_verification_algorithms.all.iter().find(fits)?;
    known.verify_signature(bits, message, signature).ok()
}

const ECDSA_WITH_SHA1: &str = "1.2.840.10045.4.1";
