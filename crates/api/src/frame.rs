//! The way of every request: which resource, who asks, what with, which operation, may they; then the handler.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, extract::State};
use http::{HeaderValue, Method, Request, StatusCode, header, request::Parts};
use maas_authz::{Actor, OpCtx, Why, decide};
use maas_region::{Error, Region, access, auth};
use maas_tls::ConnInfo;
use tracing::Instrument;

use crate::{
    ApiConfig,
    asker::{Asker, anonymous, connection, endpoint, identify},
    body,
    call::Call,
    csrf,
    describe::Description,
    error::ApiError,
    form::Form,
    headers, limits,
    reply::{self, Reply},
    route::{Access, Resource, Route, Verb},
    table::{self, Found},
    v2,
};

/// What all requests share.
pub(crate) struct Frame {
    pub(crate) region: Region,
    pub(crate) config: ApiConfig,
    pub(crate) description: Description,
    hash: HeaderValue,
}

const API_HASH: &str = "x-maas-api-hash";
const VERSION_PATH: &str = "/MAAS/api/2.0/version/";

impl Frame {
    /// Builds what does not change.
    pub(crate) fn new(region: Region, config: ApiConfig) -> Self {
        let description = Description::build();
        let hash = HeaderValue::from_str(&description.hash).expect("hex digits are a header value");
        Self { region, config, description, hash }
    }

    /// The headers of a resource's answer.
    fn finish(&self, reply: &mut Reply, has_hash: bool) {
        let headers = reply.headers_mut();
        if has_hash {
            headers.insert(API_HASH, self.hash.clone());
        }
        headers.entry(header::VARY).or_insert(HeaderValue::from_static("Authorization"));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

/// The router's only handler.
pub(crate) async fn serve(State(frame): State<Arc<Frame>>, request: Request<Body>) -> Reply {
    let path = request.uri().path();
    // The one path that everything asks first, and that nothing has to be known for.
    if path == VERSION_PATH && request.method() == Method::GET && request.uri().query().is_none() {
        let mut reply = reply::with(StatusCode::OK, reply::JSON, v2::version::body());
        frame.finish(&mut reply, true);
        return reply;
    }
    let Some(collapsed) = collapse(path) else {
        let found = table::find(path);
        return route(frame, request, found).await;
    };
    match table::find(&collapsed) {
        Some(found) => route(frame, request, Some(found)).await,
        None if is_api(&collapsed) => unknown(&collapsed),
        None => {
            let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
            reply::redirect(StatusCode::PERMANENT_REDIRECT, &format!("{collapsed}{query}"))
        }
    }
}

/// The path with runs of slashes made one; nothing when it has none.
fn collapse(path: &str) -> Option<String> {
    if !path.contains("//") {
        return None;
    }
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    Some(out)
}

fn is_api(path: &str) -> bool {
    path.starts_with("/MAAS/api/2.0")
}

fn unknown(path: &str) -> Reply {
    reply::text(StatusCode::NOT_FOUND, format!("Unknown API endpoint: {path}."))
}

async fn route(frame: Arc<Frame>, request: Request<Body>, found: Option<Found>) -> Reply {
    let Some(found) = found else { return nowhere(&request) };
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let method = parts.method.clone();
    let resource = found.resource;
    let trace_id = parts.headers.get(headers::TRACE_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let span = tracing::info_span!("request", http.method = %method, http.route = resource.path, request.id = trace_id);
    let work = handle(Arc::clone(&frame), parts, body, found).instrument(span);
    let outcome = tokio::time::timeout(limits::REQUEST_TIME, work).await;
    let outcome = outcome.unwrap_or_else(|_| Err(Failed::from(too_slow())));
    let (mut reply, has_hash) = match outcome {
        Ok(reply) => (reply, true),
        Err(Failed(error)) => {
            let has_hash = !error.is_before_the_resource();
            (error.into_reply(), has_hash)
        }
    };
    if resource.is_api() {
        frame.finish(&mut reply, has_hash);
    }
    // Whatever word a client invents for a method, the label is one of few: each combination is kept for ever.
    let method = Verb::from_http(&method).map_or("other", Verb::as_str);
    measure(&frame, method, resource, reply.status(), began.elapsed());
    reply
}

fn measure(frame: &Frame, method: &'static str, resource: &Resource, status: StatusCode, took: Duration) {
    tracing::debug!(http.method = method, http.route = resource.path, http.status = status.as_u16(), ?took, "answered");
    if frame.config.metrics.is_some() {
        let labels =
            [("method", method.to_owned()), ("path", resource.path.into()), ("status", status.as_str().into())];
        metrics::histogram!("maas_http_request_latency", &labels).record(took.as_secs_f64());
    }
}

fn too_slow() -> ApiError {
    let line = format!("The request took longer than {} s.", limits::REQUEST_TIME.as_secs());
    ApiError::Plain(StatusCode::SERVICE_UNAVAILABLE, line)
}

/// Outside of the table: 404, or the slash that was forgotten.
fn nowhere(request: &Request<Body>) -> Reply {
    let path = request.uri().path();
    if is_api(path) {
        return unknown(path);
    }
    if request.method() == Method::GET && table::find(&format!("{path}/")).is_some() {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return reply::redirect(StatusCode::MOVED_PERMANENTLY, &format!("{path}/{query}"));
    }
    reply::text(StatusCode::NOT_FOUND, "Not found")
}

/// An error on its way out.
struct Failed(ApiError);

impl<E: Into<ApiError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

async fn handle(frame: Arc<Frame>, parts: Parts, body: Body, found: Found) -> Result<Reply, Failed> {
    let conn = connection(&parts);
    let method = parts.method.to_string();
    let path = parts.uri.path().to_owned();
    let asker = match identify(&frame.region, &parts, conn, &found).await {
        Ok(asker) => asker,
        Err(error) => {
            let ctx = anonymous(&frame.region, &parts.headers, conn, endpoint(&found));
            return Err(note_denial(&frame, &ctx, &method, &path, error).await);
        }
    };
    let ctx = asker.ctx.clone();
    match answer(&frame, parts, body, found, conn, asker).await {
        Ok(reply) => Ok(reply),
        Err(error) => Err(note_denial(&frame, &ctx, &method, &path, error).await),
    }
}

/// Refusals are kept: of everybody who is known, and of strangers who tried to change something.
async fn note_denial(frame: &Frame, ctx: &OpCtx, method: &str, path: &str, error: ApiError) -> Failed {
    let is_stranger_reading = matches!(error, ApiError::NotSignedIn) && matches!(method, "GET" | "HEAD" | "OPTIONS");
    if error.is_denial() && !is_stranger_reading {
        let role = ctx.actor.user().map_or("none", |user| user.role().as_str());
        metrics::counter!("maas_authz_denied_total", "role" => role).increment(1);
        auth::record_denied(&frame.region, ctx, method, path, &error.to_string()).await;
    }
    match error {
        ApiError::Region(Error::Denied(refusal)) if refusal.why != Why::NotSignedIn => {
            let explanation = access::explain::refused(&frame.region, ctx, &refusal).await;
            Failed(ApiError::Refused(refusal, explanation))
        }
        other => Failed(other),
    }
}

async fn answer(
    frame: &Arc<Frame>,
    parts: Parts,
    body: Body,
    found: Found,
    conn: ConnInfo,
    mut asker: Asker,
) -> Result<Reply, ApiError> {
    let resource = found.resource;
    check_somebody(resource, &asker.ctx)?;
    let verb = Verb::from_http(&parts.method).filter(|verb| resource.routes.iter().any(|route| route.verb == *verb));
    let Some(verb) = verb else { return Err(ApiError::Method(allowed(resource.routes))) };
    let query = Form::new(body::parse_query(parts.uri.query().unwrap_or_default()).map_err(ApiError::bad)?);
    let sent = match verb {
        Verb::Get | Verb::Delete => Form::default(),
        Verb::Post | Verb::Put => {
            let sent = body::read(&parts.headers, body).await?;
            // It may have taken its time, and who was let in then may be out by now.
            auth::renew(&frame.region, &mut asker.ctx, asker.change).await?;
            check_somebody(resource, &asker.ctx)?;
            sent
        }
    };
    if query.has_nul() || sent.has_nul() {
        return Err(ApiError::bad("Null characters are not allowed."));
    }
    let op = query.filled("op").or_else(|| sent.filled("op")).or(found.op.as_deref());
    let Some(route) = resource.routes.iter().find(|route| route.verb == verb && route.op == op) else {
        let line = format!("Unrecognised signature: method={} op={}", verb.as_str(), op.unwrap_or("None"));
        return Err(ApiError::bad(line));
    };
    if !verb.is_safe() {
        csrf::check(&frame.region, &parts.headers, conn, asker.session.as_ref(), resource.is_csrf_exempt, &sent)?;
    }
    check_access(route, &asker.ctx)?;
    check_format(&query, resource.is_api())?;
    let form = if matches!(verb, Verb::Get | Verb::Delete) { query } else { sent };
    let Asker { ctx, session, .. } = asker;
    (route.handler)(Call { frame: Arc::clone(frame), ctx, parts, conn, vars: found.vars, form, session }).await
}

fn allowed(routes: &[Route]) -> String {
    let verbs = Verb::ALL.into_iter().filter(|verb| routes.iter().any(|route| route.verb == *verb));
    verbs.map(Verb::as_str).collect::<Vec<_>>().join(", ")
}

fn check_somebody(resource: &Resource, ctx: &OpCtx) -> Result<(), ApiError> {
    if !resource.is_open() && ctx.actor == Actor::Anonymous { Err(ApiError::NotSignedIn) } else { Ok(()) }
}

fn check_access(route: &Route, ctx: &OpCtx) -> Result<(), ApiError> {
    match route.access {
        Access::Public | Access::Anyone => Ok(()),
        Access::SignedIn if ctx.actor == Actor::Anonymous => Err(ApiError::NotSignedIn),
        Access::SignedIn => Ok(()),
        Access::Can(action) => Ok(decide(&ctx.actor, action)?),
    }
}

fn check_format(query: &Form, is_api: bool) -> Result<(), ApiError> {
    match query.filled("format") {
        Some(other) if is_api && other != "json" => {
            Err(ApiError::bad(format!("Invalid output format specified '{other}'.")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::collapse;

    #[test]
    fn runs_of_slashes_become_one() {
        assert_eq!(collapse("/MAAS/api/2.0/"), None);
        assert_eq!(collapse("//MAAS///api/2.0//").as_deref(), Some("/MAAS/api/2.0/"));
    }
}
