//! Private keys: PKCS#8, PKCS#1 and SEC1, made into PKCS#8 and a key that signs.

use std::sync::Arc;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair,
    },
};
use rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::SigningKey,
};
use zeroize::Zeroizing;

use crate::der;

/// A key that may be used.
pub(super) struct Key {
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    pub(super) signing: Arc<dyn SigningKey>,
}

/// Whether a PEM label is one of a private key, of whatever kind.
pub(super) fn is_key(label: &str) -> bool {
    label.ends_with("PRIVATE KEY")
}

impl Key {
    /// Reads a key from a block's content.
    ///
    /// # Errors
    /// What is wrong, to be put after the name of the file: `holds a DSA key, ..`.
    pub(super) fn parse(label: &str, der: &[u8]) -> Result<Self, String> {
        let pkcs8 = match label {
            "PRIVATE KEY" => from_pkcs8(der),
            "RSA PRIVATE KEY" => from_pkcs1(der),
            "EC PRIVATE KEY" => from_sec1(der),
            "OPENSSH PRIVATE KEY" => Err(format!("holds a key in OpenSSH's own format; {WANTED}")),
            "DSA PRIVATE KEY" => Err(format!("holds a DSA key; {WANTED}")),
            _ => Err(DAMAGED.to_owned()),
        }?;
        let signing = any_supported_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.as_slice())))
            .map_err(|_| DAMAGED.to_owned())?;
        Ok(Self { pkcs8, signing })
    }

    /// Whether this is the private half of a public key, given as its whole DER and as the key's bits.
    pub(super) fn fits(&self, spki: &[u8], bits: &[u8]) -> bool {
        let Some(own) = self.signing.public_key() else { return false };
        own.as_ref() == spki || public_bits(own.as_ref()).is_some_and(|own| own == bits)
    }
}

/// The bits of a public key: the same key may be written with and without the algorithm's empty parameters.
fn public_bits(spki: &[u8]) -> Option<&[u8]> {
    let [_, bits] = der::read_all(der::sequence(spki)?, [der::SEQUENCE, der::BIT_STRING])?;
    bits.content.strip_prefix(&[0])
}

fn from_pkcs8(input: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    let damaged = || DAMAGED.to_owned();
    let content = der::sequence(input).ok_or_else(damaged)?;
    let [_, algorithm, inner] =
        der::read_all(content, [der::INTEGER, der::SEQUENCE, der::OCTET_STRING]).ok_or_else(damaged)?;
    let (oid, parameters) = der::read(algorithm.content).ok_or_else(damaged)?;
    match oid.content {
        RSA => {
            check_rsa_size(inner.content)?;
            rsa::KeyPair::from_pkcs8(input).map_err(|_| damaged()).and_then(|key| encode_rsa(&key))
        }
        EC => {
            check_curve(der::read(parameters).map(|(curve, _)| curve.content))?;
            first_curve(|algorithm| EcdsaKeyPair::from_pkcs8(algorithm, input).ok())
        }
        ED25519 => {
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(input).map_err(|_| damaged())?;
            let document = key.to_pkcs8v1().map_err(|_| damaged())?;
            Ok(Zeroizing::new(document.as_ref().to_vec()))
        }
        ED448 => Err(format!("holds an Ed448 key; {WANTED}")),
        RSA_PSS => Err(format!("holds an RSA key that is for PSS alone; {WANTED}")),
        _ => Err(format!("holds a key of a type that TLS clients do not know; {WANTED}")),
    }
}

fn from_pkcs1(input: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    check_rsa_size(input)?;
    rsa::KeyPair::from_der(input).map_err(|_| DAMAGED.to_owned()).and_then(|key| encode_rsa(&key))
}

fn from_sec1(input: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    let curve = der::sequence(input)
        .and_then(|content| der::read_all(content, [der::INTEGER, der::OCTET_STRING, 0xa0]))
        .and_then(|[_, _, parameters]| der::read(parameters.content));
    if let Some((curve, _)) = curve {
        check_curve(Some(curve.content))?;
    }
    first_curve(|algorithm| EcdsaKeyPair::from_private_key_der(algorithm, input).ok())
}

fn check_rsa_size(pkcs1: &[u8]) -> Result<(), String> {
    let [_, modulus] = der::sequence(pkcs1)
        .and_then(|content| der::read_all(content, [der::INTEGER, der::INTEGER]))
        .ok_or_else(|| DAMAGED.to_owned())?;
    let digits = modulus.content.iter().position(|byte| *byte != 0).map_or(&[][..], |start| &modulus.content[start..]);
    let unused = digits.first().map_or(0, |byte| byte.leading_zeros() as usize);
    match digits.len() * 8 - unused {
        0..2048 => {
            Err(format!("holds an RSA key of {} bits; use at least 2048, or ECDSA P-256", digits.len() * 8 - unused))
        }
        2048..=8192 => Ok(()),
        bits => Err(format!("holds an RSA key of {bits} bits; use 2048 to 8192")),
    }
}

fn check_curve(oid: Option<&[u8]>) -> Result<(), String> {
    match oid {
        Some(P256 | P384 | P521) => Ok(()),
        _ => Err(format!("holds an elliptic-curve key of another curve; {WANTED}")),
    }
}

fn first_curve(
    read: impl Fn(&'static aws_lc_rs::signature::EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair>,
) -> Result<Zeroizing<Vec<u8>>, String> {
    [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P521_SHA512_ASN1_SIGNING]
        .into_iter()
        .find_map(|algorithm| read(algorithm)?.to_pkcs8v1().ok())
        .map(|document| Zeroizing::new(document.as_ref().to_vec()))
        .ok_or_else(|| DAMAGED.to_owned())
}

fn encode_rsa(key: &rsa::KeyPair) -> Result<Zeroizing<Vec<u8>>, String> {
    let encoded: Pkcs8V1Der<'static> = key.as_der().map_err(|_| DAMAGED.to_owned())?;
    Ok(Zeroizing::new(encoded.as_ref().to_vec()))
}

const DAMAGED: &str = "holds a private key that cannot be read: it is damaged or cut short; copy it again";
const WANTED: &str = "use RSA (2048 bits or more), ECDSA (P-256, P-384, P-521) or Ed25519";

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const ED448: &[u8] = &[0x2b, 0x65, 0x71];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
