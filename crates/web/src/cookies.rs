//! The cookies of the pages: the session's two, and the message that outlives one redirect.

use std::borrow::Cow;

use cookie::{Cookie, SameSite, time::Duration};
use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use maas_model::Timestamp;
use maas_region::{
    auth::NewSession,
    door::{CSRF_COOKIE, SESSION_COOKIE},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// A message for the next page. It never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flash {
    pub(crate) is_good: bool,
    pub(crate) text: String,
}

impl Flash {
    /// Something went well.
    pub(crate) fn good(text: impl Into<String>) -> Self {
        Self { is_good: true, text: text.into() }
    }

    /// Something did not go as hoped.
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self { is_good: false, text: text.into() }
    }

    /// From a request's cookies.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let value = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == FLASH_COOKIE)?;
        let (kind, text) = value.value().split_once('.')?;
        let text = percent_decode_str(text).decode_utf8().ok()?.into_owned();
        (text.chars().count() <= FLASH_LIMIT).then_some(Self { is_good: kind == "good", text })
    }

    /// Leaves the message for the next page.
    pub(crate) fn leave(&self, headers: &mut HeaderMap, is_secure: bool) {
        let text: String = self.text.chars().take(FLASH_LIMIT).collect();
        let kind = if self.is_good { "good" } else { "bad" };
        let value = format!("{kind}.{}", utf8_percent_encode(&text, NON_ALPHANUMERIC));
        let cookie = Cookie::build((FLASH_COOKIE, value)).path(FLASH_PATH).max_age(Duration::seconds(60));
        append(headers, cookie.http_only(true).same_site(SameSite::Lax).secure(is_secure).build());
    }

    /// The message was shown.
    pub(crate) fn clear(headers: &mut HeaderMap) {
        append(headers, Cookie::build((FLASH_COOKIE, "")).path(FLASH_PATH).max_age(Duration::ZERO).build());
    }
}

/// Sets the session's two cookies.
pub(crate) fn set_session(headers: &mut HeaderMap, session: &NewSession, now: Timestamp, is_secure: bool) {
    let seconds = i64::try_from(session.expires_at.since(now).as_secs()).unwrap_or(i64::MAX);
    let life = Duration::seconds(seconds);
    let build = |name: &'static str, value: String| {
        Cookie::build((name, value)).path("/").max_age(life).same_site(SameSite::Lax).secure(is_secure)
    };
    append(headers, build(SESSION_COOKIE, session.session_key.expose().clone()).http_only(true).build());
    append(headers, build(CSRF_COOKIE, session.csrf_token.clone()).build());
}

/// Takes the session's cookies away.
pub(crate) fn clear_session(headers: &mut HeaderMap, is_secure: bool) {
    for name in [SESSION_COOKIE, CSRF_COOKIE] {
        let cookie = Cookie::build((Cow::Borrowed(name), "")).path("/").max_age(Duration::ZERO);
        append(headers, cookie.same_site(SameSite::Lax).secure(is_secure).build());
    }
}

fn append(headers: &mut HeaderMap, cookie: Cookie<'_>) {
    if let Ok(mut value) = HeaderValue::from_str(&cookie.to_string()) {
        value.set_sensitive(true);
        headers.append(SET_COOKIE, value);
    }
}

const FLASH_COOKIE: &str = "maas_flash";
const FLASH_PATH: &str = "/MAAS/r";
const FLASH_LIMIT: usize = 300;

#[cfg(test)]
mod tests {
    use http::{
        HeaderMap, HeaderValue,
        header::{COOKIE, SET_COOKIE},
    };

    use super::Flash;

    #[test]
    fn a_message_survives_one_redirect() {
        let flash = Flash::good("Added “bob”; 3 keys, 100%.");
        let mut out = HeaderMap::new();
        flash.leave(&mut out, true);
        let line = out[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(line.contains("HttpOnly") && line.contains("Secure") && line.contains("Path=/MAAS/r;"), "{line}");
        let pair = line.split(';').next().unwrap();
        let back = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("x=1; {pair}")).unwrap())]);
        assert_eq!(Flash::read(&back), Some(flash));
    }
}
