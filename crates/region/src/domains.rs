//! DNS domains: what the names of machines end in.

use std::sync::Arc;

use maas_authz::{OpCtx, action::ViewGlobalEntities};
use maas_model::DomainId;

use crate::{
    Error, Region, Result,
    nodes::{self, Domain},
};

/// All domains by name (`ViewGlobalEntities`).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Arc<Domain>>> {
    ctx.grant::<ViewGlobalEntities>()?;
    let mut domains: Vec<_> = nodes::catalog(region).await?.domains().cloned().collect();
    domains.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(domains)
}

/// One domain.
///
/// # Errors
/// `NotFound { what: "Domain" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, id: DomainId) -> Result<Arc<Domain>> {
    ctx.grant::<ViewGlobalEntities>()?;
    nodes::catalog(region).await?.domain(id).ok_or(Error::NotFound { what: "Domain" })
}
