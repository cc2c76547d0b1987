//! Public SSH keys: what is accepted, and their canonical form.
//!
//! Accepted is every type that OpenSSH 9 accepts for users, except DSA, and only as a plain public key: no options, no
//! certificates, no private keys. The wire format (RFC 4253, section 6.6; RFC 5656; OpenSSH's PROTOCOL.u2f) is read here
//! and nothing is left to a program outside.

use std::{fmt, str::FromStr};

use ssh_key::{
    HashAlg, PublicKey,
    public::{EcdsaPublicKey, KeyData, RsaPublicKey},
};

/// The accepted types.
pub const KINDS: [&str; 7] = [
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "ssh-ed25519",
    "ssh-rsa",
];

/// The longest text of one key that is looked at, in bytes; RSA 16384 needs less than 3 KiB.
pub const MAX_LENGTH: usize = 16 * 1024;

/// A checked public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshPublicKey {
    kind: &'static str,
    /// The blob in base64, as every implementation writes it.
    base64: String,
    comment: String,
    fingerprint: String,
}

impl SshPublicKey {
    /// The type: `ssh-ed25519`.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// What stands behind the key, words joined by single blanks; may be empty.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// `SHA256:...` as OpenSSH prints it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Type and blob: two texts with the same identity are the same key, whatever their comments.
    pub fn identity(&self) -> String {
        format!("{} {}", self.kind, self.base64)
    }
}

/// The canonical form: `<type> <base64>[ <comment>]`.
impl fmt::Display for SshPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.base64)?;
        if self.comment.is_empty() { Ok(()) } else { write!(f, " {}", self.comment) }
    }
}

/// Why a key was refused. Clients of API 2.0 know the beginning of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid SSH public key: {0}")]
pub struct SshKeyError(String);

impl FromStr for SshPublicKey {
    type Err = SshKeyError;

    /// Parses one key: `<type> <base64> [comment ...]`, parted by any white space.
    fn from_str(text: &str) -> Result<Self, SshKeyError> {
        parse(text).map_err(SshKeyError)
    }
}

/// Parses all keys of a text such as a `.pub` or `authorized_keys` file: one a line; empty lines and `#` comments are skipped.
///
/// # Errors
/// The number of the first bad line (from 1) and what is wrong with it.
pub fn parse_lines(text: &str) -> Result<Vec<SshPublicKey>, (usize, SshKeyError)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| line.parse().map_err(|error| (number, error)))
        .collect()
}

fn parse(text: &str) -> Result<SshPublicKey, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("the text is longer than {MAX_LENGTH} bytes"));
    }
    refuse_other_material(text)?;
    let mut parts = text.split_whitespace();
    let (Some(kind), Some(base64)) = (parts.next(), parts.next()) else {
        return Err("it needs two or more parts: the type, the key in base64, and a comment if you like".to_owned());
    };
    let comment: Vec<&str> = parts.collect();
    let kind = accepted_kind(kind, base64, &comment)?;
    if comment.iter().any(|word| known_kind(word).is_some()) {
        return Err("there is more than one key in the text; add them one by one, or as a file".to_owned());
    }
    let comment = comment.join(" ");
    if comment.chars().any(char::is_control) {
        return Err("the comment has control characters in it".to_owned());
    }
    let key = PublicKey::from_openssh(&format!("{kind} {base64}")).map_err(|error| explain(kind, &error))?;
    check_strength(key.key_data())?;
    let canonical = key.to_openssh().map_err(|error| explain(kind, &error))?;
    let base64 = canonical.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok(SshPublicKey { kind, base64, comment, fingerprint: key.fingerprint(HashAlg::Sha256).to_string() })
}

/// Refuses what is not a public key at all, with the way to get one.
fn refuse_other_material(text: &str) -> Result<(), String> {
    if text.contains("PRIVATE KEY") || text.starts_with("PuTTY-User-Key-File") {
        return Err(
            "this is a private key. Keep it to yourself (make a new one if others could read it) and give the \
                    public part, which is in the file that ends in `.pub`"
                .to_owned(),
        );
    }
    if text.contains("BEGIN SSH2 PUBLIC KEY") || text.contains("BEGIN PUBLIC KEY") || text.contains("BEGIN RSA PUBLIC")
    {
        return Err("the key is not in OpenSSH's one-line form; `ssh-keygen -i -f FILE` converts it".to_owned());
    }
    Ok(())
}

fn accepted_kind(kind: &str, second: &str, rest: &[&str]) -> Result<&'static str, String> {
    if let Some(known) = known_kind(kind) {
        return Ok(known);
    }
    if kind == "ssh-dss" {
        return Err("DSA keys are not accepted, since they are too weak; make an `ssh-ed25519` key".to_owned());
    }
    if kind.contains("-cert-v0") {
        return Err("certificates are not accepted; give the plain public key".to_owned());
    }
    if known_kind(second).is_some() || rest.iter().any(|word| known_kind(word).is_some()) {
        return Err("options before the key are not accepted; begin with the type".to_owned());
    }
    let shown: String = kind.chars().filter(|c| !c.is_control()).take(40).collect();
    Err(format!("the type `{shown}` is not one of {}", KINDS.join(", ")))
}

fn known_kind(text: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|kind| *kind == text)
}

fn explain(kind: &str, error: &ssh_key::Error) -> String {
    match error {
        ssh_key::Error::AlgorithmUnknown => {
            format!("the key inside is not of the type `{kind}` that is written before it")
        }
        _ => format!("the base64 part is not a well-formed key of type `{kind}`; was it copied whole?"),
    }
}

fn check_strength(key: &KeyData) -> Result<(), String> {
    let is_on_curve = match key {
        KeyData::Rsa(rsa) => return check_rsa(rsa),
        KeyData::Ed25519(key) => is_ed25519(&key.0),
        KeyData::SkEd25519(key) => is_ed25519(&key.public_key().0),
        KeyData::Ecdsa(EcdsaPublicKey::NistP256(point)) => is_p256(point.as_bytes()),
        KeyData::Ecdsa(EcdsaPublicKey::NistP384(point)) => {
            !point.is_compressed() && p384::PublicKey::from_sec1_bytes(point.as_bytes()).is_ok()
        }
        KeyData::Ecdsa(EcdsaPublicKey::NistP521(point)) => {
            !point.is_compressed() && p521::PublicKey::from_sec1_bytes(point.as_bytes()).is_ok()
        }
        KeyData::SkEcdsaSha2NistP256(key) => is_p256(key.ec_point().as_bytes()),
        _ => false,
    };
    if is_on_curve { Ok(()) } else { Err("the key is not a point of its curve, so it can never be used".to_owned()) }
}

fn check_rsa(key: &RsaPublicKey) -> Result<(), String> {
    let unusable = || "the RSA numbers are unusable".to_owned();
    let modulus = key.n.as_positive_bytes().ok_or_else(unusable)?;
    let exponent = key.e.as_positive_bytes().ok_or_else(unusable)?;
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    if !is_odd(modulus) || !is_odd(exponent) || exponent == [1] || exponent.len() > 8 {
        return Err(unusable());
    }
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if bits < MIN_RSA_BITS {
        return Err(format!("RSA keys need {MIN_RSA_BITS} bits or more, and this one has {bits}"));
    }
    if bits > MAX_RSA_BITS {
        return Err(format!("RSA keys may have {MAX_RSA_BITS} bits at most, and this one has {bits}"));
    }
    Ok(())
}

fn is_ed25519(bytes: &[u8; 32]) -> bool {
    ed25519_dalek::VerifyingKey::from_bytes(bytes).is_ok_and(|key| !key.is_weak())
}

/// OpenSSH takes uncompressed points only.
fn is_p256(point: &[u8]) -> bool {
    point.first() == Some(&4) && p256::PublicKey::from_sec1_bytes(point).is_ok()
}

const MIN_RSA_BITS: usize = 2048;
/// OpenSSH's own limit.
const MAX_RSA_BITS: usize = 16384;

#[cfg(test)]
mod tests {
    use super::{SshPublicKey, parse_lines};

    // Made with `ssh-keygen` (OpenSSH 9.2); the two `sk-` keys from the documented layout around a valid point.
    include!("ssh_vectors.rs");

    fn why(text: &str) -> String {
        text.parse::<SshPublicKey>().unwrap_err().to_string()
    }

    #[test]
    fn every_type_of_openssh_is_accepted_with_its_fingerprint() {
        for (text, fingerprint) in GOOD {
            let key: SshPublicKey = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(key.fingerprint(), *fingerprint, "{text}");
            assert_eq!(key.to_string(), *text);
            assert_eq!(key.identity(), text.rsplit_once(' ').unwrap().0);
            assert_eq!(key.comment(), "test@example");
            assert_eq!(key.kind(), text.split(' ').next().unwrap());
        }
        let mut kinds: Vec<&str> = GOOD.iter().map(|(text, _)| text.split(' ').next().unwrap()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds, super::KINDS);
    }

    #[test]
    fn white_space_and_comments_are_folded() {
        let (text, _) = GOOD[0];
        let (kind, rest) = text.split_once(' ').unwrap();
        let base64 = rest.split(' ').next().unwrap();
        let key: SshPublicKey = format!("  {kind}\t{base64}  my   own \n").parse().unwrap();
        assert_eq!(key.to_string(), format!("{kind} {base64} my own"));
        let bare: SshPublicKey = format!("{kind} {base64}").parse().unwrap();
        assert_eq!(bare.comment(), "");
        assert_eq!(bare.identity(), key.identity());
    }

    #[test]
    fn what_is_refused_and_why() {
        let ed25519 = GOOD[0].0;
        let blob = ed25519.split(' ').nth(1).unwrap();
        for (text, piece) in [
            ("", "two or more parts"),
            ("ssh-ed25519", "two or more parts"),
            ("ssh-dss AAAAB3NzaC1kc3MAAACB x", "DSA"),
            ("ssh-foo AAAA", "`ssh-foo` is not one of ecdsa-sha2-nistp256,"),
            ("ssh-ed25519-cert-v01@openssh.com AAAA x", "certificates"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "private key"),
            ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", "ssh-keygen -i"),
            ("ssh-ed25519 !!!!", "well-formed"),
            (RSA_1024, "RSA keys need 2048 bits or more, and this one has 1024"),
            (&format!("from=\"10.0.0.1\" {ed25519}"), "options"),
            (&format!("no-pty,command=\"a b\" {ed25519}"), "options"),
            (&format!("{ed25519}\n{ed25519}"), "more than one key"),
            (&format!("ssh-rsa {blob}"), "not of the type `ssh-rsa`"),
            (&format!("ssh-ed25519 {}", &blob[..blob.len() - 4]), "well-formed"),
            (&format!("ssh-ed25519 {blob}AAAA"), "well-formed"),
            (&format!("{ed25519}\u{1b}[2J"), "control"),
            (&"x".repeat(20_000), "longer"),
            (OFF_CURVE_P256, "point of its curve"),
            (COMPRESSED_P256, "point of its curve"),
        ] {
            let error = why(text);
            assert!(error.starts_with("Invalid SSH public key: ") && error.contains(piece), "{text}: {error}");
        }
    }

    #[test]
    fn a_private_key_is_not_repeated_in_the_message() {
        assert!(!why("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=").contains("b3Bl"));
    }

    #[test]
    fn files_name_the_bad_line() {
        let text = format!("# mine\n\n{}\n{}\n", GOOD[0].0, GOOD[1].0);
        assert_eq!(parse_lines(&text).unwrap().len(), 2);
        assert_eq!(parse_lines(&format!("{text}rubbish\n")).unwrap_err().0, 5);
    }
}
