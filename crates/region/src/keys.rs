//! Three-part API keys, as MAAS's clients use them. Only a keyed hash of the secret is stored.

use std::net::IpAddr;

use maas_authz::{
    Actor, OpCtx,
    action::{EditIdentities, EditOwn, ViewIdentities, ViewOwn},
};
use maas_model::{ApiKeyId, EventType, Secret, Timestamp, UserId};
use maas_store::{
    Audit, Tx,
    api_key::{self, ApiKeyRow, FoundApiKey},
    user,
};
use serde_json::json;

use crate::{
    Audience, Error, Region, Result,
    access::guard::require_step_up,
    auth::{
        OWN,
        alphabet::{UNMISTAKABLE, random_text},
    },
    users,
};

/// An API key without its secret.
#[derive(Clone, Debug)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    pub consumer_key: String,
    pub token_key: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<IpAddr>,
    pub expires_at: Option<Timestamp>,
}

/// An API key just made; the only moment at which its secret is known.
#[derive(Debug)]
pub struct NewApiKey {
    pub key: ApiKey,
    pub token_secret: Secret<String>,
}

impl NewApiKey {
    /// `<consumer key>:<token key>:<token secret>`.
    pub fn text(&self) -> Secret<String> {
        Secret::new(format!("{}:{}:{}", self.key.consumer_key, self.key.token_key, self.token_secret.expose()))
    }
}

/// The name of keys that nobody named.
pub const DEFAULT_NAME: &str = "MAAS consumer";

/// The caller's keys, oldest first.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<ApiKey>> {
    let may = ctx.own::<ViewOwn>()?;
    list_by_id(region, *may.row()).await
}

/// The keys of another user (`ViewIdentities`, or a command on the host).
///
/// # Errors
/// `NotFound { what: "User" }`, `Denied`.
pub async fn list_of(region: &Region, ctx: &OpCtx, username: &str) -> Result<Vec<ApiKey>> {
    ctx.grant::<ViewIdentities>()?;
    let mut reader = region.store().reader().await?;
    let row = user::find(&mut reader, username).await?.filter(|row| row.is_system == 0);
    let id = UserId(row.ok_or(Error::NotFound { what: "User" })?.user_id);
    drop(reader);
    list_by_id(region, id).await
}

/// Makes a key for the caller.
///
/// # Errors
/// `Denied`, `Invalid` under `name` or `expires_at`.
pub async fn create(
    region: &Region,
    ctx: &OpCtx,
    name: Option<&str>,
    expires_at: Option<Timestamp>,
) -> Result<NewApiKey> {
    let may = ctx.own::<EditOwn>()?;
    let name = checked_name(name)?;
    if expires_at.is_some_and(|ends| ends <= ctx.clock.now()) {
        return Err(Error::field("expires_at", "The end must lie in the future."));
    }
    let mut tx = region.store().begin(ctx).await?;
    require_step_up(&mut tx, ctx, OWN).await?;
    let key = insert(region, &mut tx, *may.row(), &name, expires_at).await?;
    finish(region, tx, key, *may.row(), "Created token.".to_owned()).await
}

/// Makes a key for another user: commands on the host only.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn create_for(region: &Region, ctx: &OpCtx, username: &str, name: Option<&str>) -> Result<NewApiKey> {
    on_the_host(ctx)?;
    let name = checked_name(name)?;
    let mut tx = region.store().begin(ctx).await?;
    let row = user::find(&mut tx, username).await?.filter(|row| row.is_system == 0);
    let id = UserId(row.ok_or(Error::NotFound { what: "User" })?.user_id);
    let key = insert(region, &mut tx, id, &name, None).await?;
    let text = format!("Created API key '{}' for '{username}'.", key.key.token_key);
    finish(region, tx, key, id, text).await
}

/// Deletes one of the caller's keys; on the host, anybody's.
///
/// # Errors
/// `NotFound { what: "Token" }`.
pub async fn delete(region: &Region, ctx: &OpCtx, token_key: &str) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let found = find_mine(&mut tx, ctx, token_key).await?;
    if !api_key::delete(&mut tx, ApiKeyId(found.key.api_key_id)).await? {
        return Err(Error::NotFound { what: "Token" });
    }
    let audit = Audit::new(EventType::Authorisation, "api-key.delete", "Deleted token.");
    tx.commit(about(audit, &found)).await?;
    told(region, "delete", &found);
    Ok(())
}

/// Renames one of the caller's keys; on the host, anybody's.
///
/// # Errors
/// `NotFound { what: "Token" }`, `Invalid` under `name`.
pub async fn rename(region: &Region, ctx: &OpCtx, token_key: &str, name: &str) -> Result<()> {
    let name = checked_name(Some(name))?;
    let mut tx = region.store().begin(ctx).await?;
    let found = find_mine(&mut tx, ctx, token_key).await?;
    api_key::rename(&mut tx, ApiKeyId(found.key.api_key_id), &name).await?;
    let audit = Audit::new(EventType::Authorisation, "api-key.rename", "Modified consumer name of token.");
    tx.commit(about(audit, &found)).await?;
    told(region, "update", &found);
    Ok(())
}

/// Makes a key for somebody who just showed their password, in the place of the one of the same consumer: old secrets
/// cannot be shown again. `None` when they were disabled or given another password since `hash` was verified.
pub(crate) async fn create_by_password(
    region: &Region,
    ctx: &OpCtx,
    hash: &str,
    consumer: Option<&str>,
) -> Result<Option<NewApiKey>> {
    let may = ctx.own::<EditOwn>()?;
    let name = checked_name(consumer)?;
    let mut tx = region.store().begin(ctx).await?;
    if !user::still_has(&mut tx, *may.row(), hash).await? {
        return Ok(None);
    }
    if consumer.is_some() {
        api_key::delete_named(&mut tx, *may.row(), &name).await?;
    }
    let key = insert(region, &mut tx, *may.row(), &name, None).await?;
    finish(region, tx, key, *may.row(), "Created API (OAuth) token.".to_owned()).await.map(Some)
}

async fn list_by_id(region: &Region, id: UserId) -> Result<Vec<ApiKey>> {
    let rows = api_key::list(&mut *region.store().reader().await?, id).await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

async fn insert(
    region: &Region,
    tx: &mut Tx,
    owner: UserId,
    name: &str,
    expires_at: Option<Timestamp>,
) -> Result<NewApiKey> {
    let token_secret = Secret::new(random_text(UNMISTAKABLE, 32));
    let (consumer_key, token_key) = (random_text(UNMISTAKABLE, 18), random_text(UNMISTAKABLE, 18));
    let new = api_key::NewApiKey {
        name,
        consumer_key: &consumer_key,
        token_key: &token_key,
        secret_hash: &region.gate().api_key_key.hex(token_secret.expose().as_bytes()),
        expires_us: expires_at.map(Timestamp::micros),
    };
    let id = api_key::insert(tx, owner, &new).await?;
    let key = ApiKey {
        id,
        name: name.to_owned(),
        created_at: Timestamp::from_micros(tx.now_us()),
        last_used_at: None,
        last_used_ip: None,
        expires_at,
        consumer_key,
        token_key,
    };
    Ok(NewApiKey { key, token_secret })
}

async fn finish(region: &Region, tx: Tx, new: NewApiKey, owner: UserId, text: String) -> Result<NewApiKey> {
    let key = &new.key;
    let details =
        json!({ "name": key.name, "token_key": key.token_key, "expires_at": key.expires_at.map(Timestamp::iso) });
    let audit = Audit::new(EventType::Authorisation, "api-key.create", text).object("api-key", key.id);
    tx.commit(audit.details(details)).await?;
    region.announce("token", "create", json!(key.id.0), Audience::User(owner));
    Ok(new)
}

/// The caller's own key, or on the host anybody's. `token_key` may be the whole key, of which the middle part counts.
async fn find_mine(tx: &mut Tx, ctx: &OpCtx, token_key: &str) -> Result<FoundApiKey> {
    let owner = match &ctx.actor {
        Actor::LocalAdmin { .. } => None,
        _ => Some(*ctx.own::<EditOwn>()?.row()),
    };
    let token_key = token_key.split(':').nth(1).unwrap_or(token_key);
    let found = api_key::find(tx, token_key).await?;
    let mine = found.filter(|found| owner.is_none_or(|owner| owner.0 == found.owner.user_id));
    mine.ok_or(Error::NotFound { what: "Token" })
}

fn about(audit: Audit, found: &FoundApiKey) -> Audit {
    let details = json!({ "name": found.key.name, "token_key": found.key.token_key, "owner": found.owner.username });
    audit.object("api-key", found.key.api_key_id).details(details)
}

fn told(region: &Region, action: &'static str, found: &FoundApiKey) {
    let owner = UserId(found.owner.user_id);
    region.announce("token", action, json!(found.key.api_key_id), Audience::User(owner));
}

fn on_the_host(ctx: &OpCtx) -> Result<()> {
    ctx.grant::<EditIdentities>()?;
    match &ctx.actor {
        Actor::LocalAdmin { .. } => Ok(()),
        _ => Err(Error::Forbidden("Keys of other users are made on the host, with `maas apikey`.".to_owned())),
    }
}

fn checked_name(name: Option<&str>) -> Result<String> {
    let name = name.map(str::trim).filter(|name| !name.is_empty()).unwrap_or(DEFAULT_NAME);
    users::checked_label(name).map_err(|why| Error::field("name", why))
}

impl From<ApiKeyRow> for ApiKey {
    fn from(row: ApiKeyRow) -> Self {
        Self {
            id: ApiKeyId(row.api_key_id),
            name: row.name,
            consumer_key: row.consumer_key,
            token_key: row.token_key,
            created_at: Timestamp::from_micros(row.created_us),
            last_used_at: row.last_used_us.map(Timestamp::from_micros),
            last_used_ip: row.last_used_ip.and_then(|ip| ip.parse().ok()),
            expires_at: row.expires_us.map(Timestamp::from_micros),
        }
    }
}
