//! Logging in by name and password, in the order that keeps it cheap for us and blind for whoever guesses: the throttle,
//! the queue, one hash whether the name exists or not, and one text for everything that may be wrong.

use std::time::Duration;

use maas_authz::{Actor, AuthMethod, OpCtx, RequestInfo, UserActor};
use maas_model::{EventType, Role, Secret, UserId};
use maas_store::{Audit, session, user};

use super::{
    Limits, NewSession, Verdict,
    alphabet::{LOWER, random_text},
    csrf_token,
    queue::{Standing, Who},
    record::{Known, anonymous, log_login, record_failed_login},
    throttle::source_of,
};
use crate::{
    Error, Region, Result,
    keys::{self, NewApiKey},
    users,
};

/// Logs a user in by name and password and starts a session.
///
/// # Errors
/// `Throttled`; or `Invalid` with the one text of API 2.0, whatever was wrong.
pub async fn log_in(
    region: &Region,
    request: &RequestInfo,
    username: &str,
    password: &Secret<String>,
) -> Result<NewSession> {
    let verified = verify(region, request, username, password).await?.ok_or_else(wrong)?;
    let limits = Limits::read(region).await?;
    let session_key = Secret::new(random_text(LOWER, SESSION_KEY));
    let key_hash = region.gate().session_key.hex(session_key.expose().as_bytes());
    let now = region.clock().now();
    let expires_at = now.plus(limits.session_length);
    let mut tx = region.store().begin(&anonymous(region, request)).await?;
    if !user::note_login(&mut tx, verified.id(), &verified.hash).await? {
        return Err(wrong());
    }
    session::delete_ended(&mut tx, now.minus(limits.session_idle).micros()).await?;
    let id = session::insert(&mut tx, verified.id(), &key_hash, expires_at.micros()).await?;
    let role = verified.known.role;
    let audit = Audit::new(EventType::Authorisation, "login", format!("Logged in {}.", role.audit_word()))
        .object("session", id)
        .user(Some(verified.id()), &verified.known.username)
        .auth_method("password");
    tx.commit(audit).await?;
    log_login(request, Some(&verified.known), "AUTHN_login_successful");
    let user = users::find_by_id(region, verified.id()).await?.ok_or_else(wrong)?;
    Ok(NewSession { csrf_token: csrf_token(region, &session_key), session_key, user, expires_at })
}

/// Ends the session of `ctx`.
///
/// # Errors
/// `Internal` only.
pub async fn log_out(region: &Region, ctx: &OpCtx) -> Result<()> {
    let Some(UserActor { id, role, method: AuthMethod::Session(session), .. }) = ctx.actor.user() else {
        return Ok(());
    };
    let mut tx = region.store().begin(ctx).await?;
    if session::delete(&mut tx, *id, *session).await? {
        let text = format!("Logged out {}.", role.audit_word());
        tx.commit(Audit::new(EventType::Authorisation, "logout", text).object("session", session)).await?;
    }
    Ok(())
}

/// Trades a name and password for a new API key (`accounts/authenticate/`), replacing the one of the same `consumer` name.
///
/// # Errors
/// `Throttled`; `Forbidden` for anything wrong.
pub async fn api_key_for_password(
    region: &Region,
    request: &RequestInfo,
    username: &str,
    password: &Secret<String>,
    consumer: Option<&str>,
) -> Result<NewApiKey> {
    let refused = || Error::Forbidden(WRONG.to_owned());
    let verified = verify(region, request, username, password).await?.ok_or_else(refused)?;
    let actor = UserActor {
        id: verified.id(),
        username: verified.known.username,
        role: verified.known.role,
        method: AuthMethod::Password,
    };
    let ctx = OpCtx { actor: Actor::User(actor), ..anonymous(region, request) };
    keys::create_by_password(region, &ctx, consumer).await
}

/// Checks the caller's own password, under the throttle like a login.
///
/// # Errors
/// `Throttled`; `Denied` when nobody is signed in.
pub(crate) async fn verify_own_password(region: &Region, ctx: &OpCtx, password: &Secret<String>) -> Result<bool> {
    let Some(caller) = ctx.actor.user() else { return Ok(false) };
    let verified = verify(region, &ctx.request, &caller.username, password).await?;
    Ok(verified.is_some_and(|verified| verified.id() == caller.id))
}

/// A user whose password was right.
struct Verified {
    known: Known,
    /// The stored hash, as it is now.
    hash: String,
}

impl Verified {
    fn id(&self) -> UserId {
        self.known.id
    }
}

/// `None` for anything wrong, after it was recorded.
async fn verify(
    region: &Region,
    request: &RequestInfo,
    username: &str,
    password: &Secret<String>,
) -> Result<Option<Verified>> {
    let who = Who { source: request.ip.map(source_of), account: Some(username.to_lowercase()) };
    let standing = admit(region, request, &who)?;
    let mut reader = region.store().reader().await?;
    let row = user::find(&mut reader, username).await?;
    drop(reader);
    let stored = row.as_ref().filter(|row| row.is_local == 1 && row.is_system == 0);
    let stored = stored.and_then(|row| row.password_hash.clone());
    let permit =
        region.gate().queue.turn(who.clone(), standing).await.map_err(|_| too_many(region, request, QUEUE_FULL))?;
    let verdict = region.gate().verify(permit, password, stored.clone()).await?;
    let known = row.as_ref().map(known).transpose()?;
    let is_active = row.as_ref().is_some_and(|row| row.is_active == 1);
    let now = region.clock().now();
    if let (true, Some(known), Some(hash), false) = (is_active, &known, stored, verdict == Verdict::Wrong) {
        region.gate().throttle.hit(now, &who);
        let known = Known { username: known.username.clone(), ..*known };
        let hash = if verdict == Verdict::RightButOld { rehash(region, known.id, hash, password).await? } else { hash };
        return Ok(Some(Verified { known, hash }));
    }
    region.gate().throttle.miss(now, &who);
    let reason = match (&known, verdict) {
        (None, _) => "unknown user",
        (Some(_), Verdict::Wrong) => "wrong password",
        (Some(_), _) => "disabled",
    };
    record_failed_login(region, &anonymous(region, request), username, known.as_ref(), reason).await;
    Ok(None)
}

fn admit(region: &Region, request: &RequestInfo, who: &Who) -> Result<Standing> {
    region.gate().throttle.check(region.clock().now(), who).map_err(|wait| too_many(region, request, wait))
}

fn too_many(_: &Region, request: &RequestInfo, wait: Duration) -> Error {
    log_login(request, None, "AUTHN_login_fail_max");
    Error::Throttled { retry_after: wait.max(Duration::from_secs(1)) }
}

fn known(row: &user::UserRow) -> Result<Known> {
    let role: Role = row.role.parse().map_err(|why: String| Error::internal(why))?;
    Ok(Known { id: UserId(row.user_id), username: row.username.clone(), role })
}

/// A hash taken over from MAAS, or of another cost, becomes one of ours.
async fn rehash(region: &Region, id: UserId, old: String, password: &Secret<String>) -> Result<String> {
    let new = region.gate().hash(password).await?;
    let mut tx = region.store().begin(&region.job_ctx("rehash")).await?;
    user::rehash(&mut tx, id, &old, &new).await?;
    tx.commit_quietly().await?;
    Ok(new)
}

fn wrong() -> Error {
    Error::field("__all__", WRONG)
}

const WRONG: &str = "Please enter a correct username and password. Note that both fields may be case-sensitive.";
const SESSION_KEY: usize = 32;
const QUEUE_FULL: Duration = Duration::from_secs(1);
