//! Renewal of certificates that the site issued itself, at two thirds of their life.

use maas_authz::action::EditConfigurations;
use maas_model::Timestamp;
use maas_store::tls_generation::{self, StateRow};
use maas_tls::{CertBundle, CertificateInfo};

use crate::{
    Error, Region, Result,
    tls::{
        SERVER_DAYS,
        change::{self, Draft, Kind},
        site_ca,
    },
};

/// Renews the site's certificate if the site issued it and its time has come; whether it did.
pub(crate) async fn renew_if_due(region: &Region) -> Result<bool> {
    let state = tls_generation::state(&mut *region.store().reader().await?).await?;
    let info = state.current.chain.as_deref().and_then(CertificateInfo::from_pem);
    let Some(info) = info.filter(|_| state.current.is_site_issued) else { return Ok(false) };
    if region.clock().now() < due(&info) {
        return Ok(false);
    }
    match issue(region, &info).await {
        Ok(bundle) => replace(region, &state, bundle).await,
        Err(why) => note(region, &state, &why).await.map(|()| false),
    }
}

fn due(info: &CertificateInfo) -> Timestamp {
    let life = info.not_after.since(info.not_before);
    info.not_before.plus(life / 3 * 2)
}

async fn issue(region: &Region, old: &CertificateInfo) -> Result<CertBundle, String> {
    let ca = site_ca(region).await.map_err(|error| match error {
        Error::Internal(cause) => cause.to_string(),
        other => other.to_string(),
    })?;
    let ca = ca.ok_or_else(|| "the site's CA is not there".to_owned())?;
    let bare = |name: &String| name.split_once(':').map_or(name.as_str(), |(_, bare)| bare).to_owned();
    let names: Vec<String> = old.names.iter().map(bare).collect();
    ca.issue_server(&names, region.clock().now(), SERVER_DAYS)
}

async fn replace(region: &Region, state: &StateRow, bundle: CertBundle) -> Result<bool> {
    let ctx = region.job_ctx("certificate-renewal");
    let grant = ctx.grant::<EditConfigurations>()?;
    let port = state.current.port.and_then(|port| u16::try_from(port).ok());
    let draft = Draft { port, bundle: Some(bundle), is_site_issued: true, is_confirmed: false };
    match change::store(region, &ctx, &grant, state, draft, Kind::Renew).await {
        // Another region was quicker, or somebody put another certificate there.
        Err(Error::Conflict(_)) => Ok(false),
        other => other.map(|_| true),
    }
}

/// Keeps the reason for the reminder.
async fn note(region: &Region, state: &StateRow, why: &str) -> Result<()> {
    if state.renewal_error == why {
        return Ok(());
    }
    tracing::error!(why, "the site could not renew its own certificate");
    let mut tx = region.store().begin(&region.job_ctx("certificate-renewal")).await?;
    tls_generation::set_renewal_error(&mut tx, why).await?;
    Ok(tx.commit_all(Vec::new()).await?)
}
