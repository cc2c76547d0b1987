//! `domains/`: the DNS domains that machines have their names in. To be read only, until DNS is served.

use maas_region::domains;

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Resource, Route, Verb},
};

pub(crate) const DOMAINS: Resource = Resource {
    name: "DomainsHandler",
    path: "/MAAS/api/2.0/domains/",
    doc: "Read the DNS domains.",
    routes: &[Route::new(Verb::Get, "", "List domains", |call| Box::pin(list(call)))],
    ..Resource::DEFAULT
};

pub(crate) const DOMAIN: Resource = Resource {
    name: "DomainHandler",
    path: "/MAAS/api/2.0/domains/{id}/",
    doc: "Read one DNS domain.",
    routes: &[Route::new(Verb::Get, "", "Show a domain", |call| Box::pin(read(call)))],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let domains = domains::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&domains.iter().map(|domain| view::domain(domain)).collect::<Vec<_>>()))
}

async fn read(call: Call) -> Result<Reply, ApiError> {
    let id = call.id("Domain")?;
    Ok(reply::json(&view::domain(&*domains::lookup(call.region(), &call.ctx, id).await?)))
}
