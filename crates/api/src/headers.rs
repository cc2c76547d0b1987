//! Headers on every answer: what browsers must not do, and the trace id. Pages are served under this layer too.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use maas_region::{Region, tls::hsts_header};
use maas_tls::ConnInfo;
use tower::{Layer, Service};

/// MAAS's name for it.
pub const TRACE_ID: HeaderName = HeaderName::from_static(maas_region::door::TRACE_HEADER);

const FIXED: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'",
        ),
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// The layer. What a handler has set itself stays.
pub const fn layer(region: Region) -> HeadersLayer {
    HeadersLayer { region }
}

/// Puts [`Headers`] around a service.
#[derive(Clone)]
pub struct HeadersLayer {
    region: Region,
}

impl<S> Layer<S> for HeadersLayer {
    type Service = Headers<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Headers { region: self.region.clone(), inner }
    }
}

/// Adds the headers to every answer of a service.
#[derive(Clone)]
pub struct Headers<S> {
    region: Region,
    inner: S,
}

impl<S> Service<Request<Body>> for Headers<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let trace_id = adopt_trace_id(request.headers_mut());
        adopt_authority(&mut request);
        let is_tls = request.extensions().get::<ConnInfo>().is_some_and(|conn| conn.is_tls);
        let region = is_tls.then(|| self.region.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut reply = answer.await?;
            add(reply.headers_mut(), trace_id, region.as_ref());
            Ok(reply)
        })
    }
}

fn add(headers: &mut HeaderMap, trace_id: Option<HeaderValue>, region: Option<&Region>) {
    headers.reserve(FIXED.len() + 2);
    for (name, value) in FIXED {
        headers.entry(name).or_insert(value);
    }
    if let Some(trace_id) = trace_id {
        headers.entry(TRACE_ID).or_insert(trace_id);
    }
    let hsts = region.and_then(hsts_header).and_then(|value| HeaderValue::from_str(&value).ok());
    if let Some(value) = hsts {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(value);
    }
}

/// HTTP/2 names the host in the request line; everything below reads it from `Host`.
fn adopt_authority(request: &mut Request<Body>) {
    if request.headers().contains_key(header::HOST) {
        return;
    }
    let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
}

/// The request's own trace id if it is well formed, else a new one, which everything below reads from the request.
fn adopt_trace_id(headers: &mut HeaderMap) -> Option<HeaderValue> {
    if let Some(own) = headers.get(TRACE_ID)
        && is_trace_id(own.as_bytes())
    {
        return Some(own.clone());
    }
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    let value = HeaderValue::from_str(&data_encoding::HEXLOWER.encode(&bytes)).ok()?;
    headers.insert(TRACE_ID, value.clone());
    Some(value)
}

fn is_trace_id(text: &[u8]) -> bool {
    text.len() == 32 && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::{TRACE_ID, adopt_trace_id, is_trace_id};

    #[test]
    fn only_a_well_formed_trace_id_is_taken_over() {
        let own = HeaderValue::from_static("0123456789abcdef0123456789abcdef");
        let mut headers = HeaderMap::from_iter([(TRACE_ID, own.clone())]);
        assert_eq!(adopt_trace_id(&mut headers), Some(own));
        let mut headers = HeaderMap::from_iter([(TRACE_ID, HeaderValue::from_static("forged\"}"))]);
        let fresh = adopt_trace_id(&mut headers).unwrap();
        assert!(is_trace_id(fresh.as_bytes()));
        assert_eq!(headers.get(TRACE_ID), Some(&fresh));
    }
}
