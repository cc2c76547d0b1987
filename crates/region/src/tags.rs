//! Tags: given by hand, or by a definition that looks at the hardware.

use maas_authz::OpCtx;
use maas_model::TagId;

use crate::{Region, Result};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    pub id: TagId,
    pub name: String,
    /// XPath over the machine's hardware facts, or empty for a tag that is given by hand.
    pub definition: String,
    pub comment: String,
    pub kernel_opts: String,
}

/// What to make or change; what is `None` stays (or is empty, for a new tag).
#[derive(Clone, Debug, Default)]
pub struct TagChange {
    pub name: Option<String>,
    pub definition: Option<String>,
    pub comment: Option<String>,
    pub kernel_opts: Option<String>,
}

/// All tags by name (`ViewGlobalEntities`).
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<Tag>> {
    let _ = (region, ctx);
    unimplemented!("inventory")
}

/// One tag by name.
///
/// # Errors
/// `NotFound { what: "Tag" }`, `Denied`.
pub async fn lookup(region: &Region, ctx: &OpCtx, name: &str) -> Result<Tag> {
    let _ = (region, ctx, name);
    unimplemented!("inventory")
}

/// Makes a tag (`EditGlobalEntities`); one with a definition is given to what it fits.
///
/// # Errors
/// `Denied`; `Invalid` under `name` or `definition`.
pub async fn create(region: &Region, ctx: &OpCtx, new: TagChange) -> Result<Tag> {
    let _ = (region, ctx, new);
    unimplemented!("inventory")
}

/// Changes a tag; a new definition is evaluated for all nodes.
///
/// # Errors
/// `NotFound`, `Denied`, `Invalid`.
pub async fn update(region: &Region, ctx: &OpCtx, name: &str, change: TagChange) -> Result<Tag> {
    let _ = (region, ctx, name, change);
    unimplemented!("inventory")
}

/// Deletes a tag.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn delete(region: &Region, ctx: &OpCtx, name: &str) -> Result<()> {
    let _ = (region, ctx, name);
    unimplemented!("inventory")
}

/// Evaluates a definition again for all nodes.
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn rebuild(region: &Region, ctx: &OpCtx, name: &str) -> Result<()> {
    let _ = (region, ctx, name);
    unimplemented!("inventory")
}

/// Gives the tag to some nodes and takes it from others (`Tag` on each); says how many of each.
///
/// # Errors
/// `NotFound`, `Denied`; `BadRequest` naming unknown and hidden ids alike.
pub async fn update_nodes(
    region: &Region,
    ctx: &OpCtx,
    name: &str,
    add: &[String],
    remove: &[String],
) -> Result<(u64, u64)> {
    let _ = (region, ctx, name, add, remove);
    unimplemented!("inventory")
}
