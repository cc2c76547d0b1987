//! Settings of the site, checked against the one table in `model`.

use maas_authz::OpCtx;
use serde_json::Value;

use crate::{Region, Result};

/// A setting as the page shows it.
#[derive(Clone, Debug)]
pub struct SettingView {
    pub name: &'static str,
    pub help: &'static str,
    pub value: Value,
    pub default: Value,
    pub is_default: bool,
    pub is_secret: bool,
}

/// The value of a setting. Secret ones need `ViewConfigurations` and are still only told as set or not set.
///
/// # Errors
/// `Invalid` under the name when there is no such setting; `Denied`.
pub async fn get(region: &Region, ctx: &OpCtx, name: &str) -> Result<Value> {
    let _ = (region, ctx, name);
    unimplemented!("core")
}

/// Changes a setting from the text that a client sent.
///
/// # Errors
/// `Denied`; `Invalid` under the name.
pub async fn set(region: &Region, ctx: &OpCtx, name: &str, value: &str) -> Result<()> {
    let _ = (region, ctx, name, value);
    unimplemented!("core")
}

/// All settings (`ViewConfigurations`), by name.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<SettingView>> {
    let _ = (region, ctx);
    unimplemented!("core")
}
