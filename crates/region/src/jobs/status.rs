//! How the jobs are, for whoever may see the state of the site.

use maas_authz::{OpCtx, action::ViewStatus};
use maas_model::Timestamp;
use maas_store::job::{self, JobRow};
use serde::Serialize;

use super::JOBS;
use crate::{Region, Result};

/// A job.
#[derive(Clone, Debug, Serialize)]
pub struct JobStatus {
    pub name: String,
    /// What it does.
    pub about: &'static str,
    /// The region that it is about, for what each region does by itself.
    pub region: Option<String>,
    /// The process that runs it now: region, process id, a random word.
    pub running_in: Option<String>,
    /// RFC 3339, as the others.
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    /// How long the last run took.
    pub took_ms: Option<i64>,
    /// `ok`, `failed`, or empty while it has never ended.
    pub outcome: String,
    /// What it did, or what went wrong.
    pub message: String,
    pub runs: i64,
    pub failures: i64,
    /// When it runs again if nothing wakes it before.
    pub next_at: Option<String>,
}

/// All jobs by name (`ViewStatus`).
///
/// # Errors
/// `Denied`.
pub async fn status(region: &Region, ctx: &OpCtx) -> Result<Vec<JobStatus>> {
    ctx.grant::<ViewStatus>()?;
    let now = ctx.clock.now().micros();
    let rows = job::list(&mut *region.store().reader().await?).await?;
    Ok(rows.into_iter().map(|row| JobStatus::new(row, now)).collect())
}

impl JobStatus {
    fn new(row: JobRow, now: i64) -> Self {
        let (name, region) = match row.name.split_once('@') {
            Some((name, region)) => (name.to_owned(), Some(region.to_owned())),
            None => (row.name.clone(), None),
        };
        let iso = |us: i64| Timestamp::from_micros(us).iso();
        let is_running = row.lease_us.is_some_and(|until| until > now);
        Self {
            about: about(&name),
            name,
            region,
            running_in: row.holder.filter(|_| is_running),
            took_ms: row.ended_us.zip(row.started_us).map(|(end, start)| (end - start) / 1000).filter(|ms| *ms >= 0),
            started_at: row.started_us.map(iso),
            ended_at: row.ended_us.map(iso),
            outcome: row.outcome,
            message: row.message,
            runs: row.runs,
            failures: row.failures,
            next_at: (row.next_us > 0).then(|| iso(row.next_us)),
        }
    }

    /// What needs somebody, if anything does.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.outcome != "failed" {
            return None;
        }
        let place = self.region.as_ref().map(|region| format!(" of region `{region}`")).unwrap_or_default();
        Some(format!("The job `{}`{place} failed: {}.", self.name, self.message.trim_end_matches('.')))
    }
}

fn about(name: &str) -> &'static str {
    let found = JOBS.iter().find(|job| job.name == name).map(|job| job.about);
    found.unwrap_or(match name {
        "tls" => "shows the certificate that is meant",
        "certificate-expiry" => "renews the site's own certificate, and sees the end of others coming",
        "heartbeat" => "says that this region is alive",
        _ => "",
    })
}
