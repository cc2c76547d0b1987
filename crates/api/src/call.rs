//! One request on its way to a handler.

use std::{str::FromStr, sync::Arc};

use http::request::Parts;
use maas_authz::{OpCtx, RequestInfo};
use maas_model::Secret;
use maas_region::{Error, Region};
use maas_tls::ConnInfo;

use crate::{error::ApiError, form::Form, frame::Frame};

/// What a handler gets to see.
pub(crate) struct Call {
    pub(crate) frame: Arc<Frame>,
    pub(crate) ctx: OpCtx,
    pub(crate) parts: Parts,
    pub(crate) conn: ConnInfo,
    /// The variables of the path, in order, decoded.
    pub(crate) vars: Vec<String>,
    /// The fields: of the query for GET and DELETE, of the body for POST and PUT.
    pub(crate) form: Form,
    /// The key in the session cookie, if that is what the request came with.
    pub(crate) session: Option<Secret<String>>,
}

impl Call {
    /// The region.
    pub(crate) fn region(&self) -> &Region {
        &self.frame.region
    }

    /// Region and context as their own, for use cases that run to their end even when the client leaves.
    pub(crate) fn owned(&self) -> (Region, OpCtx) {
        (self.frame.region.clone(), self.ctx.clone())
    }

    /// The request as the audit log sees it.
    pub(crate) fn request(&self) -> &RequestInfo {
        &self.ctx.request
    }

    /// A variable of the path.
    pub(crate) fn var(&self, index: usize) -> &str {
        self.vars.get(index).map_or("", String::as_str)
    }

    /// An id in the path; what is no number is no id.
    pub(crate) fn id<T: FromStr>(&self, what: &'static str) -> Result<T, ApiError> {
        self.var(0).parse().map_err(|_| Error::NotFound { what }.into())
    }
}
