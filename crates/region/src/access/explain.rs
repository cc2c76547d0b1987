//! Why somebody may, or may not, do something: which rule decides, and who could change that.

use maas_authz::{Access, OpCtx};

use crate::{Region, Result};

/// An answer that people can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub username: String,
    /// `deploy`, `can_edit_identities`
    pub action: String,
    /// `machine abc123`, `pool web`, `site`
    pub object: String,
    pub is_allowed: bool,
    /// Whether the user may not even know of the object.
    pub is_hidden: bool,
    /// One sentence: the rule that decides.
    pub rule: String,
    /// The bindings that count here: `role user on pool web, through group Users`.
    pub bindings: Vec<String>,
    /// What would be needed: actions, and where.
    pub needed: Vec<String>,
    /// Who could do it or give the right, by name.
    pub who_can_grant: Vec<String>,
}

/// Explains (`ViewIdentities`; about oneself, everybody may ask). `action` is a machine's action or one of a role;
/// `object` is a system id, `pool:NAME`, or nothing for the site.
///
/// # Errors
/// `NotFound`, `Denied`; `Invalid` under `action`.
pub async fn explain(
    region: &Region,
    ctx: &OpCtx,
    username: &str,
    action: &str,
    object: Option<&str>,
) -> Result<Explanation> {
    let _ = (region, ctx, username, action, object);
    unimplemented!("access")
}

/// Who can do something (`ViewIdentities`), by name.
///
/// # Errors
/// As [`explain`].
pub async fn who_can(region: &Region, ctx: &OpCtx, action: &str, object: Option<&str>) -> Result<Vec<String>> {
    let _ = (region, ctx, action, object);
    unimplemented!("access")
}

/// What a user holds, for the page that shows it (`ViewIdentities`; one's own, everybody).
///
/// # Errors
/// `NotFound`, `Denied`.
pub async fn access_of(region: &Region, ctx: &OpCtx, username: &str) -> Result<Access> {
    let _ = (region, ctx, username);
    unimplemented!("access")
}
