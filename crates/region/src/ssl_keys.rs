//! Certificates that users offer to machines (MAAS calls them SSL keys).

use maas_authz::{
    OpCtx,
    action::{EditOwn, ViewOwn},
};
use maas_model::{EventType, SslKeyId, Timestamp, UserId};
use maas_store::{Audit, ssl_key};
use maas_tls::CertificateInfo;
use serde_json::json;

use crate::{Audience, Error, Region, Result};

/// A certificate of a user.
#[derive(Clone, Debug)]
pub struct SslKey {
    pub id: SslKeyId,
    /// PEM, as sent.
    pub key: String,
    /// Subject, for people.
    pub subject: String,
    pub not_after: Timestamp,
    /// SHA-256 of the first certificate, upper-case hex pairs joined by `:`.
    pub fingerprint: String,
    pub created_at: Timestamp,
}

/// The caller's certificates by id.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<SslKey>> {
    let owner = ctx.own::<ViewOwn>()?;
    let rows = ssl_key::list_of(&mut *region.store().reader().await?, *owner.row()).await?;
    Ok(rows.into_iter().map(SslKey::from).collect())
}

/// One of the caller's.
///
/// # Errors
/// `NotFound { what: "SSLKey" }`; `Forbidden` with `Can't get a key you don't own.`
pub async fn lookup(region: &Region, ctx: &OpCtx, id: SslKeyId) -> Result<SslKey> {
    let owner = ctx.own::<ViewOwn>()?;
    let row = ssl_key::find(&mut *region.store().reader().await?, id).await?.ok_or(NOT_FOUND)?;
    if row.user_id != owner.row().0 {
        return Err(Error::Forbidden("Can't get a key you don't own.".to_owned()));
    }
    Ok(row.into())
}

/// Adds one.
///
/// # Errors
/// `Invalid` under `key`.
pub async fn create(region: &Region, ctx: &OpCtx, key: &str) -> Result<SslKey> {
    let owner = ctx.own::<EditOwn>()?;
    check(key).map_err(|why| Error::field("key", why))?;
    let mut tx = region.store().begin(ctx).await?;
    let row = match ssl_key::insert(&mut tx, &owner, key).await {
        Err(error) if error.is_unique("ssl_key.user_id") => {
            return Err(Error::field("key", "This key has already been added for this user."));
        }
        other => other?,
    };
    let added = SslKey::from(row);
    let audit = Audit::new(EventType::Authorisation, "ssl-key.create", "Created SSL key.");
    tx.commit(audit.object("ssl-key", added.id).details(json!({"fingerprint": added.fingerprint}))).await?;
    announce(region, "create", *owner.row(), added.id);
    Ok(added)
}

/// Deletes one of the caller's.
///
/// # Errors
/// `NotFound { what: "SSLKey" }`; `Forbidden` for somebody else's.
pub async fn delete(region: &Region, ctx: &OpCtx, id: SslKeyId) -> Result<()> {
    let owner = ctx.own::<EditOwn>()?;
    let mut tx = region.store().begin(ctx).await?;
    ssl_key::find(&mut tx, id).await?.ok_or(NOT_FOUND)?;
    if !ssl_key::delete(&mut tx, &owner, id).await? {
        return Err(Error::Forbidden("Can't delete a key you don't own.".to_owned()));
    }
    let text = format!("Deleted SSL key id='{id}'.");
    tx.commit(Audit::new(EventType::Authorisation, "ssl-key.delete", text).object("ssl-key", id)).await?;
    announce(region, "delete", *owner.row(), id);
    Ok(())
}

/// The first certificate of the text must parse, and there must be no private key: what stands here is handed out.
fn check(text: &str) -> Result<(), &'static str> {
    if text.trim().is_empty() {
        Err("This field is required.")
    } else if text.contains("PRIVATE KEY") {
        Err("Invalid SSL key. The text holds a private key; give the certificate alone.")
    } else if text.len() > MAX_LENGTH || CertificateInfo::from_pem(text).is_none() {
        Err("Invalid SSL key.")
    } else {
        Ok(())
    }
}

fn announce(region: &Region, action: &'static str, owner: UserId, id: SslKeyId) {
    region.announce("sslkey", action, json!(id), Audience::User(owner));
}

impl From<ssl_key::SslKeyRow> for SslKey {
    fn from(row: ssl_key::SslKeyRow) -> Self {
        let info = CertificateInfo::from_pem(&row.key);
        let not_after = info.as_ref().map_or(Timestamp::from_secs(0), |info| info.not_after);
        let (subject, fingerprint) = info.map(|info| (info.subject, info.sha256)).unwrap_or_default();
        Self {
            id: SslKeyId(row.ssl_key_id),
            key: row.key,
            subject,
            not_after,
            fingerprint,
            created_at: Timestamp::from_micros(row.created_us),
        }
    }
}

const NOT_FOUND: Error = Error::NotFound { what: "SSLKey" };
const MAX_LENGTH: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use maas_tls::SiteCa;

    use super::{create, delete, list, lookup};
    use crate::{Error, testing::with_region};

    #[tokio::test]
    async fn certificates_are_kept_for_their_owner_alone() {
        with_region(async |site| {
            let (admin, bob) = (site.ctx("admin").await, site.ctx("bob").await);
            let region = &site.region;
            let ca = SiteCa::generate("test CA", site.db.clock.now()).unwrap();
            let added = create(region, &bob, ca.certificate_pem()).await.unwrap();
            assert_eq!(added.fingerprint, ca.fingerprint());
            assert_eq!(site.last_event().await.1, "Created SSL key.");
            for (text, wanted) in [
                ("", "key: This field is required."),
                ("x", "key: Invalid SSL key."),
                (ca.certificate_pem(), "key: This key has already been added for this user."),
            ] {
                assert_eq!(create(region, &bob, text).await.unwrap_err().to_string(), wanted);
            }
            let both = format!("{}{}", ca.certificate_pem(), ca.key_pem().expose());
            assert!(create(region, &bob, &both).await.unwrap_err().to_string().contains("private key"));
            assert_eq!(list(region, &bob).await.unwrap().len(), 1);
            let error = lookup(region, &admin, added.id).await.unwrap_err();
            assert_eq!(error.to_string(), "Can't get a key you don't own.");
            assert!(matches!(delete(region, &admin, added.id).await, Err(Error::Forbidden(_))));
            delete(region, &bob, added.id).await.unwrap();
            assert!(matches!(lookup(region, &bob, added.id).await, Err(Error::NotFound { what: "SSLKey" })));
        })
        .await;
    }
}
