//! Random text from a set of characters, each as likely as the other.

use crate::site_key::fresh;

/// Letters and digits.
pub(crate) const ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// Small letters and digits: session keys, as in MAAS.
pub(crate) const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// What cannot be mistaken for another: API keys, as in MAAS.
pub(crate) const UNMISTAKABLE: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// `length` characters of the set.
pub(crate) fn random_text(set: &[u8], length: usize) -> String {
    let fair = 256 - 256 % set.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let bytes = fresh(length);
        let usable = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(usable.take(length - text.len()).map(|byte| char::from(set[byte % set.len()])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_comes_up() {
        let text = random_text(UNMISTAKABLE, 10_000);
        assert_eq!(text.len(), 10_000);
        for c in UNMISTAKABLE {
            let count = text.bytes().filter(|byte| byte == c).count();
            assert!((90..300).contains(&count), "{}: {count}", char::from(*c));
        }
    }
}
