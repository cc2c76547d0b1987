//! Failures as pages: what happened, why, and what to do next.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use maas_authz::Asked;
use maas_region::Error;

use crate::{
    answer,
    shell::{Section, Shell},
    visit::Visit,
};

/// A page that says what went wrong.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub(crate) shell: Shell,
    pub(crate) status: u16,
    pub(crate) lines: Vec<String>,
    /// To find the request in the log; for failures of ours.
    pub(crate) trace_id: Option<String>,
    /// Where a refusal is explained.
    pub(crate) why: Option<String>,
}

/// What an error means to a person: status, heading, explanation.
pub(crate) fn explain(error: &Error) -> (StatusCode, &'static str, Vec<String>) {
    let lines = |text: &str| vec![text.to_owned()];
    match error {
        Error::NotFound { what } => (StatusCode::NOT_FOUND, "Not found", vec![not_found(what)]),
        Error::Denied(refusal) => (StatusCode::FORBIDDEN, "You may not do this", vec![refusal.explain()]),
        Error::Forbidden(why) => (StatusCode::FORBIDDEN, "You may not do this", lines(why)),
        Error::Invalid(fields) => {
            let all = fields.values().flatten().cloned().collect();
            (StatusCode::BAD_REQUEST, "This could not be done", all)
        }
        Error::BadRequest(why) => (StatusCode::BAD_REQUEST, "This could not be done", lines(why)),
        Error::Conflict(why) => (StatusCode::CONFLICT, "Somebody was quicker", lines(why)),
        Error::Throttled { .. } => {
            (StatusCode::TOO_MANY_REQUESTS, "Too many attempts", lines("Wait a moment, then try again."))
        }
        Error::Unavailable { what, .. } => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available now",
            vec![format!("This needs {what}, which does not answer now. Try again in a moment.")],
        ),
        Error::Unready(why) => (StatusCode::SERVICE_UNAVAILABLE, "Not possible now", lines(why)),
        Error::Internal(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong here",
            lines("This is our fault, not yours. The log of the region has the details under the number below."),
        ),
    }
}

/// The page for an error. Failures of ours go to the log here, once, with their causes.
pub(crate) async fn page(visit: &Visit, error: &Error) -> Response {
    let (status, title, lines) = explain(error);
    let trace_id = visit.ctx.request.trace_id.clone();
    if let Error::Internal(cause) = error {
        tracing::error!(request.id = %trace_id, url.path = %visit.target, error = %chain(&**cause), "page failed");
    }
    let shell = visit.shell(Section::Other, title).await;
    let shown = status.is_server_error().then_some(trace_id);
    let page = ErrorPage { shell, status: status.as_u16(), lines, trace_id: shown, why: why(error) };
    let mut response = match page.render() {
        Ok(body) => answer::html(status, body),
        Err(_) => (status, title).into_response(),
    };
    if let Error::Throttled { retry_after } | Error::Unavailable { retry_after, .. } = error {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
    }
    response
}

/// The page that says which rule refused, and who can help.
fn why(error: &Error) -> Option<String> {
    let Error::Denied(refusal) = error else { return None };
    let word = match refusal.asked {
        Asked::Site(action) => action.as_str(),
        Asked::Machine(action) => action.as_str(),
    };
    Some(format!("/MAAS/r/access?action={word}"))
}

fn not_found(what: &str) -> String {
    match what {
        "" => "There is no page at this address.".to_owned(),
        what => format!("There is no such {what}, or it is not yours to see. It may have been deleted meanwhile."),
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
