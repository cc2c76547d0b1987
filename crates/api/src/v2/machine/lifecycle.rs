//! What happens to a machine without a rack.

use maas_authz::OpCtx;
use maas_region::{Error, Region, detach, machines, nodes::Node};

use super::COMMENT;
use crate::{
    call::Call,
    error::ApiError,
    reply::Reply,
    route::{Kind, Param},
    v2::machines::{changed, release_options},
};

pub(super) const RELEASE: &[Param] = &[
    COMMENT,
    Param::optional("erase", "Erase the disks; as the site's settings say if not given.").kind(Kind::Bool),
    Param::optional("secure_erase", "Have the disks erase themselves, if they can.").kind(Kind::Bool),
    Param::optional("quick_erase", "Erase only the beginning and the end.").kind(Kind::Bool),
    Param::optional("force", "Release although the power cannot be switched off.").kind(Kind::Bool),
];

/// Who asks, of what, which machine, and why.
pub(super) struct Order {
    pub(super) region: Region,
    pub(super) ctx: OpCtx,
    pub(super) system_id: String,
    pub(super) comment: String,
}

/// Runs a use case to its end, and shows the machine.
pub(super) async fn run<F>(call: Call, work: impl FnOnce(Order) -> F) -> Result<Reply, ApiError>
where
    F: Future<Output = Result<Node, Error>> + Send + 'static,
{
    let (region, ctx) = call.owned();
    let comment = call.form.filled("comment").or_else(|| call.form.filled("error_description")).unwrap_or_default();
    let order = Order { region, ctx, system_id: call.var(0).to_owned(), comment: comment.to_owned() };
    let node = detach(&call.ctx, work(order)).await?;
    changed(&call, node).await
}

pub(super) async fn release(call: Call) -> Result<Reply, ApiError> {
    let options = release_options(&call.form)?;
    run(call, |order| async move { machines::release(&order.region, &order.ctx, &order.system_id, &options).await })
        .await
}

pub(super) async fn lock(call: Call) -> Result<Reply, ApiError> {
    run(call, |o| async move { machines::lock(&o.region, &o.ctx, &o.system_id, &o.comment).await }).await
}

pub(super) async fn unlock(call: Call) -> Result<Reply, ApiError> {
    run(call, |o| async move { machines::unlock(&o.region, &o.ctx, &o.system_id, &o.comment).await }).await
}

pub(super) async fn mark_broken(call: Call) -> Result<Reply, ApiError> {
    run(call, |o| async move { machines::mark_broken(&o.region, &o.ctx, &o.system_id, &o.comment).await }).await
}

pub(super) async fn mark_fixed(call: Call) -> Result<Reply, ApiError> {
    run(call, |o| async move { machines::mark_fixed(&o.region, &o.ctx, &o.system_id, &o.comment).await }).await
}

pub(super) async fn override_failed_testing(call: Call) -> Result<Reply, ApiError> {
    run(call, |o| async move { machines::override_failed_testing(&o.region, &o.ctx, &o.system_id, &o.comment).await })
        .await
}

pub(super) async fn abort(call: Call) -> Result<Reply, ApiError> {
    run(call, |o| async move { machines::abort(&o.region, &o.ctx, &o.system_id, &o.comment).await }).await
}
