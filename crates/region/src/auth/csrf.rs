//! The CSRF token of a session: derived from the session's key, so there is nothing to store. Its masked form is the token
//! under a random shift, another one each time, so that a compressed page does not leak it.

use aws_lc_rs::constant_time;
use maas_model::Secret;

use super::alphabet::{self, random_text};
use crate::Region;

/// The CSRF token that belongs to this session key: 32 characters.
pub fn csrf_token(region: &Region, session_key: &Secret<String>) -> String {
    let hash = region.gate().csrf_key.hash(session_key.expose().as_bytes());
    hash.iter().map(|byte| char::from(CHARACTERS[usize::from(*byte) % CHARACTERS.len()])).collect()
}

/// Whether `presented` (the token itself, or its 64-character masked form) belongs to the session.
pub fn csrf_matches(region: &Region, session_key: &Secret<String>, presented: &str) -> bool {
    let token = csrf_token(region, session_key);
    let unmasked = match presented.len() {
        LENGTH => Some(presented.to_owned()),
        MASKED => unmask(presented),
        _ => None,
    };
    unmasked.is_some_and(|text| constant_time::verify_slices_are_equal(text.as_bytes(), token.as_bytes()).is_ok())
}

/// A fresh 64-character masked form of the session's CSRF token.
pub fn csrf_masked(region: &Region, session_key: &Secret<String>) -> String {
    mask(&csrf_token(region, session_key), &random_text(CHARACTERS, LENGTH))
}

fn mask(token: &str, mask: &str) -> String {
    let shifted = shift(token, mask, |token, mask| token + mask).unwrap_or_default();
    format!("{mask}{shifted}")
}

fn unmask(text: &str) -> Option<String> {
    let (mask, shifted) = text.split_at_checked(LENGTH)?;
    shift(shifted, mask, |shifted, mask| shifted + CHARACTERS.len() - mask)
}

fn shift(text: &str, by: &str, combine: impl Fn(usize, usize) -> usize) -> Option<String> {
    let place = |byte: u8| CHARACTERS.iter().position(|c| *c == byte);
    let pairs = text.bytes().zip(by.bytes());
    pairs.map(|(a, b)| Some(char::from(CHARACTERS[combine(place(a)?, place(b)?) % CHARACTERS.len()]))).collect()
}

const CHARACTERS: &[u8] = alphabet::ALPHANUMERIC;
const LENGTH: usize = 32;
const MASKED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_comes_off() {
        let token = random_text(CHARACTERS, LENGTH);
        let masked = mask(&token, &random_text(CHARACTERS, LENGTH));
        assert_eq!(masked.len(), MASKED);
        assert_eq!(unmask(&masked).as_deref(), Some(token.as_str()));
        assert_eq!(unmask(&"-".repeat(MASKED)), None);
        assert_eq!(unmask(&"ż".repeat(MASKED / 2)), None);
    }
}
