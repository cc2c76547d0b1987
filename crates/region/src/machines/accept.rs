//! Machines that introduced themselves, taken in.

use maas_authz::OpCtx;
use maas_model::{MachineAction, Status, node::NodeType};
use maas_store::machine as stored;

use super::{Node, step};
use crate::{Error, Region, Result, nodes};

/// Accepts enlisted machines, or all that may be; says which were.
///
/// # Errors
/// `BadRequest` naming unknown and hidden ids alike; `Forbidden`; `Conflict`; `Unready` while nothing can commission
/// them: none is changed then.
pub async fn accept(region: &Region, ctx: &OpCtx, system_ids: Option<&[String]>) -> Result<Vec<Node>> {
    let wanted = match system_ids {
        Some(ids) => named(region, ctx, ids).await?,
        None => waiting(region, ctx).await?,
    };
    let mut tx = region.store().begin(ctx).await?;
    let (mut rows, mut audits) = (Vec::new(), Vec::new());
    for system_id in wanted {
        let machine = step::begin(region, &mut tx, ctx, &system_id, &step::accepting()).await?;
        let (row, told) = machine.put(&mut tx).await?;
        rows.push(row);
        audits.extend(told);
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    tx.commit_nodes(audits).await?;
    region.nudge("steps");
    nodes::show_all(region, rows).await
}

/// Those of the named that wait. All of them must be seen and may be accepted; what is ready already needs nothing.
async fn named(region: &Region, ctx: &OpCtx, ids: &[String]) -> Result<Vec<String>> {
    let mut reader = region.store().reader().await?;
    let (mut unknown, mut refused, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
    let mut why = None;
    let mut ids = ids.to_vec();
    ids.sort();
    ids.dedup();
    for id in ids {
        match nodes::lookup(&mut reader, ctx, NodeType::Machine, &id, MachineAction::Create).await {
            Ok(node) => match Status::from_code(node.row().status) {
                Some(Status::New) => wanted.push(id),
                Some(Status::Ready) => {}
                status => {
                    let status = status.map_or("unknown", Status::label);
                    return Err(Error::Conflict(format!(
                        "Cannot accept node enlistment: node {id} is in state {status}."
                    )));
                }
            },
            Err(Error::NotFound { .. }) => unknown.push(id),
            Err(Error::Denied(refusal)) => {
                why.get_or_insert_with(|| refusal.explain());
                refused.push(id);
            }
            Err(other) => return Err(other),
        }
    }
    if !unknown.is_empty() {
        return Err(Error::BadRequest(format!("Unknown machine(s): {}.", unknown.join(", "))));
    }
    if let Some(why) = why {
        let line = "You don't have the required permission to accept the following machine(s): ";
        return Err(Error::Forbidden(format!("{line}{}.\n{why}", refused.join(", "))));
    }
    Ok(wanted)
}

/// All that wait and may be accepted by the caller.
async fn waiting(region: &Region, ctx: &OpCtx) -> Result<Vec<String>> {
    let mut reader = region.store().reader().await?;
    let mut wanted = Vec::new();
    for id in stored::in_status(&mut reader, Status::New.code()).await? {
        match nodes::lookup(&mut reader, ctx, NodeType::Machine, &id, MachineAction::Create).await {
            Ok(_) => wanted.push(id),
            Err(Error::NotFound { .. } | Error::Denied(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(wanted)
}
