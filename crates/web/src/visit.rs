//! One request to a page, after the gate: who asks, with which session, and how to answer.

use std::{ops::Deref, sync::Arc};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};
use maas_authz::{Action, OpCtx, decide};
use maas_model::{Secret, Timestamp};
use maas_region::{Error, Region, auth};

use crate::{WebConfig, cookies::Flash};

/// What all requests share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) region: Region,
    pub(crate) config: Arc<WebConfig>,
}

/// One request; cheap to clone.
#[derive(Clone)]
pub(crate) struct Visit(pub(crate) Arc<VisitParts>);

/// What a [`Visit`] holds.
pub(crate) struct VisitParts {
    pub(crate) app: App,
    pub(crate) ctx: OpCtx,
    /// The session key, when it is one that is known.
    pub(crate) session: Option<Secret<String>>,
    pub(crate) flash: Option<Flash>,
    /// Path and query as asked.
    pub(crate) target: String,
    /// The host that the browser asked, with its port if it named one.
    pub(crate) host: String,
}

impl Deref for Visit {
    type Target = VisitParts;

    fn deref(&self) -> &VisitParts {
        &self.0
    }
}

impl Visit {
    /// The same visit by whoever the visitor is now, if anything was changed since `change`: nobody, when their session has
    /// ended meanwhile.
    pub(crate) async fn renewed(self, change: u64) -> Result<Self, Error> {
        let mut ctx = self.ctx.clone();
        auth::renew(self.region(), &mut ctx, change).await?;
        if ctx.actor == self.ctx.actor {
            return Ok(self);
        }
        let session = self.session.clone().filter(|_| ctx.actor.user().is_some());
        Ok(Self(Arc::new(VisitParts {
            app: self.app.clone(),
            ctx,
            session,
            flash: self.flash.clone(),
            target: self.target.clone(),
            host: self.host.clone(),
        })))
    }
}

impl VisitParts {
    /// The region.
    pub(crate) fn region(&self) -> &Region {
        &self.app.region
    }

    /// The time of this request.
    pub(crate) fn now(&self) -> Timestamp {
        self.ctx.clock.now()
    }

    /// Whether the policy lets the visitor do this; for what a page offers, never for what it does.
    pub(crate) fn may(&self, action: Action) -> bool {
        decide(&self.ctx.actor, action).is_ok()
    }

    /// Whether the visitor holds this on some pool; for what a page offers, never for what it does.
    pub(crate) fn may_somewhere(&self, action: Action) -> bool {
        self.ctx.access().anywhere().has(action)
    }

    /// Whether somebody is signed in.
    pub(crate) fn is_signed_in(&self) -> bool {
        self.ctx.actor.user().is_some()
    }

    /// The CSRF token for forms, masked anew each time; empty when there is no session.
    pub(crate) fn csrf(&self) -> String {
        self.session.as_ref().map(|key| auth::csrf_masked(self.region(), key)).unwrap_or_default()
    }

    /// Runs a changing use case to its end, whether or not the browser stays.
    pub(crate) async fn run<T, F, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
        W: FnOnce(Region, OpCtx) -> F,
    {
        maas_region::detach(&self.ctx, work(self.region().clone(), self.ctx.clone())).await
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| (StatusCode::INTERNAL_SERVER_ERROR, "page without gate").into_response())
    }
}
