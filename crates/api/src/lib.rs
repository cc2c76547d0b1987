//! REST 2.0, the account routes, the OpenAPI document and the live notices.
//!
//! A request meets, in this order: [`headers`] (trace id, security headers), the `frame` (path, who it is, body, operation,
//! access) and a handler in `v2`, `accounts` or `site`. What can be called is one table, [`routes`].

mod accounts;
mod asker;
mod body;
mod call;
mod config;
mod csrf;
mod describe;
mod docs;
mod error;
mod form;
mod frame;
pub mod headers;
#[cfg(test)]
mod in_process;
pub mod limits;
mod openapi;
mod plain;
mod reply;
mod route;
mod site;
mod socket;
mod table;
mod v2;

use std::sync::Arc;

use axum::Router;
use maas_region::Region;

pub use config::ApiConfig;
pub use route::{Access, Kind, Param, RouteInfo, Verb};
pub use table::routes;

/// Everything that this door serves, security headers included. What no other router takes ends here too (its fallback
/// answers 404 and collapses doubled slashes), so pages are merged into it: `router(..).merge(pages.layer(headers::layer(..)))`.
pub fn router(region: Region, config: ApiConfig) -> Router {
    let layer = headers::layer(region.clone());
    if let Some(metrics) = config.metrics.clone() {
        region.tasks().spawn_until_shutdown("metrics", async move { site::tend_metrics(&metrics).await });
    }
    let frame = Arc::new(frame::Frame::new(region, config));
    Router::new().fallback(frame::serve).with_state(frame).layer(layer)
}

/// The plain port while TLS is on: what firmware and racks need without TLS, and a redirect for people. No credential is
/// accepted here.
pub fn plain_router(region: Region) -> Router {
    let layer = headers::layer(region.clone());
    Router::new().fallback(plain::serve).with_state(Arc::new(plain::Plain::new(region))).layer(layer)
}
