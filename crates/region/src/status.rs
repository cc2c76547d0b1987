//! The state of the site in one look.

use std::time::Duration;

use maas_authz::{OpCtx, action::ViewStatus};
use maas_model::Timestamp;
use maas_store::{
    region_seen::{self, RegionSeenRow},
    session, tls_generation, user,
};
use serde::Serialize;

use crate::{
    Region, Result,
    jobs::{self, JobStatus},
    settings,
    tls::{self, TlsStatus, is_alive},
};

/// What `maas status` and the status page show.
#[derive(Clone, Debug, Serialize)]
pub struct SiteStatus {
    pub version: String,
    pub region: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    pub schema_version: i64,
    pub tls: TlsStatus,
    pub users: i64,
    pub sessions: i64,
    pub regions: Vec<RegionSeen>,
    pub jobs: Vec<JobStatus>,
    /// What needs somebody, one sentence each; empty is healthy.
    pub degraded: Vec<String>,
}

/// A region as the database knows it.
#[derive(Clone, Debug, Serialize)]
pub struct RegionSeen {
    pub name: String,
    pub http_port: Option<u16>,
    pub https_port: Option<u16>,
    /// RFC 3339.
    pub last_seen_at: String,
    pub is_alive: bool,
}

/// The state (`ViewStatus`).
///
/// # Errors
/// `Denied`.
pub async fn status(region: &Region, ctx: &OpCtx) -> Result<SiteStatus> {
    ctx.grant::<ViewStatus>()?;
    let now = ctx.clock.now();
    let idle = u64::try_from(settings::number(region, "session_idle_limit").await?).unwrap_or_default();
    let tls = tls::status(region, ctx).await?;
    let mut reader = region.store().reader().await?;
    let renewal_error = tls_generation::state(&mut reader).await?.renewal_error;
    let seen = region_seen::list(&mut reader).await?;
    let regions: Vec<RegionSeen> = seen.into_iter().map(|row| RegionSeen::new(row, now)).collect();
    let seen_after = now.minus(Duration::from_secs(idle));
    let sessions = session::count(&mut reader, now.micros(), seen_after.micros()).await?;
    let users = user::count(&mut reader).await?;
    drop(reader);
    let jobs = jobs::status(region, ctx).await?;
    let mut degraded = degraded(&tls, &regions, &renewal_error, now);
    let is_running = |job: &&JobStatus| {
        let of = |name: &String| regions.iter().any(|seen| seen.name == *name && seen.is_alive);
        job.region.as_ref().is_none_or(of)
    };
    degraded.extend(jobs.iter().filter(is_running).filter_map(JobStatus::problem));
    Ok(SiteStatus {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        region: region.config().region_name.clone(),
        database: region.store().backend().as_str().to_owned(),
        schema_version: region.store().schema_version().await?,
        tls,
        users,
        sessions,
        regions,
        jobs,
        degraded,
    })
}

impl Region {
    /// Whether the database answers; what a watchdog wants to know.
    pub async fn is_healthy(&self) -> bool {
        self.store().look().await.is_ok()
    }
}

impl RegionSeen {
    fn new(row: RegionSeenRow, now: Timestamp) -> Self {
        let port = |port: Option<i64>| port.and_then(|port| u16::try_from(port).ok());
        Self {
            is_alive: is_alive(&row, now),
            http_port: port(row.http_port),
            https_port: port(row.https_port),
            last_seen_at: Timestamp::from_micros(row.last_seen_us).iso(),
            name: row.region,
        }
    }
}

fn degraded(tls: &TlsStatus, regions: &[RegionSeen], renewal_error: &str, now: Timestamp) -> Vec<String> {
    let mut out = Vec::new();
    for seen in regions.iter().filter(|seen| !seen.is_alive) {
        out.push(format!("Region `{}` was last heard of at {}: see whether it runs.", seen.name, seen.last_seen_at));
    }
    let is_running = |name: &str| regions.iter().any(|seen| seen.name == name && seen.is_alive);
    for word in tls.regions.iter().filter(|word| is_running(&word.region)) {
        match &word.error {
            Some(why) => out.push(format!("Region `{}` does not show what TLS should be: {why}.", word.region)),
            None if word.generation != tls.generation => {
                let (has, wanted) = (word.generation, tls.generation);
                out.push(format!("Region `{}` shows generation {has} of TLS, not {wanted}.", word.region));
            }
            None => {}
        }
    }
    if let Some(info) = &tls.certificate {
        let days = info.days_left(now);
        if now >= info.not_after {
            out.push("The TLS certificate has expired: replace it.".to_owned());
        } else if days <= URGENT_DAYS {
            out.push(format!("The TLS certificate ends on {}: replace it.", info.not_after.human()));
        }
    }
    if !renewal_error.is_empty() {
        out.push(format!("The site could not renew its certificate: {renewal_error}."));
    }
    out
}

const URGENT_DAYS: i64 = 7;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::status;
    use crate::{
        Error, jobs,
        testing::with_region,
        tls::{Bootstrap, bootstrap},
    };

    #[tokio::test]
    async fn what_needs_somebody_is_said() {
        with_region(async |site| {
            let (region, ctx) = (&site.region, site.ctx("admin").await);
            assert!(matches!(status(region, &site.ctx("bob").await).await, Err(Error::Denied(_))));
            bootstrap(region, &ctx, Bootstrap::SiteIssued { port: 0, names: vec!["host1".into()] }).await.unwrap();
            jobs::heartbeat::beat(region, 1).await.unwrap();
            let now = status(region, &ctx).await.unwrap();
            assert_eq!((now.users, now.degraded.len()), (3, 0), "{:?}", now.degraded);
            assert!(now.regions[0].is_alive && now.regions[0].name == "host1");
            site.db.clock.advance(Duration::from_secs(85 * 86_400));
            let now = status(region, &ctx).await.unwrap();
            assert!(now.degraded[0].starts_with("Region `host1` was last heard of at "), "{:?}", now.degraded);
            assert!(now.degraded[1].contains("certificate ends on"), "{:?}", now.degraded);
        })
        .await;
    }
}
