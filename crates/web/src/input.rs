//! What a form sent: fields and files, from either encoding.

use std::collections::BTreeMap;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Multipart, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header::CONTENT_TYPE, request::Parts};
use maas_model::Secret;

/// The most that a form may bring: a key, a chain and room to spare.
pub(crate) const BODY_LIMIT: usize = 1 << 20;

/// A form's fields. Where a name is repeated, the first value counts unless all are asked for; an uploaded file counts
/// under its field's name.
#[derive(Clone, Default)]
pub(crate) struct Input(BTreeMap<String, Vec<String>>);

impl Input {
    /// The value with blanks around it cut off; empty when it was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The value, if it was sent and is not blank.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A secret, exactly as sent.
    pub(crate) fn secret(&self, name: &str) -> Secret<String> {
        Secret::new(self.raw(name).to_owned())
    }

    /// Whether a box was ticked.
    pub(crate) fn is_checked(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The uploaded file under `file` if there is one, else what was pasted under `pasted`.
    pub(crate) fn file_or_pasted(&self, file: &str, pasted: &str) -> &str {
        self.given(file).unwrap_or_else(|| self.text(pasted))
    }

    /// Whether it was sent, even empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// All values of a name, blank ones left out.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let values = self.0.get(name).into_iter().flatten();
        values.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    }

    fn raw(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }

    /// From pairs, in their order.
    pub(crate) fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            // PostgreSQL takes no NUL in text.
            fields.entry(name).or_default().push(value.replace('\0', "\u{fffd}"));
        }
        Self(fields)
    }

    /// From a query string or an urlencoded body.
    pub(crate) fn from_urlencoded(bytes: &[u8]) -> Self {
        Self::from_pairs(form_urlencoded::parse(bytes).into_owned())
    }

    /// From a request's body.
    ///
    /// # Errors
    /// One line for a 400, 413 or 415.
    pub(crate) async fn read(headers: &HeaderMap, body: Bytes) -> Result<Self, (StatusCode, String)> {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "multipart/form-data" => Self::read_multipart(kind, body).await,
            "application/x-www-form-urlencoded" => Ok(Self::from_urlencoded(&body)),
            "" if body.is_empty() => Ok(Self::default()),
            _ => Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "This page takes forms only.".to_owned())),
        }
    }

    async fn read_multipart(kind: &str, body: Bytes) -> Result<Self, (StatusCode, String)> {
        let bad = |_| (StatusCode::BAD_REQUEST, "The form could not be read; send it again.".to_owned());
        let request = Request::builder().method(Method::POST).header(CONTENT_TYPE, kind).body(Body::from(body));
        let request = request.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(|rejection| (rejection.status(), "The form could not be read; send it again.".to_owned()))?;
        let mut pairs = Vec::new();
        while let Some(part) = parts.next_field().await.map_err(bad)? {
            let Some(name) = part.name().map(str::to_owned) else { continue };
            let bytes = part.bytes().await.map_err(bad)?;
            // Binary files (DER, PKCS#12) come through as text that does not parse, and are refused by name there.
            pairs.push((name, String::from_utf8_lossy(&bytes).into_owned()));
        }
        Ok(Self::from_pairs(pairs))
    }
}

impl<S: Sync> FromRequestParts<S> for Input {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        match parts.extensions.get::<Self>() {
            Some(input) => Ok(input.clone()),
            None => Err((StatusCode::INTERNAL_SERVER_ERROR, "form without gate").into_response()),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};

    use super::Input;

    fn headers(kind: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
    }

    #[tokio::test]
    async fn both_encodings_give_the_same() {
        let plain = Input::read(&headers("application/x-www-form-urlencoded"), "a=1&b=x+y&a=2".into()).await.unwrap();
        assert_eq!((plain.text("a"), plain.text("b"), plain.text("c")), ("1", "x y", ""));
        assert_eq!(plain.all("a"), ["1", "2"]);
        let body = "--X\r\nContent-Disposition: form-data; name=\"key_file\"; filename=\"k.pem\"\r\n\r\nPEM\r\n\
                    --X\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\npasted\r\n--X--\r\n";
        let multi = Input::read(&headers("multipart/form-data; boundary=X"), body.into()).await.unwrap();
        assert_eq!(multi.file_or_pasted("key_file", "key"), "PEM");
        assert_eq!(multi.file_or_pasted("none", "key"), "pasted");
    }

    #[tokio::test]
    async fn what_is_no_form_is_refused() {
        assert_eq!(Input::read(&headers("application/json"), "{}".into()).await.err().unwrap().0, 415);
        assert!(Input::read(&headers("multipart/form-data"), "x".into()).await.is_err());
    }
}
