//! Users: read, create, change, disable, delete with transfer.

use std::sync::Arc;

use maas_authz::{
    Actions, Granted, OpCtx, UserActor,
    action::{EditIdentities, EditOwn, ViewIdentities, ViewOwn},
};
use maas_model::{Email, EventType, GroupId, Role, Secret, Timestamp, UserId, Username};
use maas_store::{
    Audit, StoreError, Tx, session,
    user::{self, NewUser, UserChange, UserRow},
};
use serde_json::json;

use crate::{
    Audience, Error, FieldErrors, Region, Result,
    access::{self, guard::Change},
    auth::{Limits, score, verify_own_password, weaknesses},
    ssh_keys,
};

mod belongings;
mod cache;
mod password;

pub(crate) use cache::Users;
pub use password::{change_own_password, reset_password, strength};

/// A user as those who may see it see it.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub email: String,
    pub full_name: String,
    pub role: Role,
    pub is_active: bool,
    /// False for users of an external realm.
    pub is_local: bool,
    /// `MAAS` and `maas-init-node`.
    pub is_system: bool,
    /// Whether the first-login page was finished or skipped.
    pub completed_intro: bool,
    pub joined_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
    pub ssh_key_count: i64,
}

/// A new user.
#[derive(Clone, Debug)]
pub struct CreateUser {
    pub username: String,
    pub email: String,
    pub full_name: String,
    pub password: Secret<String>,
    pub role: Role,
    /// A public SSH key to start with, or several lines of them; a bad one undoes the creation.
    pub ssh_keys: Option<String>,
    /// `lp:<id>` or `gh:<id>`: whose public SSH keys to import; a source that fails undoes the creation.
    pub ssh_import: Option<String>,
}

/// A change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct EditUser {
    pub email: Option<String>,
    pub full_name: Option<String>,
    pub role: Option<Role>,
    pub is_active: Option<bool>,
}

/// How strong a password is, for the page that asks for one: 0 to 4, with a hint.
#[derive(Clone, Debug)]
pub struct Strength {
    pub score: u8,
    pub hint: String,
}

/// All users by name, the system users included (`ViewIdentities`); for everybody else, themselves alone.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<User>> {
    if ctx.grant::<ViewIdentities>().is_err() {
        return Ok(vec![whoami(region, ctx).await?]);
    }
    let mut reader = region.store().reader().await?;
    user::list(&mut reader).await?.into_iter().map(User::try_from).collect()
}

/// One user by name (`ViewIdentities`); everybody finds themselves.
///
/// # Errors
/// `NotFound { what: "User" }`, also for others of whom the caller may not know; `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, username: &str) -> Result<User> {
    ctx.grant::<ViewOwn>()?;
    let is_own = ctx.actor.user().is_some_and(|caller| caller.username == username);
    if !is_own && ctx.grant::<ViewIdentities>().is_err() {
        return Err(NOT_FOUND);
    }
    User::try_from(find(region, username).await?)
}

/// The caller.
///
/// # Errors
/// `Denied` when nobody is signed in.
pub async fn whoami(region: &Region, ctx: &OpCtx) -> Result<User> {
    let may = ctx.own::<ViewOwn>()?;
    find_by_id(region, *may.row()).await?.ok_or(NOT_FOUND)
}

/// Whether the site has no real user yet.
///
/// # Errors
/// `Internal`.
pub async fn is_empty(region: &Region) -> Result<bool> {
    Ok(user::count(&mut *region.store().reader().await?).await? == 0)
}

/// Creates a user; all or nothing.
///
/// # Errors
/// `Invalid` by field: `username`, `email`, `password`, `key`; `BadRequest` when keys cannot be imported.
pub async fn create(region: &Region, ctx: &OpCtx, new: CreateUser) -> Result<User> {
    ctx.grant::<EditIdentities>()?;
    let checked = check_new(region, &new).await?;
    let keys = new.ssh_keys.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let keys = keys.map(ssh_keys::parse_file).transpose()?.unwrap_or_default();
    let imported = match &new.ssh_import {
        Some(source) => Some(ssh_keys::fetch(region, source).await?),
        None => None,
    };
    let hash = region.gate().hash(&new.password).await?;
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    match new.role {
        Role::Administrator => {
            change.hold(Actions::ALL, None)?;
            change.outlast(Actions::ALL, None, None)?;
        }
        Role::User => {
            change.hold_group(&mut tx, EVERYBODY).await?;
            change.outlast_group(&mut tx, EVERYBODY).await?;
        }
    }
    let row = NewUser {
        username: checked.username.as_str(),
        username_folded: &checked.username.folded(),
        email: checked.email.as_ref().map(Email::as_str),
        full_name: &checked.full_name,
        password_hash: Some(&hash),
        role: new.role.as_str(),
        is_system: false,
    };
    let id = user::insert(&mut tx, &change.may, &row).await.map_err(duplicate)?;
    let owner = ctx.grant_row::<EditIdentities, _>(id)?;
    ssh_keys::insert_new(&mut tx, &owner, &keys, "").await?;
    if let Some((source, keys)) = &imported {
        ssh_keys::insert_new(&mut tx, &owner, keys, source).await?;
    }
    let text = format!("Created {} '{}'.", new.role.audit_word(), checked.username);
    let all_keys = keys.iter().chain(imported.iter().flat_map(|(_, keys)| keys));
    let details = json!({ "username": row.username, "email": row.email, "full_name": row.full_name, "role": row.role,
        "ssh_keys": all_keys.map(|key| key.fingerprint()).collect::<Vec<_>>() });
    tx.commit(Audit::new(EventType::Authorisation, "user.create", text).object("user", id).details(details)).await?;
    log_user(ctx, "created", checked.username.as_str(), new.role);
    region.announce("user", "create", json!(id.0), Audience::Administrators);
    find_by_id(region, id).await?.ok_or(NOT_FOUND)
}

/// Changes a user; oneself may change `email` and `full_name`, an administrator everything of others.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid`; `BadRequest` for system users; `Conflict` for taking the last administrator away.
pub async fn edit(region: &Region, ctx: &OpCtx, username: &str, change: EditUser) -> Result<User> {
    let is_own = ctx.actor.user().is_some_and(|caller| caller.username == username);
    let mut tx = region.store().begin(ctx).await?;
    let guard = if is_own {
        ctx.own::<EditOwn>()?;
        // All columns are written back: without the lock, somebody who changes their own name could undo being disabled.
        user::lock(&mut tx).await?;
        None
    } else {
        Some(Change::begin(region, &mut tx, ctx).await?)
    };
    let before = User::try_from(find_in(&mut tx, username).await?)?;
    modifiable(&before)?;
    let after = changed(&before, &change)?;
    if is_own && (after.role != before.role || after.is_active != before.is_active) {
        return Err(Error::BadRequest("You cannot change your own role or disable yourself.".to_owned()));
    }
    if let Some(guard) = &guard {
        guard.hold_user(region, &mut tx, before.id).await?;
        if after.role == Role::Administrator && before.role != after.role {
            guard.hold(Actions::ALL, None)?;
            guard.outlast(Actions::ALL, None, None)?;
        }
    }
    save(&mut tx, ctx, is_own, &after).await.map_err(duplicate)?;
    if let Some(guard) = &guard {
        guard.keep_an_administrator(&mut tx).await?;
        check_role(&mut tx, &after).await?;
    }
    if before.is_active && !after.is_active {
        session::delete_of(&mut tx, before.id, None).await?;
    }
    tx.commit(edit_audit(&before, &after)).await?;
    if before.role != after.role || before.is_active != after.is_active {
        log_user(ctx, "updated", username, after.role);
    }
    region.announce("user", "update", json!(before.id.0), Audience::Administrators);
    find_by_id(region, before.id).await?.ok_or(NOT_FOUND)
}

/// Deletes a user, giving what they own to `transfer_to` first. An unknown user is no error and no event (`false`).
///
/// # Errors
/// `BadRequest` for oneself, system users and users who still own things; `NotFound` for an unknown `transfer_to`; `Conflict`
/// for the last administrator.
pub async fn delete(region: &Region, ctx: &OpCtx, username: &str, transfer_to: Option<&str>) -> Result<bool> {
    ctx.grant::<EditIdentities>()?;
    if ctx.actor.user().is_some_and(|caller| caller.username == username) {
        return Err(Error::BadRequest("An administrator cannot self-delete.".to_owned()));
    }
    let mut tx = region.store().begin(ctx).await?;
    let guard = Change::begin(region, &mut tx, ctx).await?;
    let Some(row) = user::find(&mut tx, username).await? else { return Ok(false) };
    let gone = User::try_from(row)?;
    modifiable(&gone)?;
    let given = match transfer_to {
        Some(heir) => belongings::transfer(&mut tx, ctx, &gone, heir).await?,
        None => Vec::new(),
    };
    belongings::refuse_owner(&mut tx, ctx, &gone).await?;
    guard.hold_user(region, &mut tx, gone.id).await?;
    let may = ctx.grant_row::<EditIdentities, _>(gone.id)?;
    user::delete(&mut tx, &may).await.map_err(|error| still_owning(&gone, error))?;
    guard.keep_an_administrator(&mut tx).await?;
    let text = format!("Deleted {} '{}'.", gone.role.audit_word(), gone.username);
    let details = json!({ "username": gone.username, "email": gone.email, "transferred_to": transfer_to });
    let deleted = Audit::new(EventType::Authorisation, "user.delete", text).object("user", gone.id).details(details);
    let given_away = !given.is_empty();
    let audits = std::iter::once(deleted).chain(given).collect();
    if given_away {
        tx.commit_with_nodes(audits).await?
    } else {
        tx.commit_all(audits).await?
    }
    log_user(ctx, "deleted", username, gone.role);
    region.announce("user", "delete", json!(gone.id.0), Audience::Administrators);
    Ok(true)
}

/// What a user owns that would have to be transferred, for the page that asks: `("SSH keys", 3)` are not among it.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn owned(region: &Region, ctx: &OpCtx, username: &str) -> Result<Vec<(&'static str, i64)>> {
    ctx.grant::<ViewIdentities>()?;
    let user = find(region, username).await?;
    belongings::count(&mut *region.store().reader().await?, ctx, UserId(user.user_id)).await
}

/// Marks the first-login page as done for the caller.
///
/// # Errors
/// `Denied`.
pub async fn complete_intro(region: &Region, ctx: &OpCtx) -> Result<()> {
    let may = ctx.own::<EditOwn>()?;
    let mut tx = region.store().begin(ctx).await?;
    user::complete_intro(&mut tx, &may).await?;
    let audit = Audit::new(EventType::Authorisation, "user.intro", "Completed the introduction.");
    Ok(tx.commit(audit.object("user", may.row())).await?)
}

/// The caller as they are now: name and rights may have changed since they showed who they are. `None` when they are gone or
/// disabled.
///
/// # Errors
/// Those of the database.
pub async fn refresh(region: &Region, actor: &UserActor) -> Result<Option<UserActor>> {
    let Some(user) = find_by_id(region, actor.id).await?.filter(|user| user.is_active) else { return Ok(None) };
    let held = access::load(region, &mut *region.store().reader().await?, actor.id, actor.method).await?;
    let access = Arc::new(held.access);
    Ok(Some(UserActor { id: user.id, username: user.username, access, method: actor.method }))
}

/// The user of this id, from memory while nothing has changed.
pub(crate) async fn find_by_id(region: &Region, id: UserId) -> Result<Option<User>> {
    let change = region.store().change_count();
    if let Some(user) = region.users().find(change, id) {
        return Ok(Some(user));
    }
    let Some(row) = user::find_by_id(&mut *region.store().reader().await?, id).await? else { return Ok(None) };
    let user = User::try_from(row)?;
    region.users().insert(change, user.clone());
    Ok(Some(user))
}

/// `MAAS` and `maas-init-node`, which racks and machines act as. They cannot log in, and MAAS lists them.
pub(crate) async fn seed_system_users(region: &Region) -> Result<()> {
    for (username, role) in [("MAAS", Role::Administrator), ("maas-init-node", Role::User)] {
        if user::find(&mut *region.store().reader().await?, username).await?.is_some() {
            continue;
        }
        let ctx = region.job_ctx("seed");
        let new = NewUser {
            username,
            username_folded: &username.to_lowercase(),
            email: None,
            full_name: "",
            password_hash: None,
            role: role.as_str(),
            is_system: true,
        };
        let mut tx = region.store().begin(&ctx).await?;
        match user::insert(&mut tx, &ctx.grant::<EditIdentities>()?, &new).await {
            // Another region was quicker.
            Err(StoreError::Unique { .. }) => continue,
            inserted => inserted?,
        };
        let text = format!("Created {} '{username}'.", role.audit_word());
        tx.commit(Audit::new(EventType::Authorisation, "user.create", text).object("user", username)).await?;
    }
    Ok(())
}

async fn find(region: &Region, username: &str) -> Result<UserRow> {
    user::find(&mut *region.store().reader().await?, username).await?.ok_or(NOT_FOUND)
}

async fn find_in(tx: &mut Tx, username: &str) -> Result<UserRow> {
    user::find(tx, username).await?.ok_or(NOT_FOUND)
}

/// The user of this name who is no system user, for what is done to users.
pub(crate) async fn person(tx: &mut Tx, username: &str) -> Result<User> {
    let user = User::try_from(find_in(tx, username).await?)?;
    modifiable(&user)?;
    Ok(user)
}

struct Checked {
    username: Username,
    email: Option<Email>,
    full_name: String,
}

/// Checks all fields at once.
async fn check_new(region: &Region, new: &CreateUser) -> Result<Checked> {
    let mut errors = FieldErrors::new();
    let mut note = |field: &str, message: String| errors.entry(field.to_owned()).or_default().push(message);
    let username = new.username.parse::<Username>().map_err(|why| note("username", why.to_string())).ok();
    let email = email(&new.email).map_err(|why| note("email", why)).ok();
    let full_name = full_name(&new.full_name).map_err(|why| note("full_name", why)).ok();
    for message in password::judge(region, &new.username, &new.email, &new.password).await? {
        note("password", message);
    }
    match (username, email, full_name) {
        (Some(username), Some(email), Some(full_name)) if errors.is_empty() => {
            Ok(Checked { username, email, full_name })
        }
        _ => Err(Error::Invalid(errors)),
    }
}

fn email(text: &str) -> Result<Option<Email>, String> {
    if text.is_empty() {
        Ok(None)
    } else {
        text.parse().map(Some).map_err(|why: maas_model::user::NameError| why.to_string())
    }
}

/// A name that people give to a key or token.
pub(crate) fn checked_label(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0 => Err("This field is required.".to_owned()),
        1..=255 if text.chars().any(char::is_control) => Err("Control characters are not allowed.".to_owned()),
        1..=255 => Ok(text.to_owned()),
        _ => Err("Ensure this value has at most 255 characters.".to_owned()),
    }
}

fn full_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > 150 {
        return Err("Ensure this value has at most 150 characters.".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("Control characters are not allowed.".to_owned());
    }
    Ok(text.to_owned())
}

fn changed(before: &User, change: &EditUser) -> Result<User> {
    let mut after = before.clone();
    if let Some(text) = &change.email {
        let checked = email(text).map_err(|why| Error::field("email", why))?;
        after.email = checked.map_or(String::new(), |email| email.as_str().to_owned());
    }
    if let Some(text) = &change.full_name {
        after.full_name = full_name(text).map_err(|why| Error::field("full_name", why))?;
    }
    after.role = change.role.unwrap_or(before.role);
    after.is_active = change.is_active.unwrap_or(before.is_active);
    Ok(after)
}

async fn save(tx: &mut Tx, ctx: &OpCtx, is_own: bool, after: &User) -> Result<(), StoreError> {
    let change = UserChange {
        email: Some(after.email.as_str()).filter(|email| !email.is_empty()),
        full_name: &after.full_name,
        role: after.role.as_str(),
        is_active: after.is_active,
    };
    let own: Option<Granted<UserId, EditOwn>> = ctx.own().ok().filter(|_| is_own);
    match own {
        Some(may) => user::update(tx, &may, &change).await,
        None => match ctx.grant_row::<EditIdentities, _>(after.id) {
            Ok(may) => user::update(tx, &may, &change).await,
            Err(_) => Ok(()),
        },
    }
}

fn edit_audit(before: &User, after: &User) -> Audit {
    let name = &before.username;
    let text = match (before.is_active, after.is_active) {
        (true, false) => format!("Disabled user '{name}'."),
        (false, true) => format!("Enabled user '{name}'."),
        _ if before.role != after.role => format!("Changed admin flag of '{name}'."),
        _ => format!("Updated user '{name}'."),
    };
    let view = |user: &User| json!({ "email": user.email, "full_name": user.full_name, "role": user.role.as_str(), "is_active": user.is_active });
    let (mut old, mut new) = (view(before), view(after));
    if let (Some(old), Some(new)) = (old.as_object_mut(), new.as_object_mut()) {
        let same: Vec<String> =
            old.iter().filter(|(key, value)| new.get(*key) == Some(value)).map(|(key, _)| key.clone()).collect();
        for key in same {
            old.remove(&key);
            new.remove(&key);
        }
    }
    let audit = Audit::new(EventType::Authorisation, "user.update", text).object("user", before.id);
    audit.details(json!({ "before": old, "after": new }))
}

fn modifiable(user: &User) -> Result<()> {
    if user.is_system { Err(Error::BadRequest("System users cannot be modified.".to_owned())) } else { Ok(()) }
}

/// Somebody may administer the site through a group of the site's own, which this flag does not reach.
async fn check_role(tx: &mut Tx, wanted: &User) -> Result<()> {
    let now = User::try_from(find_in(tx, &wanted.username).await?)?;
    if now.role == wanted.role {
        return Ok(());
    }
    let why = format!("'{}' administers the site through another group. Take them out of that group.", wanted.username);
    Err(Error::Conflict(why))
}

fn duplicate(error: StoreError) -> Error {
    match error {
        StoreError::Unique { column } if column.starts_with("user_account.username") => {
            Error::field("username", "A user with that username already exists.")
        }
        StoreError::Unique { column } if column == "user_account.email" => {
            Error::field("email", "User with this E-mail address already exists.")
        }
        other => other.into(),
    }
}

fn still_owning(user: &User, error: StoreError) -> Error {
    match error {
        StoreError::Reference(_) => {
            Error::BadRequest(format!("User {} cannot be deleted: things are still allocated", user.username))
        }
        other => other.into(),
    }
}

/// A line of the security log.
fn log_user(ctx: &OpCtx, what: &str, username: &str, role: Role) {
    let ip = ctx.request.ip.map(tracing::field::display);
    let event = format!("USER_{what}:{username}:{}", role.log_word());
    tracing::warn!(
        target: "security", r#type = "security", user_id = ctx.actor.label(), request_remote_ip = ip,
        useragent = ctx.request.user_agent, trace_id = ctx.request.trace_id, "{event}"
    );
}

impl TryFrom<UserRow> for User {
    type Error = Error;

    fn try_from(row: UserRow) -> Result<Self> {
        Ok(Self {
            id: UserId(row.user_id),
            username: row.username,
            email: row.email.unwrap_or_default(),
            full_name: row.full_name,
            role: row.role.parse().map_err(|why: String| Error::internal(why))?,
            is_active: row.is_active == 1,
            is_local: row.is_local == 1,
            is_system: row.is_system == 1,
            completed_intro: row.completed_intro == 1,
            joined_at: Timestamp::from_micros(row.created_us),
            last_login_at: row.last_login_us.map(Timestamp::from_micros),
            ssh_key_count: row.ssh_key_count,
        })
    }
}

const NOT_FOUND: Error = Error::NotFound { what: "User" };
/// The group that new users join.
const EVERYBODY: GroupId = GroupId(2);

#[cfg(test)]
mod tests {
    use maas_model::Secret;

    use super::*;
    use crate::testing::{TestRegion, with_region};

    fn new(username: &str) -> CreateUser {
        CreateUser {
            username: username.into(),
            email: format!("{username}@Example.com"),
            full_name: " Carol C. ".into(),
            password: Secret::new("ochre-Lantern-49-tugboat".into()),
            role: Role::User,
            ssh_keys: None,
            ssh_import: None,
        }
    }

    async fn fields(site: &TestRegion, new: CreateUser) -> Vec<String> {
        match create(&site.region, &site.ctx("admin").await, new).await {
            Err(Error::Invalid(errors)) => {
                errors.into_iter().map(|(name, messages)| format!("{name}: {}", messages[0])).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_user_is_made_whole_or_not_at_all() {
        with_region(async |site| {
            let admin = site.ctx("admin").await;
            let carol = create(&site.region, &admin, new("carol")).await.unwrap();
            assert_eq!((carol.email.as_str(), carol.full_name.as_str()), ("carol@example.com", "Carol C."));
            assert_eq!(site.last_event().await, ("user.create".into(), "Created user 'carol'.".into()));
            assert!(crate::keys::list_of(&site.region, &admin, "carol").await.unwrap().is_empty());
            assert_eq!(
                fields(site, CreateUser { email: String::new(), ..new("Carol") }).await,
                ["username: A user with that username already exists."]
            );
            let same = CreateUser { email: "carol@example.com".into(), ..new("dave") };
            assert_eq!(fields(site, same).await, ["email: User with this E-mail address already exists."]);
            let bad = CreateUser { email: "x".into(), password: Secret::new("short".into()), ..new("a/b") };
            assert_eq!(fields(site, bad).await.len(), 3, "all fields are told at once");
            assert_eq!(fields(site, CreateUser { ssh_keys: Some("nonsense".into()), ..new("dave") }).await.len(), 1);
            let denied = create(&site.region, &site.ctx("bob").await, new("dave")).await;
            assert!(matches!(denied, Err(Error::Denied(_))));
            assert!(matches!(lookup(&site.region, &admin, "dave").await, Err(Error::NotFound { what: "User" })));
        })
        .await;
    }

    #[tokio::test]
    async fn the_last_administrator_stays() {
        with_region(async |site| {
            let host = OpCtx::local_admin("root".into(), site.db.clock.clone());
            let demote = EditUser { role: Some(Role::User), ..EditUser::default() };
            let disable = EditUser { is_active: Some(false), ..EditUser::default() };
            for change in [demote.clone(), disable.clone()] {
                let error = edit(&site.region, &host, "admin", change).await.unwrap_err().to_string();
                assert!(error.contains("last active administrator"), "{error}");
            }
            assert!(delete(&site.region, &host, "admin", None).await.is_err());
            let promote = EditUser { role: Some(Role::Administrator), ..EditUser::default() };
            edit(&site.region, &host, "bob", promote).await.unwrap();
            assert_eq!(site.last_event().await.1, "Changed admin flag of 'bob'.");
            edit(&site.region, &host, "admin", disable).await.unwrap();
            assert_eq!(site.last_event().await.1, "Disabled user 'admin'.");
            assert!(edit(&site.region, &host, "bob", demote).await.is_err());
        })
        .await;
    }

    #[tokio::test]
    async fn a_change_of_ones_own_does_not_undo_that_of_an_administrator() {
        with_region(async |site| {
            let (admin, bob) = (site.ctx("admin").await, site.ctx("bob").await);
            let disable = EditUser { is_active: Some(false), ..EditUser::default() };
            // The administrator is about to commit; whatever bob sends now has to wait for that.
            let mut tx = site.region.store().begin(&admin).await.unwrap();
            user::lock(&mut tx).await.unwrap();
            let before = User::try_from(find_in(&mut tx, "bob").await.unwrap()).unwrap();
            let after = changed(&before, &disable).unwrap();
            save(&mut tx, &admin, false, &after).await.unwrap();
            let rename = EditUser { full_name: Some("Bob B.".into()), ..EditUser::default() };
            let mut own = Box::pin(edit(&site.region, &bob, "bob", rename));
            assert!(tokio::time::timeout(std::time::Duration::from_millis(200), &mut own).await.is_err());
            tx.commit(edit_audit(&before, &after)).await.unwrap();
            let bob = own.await.unwrap();
            assert!(!bob.is_active && bob.full_name == "Bob B.");
        })
        .await;
    }

    #[tokio::test]
    async fn people_edit_themselves_and_administrators_others() {
        with_region(async |site| {
            let (admin, bob) = (site.ctx("admin").await, site.ctx("bob").await);
            let rename = EditUser { full_name: Some("Bob B.".into()), ..EditUser::default() };
            assert_eq!(edit(&site.region, &bob, "bob", rename.clone()).await.unwrap().full_name, "Bob B.");
            assert_eq!(site.events().await[0].details, r#"{"after":{"full_name":"Bob B."},"before":{"full_name":""}}"#);
            assert!(matches!(edit(&site.region, &bob, "eve", rename.clone()).await, Err(Error::Denied(_))));
            let promote = EditUser { role: Some(Role::Administrator), ..EditUser::default() };
            assert!(matches!(edit(&site.region, &bob, "bob", promote).await, Err(Error::BadRequest(_))));
            assert!(matches!(edit(&site.region, &admin, "nobody", rename.clone()).await, Err(Error::NotFound { .. })));
            assert!(matches!(edit(&site.region, &admin, "MAAS", rename).await, Err(Error::BadRequest(_))));
        })
        .await;
    }

    #[tokio::test]
    async fn deletion_follows_the_rules_of_the_api() {
        with_region(async |site| {
            let admin = site.ctx("admin").await;
            let text = async |name: &str, heir: Option<&str>| {
                delete(&site.region, &admin, name, heir).await.map_err(|error| error.to_string())
            };
            assert_eq!(text("admin", None).await, Err("An administrator cannot self-delete.".into()));
            assert_eq!(text("nobody", Some("nobody")).await, Ok(false));
            assert_eq!(text("bob", Some("nobody")).await, Err("No User matches the given query.".into()));
            assert_eq!(text("MAAS", None).await, Err("System users cannot be modified.".into()));
            crate::keys::create(&site.region, &site.ctx("bob").await, None, None).await.unwrap();
            assert_eq!(text("bob", Some("eve")).await, Ok(true));
            assert_eq!(site.last_event().await, ("user.delete".into(), "Deleted user 'bob'.".into()));
            assert!(matches!(delete(&site.region, &site.ctx("eve").await, "admin", None).await, Err(Error::Denied(_))));
        })
        .await;
    }

    #[tokio::test]
    async fn system_users_are_there_and_count_for_nothing() {
        with_region(async |site| {
            let names: Vec<String> = list(&site.region, &site.ctx("admin").await)
                .await
                .unwrap()
                .into_iter()
                .map(|user| user.username)
                .collect();
            assert_eq!(names.iter().filter(|name| ["MAAS", "maas-init-node"].contains(&name.as_str())).count(), 2);
            assert!(!is_empty(&site.region).await.unwrap());
            assert_eq!(whoami(&site.region, &site.ctx("bob").await).await.unwrap().username, "bob");
        })
        .await;
    }
}
