//! Logging in by name and password, in the order that keeps it cheap for us and blind for whoever guesses: the throttle,
//! the queue, one hash whether the name exists or not, and one text for everything that may be wrong.

use std::{sync::Arc, time::Duration};

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
    Error, Region, Result, access,
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
    let Some(user @ UserActor { id, method: AuthMethod::Session(session), .. }) = ctx.actor.user() else {
        return Ok(());
    };
    let mut tx = region.store().begin(ctx).await?;
    if session::delete(&mut tx, *id, *session).await? {
        let text = format!("Logged out {}.", user.role().audit_word());
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
    let mut reader = region.store().reader().await?;
    let held = access::load(region, &mut reader, verified.id(), AuthMethod::Password).await?;
    drop(reader);
    let actor = UserActor {
        id: verified.id(),
        username: verified.known.username,
        access: Arc::new(held.access),
        method: AuthMethod::Password,
    };
    let ctx = OpCtx { actor: Actor::User(actor), ..anonymous(region, request) };
    keys::create_by_password(region, &ctx, &verified.hash, consumer).await?.ok_or_else(refused)
}

/// Checks the caller's own password, under the throttle like a login; the stored hash if it is right.
///
/// # Errors
/// `Throttled`; `Denied` when nobody is signed in.
pub(crate) async fn verify_own_password(
    region: &Region,
    ctx: &OpCtx,
    password: &Secret<String>,
) -> Result<Option<String>> {
    let Some(caller) = ctx.actor.user() else { return Ok(None) };
    let verified = verify(region, &ctx.request, &caller.username, password).await?;
    Ok(verified.filter(|verified| verified.id() == caller.id).map(|verified| verified.hash))
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

/// How the throttle knows an account. No name is longer, and what strangers send must not fill the memory.
fn account_of(username: &str) -> String {
    username.chars().take(LONGEST_NAME).flat_map(char::to_lowercase).collect()
}

/// `None` for anything wrong, after it was recorded.
async fn verify(
    region: &Region,
    request: &RequestInfo,
    username: &str,
    password: &Secret<String>,
) -> Result<Option<Verified>> {
    let who = Who { source: request.ip.map(source_of), account: Some(account_of(username)) };
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
const LONGEST_NAME: usize = 150;
const QUEUE_FULL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use maas_store::testing::request;

    use super::*;
    use crate::{
        auth::{Credentials, authenticate},
        sessions,
        testing::{TestRegion, with_region},
        users::{CreateUser, EditUser, change_own_password, reset_password},
    };

    const PASSWORD: &str = "ochre-Lantern-49-tugboat";

    fn secret(text: &str) -> Secret<String> {
        text.to_owned().into()
    }

    fn from(ip: [u8; 4]) -> RequestInfo {
        RequestInfo { ip: Some(IpAddr::from(ip)), ..request() }
    }

    async fn add(site: &TestRegion, name: &str, role: Role) {
        let new = CreateUser {
            username: name.into(),
            email: String::new(),
            full_name: String::new(),
            password: secret(PASSWORD),
            role,
            ssh_keys: None,
            ssh_import: None,
        };
        users::create(&site.region, &site.region.job_ctx("test"), new).await.unwrap();
    }

    async fn try_in(site: &TestRegion, ip: [u8; 4], name: &str, password: &str) -> Result<NewSession> {
        log_in(&site.region, &from(ip), name, &secret(password)).await
    }

    async fn who(site: &TestRegion, session: &NewSession) -> OpCtx {
        let credentials = Some(Credentials::Session(session.session_key.clone()));
        authenticate(&site.region, credentials, request()).await.unwrap()
    }

    #[test]
    fn the_throttle_keeps_no_more_of_a_name_than_names_have() {
        assert_eq!(account_of("Carol"), "carol");
        assert_eq!(account_of(&"X".repeat(1 << 20)), "x".repeat(LONGEST_NAME));
    }

    #[tokio::test]
    async fn an_old_password_is_worth_nothing_once_it_was_reset() {
        with_region(async |site| {
            let region = &site.region;
            add(site, "carol", Role::User).await;
            let session = try_in(site, [192, 0, 2, 1], "carol", PASSWORD).await.unwrap();
            let (ctx, admin) = (who(site, &session).await, site.ctx("admin").await);
            // The administrator is about to commit a new password; whoever has the old one is quick.
            let mut tx = region.store().begin(&admin).await.unwrap();
            let may = admin.grant_row::<maas_authz::action::EditIdentities, _>(session.user.id).unwrap();
            user::set_password(&mut tx, &may, "$argon2id$other").await.unwrap();
            let change = change_own_password(region, &ctx, secret(PASSWORD), secret("mauve-Kettle-17-ferry"), false);
            let (ip, old) = (from([192, 0, 2, 1]), secret(PASSWORD));
            let key = api_key_for_password(region, &ip, "carol", &old, None);
            let mut both = Box::pin(async { tokio::join!(change, key) });
            assert!(tokio::time::timeout(Duration::from_millis(500), &mut both).await.is_err());
            tx.commit(Audit::new(EventType::Authorisation, "user.password", "Changed.")).await.unwrap();
            let (change, key) = both.await;
            assert!(matches!(change, Err(Error::Invalid(fields)) if fields.contains_key("old_password")));
            assert!(matches!(key, Err(Error::Forbidden(_))));
            assert!(keys::list_of(region, &admin, "carol").await.unwrap().is_empty());
        })
        .await;
    }

    #[tokio::test]
    async fn a_session_lives_until_its_end_its_idle_limit_or_log_out() {
        with_region(async |site| {
            add(site, "carol", Role::User).await;
            let session = try_in(site, [192, 0, 2, 1], "carol", PASSWORD).await.unwrap();
            assert_eq!(session.session_key.expose().len(), 32);
            assert!(session.user.last_login_at.is_some());
            assert_eq!(site.last_event().await, ("login".into(), "Logged in user.".into()));
            assert_eq!(site.events().await[0].username, "carol");
            let other = try_in(site, [192, 0, 2, 1], "carol", PASSWORD).await.unwrap();
            let ctx = who(site, &session).await;
            assert_eq!(ctx.actor.label(), "carol");
            let listed = sessions::list(&site.region, &ctx).await.unwrap();
            assert_eq!(listed.iter().filter(|session| session.is_current).count(), 1);
            assert_eq!(sessions::revoke_others(&site.region, &ctx).await.unwrap(), 1);
            assert_eq!(who(site, &other).await.actor, Actor::Anonymous);
            // Used every half day it goes on, for fourteen days and no longer.
            let mut halves = 0;
            while who(site, &session).await.actor != Actor::Anonymous {
                site.db.clock.advance(Duration::from_secs(43_200));
                halves += 1;
            }
            assert_eq!(halves, 28);
            let idle = try_in(site, [192, 0, 2, 1], "carol", PASSWORD).await.unwrap();
            site.db.clock.advance(Duration::from_secs(86_400));
            assert_eq!(who(site, &idle).await.actor, Actor::Anonymous, "unused for a day");
            let last = try_in(site, [192, 0, 2, 1], "carol", PASSWORD).await.unwrap();
            log_out(&site.region, &who(site, &last).await).await.unwrap();
            assert_eq!(who(site, &last).await.actor, Actor::Anonymous);
            assert_eq!(site.last_event().await, ("logout".into(), "Logged out user.".into()));
        })
        .await;
    }

    #[tokio::test]
    async fn one_text_for_everything_that_is_wrong() {
        with_region(async |site| {
            add(site, "carol", Role::User).await;
            add(site, "dave", Role::User).await;
            let disable = EditUser { is_active: Some(false), ..EditUser::default() };
            users::edit(&site.region, &site.ctx("admin").await, "dave", disable).await.unwrap();
            for (name, password, row) in [
                ("carol", "x", "Failed login for 'carol'."),
                ("Carol", PASSWORD, "Failed login for an unknown user."),
                ("dave", PASSWORD, "Failed login for 'dave'."),
                ("MAAS", "", "Failed login for 'MAAS'."),
                ("hunter2 is my password", "x", "Failed login for an unknown user."),
                ("bob", "", "Failed login for 'bob'."),
            ] {
                let error = try_in(site, [192, 0, 2, 1], name, password).await.unwrap_err();
                assert_eq!(error.to_string(), WRONG, "{name}");
                assert_eq!(site.last_event().await.1, row);
                assert!(!format!("{:?}", site.events().await[0]).contains("hunter2"));
            }
        })
        .await;
    }

    #[tokio::test]
    async fn passwords_change_and_sessions_end() {
        with_region(async |site| {
            add(site, "carol", Role::Administrator).await;
            let (one, two) = (
                try_in(site, [192, 0, 2, 1], "carol", PASSWORD).await.unwrap(),
                try_in(site, [192, 0, 2, 1], "carol", PASSWORD).await.unwrap(),
            );
            let ctx = who(site, &one).await;
            let change = async |old: &str, new: &str| {
                change_own_password(&site.region, &ctx, secret(old), secret(new), true).await
            };
            assert!(
                change("wrong", "Other-lantern-50-tugboat").await.unwrap_err().to_string().starts_with("old_password")
            );
            assert!(change(PASSWORD, PASSWORD).await.unwrap_err().to_string().starts_with("password"));
            assert!(change(PASSWORD, "carol1234567").await.unwrap_err().to_string().starts_with("password"));
            change(PASSWORD, "Other-lantern-50-tugboat").await.unwrap();
            assert_eq!(site.last_event().await.1, "Changed password of 'carol'.");
            assert_eq!(who(site, &one).await.actor.label(), "carol", "the session that asked goes on");
            assert_eq!(who(site, &two).await.actor, Actor::Anonymous);
            let admin = site.ctx("admin").await;
            reset_password(&site.region, &admin, "carol", secret(PASSWORD), false).await.unwrap();
            assert_eq!(who(site, &one).await.actor, Actor::Anonymous);
            try_in(site, [192, 0, 2, 1], "carol", PASSWORD).await.unwrap();
            let system = reset_password(&site.region, &admin, "MAAS", secret(PASSWORD), false).await;
            assert_eq!(system.unwrap_err().to_string(), "System users cannot be modified.");
        })
        .await;
    }

    #[tokio::test]
    async fn a_key_for_a_password_replaces_the_one_of_the_same_consumer() {
        with_region(async |site| {
            add(site, "carol", Role::User).await;
            let ask = async |password: &str| {
                api_key_for_password(&site.region, &request(), "carol", &secret(password), Some("me@host")).await
            };
            let first = ask(PASSWORD).await.unwrap();
            let second = ask(PASSWORD).await.unwrap();
            assert_ne!(first.key.token_key, second.key.token_key);
            assert!(matches!(ask("wrong").await, Err(Error::Forbidden(_))));
            let names: Vec<String> = keys::list_of(&site.region, &site.ctx("admin").await, "carol")
                .await
                .unwrap()
                .into_iter()
                .map(|key| key.token_key)
                .collect();
            assert_eq!(names, [second.key.token_key]);
            let row = &site.events().await[1];
            assert_eq!((row.description.as_str(), row.username.as_str()), ("Created API (OAuth) token.", "carol"));
        })
        .await;
    }

    #[tokio::test]
    async fn a_hash_taken_over_from_maas_is_made_anew() {
        with_region(async |site| {
            add(site, "carol", Role::User).await;
            let django = "pbkdf2_sha256$1000$abcdefghijklmnopqrstuv$7eEkn2Kdg1zhE4zTh0LL8OzM0pm/wV/YitDaFs6cwPw=";
            let ctx = site.region.job_ctx("test");
            let id = site.id("carol").await;
            let may = ctx.grant_row::<maas_authz::action::EditIdentities, _>(id).unwrap();
            let mut tx = site.region.store().begin(&ctx).await.unwrap();
            user::set_password(&mut tx, &may, django).await.unwrap();
            tx.commit_quietly().await.unwrap();
            for _ in 0..2 {
                try_in(site, [192, 0, 2, 1], "carol", "pw").await.unwrap();
            }
            let row = user::find(&mut site.region.store().reader().await.unwrap(), "carol").await.unwrap().unwrap();
            assert!(row.password_hash.unwrap().starts_with("$argon2id$"));
        })
        .await;
    }

    /// With real hashes: a thousand wrong logins over fifty addresses at once hold up nobody else for long.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_flood_of_guesses_leaves_the_door_open_for_others() {
        let db = maas_store::testing::TestDb::sqlite();
        let mut config = crate::RegionConfig::new(db.dir.path(), &db.config.uri, "host1");
        config.password_cost = crate::PasswordCost { memory_kib: 16 * 1024, passes: 3 };
        let region = Region::open(config, db.clock.clone()).await.unwrap();
        let site = std::sync::Arc::new(TestRegion { region, db });
        add(&site, "root", Role::Administrator).await;
        add(&site, "carol", Role::User).await;
        let mut flood = tokio::task::JoinSet::new();
        for number in 0..1000_u32 {
            let site = site.clone();
            let ip = [198, 51, 100, (number % 50) as u8];
            let name = if number % 2 == 0 { "root".to_owned() } else { format!("nobody{number}") };
            flood.spawn(async move { try_in(&site, ip, &name, "wrong").await.map(|_| ()) });
        }
        tokio::task::yield_now().await;
        let started = std::time::Instant::now();
        try_in(&site, [192, 0, 2, 9], "carol", PASSWORD).await.expect("carol is let in");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
        let mut refused = 0;
        while let Some(attempt) = flood.join_next().await {
            refused += usize::from(matches!(attempt.unwrap(), Err(Error::Throttled { .. })));
        }
        assert!(refused > 700, "{refused} of 1000 were refused before they cost a hash");
    }
}
