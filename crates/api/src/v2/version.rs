//! `version/`: what every client asks first, so it is written once.

use std::sync::LazyLock;

use bytes::Bytes;
use http::StatusCode;
use maas_wire::{
    Version,
    version::{API_VERSION, CAPABILITIES},
};

use crate::{
    reply,
    route::{Access, Resource, Route, Verb},
};

pub(crate) const VERSION: Resource = Resource {
    name: "VersionHandler",
    path: "/MAAS/api/2.0/version/",
    doc: "What this server is and can do.",
    routes: &[Route {
        verb: Verb::Get,
        op: None,
        access: Access::Public,
        title: "Show version and capabilities",
        text: "",
        params: &[],
        handler: |_| Box::pin(std::future::ready(Ok(reply::with(StatusCode::OK, reply::JSON, body())))),
    }],
    ..Resource::DEFAULT
};

static BODY: LazyLock<Bytes> = LazyLock::new(|| {
    let version = Version {
        capabilities: CAPABILITIES.map(str::to_owned).to_vec(),
        version: API_VERSION.into(),
        subversion: String::new(),
    };
    serde_json::to_vec(&version).expect("strings are JSON").into()
});

/// The answer.
pub(crate) fn body() -> Bytes {
    BODY.clone()
}
