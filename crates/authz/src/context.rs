//! What every operation carries: who, from where, when; and the proof that it was allowed.

use std::{marker::PhantomData, net::IpAddr};

use maas_model::{Endpoint, MachineAction, PoolId, UserId};

use crate::{
    Access, Act, Actor, Asked, Clock, MachineScope, NodeFacts, NodeRefusal, Refusal, Why, decide,
    machine::{access_of, decide_node, scope},
};

/// The context of one operation.
#[derive(Clone, Debug)]
pub struct OpCtx {
    pub actor: Actor,
    pub request: RequestInfo,
    pub clock: Clock,
}

/// Where an operation came from, for the audit log.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// 32 lower-case hex digits; the client's own when it sent a well-formed one.
    pub trace_id: String,
    /// The address of the client, trusted proxies taken off; none for jobs and commands on the host.
    pub ip: Option<IpAddr>,
    /// As sent, cut at 256 characters; may be empty.
    pub user_agent: String,
    pub endpoint: Endpoint,
    /// Whether the request came over TLS.
    pub is_secure: bool,
}

/// Proof that the actor may do `A` to this row. Only a decision makes one.
#[derive(Clone, Debug)]
pub struct Granted<R, A> {
    row: R,
    act: PhantomData<A>,
}

/// Proof that the actor may do `action` to this node. Only a decision makes one; what changes a node wants to see it.
#[derive(Clone, Debug)]
pub struct GrantedNode<R> {
    row: R,
    action: MachineAction,
}

/// The site as a whole, where an action has no row.
#[derive(Clone, Copy, Debug)]
pub struct Site;

impl<R, A> Granted<R, A> {
    /// The row.
    pub fn row(&self) -> &R {
        &self.row
    }

    /// The row, giving up the proof.
    pub fn into_row(self) -> R {
        self.row
    }
}

impl<R> GrantedNode<R> {
    /// The node.
    pub const fn row(&self) -> &R {
        &self.row
    }

    /// What was allowed.
    pub const fn action(&self) -> MachineAction {
        self.action
    }

    /// The node, giving up the proof.
    pub fn into_row(self) -> R {
        self.row
    }
}

impl RequestInfo {
    /// No request at all: a job, or a command on the host.
    pub const fn internal(endpoint: Endpoint) -> Self {
        Self { trace_id: String::new(), ip: None, user_agent: String::new(), endpoint, is_secure: true }
    }
}

impl OpCtx {
    /// The context of one of the site's own jobs.
    pub const fn job(name: &'static str, clock: Clock) -> Self {
        Self { actor: Actor::Job(name), request: RequestInfo::internal(Endpoint::System), clock }
    }

    /// The context of a command on the host.
    pub const fn local_admin(unix_user: String, clock: Clock) -> Self {
        Self { actor: Actor::LocalAdmin { unix_user }, request: RequestInfo::internal(Endpoint::Cli), clock }
    }

    /// Asks whether the actor may do `A` on the site.
    ///
    /// # Errors
    /// The [`Refusal`] says which rule and who can help.
    pub fn grant<A: Act>(&self) -> Result<Granted<Site, A>, Refusal> {
        self.grant_row(Site)
    }

    /// Asks whether the actor may do `A` to `row`.
    ///
    /// # Errors
    /// The [`Refusal`] says which rule and who can help.
    pub fn grant_row<A: Act, R>(&self, row: R) -> Result<Granted<R, A>, Refusal> {
        decide(&self.actor, A::ACTION).map(|()| Granted { row, act: PhantomData })
    }

    /// The acting user's own id, with the right to do `A` to what is theirs.
    ///
    /// # Errors
    /// [`Why::NotSignedIn`] when the actor is no user; else as [`OpCtx::grant`].
    pub fn own<A: Act>(&self) -> Result<Granted<UserId, A>, Refusal> {
        match &self.actor {
            Actor::User(user) => self.grant_row(user.id),
            _ => Err(Refusal { asked: Asked::Site(A::ACTION), why: Why::NotSignedIn }),
        }
    }

    /// Asks whether the actor may do `action` to a node.
    ///
    /// # Errors
    /// [`NodeRefusal::Hidden`] for what the actor may not know of; else the rule that refused.
    pub fn grant_node<R>(
        &self,
        action: MachineAction,
        row: R,
        facts: &NodeFacts,
    ) -> Result<GrantedNode<R>, NodeRefusal> {
        decide_node(&self.actor, action, facts).map(|()| GrantedNode { row, action })
    }

    /// Asks whether the actor may do `A` on a pool.
    ///
    /// # Errors
    /// The [`Refusal`] says which rule and who can help.
    pub fn grant_pool<A: Act>(&self, pool: PoolId) -> Result<Granted<PoolId, A>, Refusal> {
        let granted = || Ok(Granted { row: pool, act: PhantomData });
        let refusal = match decide(&self.actor, A::ACTION) {
            Ok(()) => return granted(),
            Err(refusal) => refusal,
        };
        let (Why::Site { needed } | Why::NarrowToken { needed }) = refusal.why else { return Err(refusal) };
        let access = self.access();
        if access.on_pool(pool).has(needed) {
            return granted();
        }
        let why = match access.owner() {
            Some(owner) if owner.on_pool(pool).has(needed) => Why::NarrowToken { needed },
            _ => Why::Pool { needed, pool, or_owner: false },
        };
        Err(Refusal { asked: Asked::Site(A::ACTION), why })
    }

    /// The machines to which the actor may do `action`, for lists.
    pub fn machines(&self, action: MachineAction) -> MachineScope {
        scope(&self.actor, action)
    }

    /// What the actor holds, and where.
    pub fn access(&self) -> Access {
        access_of(&self.actor)
    }
}
