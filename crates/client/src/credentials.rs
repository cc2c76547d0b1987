//! How a profile proves who it is: a three-part API key, signed as OAuth PLAINTEXT, or a bearer token.

use std::str::FromStr;

use maas_model::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderValue;

use crate::Error;

/// The proof.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// `consumer:token:secret`
    ApiKey { consumer_key: String, token_key: String, token_secret: Secret<String> },
    /// `maas_pat_…`
    Token(Secret<String>),
}

/// How tokens for `Authorization: Bearer` begin.
pub const TOKEN_PREFIX: &str = "maas_pat_";

impl FromStr for Credentials {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            [token] if token.starts_with(TOKEN_PREFIX) && is_visible(token) => Ok(Self::Token(token.to_owned().into())),
            [consumer, token, secret] if parts.iter().all(|part| !part.is_empty() && is_visible(part)) => {
                Ok(Self::ApiKey {
                    consumer_key: consumer.to_owned(),
                    token_key: token.to_owned(),
                    token_secret: secret.to_owned().into(),
                })
            }
            _ => Err(Error::Key),
        }
    }
}

impl Credentials {
    /// The value of `Authorization` for one request: `seconds` since 1970, `nonce` unused so far.
    pub fn authorization(&self, seconds: i64, nonce: &str) -> HeaderValue {
        let text = match self {
            Self::Token(token) => format!("Bearer {}", token.expose()),
            Self::ApiKey { consumer_key, token_key, token_secret } => format!(
                "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{}\", \
                 oauth_token=\"{}\", oauth_signature=\"{}\", oauth_timestamp=\"{seconds}\", oauth_nonce=\"{nonce}\"",
                encode(consumer_key),
                encode(token_key),
                encode(&format!("&{}", encode(token_secret.expose()))),
            ),
        };
        let mut value = HeaderValue::from_str(&text).expect("parsed credentials are visible ASCII");
        value.set_sensitive(true);
        value
    }

    /// The key itself, for `maas list` into a file or pipe.
    pub fn clear_text(&self) -> String {
        match self {
            Self::Token(token) => token.expose().clone(),
            Self::ApiKey { consumer_key, token_key, token_secret } => {
                format!("{consumer_key}:{token_key}:{}", token_secret.expose())
            }
        }
    }

    /// The key without its secret part.
    pub fn masked(&self) -> String {
        match self {
            Self::Token(_) => format!("{TOKEN_PREFIX}********"),
            Self::ApiKey { consumer_key, token_key, .. } => format!("{consumer_key}:{token_key}:********"),
        }
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Everything but letters, digits and the four marks that RFC 5849 leaves alone.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::Credentials;

    #[test]
    fn a_key_signs_as_plaintext() {
        let key: Credentials = "ck:tk:s3&t\n".parse().unwrap();
        let header = key.authorization(1_700_000_000, "77");
        assert!(header.is_sensitive());
        expect![[r#"OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="ck", oauth_token="tk", oauth_signature="%26s3%2526t", oauth_timestamp="1700000000", oauth_nonce="77""#]]
            .assert_eq(header.to_str().unwrap());
    }

    #[test]
    fn a_token_is_a_bearer() {
        let token: Credentials = "maas_pat_abc".parse().unwrap();
        assert_eq!(token.authorization(0, "").to_str().unwrap(), "Bearer maas_pat_abc");
        assert_eq!(token.masked(), "maas_pat_********");
        assert_eq!(format!("{token:?}"), "Token((hidden))");
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in ["", "a", "a:b", "a:b:c:d", "a::c", "::", "a:b:c d", "maas_pat_ü", "pat_x"] {
            assert!(text.parse::<Credentials>().is_err(), "{text}");
        }
    }
}
