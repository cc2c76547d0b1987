//! Requests that change something and come with a session cookie must come from this site's own pages: they carry the
//! session's CSRF token, and what the browser says about their origin must not contradict (`accounts.md`, section 4).

use http::{HeaderMap, HeaderName, header};
use maas_model::Secret;
use maas_region::{Region, auth, door};
use maas_tls::ConnInfo;

use crate::{error::ApiError, form::Form};

const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-csrftoken");
const TOKEN_FIELD: &str = "csrfmiddlewaretoken";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Checks a changing request. An exempt one (a login) needs no token, but no foreign page may send it either.
pub(crate) fn check(
    region: &Region,
    headers: &HeaderMap,
    conn: ConnInfo,
    session: Option<&Secret<String>>,
    is_exempt: bool,
    form: &Form,
) -> Result<(), ApiError> {
    if session.is_none() && !is_exempt {
        return Ok(());
    }
    check_origin(region, headers, conn)?;
    match session {
        Some(key) if !is_exempt => {
            let token = text(headers, &TOKEN_HEADER).or_else(|| form.get(TOKEN_FIELD));
            if token.is_some_and(|token| auth::csrf_matches(region, key, token)) {
                return Ok(());
            }
            Err(ApiError::Csrf("CSRF verification failed. Send the token of this session as X-CSRFToken."))
        }
        _ => Ok(()),
    }
}

/// Refuses what comes from another site's page, as far as the browser says where it comes from.
pub(crate) fn check_origin(region: &Region, headers: &HeaderMap, conn: ConnInfo) -> Result<(), ApiError> {
    let referer = || text(headers, &header::REFERER).map(origin_of);
    let is_own = match text(headers, &header::ORIGIN).or_else(referer) {
        Some(origin) => {
            let site = door::base_url(region, headers, conn.peer, conn.local, conn.is_tls).map_err(ApiError::bad)?;
            normal(&site) == normal(origin)
        }
        None => matches!(text(headers, &SEC_FETCH_SITE), None | Some("same-origin" | "none")),
    };
    if is_own { Ok(()) } else { Err(ApiError::Csrf("CSRF verification failed. The request comes from another site.")) }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// `https://host:port` of an URL.
fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or(url)
}

/// Lower case, without the port that the scheme implies.
fn normal(origin: &str) -> String {
    let origin = origin.to_ascii_lowercase();
    let implied = [("https://", ":443"), ("http://", ":80")];
    let port = implied.into_iter().find(|(scheme, _)| origin.starts_with(scheme)).map_or("", |(_, port)| port);
    origin.strip_suffix(port).unwrap_or(&origin).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{normal, origin_of};

    #[test]
    fn origins_compare_as_browsers_write_them() {
        assert_eq!(normal("https://MAAS.example:443"), "https://maas.example");
        assert_eq!(normal("http://maas.example:443"), "http://maas.example:443");
        assert_eq!(origin_of("https://maas.example:5443/MAAS/r/?x"), "https://maas.example:5443");
        assert_eq!(origin_of("null"), "null");
    }
}
