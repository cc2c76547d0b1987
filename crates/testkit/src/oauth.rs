//! The `Authorization: OAuth` header of API 2.0 (PLAINTEXT, RFC 5849), written here again so that the server's own
//! reading of it is tested against something else.

use std::sync::atomic::{AtomicU64, Ordering};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::ApiKey;

/// A header value for one request, with a fresh nonce.
pub fn oauth_header(key: &ApiKey) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = time::OffsetDateTime::now_utc();
    let nonce =
        format!("{}-{}-{}", now.unix_timestamp_nanos(), std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    format!(
        r#"OAuth oauth_version="1.0", oauth_signature_method="PLAINTEXT", oauth_consumer_key="{}", oauth_token="{}", oauth_signature="{}", oauth_timestamp="{}", oauth_nonce="{}""#,
        encode(&key.consumer_key),
        encode(&key.token_key),
        encode(&format!("&{}", key.token_secret)),
        now.unix_timestamp(),
        encode(&nonce),
    )
}
