//! What keeps rights from growing and the site from being without an administrator.

use maas_authz::{
    Access, Actions, AuthMethod, Granted, OpCtx, Refusal, Site, Why,
    action::{Act, EditIdentities},
};
use maas_model::{GroupId, PoolId, UserId};
use maas_store::{Connection, Tx, access, access::HeldRow, role_binding, session, user};

use super::{actions_of, current, load, not_held};
use crate::{Error, Region, Result};

/// A change of who holds what: nobody else makes one until the transaction ends, and the actor's own rights are those of now.
pub(crate) struct Change {
    pub(crate) may: Granted<Site, EditIdentities>,
    actor: Access,
    /// What reaches the actor, and until when; nothing for those who are no user and hold what they hold for good.
    held: Option<Vec<HeldRow>>,
    administrators: i64,
}

impl Change {
    /// Begins one: the actor may change identities, and has shown their password not long ago.
    pub(crate) async fn begin(region: &Region, tx: &mut Tx, ctx: &OpCtx) -> Result<Self> {
        let change = Self::begin_trial(region, tx, ctx).await?;
        require_step_up(tx, ctx, maas_authz::Asked::Site(EditIdentities::ACTION)).await?;
        Ok(change)
    }

    /// Begins one that is not going to be committed.
    pub(crate) async fn begin_trial(region: &Region, tx: &mut Tx, ctx: &OpCtx) -> Result<Self> {
        let may = ctx.grant::<EditIdentities>()?;
        user::lock(tx).await?;
        let actor = current(region, tx, ctx).await?;
        if ctx.actor.user().is_some() && !actor.allows(EditIdentities::ACTION) {
            let asked = maas_authz::Asked::Site(EditIdentities::ACTION);
            return Err(Refusal { asked, why: Why::Site { needed: EditIdentities::ACTION } }.into());
        }
        let held = match ctx.actor.user() {
            Some(user) => {
                let now = tx.now_us();
                Some(access::held(tx, user.id, now).await?)
            }
            None => None,
        };
        Ok(Self { may, actor, held, administrators: access::count_administrators(tx).await? })
    }

    /// Nobody gives or takes away what they do not hold in that scope; administrators hold everything.
    pub(crate) fn hold(&self, actions: Actions, pool: Option<PoolId>) -> Result<()> {
        match not_held(self.actor.lacks(actions, pool), pool) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(()),
        }
    }

    /// Nobody gives for longer than they hold it themselves: until `ends`, or for good.
    pub(crate) fn outlast(&self, actions: Actions, pool: Option<PoolId>, ends: Option<i64>) -> Result<()> {
        let Some(held) = &self.held else { return Ok(()) };
        let lasts = |row: &&HeldRow| row.expires_us.is_none_or(|theirs| ends.is_some_and(|ends| ends <= theirs));
        let mut lasting = Access::own_only();
        for row in held.iter().filter(lasts) {
            lasting.give(actions_of(row.role_id, &row.actions), row.pool_id.map(PoolId));
        }
        let Some(missing) = lasting.lacks(actions, pool).iter().next() else { return Ok(()) };
        let why =
            format!("You hold `{}` yourself for a time only: what you give has to end by then.", missing.as_str());
        Err(Error::Conflict(why))
    }

    /// The same for all that a group gives.
    pub(crate) async fn outlast_group(&self, connection: &mut Connection, group: GroupId) -> Result<()> {
        for row in role_binding::of_group(connection, group).await? {
            self.outlast(actions_of(row.role_id, &row.actions), row.pool_id.map(PoolId), row.expires_us)?;
        }
        Ok(())
    }

    /// The same for actions that are held somewhere, since no scope is named yet.
    pub(crate) fn hold_somewhere(&self, actions: Actions) -> Result<()> {
        not_held(actions.minus(self.actor.anywhere()), None).map_or(Ok(()), |refusal| Err(refusal.into()))
    }

    /// The same for all that a group gives.
    pub(crate) async fn hold_group(&self, connection: &mut Connection, group: GroupId) -> Result<()> {
        for row in role_binding::of_group(connection, group).await? {
            self.hold(actions_of(row.role_id, &row.actions), row.pool_id.map(PoolId))?;
        }
        Ok(())
    }

    /// The same for all that a user holds: whoever disables somebody takes that away, and whoever sets their password can
    /// act as them.
    pub(crate) async fn hold_user(&self, region: &Region, connection: &mut Connection, id: UserId) -> Result<()> {
        let theirs = load(region, connection, id, AuthMethod::Password).await?.access;
        self.hold(theirs.on_site(), None)?;
        for (pool, held) in theirs.pools() {
            self.hold(held, Some(pool))?;
        }
        Ok(())
    }

    /// Refuses what has left the site without an administrator; asked when everything is written, before the commit.
    pub(crate) async fn keep_an_administrator(&self, tx: &mut Tx) -> Result<()> {
        if self.administrators == 0 || access::count_administrators(tx).await? > 0 {
            return Ok(());
        }
        let why =
            "This would take the last active administrator away. Make somebody else an administrator first, for good.";
        Err(Error::Conflict(why.to_owned()))
    }
}

/// Asks for a password that was shown in the last quarter of an hour, for what is dangerous. Keys and tokens have none to
/// show: they are bounded by what they hold, from where and how long.
pub(crate) async fn require_step_up(connection: &mut Connection, ctx: &OpCtx, asked: maas_authz::Asked) -> Result<()> {
    let Some(AuthMethod::Session(id)) = ctx.actor.user().map(|user| user.method) else { return Ok(()) };
    let oldest = ctx.clock.now().minus(FRESH).micros();
    let is_fresh = session::proved(connection, id).await?.is_some_and(|proved| proved > oldest);
    if is_fresh { Ok(()) } else { Err(Refusal { asked, why: Why::StepUp }.into()) }
}

/// How long a shown password counts.
pub(crate) const FRESH: std::time::Duration = std::time::Duration::from_secs(15 * 60);
