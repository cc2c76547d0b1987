//! What a row of the route table is. The rows make the router, `describe/`, OpenAPI, the reference page and the tests.

use std::pin::Pin;

use maas_authz::Action;

use crate::{call::Call, error::ApiError, reply::Reply};

/// Who may call a route. Without one, a row does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody; credentials are not looked at.
    Public,
    /// Everybody; who it is matters for the answer.
    Anyone,
    /// Everybody signed in; the use case decides on the rest.
    SignedIn,
    /// Those whom the policy allows this, asked before anything else of the request is.
    Can(Action),
}

/// HTTP's method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    /// All verbs, in the order of `Allow`.
    pub const ALL: [Self; 4] = [Self::Get, Self::Post, Self::Put, Self::Delete];

    /// As HTTP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// The name of the plain action.
    pub const fn plain_action(self) -> &'static str {
        match self {
            Self::Get => "read",
            Self::Post => "create",
            Self::Put => "update",
            Self::Delete => "delete",
        }
    }

    /// Whether it only reads.
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::Get)
    }

    /// From HTTP; `HEAD` is a `GET` whose body the server keeps back.
    pub(crate) fn from_http(method: &http::Method) -> Option<Self> {
        match method.as_str() {
            "HEAD" => Some(Self::Get),
            word => Self::ALL.into_iter().find(|verb| verb.as_str() == word),
        }
    }
}

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Text that is taken and never given back.
    Secret,
    Int,
    Bool,
}

impl Kind {
    /// As the parameter's `:type` line says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text | Self::Secret => "String",
            Self::Int => "Int",
            Self::Bool => "Boolean",
        }
    }
}

/// A parameter of a route.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub name: &'static str,
    pub is_required: bool,
    pub kind: Kind,
    pub help: &'static str,
}

impl Param {
    /// A text that must be there.
    pub(crate) const fn required(name: &'static str, help: &'static str) -> Self {
        Self { name, is_required: true, kind: Kind::Text, help }
    }

    /// A text that may be there.
    pub(crate) const fn optional(name: &'static str, help: &'static str) -> Self {
        Self { name, is_required: false, kind: Kind::Text, help }
    }

    /// The same, of another kind.
    pub(crate) const fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}

/// The future of an answer.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Reply, ApiError>> + Send>>;

/// One action of a resource.
pub(crate) struct Route {
    pub(crate) verb: Verb,
    pub(crate) op: Option<&'static str>,
    pub(crate) access: Access,
    /// One line, without `%`: old command lines format it.
    pub(crate) title: &'static str,
    /// More, or empty.
    pub(crate) text: &'static str,
    pub(crate) params: &'static [Param],
    pub(crate) handler: fn(Call) -> Answer,
}

impl Route {
    /// A row for everybody signed in; `op` is empty for the plain action.
    pub(crate) const fn new(verb: Verb, op: &'static str, title: &'static str, handler: fn(Call) -> Answer) -> Self {
        let op = if op.is_empty() { None } else { Some(op) };
        Self { verb, op, access: Access::SignedIn, title, text: "", params: &[], handler }
    }

    /// The same, with more to say.
    pub(crate) const fn text(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    /// The same, with parameters.
    pub(crate) const fn params(self, params: &'static [Param]) -> Self {
        Self { params, ..self }
    }

    /// The same, for others.
    pub(crate) const fn access(self, access: Access) -> Self {
        Self { access, ..self }
    }
}

/// A path and what can be done there.
pub(crate) struct Resource {
    /// MAAS's name of the handler; empty for what is outside the described API.
    pub(crate) name: &'static str,
    /// `/MAAS/api/2.0/users/{username}/`; `{*rest}` at the end takes everything.
    pub(crate) path: &'static str,
    /// Other spellings of the path.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) doc: &'static str,
    /// Whether requests with a session cookie need no CSRF token (their origin is still checked).
    pub(crate) is_csrf_exempt: bool,
    pub(crate) routes: &'static [Route],
}

impl Resource {
    /// What most resources are.
    pub(crate) const DEFAULT: Self =
        Self { name: "", path: "", aliases: &[], doc: "", is_csrf_exempt: false, routes: &[] };

    /// Whether this belongs to API 2.0.
    pub(crate) fn is_api(&self) -> bool {
        self.path.starts_with("/MAAS/api/2.0/")
    }

    /// Whether nobody's credentials matter here.
    pub(crate) fn is_public(&self) -> bool {
        self.routes.iter().all(|route| route.access == Access::Public)
    }

    /// Whether the same path also does what only somebody signed in may.
    pub(crate) fn is_mixed(&self) -> bool {
        self.is_open() && self.routes.iter().any(|route| !matches!(route.access, Access::Public | Access::Anyone))
    }

    /// Whether somebody unknown can do anything here.
    pub(crate) fn is_open(&self) -> bool {
        self.routes.iter().any(|route| matches!(route.access, Access::Public | Access::Anyone))
    }
}

/// A row of the table, for tests and documentation.
#[derive(Clone, Copy, Debug)]
pub struct RouteInfo {
    /// `UsersHandler`, or empty for what is outside the described API.
    pub resource: &'static str,
    /// `/MAAS/api/2.0/users/{username}/`
    pub path: &'static str,
    pub method: &'static str,
    pub op: Option<&'static str>,
    pub access: Access,
    pub params: &'static [Param],
    pub title: &'static str,
    pub text: &'static str,
}
