//! From credentials to a context: first the cache, then the database.

use std::{sync::Arc, time::Duration};

use maas_authz::{Actor, AuthMethod, OpCtx, RequestInfo, UserActor};
use maas_model::{Secret, SessionId, Timestamp, TokenId, UserId};
use maas_store::{api_key, session, token};

use super::{
    AuthError, Credentials, Limits, OAuth,
    cache::{Entry, UseOf},
    oauth,
    record::{anonymous, record_rejected},
};
use crate::{Error, Region, Result, access};

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
    if region.store().is_current()
        && let Some(entry) = gate.cache.find(change, &hash)
        && entry.is_fresh(now)
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
    let Some(found) = found.filter(|found| found.owner.is_active == 1) else { return Ok(None) };
    let id = SessionId(found.session.session_id);
    let held = access::load(region, &mut reader, UserId(found.owner.user_id), AuthMethod::Session(id)).await?;
    drop(reader);
    let actor = UserActor {
        id: UserId(found.owner.user_id),
        username: found.owner.username,
        access: Arc::new(held.access),
        method: AuthMethod::Session(id),
    };
    let networks = held.networks.into();
    let seen = Timestamp::from_micros(found.session.last_seen_us);
    Ok(Some(Entry {
        actor,
        ends: Some(Timestamp::from_micros(found.session.expires_us)),
        rights_end: held.ends,
        networks,
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
    let loaded = loaded.and_then(|entry| {
        if access::is_within(&entry.networks, request.ip) { Ok(entry) } else { Err(AuthError::WrongNetwork) }
    });
    if let Err(error) = &loaded {
        reject(region, request, "token", None, error).await;
    }
    loaded
}

async fn load_token(region: &Region, value: &Secret<String>) -> Result<Entry, AuthError> {
    let hash = region.gate().token_key.hex(value.expose().as_bytes());
    let mut reader = region.store().reader().await.map_err(Error::from)?;
    let found = token::find(&mut reader, &hash).await.map_err(Error::from)?;
    let now = region.clock().now();
    let found = found.filter(|found| found.token.expires_us > now.micros()).ok_or(AuthError::InvalidToken)?;
    if found.owner.is_active == 0 {
        return Err(AuthError::Inactive);
    }
    let scope = found.token.scope.parse().map_err(|why: String| Error::internal(why))?;
    let id = TokenId(found.token.token_id);
    let method = AuthMethod::Token(id, scope);
    let held = access::load(region, &mut reader, UserId(found.owner.user_id), method).await?;
    drop(reader);
    let actor = UserActor {
        id: UserId(found.owner.user_id),
        username: found.owner.username,
        access: Arc::new(held.access),
        method,
    };
    let last_use = region.gate().cache.use_of(UseOf::Token(id), found.token.last_used_us.map(Timestamp::from_micros));
    let ends = Some(Timestamp::from_micros(found.token.expires_us));
    Ok(Entry { actor, ends, rights_end: held.ends, networks: held.networks.into(), idle: None, last_use })
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
    if region.store().is_current()
        && let Some(entry) = gate.cache.find(change, &key)
        && entry.is_fresh(now)
    {
        return Ok(entry);
    }
    if gate.wrong_credentials.is_spent(now, request.ip) && !gate.cache.was_good(&key) {
        return Err(AuthError::Throttled { retry_after: Duration::from_secs(1) });
    }
    let entry = load.await.inspect_err(|_| gate.cache.remove(&key))?;
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
        AuthError::WrongNetwork => "used outside of its networks",
        _ => "malformed",
    };
    record_rejected(region, &anonymous(region, request), what, key.filter(|_| is_known), reason).await;
}

async fn is_known_key(region: &Region, key: &str) -> bool {
    let Ok(mut reader) = region.store().reader().await else { return false };
    api_key::find(&mut reader, key).await.is_ok_and(|found| found.is_some())
}

#[cfg(test)]
mod tests {
    use maas_model::TokenScope;
    use maas_store::testing::request;

    use super::*;
    use crate::{
        keys, sessions,
        testing::{TestRegion, with_region},
        tokens::{self, TokenParams},
        users,
        users::EditUser,
    };

    type Change = Box<dyn Fn(&mut OAuth)>;

    async fn key(site: &TestRegion) -> keys::NewApiKey {
        keys::create(&site.region, &site.ctx("bob").await, None, None).await.unwrap()
    }

    fn header(site: &TestRegion, key: &keys::NewApiKey, nonce: &str) -> OAuth {
        OAuth {
            version: Some("1.0".into()),
            consumer_key: key.key.consumer_key.clone(),
            token_key: key.key.token_key.clone(),
            signature_method: "PLAINTEXT".into(),
            signature: format!("&{}", key.token_secret.expose()).into(),
            timestamp: site.db.clock.now().secs().to_string(),
            nonce: nonce.into(),
        }
    }

    async fn ask(site: &TestRegion, oauth: OAuth) -> Result<OpCtx, AuthError> {
        authenticate(&site.region, Some(Credentials::OAuth(oauth)), request()).await
    }

    async fn bear(site: &TestRegion, value: &Secret<String>) -> Result<OpCtx, AuthError> {
        authenticate(&site.region, Some(Credentials::Bearer(value.clone())), request()).await
    }

    #[tokio::test]
    async fn an_api_key_is_checked_in_every_part() {
        with_region(async |site| {
            let (one, other) = (key(site).await, key(site).await);
            let now = site.db.clock.now().secs();
            assert_eq!(ask(site, header(site, &one, "n0")).await.unwrap().actor.label(), "bob");
            let cases: [(&str, Change, &str); 13] = [
                ("version", Box::new(|o| o.version = Some("2.0".into())), "OAuth version not supported."),
                ("no version", Box::new(|o| o.version = None), ""),
                ("method", Box::new(|o| o.signature_method = "HMAC-SHA1".into()), "Signature method not supported"),
                ("word", Box::new(|o| o.timestamp = "soon".into()), "oauth_timestamp has an unexpected type"),
                ("old", Box::new(move |o| o.timestamp = (now - 301).to_string()), "Expired timestamp"),
                ("early", Box::new(move |o| o.timestamp = (now + 301).to_string()), "Expired timestamp"),
                ("just", Box::new(move |o| o.timestamp = (now - 300).to_string()), ""),
                ("nonce", Box::new(|o| o.nonce = "n0".into()), "Nonce already used."),
                ("secret", Box::new(|o| o.signature = "&x".to_owned().into()), "Invalid signature."),
                ("bare", Box::new(|o| o.signature = o.signature.expose()[1..].to_owned().into()), "Invalid signature."),
                ("consumer", Box::new(|o| o.consumer_key = "x".into()), "Invalid API key."),
                ("token", Box::new(|o| o.token_key = "x".into()), "Invalid API key."),
                ("mixed", Box::new(move |o| o.consumer_key.clone_from(&other.key.consumer_key)), "Invalid API key."),
            ];
            for (index, (name, change, wanted)) in cases.into_iter().enumerate() {
                let mut oauth = header(site, &one, &format!("n{}", index + 1));
                change(&mut oauth);
                match ask(site, oauth).await {
                    Ok(_) => assert_eq!(wanted, "", "{name}"),
                    Err(error) => {
                        assert!(error.to_string().contains(wanted) && !wanted.is_empty(), "{name}: {error}");
                        assert!(!error.to_string().contains(one.token_secret.expose().as_str()), "{name}");
                    }
                }
            }
        })
        .await;
    }

    #[tokio::test]
    async fn a_wrong_signature_burns_no_nonce() {
        with_region(async |site| {
            let key = key(site).await;
            let forged = OAuth { signature: "&wrong".to_owned().into(), ..header(site, &key, "n1") };
            assert!(ask(site, forged).await.is_err());
            assert!(ask(site, header(site, &key, "n1")).await.is_ok());
        })
        .await;
    }

    #[tokio::test]
    async fn keys_and_tokens_end_when_they_should() {
        with_region(async |site| {
            let bob = site.ctx("bob").await;
            let soon = site.db.clock.now().plus(Duration::from_secs(60));
            let ending = keys::create(&site.region, &bob, Some("ci"), Some(soon)).await.unwrap();
            let token =
                tokens::create(&site.region, &bob, &TokenParams::new("t", TokenScope::ReadOnly, soon)).await.unwrap();
            ask(site, header(site, &ending, "n1")).await.unwrap();
            let ctx = bear(site, &token.value).await.unwrap();
            assert!(ctx.own::<maas_authz::action::EditOwn>().is_err(), "a read-only token changes nothing");
            site.db.clock.advance(Duration::from_secs(60));
            assert!(matches!(ask(site, header(site, &ending, "n2")).await, Err(AuthError::InvalidApiKey)));
            assert!(matches!(bear(site, &token.value).await, Err(AuthError::InvalidToken)));
        })
        .await;
    }

    #[tokio::test]
    async fn who_is_revoked_or_disabled_is_out_at_once() {
        with_region(async |site| {
            let (bob, admin) = (site.ctx("bob").await, site.ctx("admin").await);
            let later = site.db.clock.now().plus(Duration::from_secs(3600));
            let (key, gone) = (key(site).await, key(site).await);
            let token =
                tokens::create(&site.region, &bob, &TokenParams::new("t", TokenScope::All, later)).await.unwrap();
            ask(site, header(site, &gone, "n1")).await.unwrap();
            keys::delete(&site.region, &bob, &gone.key.token_key).await.unwrap();
            assert!(matches!(ask(site, header(site, &gone, "n2")).await, Err(AuthError::InvalidApiKey)));
            let disable = EditUser { is_active: Some(false), ..EditUser::default() };
            users::edit(&site.region, &admin, "bob", disable).await.unwrap();
            assert!(matches!(ask(site, header(site, &key, "n3")).await, Err(AuthError::Inactive)));
            assert!(matches!(bear(site, &token.value).await, Err(AuthError::Inactive)));
        })
        .await;
    }

    #[tokio::test]
    async fn a_checked_key_costs_no_sql_and_its_use_is_noted() {
        with_region(async |site| {
            let key = key(site).await;
            ask(site, header(site, &key, "n1")).await.unwrap();
            let bob = site.ctx("bob").await;
            assert_eq!(keys::list(&site.region, &bob).await.unwrap()[0].last_used_at, None);
            super::super::write_last_use(&site.region).await;
            let listed = &keys::list(&site.region, &bob).await.unwrap()[0];
            assert_eq!((listed.last_used_at, listed.last_used_ip), (Some(site.db.clock.now()), request().ip));
            site.region.store().close().await;
            ask(site, header(site, &key, "n2")).await.expect("the database is not asked");
        })
        .await;
    }

    #[tokio::test]
    async fn a_source_of_wrong_keys_is_stopped_and_heard_about() {
        with_region(async |site| {
            let key = key(site).await;
            ask(site, header(site, &key, "good")).await.unwrap();
            let mut throttled = 0;
            for number in 0..150 {
                let wrong = OAuth { token_key: format!("k{number}"), ..header(site, &key, "n") };
                throttled += usize::from(matches!(ask(site, wrong).await, Err(AuthError::Throttled { .. })));
            }
            assert_eq!(throttled, 50);
            ask(site, header(site, &key, "still")).await.expect("a key that was right before is not held up");
            let rows = site.events().await;
            assert!(
                rows.iter().all(|row| row.description == "Rejected an unknown API key." && row.outcome == "failed")
            );
        })
        .await;
    }

    #[tokio::test]
    async fn sessions_of_nobody_are_anonymous() {
        with_region(async |site| {
            let unknown = Some(Credentials::Session("x".to_owned().into()));
            let ctx = authenticate(&site.region, unknown, request()).await.unwrap();
            assert_eq!(ctx.actor, Actor::Anonymous);
            assert!(sessions::list(&site.region, &ctx).await.is_err());
        })
        .await;
    }
}
