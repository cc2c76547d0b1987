//! What a machine that introduces itself asks.

use maas_authz::{Actor, OpCtx};
use maas_model::{
    MacAddress,
    filter::{NodeFilter, Test, TextField, TextMatch},
};

use crate::{Error, Region, Result, devices, machines};

/// Whether a machine or a device has this MAC address: of those that the caller sees, or of all for a stranger, who would learn it
/// by introducing a machine that has it.
///
/// # Errors
/// `BadRequest` for what is no MAC address.
pub async fn is_registered(region: &Region, ctx: &OpCtx, mac: &str) -> Result<bool> {
    let mac: MacAddress = mac.parse().map_err(|_| Error::BadRequest(format!("Invalid MAC address: {mac}")))?;
    let mut filter = NodeFilter::default();
    filter.require(Test::Text(TextField::MacAddress, vec![TextMatch::Is(mac.to_string())]));
    let as_region = OpCtx::job("enlist", region.clock().clone());
    let ctx = if ctx.actor == Actor::Anonymous { &as_region } else { ctx };
    Ok(machines::count(region, ctx, &filter).await? > 0 || !devices::list(region, ctx, &filter).await?.is_empty())
}
