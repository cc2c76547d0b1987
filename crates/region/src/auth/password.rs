//! Passwords: argon2id, the hashes that come with a database taken over from MAAS, and what makes a password too weak.

use std::num::NonZeroU32;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version, password_hash::SaltString,
};
use aws_lc_rs::pbkdf2;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use maas_model::Secret;

use crate::{Error, PasswordCost, Result, site_key::fresh};

/// Makes and checks hashes at one cost.
#[derive(Clone)]
pub(crate) struct Hasher {
    argon2: Argon2<'static>,
    params: Params,
    /// A hash that no password has, so that an unknown name costs as much as a known one.
    dummy: String,
}

/// What a check said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    /// Right, and the hash should be made anew: it is MAAS's, or of another cost.
    RightButOld,
}

/// What no password hashes to, since it is random and not the hash of anything. Checking against it costs what checking
/// against a real one does; making it costs nothing, at each start and each command.
fn dummy(params: &Params) -> String {
    let (salt, hash) = (STANDARD_NO_PAD.encode(fresh(16)), STANDARD_NO_PAD.encode(fresh(32)));
    format!("$argon2id$v=19$m={},t={},p={}${salt}${hash}", params.m_cost(), params.t_cost(), params.p_cost())
}

impl Hasher {
    pub(crate) fn new(cost: PasswordCost) -> Result<Self> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, None)
            .map_err(|error| Error::BadRequest(format!("the cost of passwords is not usable: {error}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let dummy = dummy(&params);
        Ok(Self { argon2, params, dummy })
    }

    /// The hash of a new password. Slow and large: only on a blocking thread, behind the queue.
    pub(crate) fn hash(&self, password: &[u8]) -> Result<String> {
        let salt = SaltString::encode_b64(&fresh(16)).map_err(failed)?;
        Ok(self.argon2.hash_password(password, &salt).map_err(failed)?.to_string())
    }

    /// Checks a password against a stored hash; none is checked against the dummy and wrong. Slow like [`Hasher::hash`].
    pub(crate) fn verify(&self, password: &[u8], stored: Option<&str>) -> Verdict {
        match stored {
            Some(hash) if hash.starts_with("pbkdf2_sha256$") => {
                if verify_django(password, hash).unwrap_or(false) {
                    Verdict::RightButOld
                } else {
                    Verdict::Wrong
                }
            }
            stored => self.verify_argon2(password, stored.unwrap_or(&self.dummy), stored.is_some()),
        }
    }

    fn verify_argon2(&self, password: &[u8], stored: &str, is_real: bool) -> Verdict {
        let Ok(hash) = PasswordHash::new(stored) else { return Verdict::Wrong };
        if self.argon2.verify_password(password, &hash).is_err() || !is_real {
            return Verdict::Wrong;
        }
        match Params::try_from(&hash) {
            Ok(params) if params.m_cost() == self.params.m_cost() && params.t_cost() == self.params.t_cost() => {
                Verdict::Right
            }
            _ => Verdict::RightButOld,
        }
    }
}

/// `pbkdf2_sha256$<iterations>$<salt>$<base64>`, as Django writes it.
fn verify_django(password: &[u8], stored: &str) -> Option<bool> {
    let mut parts = stored.split('$').skip(1);
    let iterations: NonZeroU32 = parts.next()?.parse().ok()?;
    let (salt, hash) = (parts.next()?, STANDARD.decode(parts.next()?).ok()?);
    if parts.next().is_some() || iterations.get() > MOST_ITERATIONS {
        return None;
    }
    Some(pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt.as_bytes(), password, &hash).is_ok())
}

fn failed(error: argon2::password_hash::Error) -> Error {
    Error::internal(format!("cannot hash a password: {error}"))
}

/// Why a new password will not do, one message each; empty is good. `related` are words that must not carry it: the names
/// of the user, their address, the site. Takes milliseconds.
pub(crate) fn weaknesses(password: &Secret<String>, related: &[&str], minimum: usize) -> Vec<String> {
    let text = password.expose().as_str();
    if text.is_empty() {
        return vec!["This field is required.".to_owned()];
    }
    if text.len() > MOST_BYTES {
        return vec![format!("This password is too long. It must have at most {MOST_BYTES} bytes.")];
    }
    let mut found = Vec::new();
    if text.chars().count() < minimum {
        found.push(format!("This password is too short. It must contain at least {minimum} characters."));
    }
    if is_like(text, related) {
        found.push("This password is too similar to a name that everybody knows. Choose another one.".to_owned());
    } else if score(text, related).0 < 2 {
        found.push("This password is too common. Choose another one, such as four unrelated words.".to_owned());
    }
    found
}

/// Whether hardly anything is left of the password without one of the words.
fn is_like(password: &str, related: &[&str]) -> bool {
    let password = password.to_lowercase();
    related.iter().filter(|word| word.chars().count() >= 3).any(|word| {
        let word = word.to_lowercase();
        password.contains(&word) && password.replace(&word, "").chars().count() < 8
    })
}

/// From 0 (guessed at once) to 4, and what would help.
pub(crate) fn score(password: &str, related: &[&str]) -> (u8, String) {
    let start: String = password.chars().take(SCORED_CHARACTERS).collect();
    let entropy = zxcvbn::zxcvbn(&start, related);
    let hint = entropy.feedback().and_then(|feedback| {
        let warning = feedback.warning().map(|warning| warning.to_string());
        warning.or_else(|| feedback.suggestions().first().map(ToString::to_string))
    });
    (u8::from(entropy.score()), hint.unwrap_or_default())
}

/// Longer passwords only cost time.
const MOST_BYTES: usize = 4096;
/// What is behind these makes a password stronger and the estimate slower.
const SCORED_CHARACTERS: usize = 64;
/// More than any Django release asks for, by far.
const MOST_ITERATIONS: u32 = 10_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn weak(password: &str) -> Vec<String> {
        weaknesses(&password.to_owned().into(), &["robert", "robert@example.com", "Mars Yard"], 12)
    }

    #[test]
    fn the_hash_that_no_password_has_is_checked_like_any_other() {
        let hasher = Hasher::new(PasswordCost { memory_kib: 128, passes: 2 }).unwrap();
        let read = PasswordHash::new(&hasher.dummy).unwrap();
        let real = hasher.hash(b"x").unwrap();
        assert_eq!(Params::try_from(&read).unwrap(), Params::try_from(&PasswordHash::new(&real).unwrap()).unwrap());
        assert_eq!(hasher.dummy.len(), real.len());
        assert_eq!(hasher.verify(b"x", None), Verdict::Wrong);
    }

    #[test]
    fn a_password_needs_length_and_surprise() {
        assert_eq!(weak("ochre-Lantern-49-tugboat"), Vec::<String>::new());
        assert_eq!(weak("correct horse battery staple"), Vec::<String>::new());
        for (bad, why) in [
            ("", "This field is required."),
            ("x7#Kq", "too short"),
            ("password1234", "too common"),
            ("aaaaaaaaaaaaaaaa", "too common"),
            ("robertrobert", "too similar"),
            ("Robert123456", "too similar"),
            ("mars yard 2026", "too similar"),
        ] {
            assert!(weak(bad).iter().any(|message| message.contains(why)), "{bad}: {:?}", weak(bad));
        }
        assert!(weak(&"x".repeat(4097))[0].contains("too long"));
    }

    #[test]
    fn hashes_verify_and_old_ones_are_told() {
        let cheap = Hasher::new(PasswordCost::CHEAP).unwrap();
        let dearer = Hasher::new(PasswordCost { memory_kib: 128, passes: 2 }).unwrap();
        let hash = cheap.hash(b"pw").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        assert_eq!(cheap.verify(b"pw", Some(&hash)), Verdict::Right);
        assert_eq!(dearer.verify(b"pw", Some(&hash)), Verdict::RightButOld);
        assert_eq!(cheap.verify(b"pW", Some(&hash)), Verdict::Wrong);
        assert_eq!(cheap.verify(b"pw", None), Verdict::Wrong);
        assert_eq!(cheap.verify(b"", Some("")), Verdict::Wrong);
        assert_eq!(cheap.verify(b"!x", Some("!x")), Verdict::Wrong);
    }

    #[test]
    fn hashes_of_maas_verify() {
        let mut out = [0; 32];
        let iterations = NonZeroU32::new(1000).unwrap();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, b"abcdefghijklmnopqrstuv", b"pw", &mut out);
        let stored = format!("pbkdf2_sha256$1000$abcdefghijklmnopqrstuv${}", STANDARD.encode(out));
        let hasher = Hasher::new(PasswordCost::CHEAP).unwrap();
        assert_eq!(hasher.verify(b"pw", Some(&stored)), Verdict::RightButOld);
        assert_eq!(hasher.verify(b"px", Some(&stored)), Verdict::Wrong);
        assert_eq!(hasher.verify(b"pw", Some("pbkdf2_sha256$0$a$b")), Verdict::Wrong);
    }
}
