//! Static files, inside the binary. Their address holds a hash of their content, so that browsers keep them for ever.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS},
};

/// `/MAAS/assets/HASH`
pub(crate) fn base() -> &'static str {
    &SET.base
}

/// Serves a file. An address with another build's hash gets this build's file, but not for ever.
pub(crate) async fn serve(Path((hash, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
    };
    let cache = if hash == SET.hash { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed = [
        (CACHE_CONTROL, HeaderValue::from_static(cache)),
        (ETAG, HeaderValue::from_str(&SET.etag).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))),
        (CONTENT_TYPE, HeaderValue::from_static(file.kind)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'self'")),
    ];
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == SET.etag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, file.body).into_response()
}

/// A file that is served.
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) body: &'static str,
}

struct Set {
    hash: String,
    base: String,
    etag: String,
}

/// All of them.
pub(crate) static FILES: [Asset; 4] = [
    Asset { name: "style.css", kind: "text/css; charset=utf-8", body: include_str!("../static/style.css") },
    Asset { name: "maas.js", kind: "text/javascript; charset=utf-8", body: include_str!("../static/maas.js") },
    Asset { name: "icons.svg", kind: "image/svg+xml", body: include_str!("../static/icons.svg") },
    Asset { name: "logo.svg", kind: "image/svg+xml", body: include_str!("../static/logo.svg") },
];

static SET: LazyLock<Set> = LazyLock::new(|| {
    let all: String = FILES.iter().map(|file| format!("{}\0{}\0", file.name, file.body)).collect();
    let hash = HEXLOWER.encode(&digest(&SHA256, all.as_bytes()).as_ref()[..8]);
    Set { base: format!("/MAAS/assets/{hash}"), etag: format!("\"{hash}\""), hash }
});

#[cfg(test)]
mod tests {
    use axum::extract::Path;
    use http::{HeaderMap, header};

    use super::{SET, serve};

    async fn cache_of(hash: &str, name: &str) -> (u16, String) {
        let response = serve(Path((hash.into(), name.into())), HeaderMap::new()).await;
        let cache = response.headers().get(header::CACHE_CONTROL).map_or("", |value| value.to_str().unwrap());
        (response.status().as_u16(), cache.to_owned())
    }

    #[tokio::test]
    async fn only_this_builds_hash_is_kept_for_ever() {
        assert!(cache_of(&SET.hash, "style.css").await.1.contains("immutable"));
        assert_eq!(cache_of("0", "style.css").await.1, "no-cache");
        assert_eq!(cache_of(&SET.hash, "../Cargo.toml").await.0, 404);
    }

    #[tokio::test]
    async fn a_known_file_is_not_sent_again() {
        let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, SET.etag.parse().unwrap())]);
        let response = serve(Path((SET.hash.clone(), "maas.js".into())), headers).await;
        assert_eq!(response.status(), 304);
    }
}
