//! The gate: what every request to a page meets before its handler. Who is it, may they see this page, and is the form
//! that they send one of ours? A handler behind it cannot forget any of these.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use maas_authz::{Actor, Asked, OpCtx, Refusal, Why, decide};
use maas_model::{Endpoint, Secret};
use maas_region::{
    Error, auth,
    auth::{AuthError, Credentials},
    door,
};
use maas_tls::ConnInfo;

use crate::{
    answer::{Failure, guard_headers, see_other},
    cookies::Flash,
    errors,
    input::{BODY_LIMIT, Input},
    reauthenticate,
    routes::Access,
    text,
    visit::{App, Visit, VisitParts},
};

/// Lets a request through to its handler, or answers it; draws the page for what failed behind it.
pub(crate) async fn gate(State((app, access)): State<(App, Access)>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    let came_from = referer(&parts.headers);
    let change = app.region.change_count();
    let visit = match arrive(&app, &parts).await {
        Ok(visit) => visit,
        Err(response) => return finish(*response),
    };
    // No name holds a NUL, and PostgreSQL would not even look for it.
    if path.contains("%00") {
        return finish(errors::page(&visit, &Error::NotFound { what: "" }).await);
    }
    let checked = admit(&visit, access, change, parts, body).await;
    let response = match checked {
        Ok(request) => next.run(request).await,
        Err(response) => *response,
    };
    let failure = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => Some(Failure::from(Error::NotFound { what: "" })),
        _ => response.extensions().get::<Failure>().cloned(),
    };
    let Some(Failure(error)) = failure else { return finish(response) };
    if reauthenticate::is_asked_by(&error) {
        return finish(reauthenticate::instead(&came_from));
    }
    if matches!(&*error, Error::Denied(_) | Error::Forbidden(_)) {
        auth::record_denied(visit.region(), &visit.ctx, method.as_str(), &path, &error.to_string()).await;
    }
    finish(errors::page(&visit, &error).await)
}

/// Who is it? Pages know sessions only: an API key in a header makes nobody of a visitor.
async fn arrive(app: &App, request: &Parts) -> Result<Visit, Box<Response>> {
    let unknown = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    let here = ConnInfo { peer: unknown, local: unknown, is_tls: false };
    let conn = request.extensions.get::<ConnInfo>().copied().unwrap_or(here);
    let headers = &request.headers;
    let info = door::request_info(&app.region, headers, conn.peer, conn.is_tls, Endpoint::Ui);
    let key = door::credentials(headers).and_then(|credentials| match credentials {
        Credentials::Session(key) => Some(key),
        _ => None,
    });
    let anonymous = OpCtx { actor: Actor::Anonymous, request: info.clone(), clock: app.region.clock().clone() };
    let target = request.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let host = host_of(headers, &request.uri).unwrap_or_default().to_owned();
    let visit = |ctx: OpCtx, session: Option<Secret<String>>| {
        let session = session.filter(|_| ctx.actor.user().is_some());
        let flash = Flash::read(headers);
        Visit(Arc::new(VisitParts { app: app.clone(), ctx, session, flash, target, host }))
    };
    match auth::authenticate(&app.region, key.clone().map(Credentials::Session), info).await {
        Ok(ctx) => Ok(visit(ctx, key)),
        Err(AuthError::Other(error)) => Err(Box::new(errors::page(&visit(anonymous, None), &error).await)),
        Err(_) => Ok(visit(anonymous, None)),
    }
}

/// May they, and is the form theirs? On success the request carries its [`Visit`] and [`Input`]. `change` is the count of
/// changes from before it was looked who they are.
async fn admit(
    visit: &Visit,
    access: Access,
    change: u64,
    mut parts: Parts,
    body: Body,
) -> Result<Request, Box<Response>> {
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    let may_pass = |visit: &Visit| {
        if access != Access::Public && !visit.is_signed_in() {
            return Err(Box::new(to_login(&parts.headers, &parts.uri, is_read)));
        }
        match access {
            Access::May(action) => decide(&visit.ctx.actor, action).map_err(|refusal| refuse(refusal.into())),
            Access::Somewhere(actions) if !actions.iter().any(|action| visit.may_somewhere(*action)) => {
                let needed = actions[0];
                let refusal = Refusal { asked: Asked::Site(needed), why: Why::Site { needed } };
                Err(refuse(refusal.into()))
            }
            _ => Ok(()),
        }
    };
    may_pass(visit)?;
    let mut visit = visit.clone();
    let input = if is_read {
        Input::from_urlencoded(parts.uri.query().unwrap_or_default().as_bytes())
    } else {
        if !is_from_here(&parts.headers, &parts.uri, visit.ctx.request.is_secure) {
            return Err(refuse(Error::Forbidden(FOREIGN.to_owned())));
        }
        let body = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, BODY_LIMIT))
            .await
            .map_err(|_| refuse(Error::BadRequest("The form took too long to arrive. Send it again.".to_owned())))?
            .map_err(|_| refuse(Error::BadRequest("The form is too large: at most 1 MiB.".to_owned())))?;
        // It may have taken its time, and who was let in then may be out by now.
        visit = visit.renewed(change).await.map_err(refuse)?;
        may_pass(&visit)?;
        let input = Input::read(&parts.headers, body).await.map_err(|(_, text)| refuse(Error::BadRequest(text)))?;
        let is_theirs = visit.session.as_ref().is_none_or(|key| {
            let header = parts.headers.get("x-csrftoken").and_then(|value| value.to_str().ok());
            auth::csrf_matches(visit.region(), key, header.unwrap_or(input.text(CSRF_FIELD)))
        });
        if !is_theirs {
            return Err(refuse(Error::Forbidden(STALE.to_owned())));
        }
        input
    };
    parts.extensions.insert(visit);
    parts.extensions.insert(input);
    Ok(Request::from_parts(parts, Body::empty()))
}

fn refuse(error: Error) -> Box<Response> {
    Box::new(axum::response::IntoResponse::into_response(Failure::from(error)))
}

/// To the login page, and back afterwards.
fn to_login(headers: &HeaderMap, uri: &Uri, is_read: bool) -> Response {
    let asked = if is_read {
        uri.path_and_query().map_or("", |target| target.as_str()).to_owned()
    } else {
        // The form's page, so that the person finds it again; its session ended while they wrote.
        referer(headers)
    };
    let next = text::local_path(&asked);
    if next == text::HOME { see_other(LOGIN) } else { see_other(&format!("{LOGIN}?next={}", text::segment(next))) }
}

/// The path of the page that a form was on; empty when the browser does not say.
fn referer(headers: &HeaderMap) -> String {
    let text = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.parse::<Uri>().ok().map(|uri| uri.path().to_owned()).unwrap_or_default()
}

/// Whether a form was sent from a page of this site. Browsers say so in `Origin` and `Sec-Fetch-Site`; programs that say
/// nothing have no session that a foreign page could use, and the token is asked for as well.
pub(crate) fn is_from_here(headers: &HeaderMap, uri: &Uri, is_secure: bool) -> bool {
    let text = |name: &header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    if !matches!(site, None | Some("same-origin" | "none")) {
        return false;
    }
    let Some(origin) = text(&header::ORIGIN).or_else(|| text(&header::REFERER)) else { return true };
    let host = host_of(headers, uri);
    let Some((scheme, rest)) = origin.split_once("://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let is_scheme_good = scheme == "https" || (scheme == "http" && !is_secure);
    is_scheme_good && host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
}

/// The host and port that the browser asked; HTTP/2 has them in the address.
fn host_of<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let named = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    uri.authority().map(|authority| authority.as_str()).or(named)
}

fn finish(mut response: Response) -> Response {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return response;
    }
    guard_headers(response.headers_mut());
    let vary = HeaderValue::from_static("Cookie");
    response.headers_mut().insert(header::VARY, vary);
    response
}

/// The field that carries the token; the name is MAAS's.
pub(crate) const CSRF_FIELD: &str = "csrfmiddlewaretoken";
const LOGIN: &str = "/MAAS/r/login";
/// A mebibyte over a slow line; whoever sends slower only keeps a connection busy.
const BODY_TIME: Duration = Duration::from_secs(60);
const FOREIGN: &str = "The form did not come from a page of this site, so nothing was done.";
const STALE: &str =
    "The form was made for another session, so nothing was done. Go back, reload the page and send it again.";

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Uri};

    use super::is_from_here;

    fn check(pairs: &[(&'static str, &'static str)], is_secure: bool) -> bool {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        is_from_here(&headers, &Uri::from_static("/MAAS/r/login"), is_secure)
    }

    #[test]
    fn forms_come_from_here() {
        let host = ("host", "maas.example:5443");
        assert!(check(&[host], true));
        assert!(check(&[host, ("origin", "https://maas.example:5443")], true));
        assert!(check(&[host, ("referer", "https://MAAS.example:5443/MAAS/r/x")], true));
        assert!(check(&[host, ("origin", "http://maas.example:5443")], false));
        assert!(!check(&[host, ("origin", "http://maas.example:5443")], true));
        assert!(!check(&[host, ("origin", "https://evil.example")], true));
        assert!(!check(&[host, ("origin", "null")], true));
        assert!(!check(&[host, ("sec-fetch-site", "cross-site")], true));
        assert!(!check(&[host, ("sec-fetch-site", "same-site"), ("origin", "https://maas.example:5443")], true));
    }

    #[test]
    fn http_2_has_the_host_in_its_address() {
        let headers = HeaderMap::from_iter([(http::header::ORIGIN, HeaderValue::from_static("https://a.example"))]);
        assert!(is_from_here(&headers, &Uri::from_static("https://a.example/MAAS/r/login"), true));
        assert!(!is_from_here(&headers, &Uri::from_static("https://b.example/MAAS/r/login"), true));
    }
}
