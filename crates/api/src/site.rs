//! What lies around the API: redirects, the reference pages, the describe document, metrics, the WebSocket.

use std::time::Duration;

use axum::extract::FromRequestParts;
use http::{HeaderValue, StatusCode, header};
use maas_authz::Action;
use maas_region::{door, status};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::{
    call::Call,
    docs,
    error::ApiError,
    openapi,
    reply::{self, Reply},
    route::{Access, Resource, Route, Verb},
    socket,
};

/// Rows outside of API 2.0 that answer everybody with a `GET`.
const fn get(title: &'static str, handler: fn(Call) -> crate::route::Answer) -> Route {
    Route { verb: Verb::Get, op: None, access: Access::Public, title, text: "", params: &[], handler }
}

/// The last API's end, whatever the method.
const GONE: fn(Call) -> crate::route::Answer = |_| {
    Box::pin(async {
        let line = "The 1.0 API is no longer available. Please use API version 2.0.";
        Ok(reply::text(StatusCode::GONE, line))
    })
};

const GONE_FOR: [Route; 4] = [
    get("The 1.0 API is gone", GONE),
    Route { verb: Verb::Post, ..get("The 1.0 API is gone", GONE) },
    Route { verb: Verb::Put, ..get("The 1.0 API is gone", GONE) },
    Route { verb: Verb::Delete, ..get("The 1.0 API is gone", GONE) },
];

pub(crate) const RESOURCES: &[&Resource] = &[
    &Resource {
        path: "/",
        aliases: &["/MAAS", "/MAAS/"],
        routes: &[get("To the web interface", |_| {
            Box::pin(async { Ok(reply::redirect(StatusCode::MOVED_PERMANENTLY, "/MAAS/r/")) })
        })],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/api/",
        routes: &[get("What there is of the API", |_| page(docs::LANDING.as_str(), reply::HTML))],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/api/docs/",
        routes: &[get("The API's reference", |_| page(docs::REFERENCE.as_str(), reply::HTML))],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/api/docs/style.css",
        routes: &[get("The reference's style", |_| {
            page(docs::STYLE, HeaderValue::from_static("text/css; charset=utf-8"))
        })],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/api/version/",
        routes: &[get("The API's version", |_| page("2.0", reply::TEXT))],
        ..Resource::DEFAULT
    },
    &Resource { path: "/MAAS/api/1.0/{*rest}", routes: &GONE_FOR, ..Resource::DEFAULT },
    &Resource {
        path: "/MAAS/api/2.0/describe/",
        routes: &[get("Describe the API", |call| Box::pin(describe(call)))],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/api/2.0/openapi.yaml",
        routes: &[get("The API as an OpenAPI document", |_| {
            page(openapi::YAML.as_str(), HeaderValue::from_static("application/yaml"))
        })],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/robots.txt",
        aliases: &["/robots.txt"],
        routes: &[get("Nothing here is for search engines", |_| page("User-agent: *\nDisallow: /\n", reply::TEXT))],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/rpc/",
        routes: &[get("Where racks find regions", |_| page(EVENTLOOPS, JSON_ALONE))],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/metrics",
        aliases: &["/MAAS/metrics/"],
        routes: &[Route {
            access: Access::Can(Action::ViewStatus),
            ..get("Metrics for Prometheus", |call| Box::pin(metrics(call)))
        }],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/ws",
        routes: &[Route {
            access: Access::Anyone,
            ..get("Live notices over a WebSocket", |call| Box::pin(open_socket(call)))
        }],
        ..Resource::DEFAULT
    },
];

/// Without a charset, as the command line compares the whole header.
pub(crate) const JSON_ALONE: HeaderValue = HeaderValue::from_static("application/json");

/// No region takes racks yet.
pub(crate) const EVENTLOOPS: &str = r#"{"eventloops": {}}"#;

fn page(body: &'static str, kind: HeaderValue) -> crate::route::Answer {
    Box::pin(std::future::ready(Ok(reply::with(StatusCode::OK, kind, body))))
}

async fn describe(call: Call) -> Result<Reply, ApiError> {
    let base = door::base_url(call.region(), &call.parts.headers, call.conn.peer, call.conn.local, call.conn.is_tls);
    let base = base.map_err(ApiError::bad)?;
    let mut reply = reply::with(StatusCode::OK, JSON_ALONE, call.frame.description.for_base(&base));
    // The answer depends on the host that was asked for, so no cache may hand it on.
    reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(reply)
}

async fn metrics(call: Call) -> Result<Reply, ApiError> {
    let Some(handle) = &call.frame.config.metrics else {
        return Ok(reply::text(StatusCode::NOT_FOUND, "Metrics are off: start the region with metrics on."));
    };
    gauge_site(&call).await?;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(reply::with(StatusCode::OK, kind, handle.render()))
}

/// Folds what was measured, which piles up otherwise until somebody asks for it.
pub(crate) async fn tend_metrics(handle: &PrometheusHandle) {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        handle.run_upkeep();
    }
}

/// What is read only when somebody asks. When the certificate ends is metered by the region's own job.
async fn gauge_site(call: &Call) -> Result<(), ApiError> {
    let status = status::status(call.region(), &call.ctx).await?;
    metrics::gauge!("maas_sessions_active").set(status.sessions as f64);
    metrics::gauge!("maas_users").set(status.users as f64);
    for applied in &status.tls.regions {
        metrics::gauge!("maas_tls_generation", "region" => applied.region.clone()).set(applied.generation as f64);
    }
    Ok(())
}

async fn open_socket(mut call: Call) -> Result<Reply, ApiError> {
    match axum::extract::WebSocketUpgrade::from_request_parts(&mut call.parts, &()).await {
        Ok(upgrade) => socket::open(call, upgrade),
        Err(_) => Err(ApiError::bad("This path is for WebSockets.")),
    }
}
