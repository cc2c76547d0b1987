//! The state of the site in one look.

use askama::Template;
use maas_model::Timestamp;
use maas_region::{
    jobs::JobStatus,
    status::{self, SiteStatus},
};

use crate::{
    answer::Answer,
    shell::{Section, Shell},
    text::{self, When},
    visit::Visit,
};

/// The status page.
#[derive(Template)]
#[template(path = "status.html")]
pub(crate) struct StatusPage {
    pub(crate) shell: Shell,
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) degraded: Vec<String>,
    pub(crate) regions: Vec<RegionRow>,
    pub(crate) jobs: Vec<JobRow>,
    pub(crate) command: String,
}

/// A region in the table.
pub(crate) struct RegionRow {
    pub(crate) name: String,
    pub(crate) http: String,
    pub(crate) https: String,
    pub(crate) seen: Option<When>,
    pub(crate) is_alive: bool,
}

/// A job in the table.
pub(crate) struct JobRow {
    pub(crate) name: String,
    pub(crate) about: String,
    /// `Running`, `Well`, `Failed`, `Waiting`
    pub(crate) state: &'static str,
    pub(crate) look: &'static str,
    pub(crate) message: String,
    pub(crate) ended: Option<When>,
    pub(crate) next: Option<When>,
    pub(crate) runs: String,
}

/// `GET /MAAS/r/status`
pub(crate) async fn show(visit: Visit) -> Answer {
    let site = status::status(visit.region(), &visit.ctx).await?;
    let shell = visit.shell(Section::Status, "Status").await;
    visit.page(&page(shell, site, visit.now(), visit.app.config.command("status")))
}

pub(crate) fn page(shell: Shell, site: SiteStatus, now: Timestamp, command: String) -> StatusPage {
    let tls = match (site.tls.is_enabled, site.tls.days_left) {
        (true, Some(days)) if days < 0 => "on, but the certificate has expired".to_owned(),
        (true, Some(days)) => {
            format!("on, certificate good for {} more", text::count(days.unsigned_abs(), "day"))
        }
        (true, None) => "on".to_owned(),
        (false, _) => "off".to_owned(),
    };
    let port = |port: Option<u16>| port.map_or_else(|| "–".to_owned(), |port| port.to_string());
    let regions = site.regions.iter().map(|seen| RegionRow {
        name: seen.name.clone(),
        http: port(seen.http_port),
        https: port(seen.https_port),
        seen: Timestamp::parse(&seen.last_seen_at).map(|at| When::new(at, now)),
        is_alive: seen.is_alive,
    });
    StatusPage {
        shell,
        jobs: site.jobs.iter().map(|job| job_row(job, now)).collect(),
        regions: regions.collect(),
        facts: vec![
            ("Version", site.version),
            ("This region", site.region),
            ("Database", database(&site.database).to_owned()),
            ("Schema version", site.schema_version.to_string()),
            ("TLS", tls),
            ("Users", site.users.to_string()),
            ("Open sessions", site.sessions.to_string()),
        ],
        degraded: site.degraded,
        command,
    }
}

fn job_row(job: &JobStatus, now: Timestamp) -> JobRow {
    let (state, look) = match job.outcome.as_str() {
        _ if job.running_in.is_some() => ("Running", "busy"),
        "ok" => ("Well", "good"),
        "failed" => ("Failed", "bad"),
        _ => ("Waiting", ""),
    };
    let when = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse).map(|at| When::new(at, now));
    JobRow {
        name: match &job.region {
            Some(region) => format!("{} on {region}", job.name),
            None => job.name.clone(),
        },
        about: job.about.to_owned(),
        state,
        look,
        message: job.message.clone(),
        ended: when(&job.ended_at),
        next: when(&job.next_at),
        runs: match job.failures {
            0 => text::count(job.runs.unsigned_abs(), "run"),
            failures => format!("{}, {failures} failed", text::count(job.runs.unsigned_abs(), "run")),
        },
    }
}

fn database(name: &str) -> &str {
    match name {
        "sqlite" => "SQLite",
        "postgres" => "PostgreSQL",
        other => other,
    }
}
