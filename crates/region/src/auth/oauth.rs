//! Zero-legged OAuth 1.0 with PLAINTEXT signatures, as all clients of API 2.0 use it.

use std::{sync::Arc, time::Duration};

use maas_authz::{AuthMethod, UserActor};
use maas_model::{ApiKeyId, Timestamp, UserId};
use maas_store::api_key::{self, FoundApiKey};

use super::{
    AuthError, OAuth,
    cache::{Entry, UseOf},
};
use crate::{Region, access};

/// What can be said without looking the key up. The timestamp itself is judged after the signature.
pub(super) fn check_form(oauth: &OAuth) -> Result<i64, AuthError> {
    let timestamp: i64 = oauth.timestamp.parse().map_err(|_| AuthError::BadTimestamp)?;
    if oauth.version.as_deref().is_some_and(|version| version != "1.0") {
        return Err(AuthError::BadVersion);
    }
    if oauth.signature_method != "PLAINTEXT" {
        return Err(AuthError::UnsupportedMethod);
    }
    Ok(timestamp)
}

/// Everything of a header that decides on it, besides time and nonce.
pub(super) fn fingerprint(region: &Region, oauth: &OAuth) -> [u8; 32] {
    let parts = ["oauth", &oauth.consumer_key, &oauth.token_key, oauth.signature.expose().as_str()];
    region.gate().cache_key.hash(parts.join("\0").as_bytes())
}

/// Looks the key up and checks the signature.
pub(super) async fn lookup(region: &Region, oauth: &OAuth) -> Result<Entry, AuthError> {
    let mut reader = region.store().reader().await.map_err(crate::Error::from)?;
    let found = api_key::find(&mut reader, &oauth.token_key).await.map_err(crate::Error::from)?;
    let now = region.clock().now();
    let found = check(region, oauth, found, now)?;
    if found.owner.is_active == 0 {
        return Err(AuthError::Inactive);
    }
    let id = ApiKeyId(found.key.api_key_id);
    let held = access::load(region, &mut reader, UserId(found.owner.user_id), AuthMethod::ApiKey(id)).await?;
    drop(reader);
    let actor = UserActor {
        id: UserId(found.owner.user_id),
        username: found.owner.username,
        access: Arc::new(held.access),
        method: AuthMethod::ApiKey(id),
    };
    let last_use = region.gate().cache.use_of(UseOf::ApiKey(id), found.key.last_used_us.map(Timestamp::from_micros));
    let ends = found.key.expires_us.map(Timestamp::from_micros);
    Ok(Entry { actor, ends, rights_end: held.ends, networks: held.networks.into(), idle: None, last_use })
}

/// An unknown key costs the same hash as a known one.
fn check(region: &Region, oauth: &OAuth, found: Option<FoundApiKey>, now: Timestamp) -> Result<FoundApiKey, AuthError> {
    let secret = oauth.signature.expose().strip_prefix('&').unwrap_or_default();
    let stored = found.as_ref().map_or("", |found| found.key.secret_hash.as_str());
    let is_signed = region.gate().api_key_key.is_hash_of(stored, secret.as_bytes());
    let found = found.filter(|found| found.key.consumer_key == oauth.consumer_key).ok_or(AuthError::InvalidApiKey)?;
    if !is_signed {
        return Err(AuthError::InvalidSignature);
    }
    if found.key.expires_us.is_some_and(|ends| ends <= now.micros()) {
        return Err(AuthError::InvalidApiKey);
    }
    Ok(found)
}

/// Time and nonce, once the signature is known to be right.
pub(super) fn check_freshness(region: &Region, oauth: &OAuth, given: i64) -> Result<(), AuthError> {
    let now = region.clock().now();
    if now.secs().abs_diff(given) > WINDOW.as_secs() {
        return Err(AuthError::ExpiredTimestamp { given, now: now.secs() });
    }
    let nonce = ["nonce", &oauth.token_key, &oauth.nonce].join("\0");
    let is_new = region.gate().nonces.note(now, &region.gate().cache_key.hash(nonce.as_bytes()));
    if is_new { Ok(()) } else { Err(AuthError::NonceUsed) }
}

const WINDOW: Duration = Duration::from_secs(300);
