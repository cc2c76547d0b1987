//! What is done to several machines at once. An id that is hidden is answered as one that is not there.

use std::collections::BTreeMap;

use maas_model::Secret;
use maas_region::{
    Error, detach,
    machines::{self, ReleaseOptions},
    nodes::Node,
};

use crate::{
    call::Call,
    error::ApiError,
    form::Form,
    reply::{self, Reply},
    v2::{machine_view, machines::detailed, stream},
};

pub(super) async fn list_allocated(call: Call) -> Result<Reply, ApiError> {
    let ids = call.form.list("id");
    let nodes = machines::list_allocated(call.region(), &call.ctx, &ids).await?;
    listed(&call, nodes).await
}

async fn listed(call: &Call, nodes: Vec<Node>) -> Result<Reply, ApiError> {
    let mut machines = Vec::with_capacity(nodes.len());
    for node in nodes {
        machines.push(detailed(call, node).await?);
    }
    let parents = stream::parents(call.region(), &call.ctx, &machines).await?;
    Ok(machine_view::machine_list(&machines, &parents))
}

/// Of those among the ids that the caller may see them of; the others are left out, as those that are not there.
pub(super) async fn power_parameters(call: Call) -> Result<Reply, ApiError> {
    let ids = some(call.form.list("id"), "id")?;
    let mut revealed = BTreeMap::new();
    let mut refused = None;
    for id in ids {
        match machines::power_parameters(call.region(), &call.ctx, &id).await {
            Ok(parameters) => _ = revealed.insert(id, plain(parameters)),
            Err(Error::NotFound { .. }) => {}
            Err(error @ Error::Denied(_)) => refused = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    match refused {
        Some(error) if revealed.is_empty() => Err(error.into()),
        _ => Ok(reply::json(&revealed)),
    }
}

/// Parameters in the clear: for the answer that reveals them, and nothing else.
pub(crate) fn plain(parameters: BTreeMap<String, Secret<String>>) -> BTreeMap<String, String> {
    parameters.into_iter().map(|(name, value)| (name, value.expose().clone())).collect()
}

pub(super) async fn accept(call: Call) -> Result<Reply, ApiError> {
    let ids = some(call.form.list("machines"), "machines")?;
    let (region, ctx) = call.owned();
    let nodes = detach(&call.ctx, async move { machines::accept(&region, &ctx, Some(&ids)).await }).await?;
    listed(&call, nodes).await
}

pub(super) async fn accept_all(call: Call) -> Result<Reply, ApiError> {
    let (region, ctx) = call.owned();
    let nodes = detach(&call.ctx, async move { machines::accept(&region, &ctx, None).await }).await?;
    listed(&call, nodes).await
}

pub(super) async fn release(call: Call) -> Result<Reply, ApiError> {
    let ids = some(call.form.list("machines"), "machines")?;
    let options = release_options(&call.form)?;
    let (region, ctx) = call.owned();
    let work = async move { machines::release_all(&region, &ctx, &ids, &options).await };
    Ok(reply::json(&detach(&call.ctx, work).await?))
}

/// How to release, as the form says.
pub(crate) fn release_options(form: &Form) -> Result<ReleaseOptions, ApiError> {
    Ok(ReleaseOptions {
        comment: form.owned("comment").unwrap_or_default(),
        erase: form.switch("erase")?,
        secure_erase: form.switch("secure_erase")?,
        quick_erase: form.switch("quick_erase")?,
        is_forced: form.switch("force")?.unwrap_or(false),
    })
}

pub(crate) async fn set_zone(call: Call) -> Result<Reply, ApiError> {
    let ids = call.form.list("nodes");
    if ids.is_empty() {
        return Err(Error::field("system_id", "No node selected.").into());
    }
    let zone = call.form.field("zone")?.to_owned();
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { machines::set_zone(&region, &ctx, &ids, &zone).await }).await?;
    Ok(reply::json(&()))
}

fn some(ids: Vec<String>, name: &str) -> Result<Vec<String>, ApiError> {
    if ids.is_empty() { Err(ApiError::bad(format!("No provided {name}!"))) } else { Ok(ids) }
}
