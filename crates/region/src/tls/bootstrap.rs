//! The first start: the site's own CA and the first certificate.

use std::path::Path;

use maas_authz::{OpCtx, action::EditConfigurations};
use maas_model::{EventType, Secret};
use maas_secrets::file;
use maas_store::{Audit, failpoint, tls_generation};
use maas_tls::SiteCa;
use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::change::{self, Draft, Kind};
use crate::{Error, Region, Result};

/// How a site begins.
#[derive(Clone, Debug)]
pub enum Bootstrap {
    /// With TLS on this port (0 takes a free one), the certificate issued by the site's own CA for these names and addresses.
    SiteIssued { port: u16, names: Vec<String> },
    /// Without TLS.
    Off,
}

/// Makes the site's CA and, on the very first start alone, its first certificate; writes `ca.pem`. Run again it finishes
/// what was begun, and otherwise changes nothing.
///
/// # Errors
/// `Denied`; `BadRequest` when a name is neither a DNS name nor an address, or when `ca.pem` cannot be written.
pub async fn bootstrap(region: &Region, ctx: &OpCtx, mode: Bootstrap) -> Result<()> {
    let grant = ctx.grant::<EditConfigurations>()?;
    let ca = match site_ca(region).await? {
        Some(ca) => ca,
        None => make_ca(region, ctx).await?,
    };
    publish(&region.config().data_dir, ca.certificate_pem())?;
    let state = tls_generation::state(&mut *region.store().reader().await?).await?;
    if state.is_bootstrapped {
        return Ok(());
    }
    match mode {
        Bootstrap::Off => {
            let mut tx = region.store().begin(ctx).await?;
            tls_generation::set_bootstrapped(&mut tx).await?;
            let audit = Audit::new(EventType::Settings, "tls.off", "Began without TLS.");
            Ok(tx.commit(audit).await?)
        }
        Bootstrap::SiteIssued { port, names } => {
            let bundle = ca.issue_server(&names, ctx.clock.now(), SERVER_DAYS).map_err(Error::BadRequest)?;
            let draft = Draft { port: Some(port), bundle: Some(bundle), is_site_issued: true, is_confirmed: true };
            match change::store(region, ctx, &grant, &state, draft, Kind::Enable).await {
                // Another process of the same first start was quicker.
                Err(Error::Conflict(_)) => Ok(()),
                other => other.map(|_| ()),
            }
        }
    }
}

/// SHA-256 of the certificate of the site's own CA, if the site serves a certificate of it.
///
/// # Errors
/// `Internal`, `Unavailable`.
pub async fn site_ca_fingerprint(region: &Region) -> Result<Option<String>> {
    let state = tls_generation::state(&mut *region.store().reader().await?).await?;
    if !state.current.is_site_issued {
        return Ok(None);
    }
    Ok(site_ca(region).await?.map(|ca| ca.fingerprint()))
}

/// The site's own CA, once there is one.
pub(crate) async fn site_ca(region: &Region) -> Result<Option<SiteCa>> {
    let kept = region.site().latest_secret(&mut *region.store().reader().await?, CA_PATH).await?;
    kept.map(|(_, value)| open(&value)).transpose()
}

async fn make_ca(region: &Region, ctx: &OpCtx) -> Result<SiteCa> {
    let name = format!("MAAS site CA {}", &region.site().uuid[..8]);
    let ca = SiteCa::generate(&name, ctx.clock.now()).map_err(Error::internal)?;
    let kept = KeptCa { cert: ca.certificate_pem().to_owned(), key: ca.key_pem().expose().clone() };
    let bytes = Secret::new(serde_json::to_vec(&kept).map_err(|error| Error::Internal(error.into()))?);
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("site-ca").await?;
    if let Some((_, other)) = region.site().latest_secret(&mut tx, CA_PATH).await? {
        return open(&other);
    }
    region.site().put_secret(&mut tx, CA_PATH, 1, &bytes).await?;
    let audit = Audit::new(EventType::Settings, "tls.ca", "Created the site's certificate authority.");
    tx.commit(audit.object("tls", "site-ca").details(json!({"fingerprint": ca.fingerprint()}))).await?;
    failpoint("tls:ca-made");
    Ok(ca)
}

fn open(value: &Secret<Vec<u8>>) -> Result<SiteCa> {
    let kept: KeptCa =
        serde_json::from_slice(value.expose()).map_err(|_| Error::internal("the site's CA as kept is damaged"))?;
    SiteCa::from_pem(&kept.cert, &Secret::new(kept.key.clone())).map_err(Error::internal)
}

/// The certificate is public: clients read it from here.
fn publish(data_dir: &Path, certificate: &str) -> Result<()> {
    let path = data_dir.join("ca.pem");
    if std::fs::read_to_string(&path).is_ok_and(|known| known == certificate) {
        return Ok(());
    }
    file::replace(&path, certificate.as_bytes(), 0o644).map_err(|error| Error::BadRequest(error.to_string()))
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct KeptCa {
    cert: String,
    key: String,
}

const CA_PATH: &str = "global/site-ca";
/// The site renews at two thirds of it.
pub(crate) const SERVER_DAYS: u32 = 90;
