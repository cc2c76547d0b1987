//! Answers: a rendered page, a redirect after a form, a failure; and the headers that all of them carry.

use std::sync::Arc;

use askama::Template;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};
use maas_region::Error;

use crate::{cookies::Flash, visit::Visit};

/// What a handler gives back.
pub(crate) type Answer = Result<Response, Failure>;

/// A failure on its way to the gate, which draws the page for it.
#[derive(Clone, Debug)]
pub(crate) struct Failure(pub(crate) Arc<Error>);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Error::Internal(Box::new(error)).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl Visit {
    /// A page.
    pub(crate) fn page(&self, page: &impl Template) -> Answer {
        self.page_as(StatusCode::OK, page)
    }

    /// The form again, with what was wrong.
    pub(crate) fn again(&self, page: &impl Template) -> Answer {
        self.page_as(StatusCode::BAD_REQUEST, page)
    }

    /// A page with another status.
    pub(crate) fn page_as(&self, status: StatusCode, page: &impl Template) -> Answer {
        let mut response = html(status, page.render()?);
        if self.flash.is_some() {
            Flash::clear(response.headers_mut());
        }
        Ok(response)
    }

    /// After a form: to another page, with a message there.
    pub(crate) fn redirect(&self, to: &str, flash: &Flash) -> Answer {
        let mut response = see_other(to);
        flash.leave(response.headers_mut(), self.ctx.request.is_secure);
        Ok(response)
    }
}

/// An HTML document.
pub(crate) fn html(status: StatusCode, body: String) -> Response {
    let kind = [(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    (status, kind, body).into_response()
}

/// A document to save.
pub(crate) fn download(kind: &'static str, name: &str, body: impl Into<Body>) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(
        http::header::CONTENT_DISPOSITION,
        disposition.unwrap_or_else(|_| HeaderValue::from_static("attachment")),
    );
    response
}

/// A redirect that turns a POST into a GET.
pub(crate) fn see_other(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let location = HeaderValue::from_str(to).unwrap_or_else(|_| HeaderValue::from_static(crate::text::HOME));
    response.headers_mut().insert(LOCATION, location);
    response
}

/// The headers of every page: nothing from outside, nothing inline, no frames, no copies kept.
pub(crate) fn guard_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: with it, browsers send `Origin: null` with our own forms.
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";
