//! The certificate's end is seen coming: a notice to administrators, a line in the security log.
//!
//! Looked at every twelve hours, and at once when the certificate or one of the two settings changes.

use std::time::Duration;

use maas_authz::{Granted, Site, action::EditNotifications};
use maas_model::{
    EventType, Level, Timestamp,
    notification::{Category, TLS_DUE, TLS_EXPIRED},
};
use maas_store::{
    Audit, Tx,
    tls_generation::{self, StateRow},
};
use maas_tls::CertificateInfo;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{engine, renew};
use crate::{
    Region, Result,
    notifications::raise::{Changed, Raised, raise, withdraw},
    settings,
};

/// Looks now and whenever there is reason to.
pub(super) async fn run(region: &Region) {
    let mut changes = region.changes();
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = None;
    loop {
        tokio::select! {
            _ = tick.tick() => last = None,
            changed = changes.changed() => if changed.is_err() { return },
        }
        match Basis::read(region).await {
            Ok(now) if last.as_ref() == Some(&now) => {}
            Ok(now) => {
                last = Some(now);
                look(region).await;
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot read the state of the certificate");
            }
        }
    }
}

async fn look(region: &Region) {
    let started = Instant::now();
    let renewed = renew::renew_if_due(region).await;
    let checked = check(region).await;
    engine::note(region, "certificate-expiry", started, renewed.and(checked)).await;
}

/// What the notices depend on besides the time.
#[derive(PartialEq, Eq)]
struct Basis {
    generation: i64,
    renewal_error: String,
    is_wanted: bool,
    interval: i64,
}

impl Basis {
    async fn read(region: &Region) -> Result<Self> {
        let state = tls_generation::state(&mut *region.store().reader().await?).await?;
        Ok(Self {
            generation: state.current.generation,
            renewal_error: state.renewal_error,
            is_wanted: settings::is_on(region, "tls_cert_expiration_notification_enabled").await?,
            interval: settings::number(region, "tls_cert_expiration_notification_interval").await?,
        })
    }
}

/// What there is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outlook {
    Fine,
    Due { days: i64 },
    Expired,
}

impl Outlook {
    fn of(info: &CertificateInfo, now: Timestamp, interval: i64) -> Self {
        match info.days_left(now) {
            _ if now >= info.not_after => Self::Expired,
            days if days <= interval => Self::Due { days },
            _ => Self::Fine,
        }
    }
}

/// Compares the notices with what they should be, and puts them right.
pub(crate) async fn check(region: &Region) -> Result<()> {
    let state = tls_generation::state(&mut *region.store().reader().await?).await?;
    let info = state.current.chain.as_deref().and_then(CertificateInfo::from_pem);
    let is_wanted = settings::is_on(region, "tls_cert_expiration_notification_enabled").await?;
    let interval = settings::number(region, "tls_cert_expiration_notification_interval").await?;
    let outlook = match &info {
        Some(info) if is_wanted => Outlook::of(info, region.clock().now(), interval),
        _ => Outlook::Fine,
    };
    log(outlook, info.as_ref());

    let ctx = region.job_ctx("certificate-expiry");
    let grant = ctx.grant::<EditNotifications>()?;
    let mut tx = region.store().begin(&ctx).await?;
    let changed = put_right(&mut tx, &grant, outlook, &state).await?;
    if changed.iter().any(Changed::is_any) {
        tx.commit(event(outlook, info.as_ref())).await?;
    }
    changed.into_iter().for_each(|notice| notice.announce(region));
    Ok(())
}

async fn put_right(
    tx: &mut Tx,
    grant: &Granted<Site, EditNotifications>,
    outlook: Outlook,
    state: &StateRow,
) -> Result<Vec<Changed>> {
    Ok(match outlook {
        Outlook::Fine => vec![withdraw(tx, grant, TLS_DUE).await?, withdraw(tx, grant, TLS_EXPIRED).await?],
        Outlook::Due { days } => {
            vec![withdraw(tx, grant, TLS_EXPIRED).await?, raise(tx, grant, due(days, state)).await?]
        }
        Outlook::Expired => vec![withdraw(tx, grant, TLS_DUE).await?, raise(tx, grant, expired(state)).await?],
    })
}

fn due(days: i64, state: &StateRow) -> Raised {
    Raised {
        ident: TLS_DUE,
        category: if days <= URGENT_DAYS { Category::Warning } else { Category::Info },
        message: "The TLS certificate of this site expires {when}. {advice}",
        context: json!({"when": when(days), "days": days, "advice": advice(state)}),
        returns_after_us: None,
    }
}

fn expired(state: &StateRow) -> Raised {
    Raised {
        ident: TLS_EXPIRED,
        category: Category::Error,
        message: "The TLS certificate of this site has expired. {advice}",
        context: json!({"advice": advice(state)}),
        returns_after_us: Some(RETURNS_AFTER_US),
    }
}

fn when(days: i64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "in 1 day".to_owned(),
        more => format!("in {more} days"),
    }
}

fn advice(state: &StateRow) -> String {
    match (state.current.is_site_issued, state.renewal_error.as_str()) {
        (true, "") => "The site renews it by itself.".to_owned(),
        (true, why) => format!("The site could not renew it: {why}."),
        (false, _) => "Replace it under Settings > Security, or with `maas config-tls enable`.".to_owned(),
    }
}

fn event(outlook: Outlook, info: Option<&CertificateInfo>) -> Audit {
    let (level, text) = match outlook {
        Outlook::Fine => (Level::Info, "The reminder of the TLS certificate's end was taken back.".to_owned()),
        Outlook::Due { days } => (Level::Warning, format!("The TLS certificate expires {}.", when(days))),
        Outlook::Expired => (Level::Error, "The TLS certificate has expired.".to_owned()),
    };
    let fingerprint = info.map(|info| info.sha256.clone());
    Audit::new(EventType::Settings, "tls.expiry", text).level(level).details(json!({"fingerprint": fingerprint}))
}

fn log(outlook: Outlook, info: Option<&CertificateInfo>) {
    let sha256 = info.map(|info| info.sha256.as_str());
    match outlook {
        Outlook::Fine => {}
        Outlook::Due { days } => {
            tracing::warn!(target: "security", r#type = "security", sha256, days, "sys_tls_cert_expiring");
        }
        Outlook::Expired => {
            tracing::error!(target: "security", r#type = "security", sha256, "sys_tls_cert_expired");
        }
    }
}

const PERIOD: Duration = Duration::from_secs(12 * 3600);
const URGENT_DAYS: i64 = 7;
/// An expired certificate is not a thing to put away for good.
const RETURNS_AFTER_US: i64 = 24 * 3600 * 1_000_000;

#[cfg(test)]
mod tests;
