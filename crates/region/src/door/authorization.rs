//! The header `Authorization`: OAuth as clients of API 2.0 write it, and bearer tokens.

use std::collections::HashMap;

use crate::auth::{Credentials, OAuth};

/// `None` for other schemes and for OAuth that lacks one of its six parameters.
pub(super) fn parse(value: &str) -> Option<Credentials> {
    let (scheme, rest) = value.trim().split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Credentials::Bearer(rest.trim().to_owned().into()));
    }
    if !scheme.eq_ignore_ascii_case("oauth") {
        return None;
    }
    oauth(rest).map(Credentials::OAuth)
}

fn oauth(text: &str) -> Option<OAuth> {
    let mut pairs = HashMap::new();
    for pair in text.split(',') {
        let (name, value) = pair.trim().split_once('=')?;
        pairs.insert(name.trim(), decode(value.trim().trim_matches('"'))?);
    }
    let mut take = |name: &str| pairs.remove(name);
    Some(OAuth {
        version: take("oauth_version"),
        consumer_key: take("oauth_consumer_key")?,
        token_key: take("oauth_token")?,
        signature_method: take("oauth_signature_method")?,
        signature: take("oauth_signature")?.into(),
        timestamp: take("oauth_timestamp")?,
        nonce: take("oauth_nonce").filter(|nonce| nonce.chars().count() <= 255)?,
    })
}

/// Percent-decoding (RFC 5849, section 3.6).
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = tail;
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<OAuth> {
        match parse(text)? {
            Credentials::OAuth(oauth) => Some(oauth),
            _ => None,
        }
    }

    #[test]
    fn headers_of_the_known_clients_are_read() {
        for text in [
            r#"OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="ck", oauth_token="tk", oauth_signature="%26ts", oauth_timestamp="1700000000", oauth_nonce="n1""#,
            r#"OAuth realm="MAAS+API",oauth_token="tk",oauth_nonce="n1",oauth_timestamp="1700000000",oauth_signature="%26ts",oauth_consumer_key="ck",oauth_signature_method="PLAINTEXT""#,
            r#"oauth  oauth_token=tk, oauth_nonce=n1, oauth_timestamp=1700000000, oauth_signature=%26ts, oauth_consumer_key=ck, oauth_signature_method=PLAINTEXT"#,
        ] {
            let oauth = parsed(text).expect(text);
            assert_eq!((oauth.consumer_key.as_str(), oauth.token_key.as_str()), ("ck", "tk"));
            assert_eq!(oauth.signature.expose(), "&ts");
            assert_eq!((oauth.timestamp.as_str(), oauth.nonce.as_str()), ("1700000000", "n1"));
        }
    }

    #[test]
    fn incomplete_and_malformed_ones_are_nothing() {
        for text in [
            "OAuth",
            "OAuth ",
            "OAuth oauth_token=\"x\"",
            "Basic eDp5",
            "OAuth a",
            "OAuth oauth_token=\"%f\"",
            "OAuth oauth_token=\"%é\"",
            r#"OAuth oauth_token="%00", oauth_nonce=n1, oauth_timestamp=1700000000, oauth_signature=%26ts, oauth_consumer_key=ck, oauth_signature_method=PLAINTEXT"#,
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
