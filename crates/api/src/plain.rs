//! The plain port while TLS is on: an exact list of what firmware and racks need, and a redirect for people.
//!
//! Nothing here looks at who asks. Whoever sends a key or a session to this port has shown it to the network, so they are
//! told so instead of being redirected, and it is written into the audit log.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{body::Body, extract::State};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use maas_authz::OpCtx;
use maas_model::Endpoint;
use maas_region::{Error, Region, auth, door, tls};
use maas_tls::ConnInfo;

use crate::{
    asker,
    error::ApiError,
    reply::{self, Reply},
    site,
};

/// What the plain port needs to know.
pub(crate) struct Plain {
    region: Region,
    /// The port, as it was at a value of the change counter.
    https_port: Mutex<Option<(u64, u16)>>,
}

impl Plain {
    pub(crate) const fn new(region: Region) -> Self {
        Self { region, https_port: Mutex::new(None) }
    }
}

/// The router's only handler.
pub(crate) async fn serve(State(plain): State<Arc<Plain>>, request: Request<Body>) -> Reply {
    let (parts, _) = request.into_parts();
    let conn = asker::connection(&parts);
    let path = parts.uri.path();
    let (class, reply) = if brings_credentials(&parts.headers) {
        ("credentials", refuse(&plain, &parts, conn).await)
    } else if path == "/MAAS/rpc/" {
        ("rpc", rpc(&parts.method))
    } else if path == "/" || path == "/MAAS" || path.starts_with("/MAAS/") {
        ("redirect", redirect(&plain, &parts, conn).await)
    } else {
        ("other", reply::text(StatusCode::NOT_FOUND, "Not found"))
    };
    metrics::counter!("maas_plaintext_requests_total", "path_class" => class).increment(1);
    uncached(reply)
}

/// A redirect that were kept would outlive TLS.
fn uncached(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

fn rpc(method: &Method) -> Reply {
    match *method {
        Method::GET | Method::HEAD => reply::with(StatusCode::OK, site::JSON_ALONE, site::EVENTLOOPS),
        _ => ApiError::Method("GET".into()).into_reply(),
    }
}

async fn redirect(plain: &Plain, parts: &Parts, conn: ConnInfo) -> Reply {
    match https_url(plain, parts, conn).await {
        Ok(url) => reply::redirect(StatusCode::PERMANENT_REDIRECT, &url),
        Err(error) => error.into_reply(),
    }
}

/// The same address over TLS, on a host that is ours.
async fn https_url(plain: &Plain, parts: &Parts, conn: ConnInfo) -> Result<String, ApiError> {
    let base = door::base_url(&plain.region, &parts.headers, conn.peer, conn.local, false).map_err(ApiError::bad)?;
    let port = https_port(plain).await?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(format!("https://{}{}{path}", host_of(&base), if port == 443 { String::new() } else { format!(":{port}") }))
}

/// Where HTTPS is, read anew when something was changed.
async fn https_port(plain: &Plain) -> Result<u16, ApiError> {
    let change = *plain.region.changes().borrow();
    let known = *plain.https_port.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, port)) = known.filter(|(at, _)| *at == change) {
        return Ok(port);
    }
    let ctx = OpCtx::job("redirect", plain.region.clock().clone());
    let port = tls::status(&plain.region, &ctx).await?.port;
    let port = port.ok_or(Error::Unavailable { what: "HTTPS".into(), retry_after: Duration::from_secs(1) })?;
    *plain.https_port.lock().unwrap_or_else(PoisonError::into_inner) = Some((change, port));
    Ok(port)
}

/// The host of `http://host:port`, brackets of IPv6 included.
fn host_of(base: &str) -> &str {
    let authority = base.split_once("://").map_or(base, |(_, authority)| authority);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !authority.ends_with(']') => host,
        _ => authority,
    }
}

fn brings_credentials(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || has_session_cookie(headers)
}

fn has_session_cookie(headers: &HeaderMap) -> bool {
    [door::SESSION_COOKIE, door::HOST_SESSION_COOKIE].iter().any(|name| door::cookie(headers, name).is_some())
}

async fn refuse(plain: &Plain, parts: &Parts, conn: ConnInfo) -> Reply {
    let ctx = asker::anonymous(&plain.region, &parts.headers, conn, Endpoint::Api);
    let reason = "credentials were sent in clear to the plain port";
    auth::record_denied(&plain.region, &ctx, parts.method.as_str(), parts.uri.path(), reason).await;
    let place = https_url(plain, parts, conn).await.map(|url| format!(" Use {url} instead.")).unwrap_or_default();
    let line = format!(
        "TLS is on: no key, token or session is accepted without it.{place} What was just sent could be read on the way; replace it."
    );
    let mut reply = reply::text(StatusCode::FORBIDDEN, line);
    if has_session_cookie(&parts.headers) {
        let gone = format!("{}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax", door::SESSION_COOKIE);
        if let Ok(value) = HeaderValue::from_str(&gone) {
            reply.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    reply
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::{brings_credentials, host_of};

    #[test]
    fn the_host_goes_without_its_port() {
        for (base, host) in [
            ("http://maas.example:5240", "maas.example"),
            ("http://maas.example", "maas.example"),
            ("http://[::1]:5240", "[::1]"),
            ("http://[fe80::1]", "[fe80::1]"),
        ] {
            assert_eq!(host_of(base), host);
        }
    }

    #[test]
    fn keys_and_sessions_are_seen() {
        let with = |name, value| brings_credentials(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]));
        assert!(with(header::AUTHORIZATION, "OAuth x"));
        assert!(with(header::COOKIE, "theme=dark; sessionid=abc"));
        assert!(with(header::COOKIE, "__Host-sessionid=abc"));
        assert!(!with(header::COOKIE, "csrftoken=abc; notsessionid=1"));
    }
}
