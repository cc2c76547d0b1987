//! Notices that the site itself raises and takes back, each under a fixed name.

use maas_authz::{Granted, Site, action::EditNotifications};
use maas_model::notification::Category;
use maas_store::{Tx, notification};
use serde_json::Value;

use super::{announce, form};
use crate::{Region, Result};

/// A notice for administrators.
pub(crate) struct Raised {
    pub(crate) ident: &'static str,
    pub(crate) category: Category,
    pub(crate) message: &'static str,
    pub(crate) context: Value,
    /// How long a dismissal holds; for ever if none.
    pub(crate) returns_after_us: Option<i64>,
}

/// What became of a notice, to be told to open pages once the transaction is committed.
#[must_use = "open pages are told after the commit"]
pub(crate) struct Changed(Option<(&'static str, notification::NotificationRow)>);

impl Changed {
    /// Whether anything was written.
    pub(crate) const fn is_any(&self) -> bool {
        self.0.is_some()
    }

    /// Tells the open pages.
    pub(crate) fn announce(self, region: &Region) {
        if let Some((action, row)) = self.0 {
            announce(region, action, &row);
        }
    }
}

/// Raises a notice, or brings the one that is there up to date; who has put it away stays as it is.
pub(crate) async fn raise(tx: &mut Tx, grant: &Granted<Site, EditNotifications>, raised: Raised) -> Result<Changed> {
    let known = notification::find_ident(tx, raised.ident).await?;
    let mut row = known.clone().unwrap_or_else(form::blank);
    row.ident = Some(raised.ident.to_owned());
    row.for_admins = 1;
    row.message = raised.message.to_owned();
    row.context = raised.context.to_string();
    row.category = raised.category.as_str().to_owned();
    row.returns_after_us = raised.returns_after_us;
    match known {
        Some(known) if known == row => Ok(Changed(None)),
        Some(_) => Ok(Changed(Some(("update", notification::update(tx, grant, row).await?)))),
        None => Ok(Changed(Some(("create", notification::insert(tx, grant, row).await?)))),
    }
}

/// Takes a notice back, and forgets who had put it away.
pub(crate) async fn withdraw(tx: &mut Tx, grant: &Granted<Site, EditNotifications>, ident: &str) -> Result<Changed> {
    let known = notification::find_ident(tx, ident).await?;
    notification::delete_ident(tx, grant, ident).await?;
    Ok(Changed(known.map(|row| ("delete", row))))
}
