//! What every operation carries: who, from where, when; and the proof that it was allowed.

use std::{marker::PhantomData, net::IpAddr};

use maas_model::{Endpoint, UserId};

use crate::{Act, Actor, Clock, Refusal, decide};

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
    /// [`Why::NotSignedIn`](crate::Why::NotSignedIn) when the actor is no user; else as [`OpCtx::grant`].
    pub fn own<A: Act>(&self) -> Result<Granted<UserId, A>, Refusal> {
        match &self.actor {
            Actor::User(user) => self.grant_row(user.id),
            _ => Err(Refusal { action: A::ACTION, why: crate::Why::NotSignedIn }),
        }
    }
}
