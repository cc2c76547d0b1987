//! Bearer tokens: `Authorization: Bearer maas_pat_...`, with an end and a scope. Stored as a hash.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use ipnet::IpNet;
use maas_authz::{
    OpCtx,
    action::{EditOwn, ViewOwn},
};
use maas_model::{EventType, PoolId, RoleId, Secret, Timestamp, TokenId, TokenScope};
use maas_store::{
    Audit, Tx, pool, role,
    token::{self, TokenRow},
};
use serde_json::json;

use crate::{
    Audience, Error, Region, Result,
    access::guard::require_step_up,
    auth::{
        OWN,
        alphabet::{ALPHANUMERIC, random_text},
    },
    users,
};

/// A token without its value.
#[derive(Clone, Debug)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    /// The first characters, so that people can tell tokens apart: `maas_pat_Ab3d`.
    pub prefix: String,
    pub scope: TokenScope,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub last_used_ip: Option<IpAddr>,
    /// The role to which it is narrowed: of its owner's rights, those that the role has too.
    pub role: Option<String>,
    /// The pools to which it is narrowed, by name; none for all.
    pub pools: Option<Vec<String>>,
    /// From where it may be used; everywhere if empty.
    pub networks: Vec<IpNet>,
}

/// A token to make.
#[derive(Clone, Debug)]
pub struct TokenParams {
    pub name: String,
    pub scope: TokenScope,
    pub expires_at: Timestamp,
    /// A role: the token holds of its owner's rights only what the role has too.
    pub role: Option<String>,
    /// Pools by name: outside of them the token holds nothing.
    pub pools: Option<Vec<String>>,
    /// From where the token may be used, as `192.0.2.0/24` or single addresses; everywhere if empty.
    pub networks: Vec<String>,
}

impl TokenParams {
    /// A token that is not narrowed.
    pub fn new(name: &str, scope: TokenScope, expires_at: Timestamp) -> Self {
        Self { name: name.to_owned(), scope, expires_at, role: None, pools: None, networks: Vec::new() }
    }
}

/// A token just made; the only moment at which its value is known.
#[derive(Debug)]
pub struct NewToken {
    pub token: Token,
    pub value: Secret<String>,
}

/// The caller's tokens, newest first.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Token>> {
    let may = ctx.own::<ViewOwn>()?;
    let mut reader = region.store().reader().await?;
    let rows = token::list(&mut reader, *may.row()).await?;
    let mut pools: HashMap<i64, Vec<String>> = HashMap::new();
    for (id, name) in token::pool_names(&mut reader, *may.row()).await? {
        pools.entry(id).or_default().push(name);
    }
    rows.into_iter().map(|row| shown(pools.remove(&row.token_id), row)).collect()
}

/// Makes a token for the caller.
///
/// # Errors
/// `Denied`, also when the password was shown too long ago; `Invalid` under `name`, `expires_at` (in the future, at most 366
/// days ahead), `role`, `pools` or `networks`.
pub async fn create(region: &Region, ctx: &OpCtx, params: &TokenParams) -> Result<NewToken> {
    let may = ctx.own::<EditOwn>()?;
    let (scope, expires_at) = (params.scope, params.expires_at);
    let name = users::checked_label(params.name.trim()).map_err(|why| Error::field("name", why))?;
    check_end(ctx.clock.now(), expires_at)?;
    let networks = find_networks(&params.networks)?;
    let network_words = networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let value = Secret::new(format!("{PREFIX}{}", random_text(ALPHANUMERIC, 40)));
    let prefix: String = value.expose().chars().take(PREFIX.len() + 4).collect();
    let mut tx = region.store().begin(ctx).await?;
    require_step_up(&mut tx, ctx, OWN).await?;
    let role = find_role(&mut tx, params).await?;
    let pools = find_pools(&mut tx, ctx, params).await?;
    let new = token::NewToken {
        name: &name,
        prefix: &prefix,
        token_hash: &region.gate().token_key.hex(value.expose().as_bytes()),
        scope: scope.as_str(),
        expires_us: expires_at.micros(),
        role,
        pools: pools.as_deref(),
        networks: &network_words,
    };
    let id = token::insert(&mut tx, *may.row(), &new).await?;
    let created_at = Timestamp::from_micros(tx.now_us());
    let details = json!({ "name": name, "prefix": prefix, "scope": scope.as_str(), "expires_at": expires_at.iso(),
        "role": params.role, "pools": params.pools, "networks": network_words });
    let audit = Audit::new(EventType::Authorisation, "token.create", "Created token.").object("token", id);
    tx.commit(audit.details(details)).await?;
    region.announce("token", "create", json!(id.0), Audience::User(*may.row()));
    let token = Token {
        id,
        name,
        prefix,
        scope,
        created_at,
        expires_at,
        last_used_at: None,
        last_used_ip: None,
        role: params.role.clone(),
        pools: params.pools.clone(),
        networks,
    };
    Ok(NewToken { token, value })
}

/// Revokes one of the caller's tokens.
///
/// # Errors
/// `NotFound { what: "Token" }`.
pub async fn revoke(region: &Region, ctx: &OpCtx, id: TokenId) -> Result<()> {
    let may = ctx.own::<EditOwn>()?;
    let mut tx = region.store().begin(ctx).await?;
    if !token::delete(&mut tx, *may.row(), id).await? {
        return Err(Error::NotFound { what: "Token" });
    }
    tx.commit(Audit::new(EventType::Authorisation, "token.revoke", "Revoked token.").object("token", id)).await?;
    region.announce("token", "delete", json!(id.0), Audience::User(*may.row()));
    Ok(())
}

fn check_end(now: Timestamp, ends: Timestamp) -> Result<()> {
    if ends <= now {
        return Err(Error::field("expires_at", "The end must lie in the future."));
    }
    if ends > now.plus(LONGEST) {
        return Err(Error::field("expires_at", "A token lives for at most 366 days."));
    }
    Ok(())
}

/// The role to narrow to. Every role may be named: a token holds no more than its owner, whatever the role has.
async fn find_role(tx: &mut Tx, params: &TokenParams) -> Result<Option<RoleId>> {
    let Some(name) = &params.role else { return Ok(None) };
    let row = role::find(tx, name).await?;
    let row = row.ok_or_else(|| Error::field("role", format!("There is no role '{name}'.")))?;
    Ok(Some(RoleId(row.role_id)))
}

/// The pools to narrow to. A pool that the caller may not know of is none.
async fn find_pools(tx: &mut Tx, ctx: &OpCtx, params: &TokenParams) -> Result<Option<Vec<PoolId>>> {
    let Some(names) = &params.pools else { return Ok(None) };
    let visible = ctx.access().visible_pools();
    let rows = pool::list(tx).await?;
    let find = |name: &String| {
        let row = rows.iter().find(|row| row.name == *name && visible.has(PoolId(row.pool_id)));
        row.map(|row| PoolId(row.pool_id)).ok_or_else(|| Error::field("pools", format!("There is no pool '{name}'.")))
    };
    let mut pools = names.iter().map(find).collect::<Result<Vec<_>>>()?;
    pools.sort_unstable();
    pools.dedup();
    Ok(Some(pools))
}

/// An address alone is a network of one.
fn find_networks(texts: &[String]) -> Result<Vec<IpNet>> {
    let read = |text: &String| {
        let text = text.trim();
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        let bad = |_| Error::field("networks", format!("'{text}' is no network: write 192.0.2.0/24 or 2001:db8::/32."));
        network.map(|network| network.trunc()).map_err(bad)
    };
    texts.iter().map(read).collect()
}

fn shown(pools: Option<Vec<String>>, row: TokenRow) -> Result<Token> {
    let networks = row.networks.split(' ').filter(|word| !word.is_empty()).map(str::parse);
    Ok(Token {
        id: TokenId(row.token_id),
        name: row.name,
        prefix: row.prefix,
        scope: row.scope.parse().map_err(|why: String| Error::internal(why))?,
        created_at: Timestamp::from_micros(row.created_us),
        expires_at: Timestamp::from_micros(row.expires_us),
        last_used_at: row.last_used_us.map(Timestamp::from_micros),
        last_used_ip: row.last_used_ip.and_then(|ip| ip.parse().ok()),
        role: row.role_name,
        pools: (row.is_pool_bound == 1).then(|| pools.unwrap_or_default()),
        networks: networks.collect::<Result<_, _>>().map_err(|_| Error::internal("a token has a bad network"))?,
    })
}

/// So that scanners for leaked secrets know one when they see it.
const PREFIX: &str = "maas_pat_";
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);
