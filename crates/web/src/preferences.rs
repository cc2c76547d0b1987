//! What people change about themselves: details, password, keys, sessions.

pub(crate) mod api_keys;
pub(crate) mod details;
pub(crate) mod password;
pub(crate) mod sessions;
pub(crate) mod ssh_keys;
pub(crate) mod ssl_keys;

use axum::response::Response;

use crate::answer::see_other;

/// `GET /MAAS/r/preferences`
pub(crate) async fn index() -> Response {
    see_other("/MAAS/r/preferences/details")
}
