//! Bindings: a role given to a user or a group, on a pool or on the whole site.

use maas_authz::{Actions, OpCtx, action::ViewIdentities};
use maas_model::{EventType, GroupId, PoolId, RoleBindingId, RoleId, Timestamp, UserId};
use maas_store::{
    Audit, StoreError, Tx,
    access::ADMINISTRATOR,
    pool,
    role::{self, RoleRow},
    role_binding::{self, ADMINISTRATORS_BINDING, BindingRow, SubjectId},
    user_group,
};
use serde_json::json;

use crate::{
    Audience, Error, Region, Result,
    access::{actions_of, guard::Change, rights::Rights},
    roles::checked_description,
    users,
};

mod effect;

use effect::effect;

/// Who is given a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    User(UserId, String),
    Group(GroupId, String),
}

/// A role given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub id: RoleBindingId,
    pub role: (RoleId, String),
    pub subject: Subject,
    /// None for the whole site.
    pub pool: Option<(PoolId, String)>,
    pub reason: String,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub created_by: String,
}

/// A role to give; everything by name.
#[derive(Clone, Debug, Default)]
pub struct NewBinding {
    pub role: String,
    pub user: Option<String>,
    pub group: Option<String>,
    /// None for the whole site.
    pub pool: Option<String>,
    pub reason: String,
    pub expires_at: Option<Timestamp>,
}

/// What a binding would change, before it is saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Users who gain or lose something, by name.
    pub users: Vec<UserEffect>,
}

/// What one user would gain and lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEffect {
    pub username: String,
    /// `can_edit_machines on pool web`, in words.
    pub gains: Vec<String>,
    pub losses: Vec<String>,
    /// How many machines the user sees before and after.
    pub machines_before: i64,
    pub machines_after: i64,
}

/// All bindings by id (`ViewIdentities`).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Binding>> {
    ctx.grant::<ViewIdentities>()?;
    role_binding::list(&mut *region.store().reader().await?).await?.into_iter().map(Binding::try_from).collect()
}

/// One binding (`ViewIdentities`).
///
/// # Errors
/// `NotFound { what: "RoleBinding" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, id: RoleBindingId) -> Result<Binding> {
    ctx.grant::<ViewIdentities>()?;
    let row = role_binding::find(&mut *region.store().reader().await?, id).await?;
    row.ok_or(NOT_FOUND)?.try_into()
}

/// What giving the role would change; nothing is changed.
///
/// # Errors
/// As [`create`].
pub async fn try_out(region: &Region, ctx: &OpCtx, new: &NewBinding) -> Result<Effect> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin_trial(region, &mut tx, ctx).await?;
    let before = Rights::read(region, &mut tx).await?;
    insert(&mut tx, ctx, &change, new).await?;
    let after = Rights::read(region, &mut tx).await?;
    Ok(effect(&before, &after))
}

/// What taking the binding away would change; nothing is changed.
///
/// # Errors
/// As [`delete`].
pub async fn try_out_deletion(region: &Region, ctx: &OpCtx, id: RoleBindingId) -> Result<Effect> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin_trial(region, &mut tx, ctx).await?;
    let before = Rights::read(region, &mut tx).await?;
    remove(&mut tx, &change, id).await?;
    let after = Rights::read(region, &mut tx).await?;
    Ok(effect(&before, &after))
}

/// Gives a role (`EditIdentities`); nobody gives what they do not hold.
///
/// # Errors
/// `Denied`; `Invalid` by field; `Conflict` when it is given already.
pub async fn create(region: &Region, ctx: &OpCtx, new: &NewBinding) -> Result<Binding> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let made = insert(&mut tx, ctx, &change, new).await?;
    let who = gainers(&mut tx, &made).await?;
    let text = format!("Gave role '{}' on {} to {}.", made.role.1, made.place(), made.subject.text());
    let audit = Audit::new(EventType::Authorisation, "role-binding.create", text).object("role-binding", made.id);
    tx.commit(audit.details(json!({ "after": view(&made), "gains": who }))).await?;
    region.announce("rolebinding", "create", json!(made.id.0), Audience::Administrators);
    Ok(made)
}

/// Takes a role away (`EditIdentities`).
///
/// # Errors
/// `NotFound`, `Denied`; `Conflict` when nobody would administer the site any more.
pub async fn delete(region: &Region, ctx: &OpCtx, id: RoleBindingId) -> Result<()> {
    let mut tx = region.store().begin(ctx).await?;
    let change = Change::begin(region, &mut tx, ctx).await?;
    let gone = remove(&mut tx, &change, id).await?;
    let who = gainers(&mut tx, &gone).await?;
    let text = format!("Took role '{}' on {} from {}.", gone.role.1, gone.place(), gone.subject.text());
    let audit = Audit::new(EventType::Authorisation, "role-binding.delete", text).object("role-binding", id);
    tx.commit(audit.details(json!({ "before": view(&gone), "loses": who }))).await?;
    region.announce("rolebinding", "delete", json!(id.0), Audience::Administrators);
    Ok(())
}

/// Writes a binding, once everything about it is checked.
async fn insert(tx: &mut Tx, ctx: &OpCtx, change: &Change, new: &NewBinding) -> Result<Binding> {
    let role = role::find(tx, &new.role).await?;
    let role = role.ok_or_else(|| Error::field("role", format!("There is no role '{}'.", new.role)))?;
    let pool = match &new.pool {
        None => None,
        Some(name) => Some(find_pool(tx, name).await?),
    };
    let actions = actions_of(role.role_id, &role.actions);
    check_scope(&role, actions, pool)?;
    let subject = find_subject(tx, new).await?;
    if new.expires_at.is_some_and(|ends| ends <= ctx.clock.now()) {
        return Err(Error::field("expires_at", "The end must lie in the future."));
    }
    let reason = checked_description(&new.reason).map_err(|_| Error::field("reason", "Use at most 255 characters."))?;
    change.hold(actions, pool)?;
    let ends = new.expires_at.map(Timestamp::micros);
    change.outlast(actions, pool, ends).map_err(|error| Error::field("expires_at", error.to_string()))?;
    let row = role_binding::NewBinding {
        role: RoleId(role.role_id),
        subject,
        pool,
        reason: &reason,
        expires_us: new.expires_at.map(Timestamp::micros),
        created_by: &ctx.actor.label(),
    };
    let id = role_binding::insert(tx, &change.may, &row).await.map_err(given_already)?;
    role_binding::find(tx, id).await?.ok_or(NOT_FOUND)?.try_into()
}

/// Deletes a binding, once it is clear that this may be.
async fn remove(tx: &mut Tx, change: &Change, id: RoleBindingId) -> Result<Binding> {
    let row = role_binding::find(tx, id).await?.ok_or(NOT_FOUND)?;
    if id == ADMINISTRATORS_BINDING {
        let why =
            "This binding makes administrators of a built-in group's members. Take members out of the group instead.";
        return Err(Error::Conflict(why.to_owned()));
    }
    let pool = row.pool_id.map(PoolId);
    change.hold(actions_of(row.role_id, &row.actions), pool)?;
    let gone = Binding::try_from(row)?;
    role_binding::delete(tx, &change.may, id).await?;
    change.keep_an_administrator(tx).await?;
    Ok(gone)
}

async fn find_pool(tx: &mut Tx, name: &str) -> Result<PoolId> {
    let found = pool::list(tx).await?.into_iter().find(|row| row.name == name);
    found.map(|row| PoolId(row.pool_id)).ok_or_else(|| Error::field("pool", format!("There is no pool '{name}'.")))
}

fn check_scope(role: &RoleRow, actions: Actions, pool: Option<PoolId>) -> Result<()> {
    if pool.is_none() {
        return Ok(());
    }
    if role.role_id == ADMINISTRATOR.0 {
        let why = "The role 'administrator' is for the whole site. Give 'operator' on a pool.";
        return Err(Error::field("role", why));
    }
    if actions.on_a_pool().is_empty() {
        let why = format!("Nothing of role '{}' counts on a pool. Give it on the whole site.", role.name);
        return Err(Error::field("role", why));
    }
    Ok(())
}

async fn find_subject(tx: &mut Tx, new: &NewBinding) -> Result<SubjectId> {
    match (&new.user, &new.group) {
        (Some(name), None) => match users::person(tx, name).await {
            Ok(user) => Ok(SubjectId::User(user.id)),
            Err(Error::NotFound { .. }) => Err(Error::field("user", format!("There is no user '{name}'."))),
            Err(Error::BadRequest(why)) => Err(Error::field("user", why)),
            Err(other) => Err(other),
        },
        (None, Some(name)) => {
            let row = user_group::find_by_name(tx, name).await?;
            let row = row.ok_or_else(|| Error::field("group", format!("There is no group '{name}'.")))?;
            Ok(SubjectId::Group(GroupId(row.group_id)))
        }
        _ => Err(Error::field("__all__", "Name either a user or a group.")),
    }
}

/// Whom a binding reaches, by name.
async fn gainers(tx: &mut Tx, binding: &Binding) -> Result<Vec<String>> {
    match &binding.subject {
        Subject::User(_, name) => Ok(vec![name.clone()]),
        Subject::Group(id, _) => {
            Ok(user_group::members(tx, *id).await?.into_iter().map(|member| member.username).collect())
        }
    }
}

impl Subject {
    /// `user 'bob'`, `group 'lab'`
    pub fn text(&self) -> String {
        match self {
            Self::User(_, name) => format!("user '{name}'"),
            Self::Group(_, name) => format!("group '{name}'"),
        }
    }
}

impl Binding {
    /// `pool 'web'`, `the whole site`
    pub fn place(&self) -> String {
        self.pool.as_ref().map_or_else(|| "the whole site".to_owned(), |(_, name)| format!("pool '{name}'"))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|ends| ends <= now)
    }
}

fn view(binding: &Binding) -> serde_json::Value {
    json!({ "role": binding.role.1, "subject": binding.subject.text(), "pool": binding.pool.as_ref().map(|pool| &pool.1),
        "reason": binding.reason, "expires_at": binding.expires_at.map(Timestamp::iso) })
}

fn given_already(error: StoreError) -> Error {
    match error {
        StoreError::Unique { .. } => Error::Conflict("This role is given there already.".to_owned()),
        other => other.into(),
    }
}

impl TryFrom<BindingRow> for Binding {
    type Error = Error;

    fn try_from(row: BindingRow) -> Result<Self> {
        let subject = match (row.user_id.zip(row.username), row.group_id.zip(row.group_name)) {
            (Some((id, name)), None) => Subject::User(UserId(id), name),
            (None, Some((id, name))) => Subject::Group(GroupId(id), name),
            _ => return Err(Error::internal(format!("binding {} has no subject", row.role_binding_id))),
        };
        Ok(Self {
            id: RoleBindingId(row.role_binding_id),
            role: (RoleId(row.role_id), row.role_name),
            subject,
            pool: row.pool_id.zip(row.pool_name).map(|(id, name)| (PoolId(id), name)),
            reason: row.reason,
            expires_at: row.expires_us.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(row.created_us),
            created_by: row.created_by,
        })
    }
}

const NOT_FOUND: Error = Error::NotFound { what: "RoleBinding" };
