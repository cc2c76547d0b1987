//! From credentials to a context: first the cache, then the database.

use std::time::Duration;

use maas_authz::{Actor, AuthMethod, OpCtx, RequestInfo, UserActor};
use maas_model::{Secret, SessionId, Timestamp, TokenId, UserId};
use maas_store::{api_key, session, token};

use super::{
    AuthError, Credentials, Limits, OAuth,
    cache::{Entry, UseOf},
    oauth,
    record::{anonymous, record_rejected},
};
use crate::{Error, Region, Result};

/// Turns credentials into a context. `None` is anonymous; a session that is unknown or ended is anonymous too.
///
/// # Errors
/// [`AuthError`] by what the client must be told.
pub async fn authenticate(
    region: &Region,
    credentials: Option<Credentials>,
    request: RequestInfo,
) -> Result<OpCtx, AuthError> {
    let found = match credentials {
        None => Ok(None),
        Some(Credentials::Session(key)) => by_session(region, &key).await,
        Some(Credentials::OAuth(oauth)) => by_oauth(region, &request, &oauth).await.map(Some),
        Some(Credentials::Bearer(value)) => by_token(region, &request, &value).await.map(Some),
    };
    let actor = match found? {
        Some(entry) => {
            entry.last_use.note(region.clock().now(), request.ip);
            Actor::User(entry.actor)
        }
        None => Actor::Anonymous,
    };
    Ok(OpCtx { actor, request, clock: region.clock().clone() })
}

async fn by_session(region: &Region, key: &Secret<String>) -> Result<Option<Entry>, AuthError> {
    let gate = region.gate();
    let hash = gate.session_key.hash(key.expose().as_bytes());
    let (change, now) = (region.store().change_count(), region.clock().now());
    if let Some(entry) = gate.cache.find(change, &hash)
        && entry.is_good(now)
    {
        return Ok(Some(entry));
    }
    let Some(entry) = load_session(region, key).await? else { return Ok(None) };
    if !entry.is_good(now) {
        return Ok(None);
    }
    gate.cache.insert(change, hash, entry.clone());
    Ok(Some(entry))
}

async fn load_session(region: &Region, key: &Secret<String>) -> Result<Option<Entry>, AuthError> {
    let hash = region.gate().session_key.hex(key.expose().as_bytes());
    let mut reader = region.store().reader().await.map_err(Error::from)?;
    let found = session::find(&mut reader, &hash).await.map_err(Error::from)?;
    drop(reader);
    let Some(found) = found.filter(|found| found.owner.is_active == 1) else { return Ok(None) };
    let id = SessionId(found.session.session_id);
    let actor = UserActor {
        id: UserId(found.owner.user_id),
        username: found.owner.username,
        role: oauth::role(&found.owner.role)?,
        method: AuthMethod::Session(id),
    };
    let seen = Timestamp::from_micros(found.session.last_seen_us);
    Ok(Some(Entry {
        actor,
        ends: Some(Timestamp::from_micros(found.session.expires_us)),
        idle: Some(Limits::read(region).await?.session_idle),
        last_use: region.gate().cache.use_of(UseOf::Session(id), Some(seen)),
    }))
}

async fn by_oauth(region: &Region, request: &RequestInfo, oauth: &OAuth) -> Result<Entry, AuthError> {
    let timestamp = oauth::check_form(oauth)?;
    let key = oauth::fingerprint(region, oauth);
    let loaded = cached_or(region, request, key, oauth::lookup(region, oauth)).await;
    let checked = loaded.and_then(|entry| oauth::check_freshness(region, oauth, timestamp).map(|()| entry));
    if let Err(error) = &checked {
        reject(region, request, "API key", Some(&oauth.token_key), error).await;
    }
    checked
}

async fn by_token(region: &Region, request: &RequestInfo, value: &Secret<String>) -> Result<Entry, AuthError> {
    let key = region.gate().cache_key.hash(["bearer", value.expose()].join("\0").as_bytes());
    let loaded = cached_or(region, request, key, load_token(region, value)).await;
    if let Err(error) = &loaded {
        reject(region, request, "token", None, error).await;
    }
    loaded
}

async fn load_token(region: &Region, value: &Secret<String>) -> Result<Entry, AuthError> {
    let hash = region.gate().token_key.hex(value.expose().as_bytes());
    let mut reader = region.store().reader().await.map_err(Error::from)?;
    let found = token::find(&mut reader, &hash).await.map_err(Error::from)?;
    drop(reader);
    let now = region.clock().now();
    let found = found.filter(|found| found.token.expires_us > now.micros()).ok_or(AuthError::InvalidToken)?;
    if found.owner.is_active == 0 {
        return Err(AuthError::Inactive);
    }
    let scope = found.token.scope.parse().map_err(|why: String| Error::internal(why))?;
    let id = TokenId(found.token.token_id);
    let actor = UserActor {
        id: UserId(found.owner.user_id),
        username: found.owner.username,
        role: oauth::role(&found.owner.role)?,
        method: AuthMethod::Token(id, scope),
    };
    let last_use = region.gate().cache.use_of(UseOf::Token(id), found.token.last_used_us.map(Timestamp::from_micros));
    Ok(Entry { actor, ends: Some(Timestamp::from_micros(found.token.expires_us)), idle: None, last_use })
}

/// The cached entry, or what `load` finds. A source of many wrong credentials may not look into the database any more.
async fn cached_or(
    region: &Region,
    request: &RequestInfo,
    key: [u8; 32],
    load: impl Future<Output = Result<Entry, AuthError>>,
) -> Result<Entry, AuthError> {
    let (gate, now) = (region.gate(), region.clock().now());
    // The counter is read before the database is, so that what is remembered is never older than it claims.
    let change = region.store().change_count();
    if let Some(entry) = gate.cache.find(change, &key)
        && entry.is_good(now)
    {
        return Ok(entry);
    }
    if gate.wrong_credentials.is_spent(now, request.ip) {
        return Err(AuthError::Throttled { retry_after: Duration::from_secs(1) });
    }
    let entry = load.await?;
    gate.cache.insert(change, key, entry.clone());
    Ok(entry)
}

async fn reject(region: &Region, request: &RequestInfo, what: &str, key: Option<&str>, error: &AuthError) {
    if matches!(error, AuthError::Throttled { .. } | AuthError::Other(_)) {
        return;
    }
    region.gate().wrong_credentials.take(region.clock().now(), request.ip);
    // Only a key that exists is named: what else stands there may be anything, a password included.
    let is_known = match key {
        Some(key) if matches!(error, AuthError::InvalidApiKey) => is_known_key(region, key).await,
        Some(_) => true,
        None => false,
    };
    let reason = match error {
        AuthError::InvalidApiKey | AuthError::InvalidToken => "unknown or ended",
        AuthError::InvalidSignature => "wrong secret",
        AuthError::ExpiredTimestamp { .. } => "the time of the client is off",
        AuthError::NonceUsed => "sent a second time",
        AuthError::Inactive => "the user is disabled",
        _ => "malformed",
    };
    record_rejected(region, &anonymous(region, request), what, key.filter(|_| is_known), reason).await;
}

async fn is_known_key(region: &Region, key: &str) -> bool {
    let Ok(mut reader) = region.store().reader().await else { return false };
    api_key::find(&mut reader, key).await.is_ok_and(|found| found.is_some())
}
