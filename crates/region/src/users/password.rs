//! Changing passwords: one's own, with the old one, or another user's.

use maas_authz::{
    OpCtx,
    action::{EditIdentities, EditOwn},
};
use maas_model::{EventType, Secret, SessionId, UserId};
use maas_store::{Audit, Tx, api_key, session, token, user};
use serde_json::json;

use super::{Change, Error, Limits, Region, Result, Strength, User, person, score, verify_own_password, weaknesses};

/// Sets another user's password and ends their sessions; with `revoke_keys` their API keys and tokens too.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid` under `password`, `BadRequest` for system users.
pub async fn reset_password(
    region: &Region,
    ctx: &OpCtx,
    username: &str,
    password: Secret<String>,
    revoke_keys: bool,
) -> Result<()> {
    ctx.grant::<EditIdentities>()?;
    if ctx.actor.user().is_some_and(|caller| caller.username == username) {
        let why = "Change your own password in your preferences, which ask for the old one.";
        return Err(Error::BadRequest(why.to_owned()));
    }
    let email = super::lookup(region, ctx, username).await?.email;
    refuse_weak(region, username, &email, &password).await?;
    let hash = region.gate().hash(&password).await?;
    let mut tx = region.store().begin(ctx).await?;
    let guard = Change::begin(region, &mut tx, ctx).await?;
    let user = person(&mut tx, username).await?;
    guard.hold_user(region, &mut tx, user.id).await?;
    user::set_password(&mut tx, &ctx.grant_row::<EditIdentities, _>(user.id)?, &hash).await?;
    finish(tx, ctx, &user, None, revoke_keys).await
}

/// Changes one's own password, which asks for the old one; all other sessions end.
///
/// # Errors
/// `Invalid` under `old_password` or `password`; `Throttled`.
pub async fn change_own_password(
    region: &Region,
    ctx: &OpCtx,
    old: Secret<String>,
    new: Secret<String>,
    revoke_keys: bool,
) -> Result<()> {
    let may = ctx.own::<EditOwn>()?;
    let user = super::whoami(region, ctx).await?;
    let wrong = || Error::field("old_password", "Your old password was entered incorrectly. Please enter it again.");
    let verified = verify_own_password(region, ctx, &old).await?.ok_or_else(wrong)?;
    if old.expose() == new.expose() {
        return Err(Error::field("password", "This is the old password. Choose another one."));
    }
    refuse_weak(region, &user.username, &user.email, &new).await?;
    let hash = region.gate().hash(&new).await?;
    let mut tx = region.store().begin(ctx).await?;
    // An administrator who locks somebody out must not lose to a change that was under way.
    if !user::still_has(&mut tx, *may.row(), &verified).await? {
        return Err(wrong());
    }
    user::set_password(&mut tx, &may, &hash).await?;
    finish(tx, ctx, &user, current_session(ctx), revoke_keys).await
}

/// How strong a password would be for this user.
pub fn strength(username: &str, email: &str, password: &Secret<String>) -> Strength {
    let (score, hint) = score(password.expose(), &related(username, email));
    Strength { score, hint }
}

/// Why the password will not do; reads the site's name and limits. Runs beside the other requests.
pub(super) async fn judge(
    region: &Region,
    username: &str,
    email: &str,
    password: &Secret<String>,
) -> Result<Vec<String>> {
    let limits = Limits::read(region).await?;
    let (username, email, password) = (username.to_owned(), email.to_owned(), password.clone());
    let judged = tokio::task::spawn_blocking(move || {
        let mut words = related(&username, &email);
        words.push(&limits.site_name);
        weaknesses(&password, &words, limits.password_minimum)
    });
    judged.await.map_err(|error| Error::Internal(error.into()))
}

async fn refuse_weak(region: &Region, username: &str, email: &str, password: &Secret<String>) -> Result<()> {
    let messages = judge(region, username, email, password).await?;
    if messages.is_empty() { Ok(()) } else { Err(Error::Invalid([("password".to_owned(), messages)].into())) }
}

fn related<'a>(username: &'a str, email: &'a str) -> Vec<&'a str> {
    vec![username, email, email.split('@').next().unwrap_or_default(), "maas"]
}

async fn finish(mut tx: Tx, ctx: &OpCtx, user: &User, kept: Option<SessionId>, revoke_keys: bool) -> Result<()> {
    let sessions = session::delete_of(&mut tx, user.id, kept).await?;
    let (keys, tokens) = if revoke_keys { revoke(&mut tx, user.id).await? } else { (0, 0) };
    let text = format!("Changed password of '{}'.", user.username);
    let details = json!({ "sessions_ended": sessions, "api_keys_deleted": keys, "tokens_revoked": tokens });
    let audit = Audit::new(EventType::Authorisation, "user.password", text).object("user", user.id).details(details);
    tx.commit(audit).await?;
    let event = format!("AUTHN_password_changed:{}", user.username);
    let ip = ctx.request.ip.map(tracing::field::display);
    tracing::info!(
        target: "security", r#type = "security", user_id = ctx.actor.label(), request_remote_ip = ip,
        trace_id = ctx.request.trace_id, "{event}"
    );
    Ok(())
}

async fn revoke(tx: &mut Tx, id: UserId) -> Result<(u64, u64)> {
    Ok((api_key::delete_of(tx, id).await?, token::delete_of(tx, id).await?))
}

fn current_session(ctx: &OpCtx) -> Option<SessionId> {
    match ctx.actor.user()?.method {
        maas_authz::AuthMethod::Session(id) => Some(id),
        _ => None,
    }
}
