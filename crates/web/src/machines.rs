//! The machines of the site: the list, what is done to many at once, and how one is added.

pub(crate) mod add;
pub(crate) mod bulk;
pub(crate) mod deed;
pub(crate) mod facets;
pub(crate) mod list;
pub(crate) mod power_form;
pub(crate) mod query;
pub(crate) mod row;
pub(crate) mod why;

use axum::response::Response;

use crate::{answer::see_other, text::HOME};

/// `GET /MAAS/r/`
pub(crate) async fn home() -> Response {
    see_other(HOME)
}
