//! Answers that went well, in the forms of API 2.0.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::ser::PrettyFormatter;

/// An answer.
pub(crate) type Reply = Response<Body>;

pub(crate) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// 200 with JSON.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Reply {
    json_with(StatusCode::OK, value)
}

/// 201 with JSON.
pub(crate) fn created<T: Serialize>(value: &T) -> Reply {
    json_with(StatusCode::CREATED, value)
}

/// JSON as MAAS prints it: four blanks, other alphabets as they are.
pub(crate) fn json_with<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Reply {
    let mut out = Vec::with_capacity(256);
    let mut printer = serde_json::Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b"    "));
    match value.serialize(&mut printer) {
        Ok(()) => with(status, JSON, out),
        Err(error) => {
            tracing::error!(error.message = %error, "an answer could not be written as JSON");
            text(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
        }
    }
}

/// A line of text.
pub(crate) fn text(status: StatusCode, line: impl Into<String>) -> Reply {
    with(status, TEXT, line.into())
}

/// `OK`
pub(crate) fn ok() -> Reply {
    text(StatusCode::OK, "OK")
}

/// 202 `Accepted`
pub(crate) fn accepted() -> Reply {
    text(StatusCode::ACCEPTED, "Accepted")
}

/// 204, with the content type that MAAS sends along.
pub(crate) fn no_content() -> Reply {
    with(StatusCode::NO_CONTENT, TEXT, Bytes::new())
}

/// A status and nothing else.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = status;
    reply
}

/// Elsewhere.
pub(crate) fn redirect(status: StatusCode, to: &str) -> Reply {
    let mut reply = empty(status);
    match HeaderValue::from_str(to) {
        Ok(place) => {
            reply.headers_mut().insert(header::LOCATION, place);
            reply
        }
        Err(_) => text(StatusCode::BAD_REQUEST, "Bad Request"),
    }
}

/// Any body.
pub(crate) fn with(status: StatusCode, kind: HeaderValue, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Body::from(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, kind);
    reply
}
