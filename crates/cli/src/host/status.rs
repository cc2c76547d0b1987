//! `maas status`: what runs, where, and what needs somebody.

use std::fmt::Write;

use maas_region::{
    jobs::JobStatus,
    status::{self, SiteStatus},
    tls::TlsStatus,
};

use super::{open, place::Place};
use crate::{args::StatusArgs, failure::Failure, out};

/// Runs it: exit code 0 healthy, 1 degraded, 2 not configured.
///
/// # Errors
/// As the exit codes say.
pub(crate) async fn run(args: StatusArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    place.require_initialised()?;
    let (region, ctx) = open::open(&place, "status").await?;
    let mut status = status::status(&region, &ctx).await?;
    if !status.regions.iter().any(|seen| seen.is_alive) {
        status.degraded.push("no region is running: start it with `maas run` (or `maas up`)".to_owned());
    }
    if args.json {
        out::data(serde_json::to_string_pretty(&status).map_err(|error| Failure::failed(error.to_string()))?);
    } else {
        out::raw(text(&status));
    }
    if status.degraded.is_empty() {
        return Ok(());
    }
    Err(Failure::user(format!("degraded: {}", status.degraded.join("\ndegraded: "))))
}

fn text(status: &SiteStatus) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "version      {}", status.version);
    let _ = writeln!(out, "database     {}, schema {}", status.database, status.schema_version);
    let _ = writeln!(out, "users        {} ({} sessions)", status.users, status.sessions);
    let _ = writeln!(out, "\nservice      region       state    http   https  last seen");
    for seen in &status.regions {
        let state = if seen.is_alive { "running" } else { "down" };
        let port = |port: Option<u16>| port.map_or_else(|| "-".to_owned(), |port| port.to_string());
        let _ = writeln!(
            out,
            "region       {:<12} {state:<8} {:<6} {:<6} {}",
            seen.name,
            port(seen.http_port),
            port(seen.https_port.filter(|_| status.tls.is_enabled)),
            seen.last_seen_at
        );
    }
    out.push('\n');
    out += &jobs_text(&status.jobs);
    out += &tls_text(&status.tls);
    out
}

fn jobs_text(jobs: &[JobStatus]) -> String {
    if jobs.is_empty() {
        return String::new();
    }
    let mut out = format!("{:<20} {:<12} {:<8} {:<24} what it says\n", "job", "region", "state", "last run");
    for job in jobs {
        let running_in = job.running_in.as_deref().and_then(|process| process.split('/').next());
        let place = job.region.as_deref().or(running_in).unwrap_or("-");
        let state = match (running_in, job.outcome.as_str()) {
            (Some(_), _) => "running",
            (None, "") => "new",
            (None, outcome) => outcome,
        };
        let at = job.ended_at.as_deref().unwrap_or("-");
        let _ = writeln!(out, "{:<20} {place:<12} {state:<8} {at:<24} {}", job.name, job.message);
    }
    out.push('\n');
    out
}

/// The certificate for people.
pub(crate) fn tls_text(tls: &TlsStatus) -> String {
    let mut out = String::new();
    let Some(certificate) = tls.certificate.as_ref().filter(|_| tls.is_enabled) else {
        return "TLS          off: `maas config-tls enable KEY CERT` switches it on\n".to_owned();
    };
    let port = tls.port.map_or_else(|| "-".to_owned(), |port| port.to_string());
    let _ = writeln!(out, "TLS          on, port {port}, generation {}", tls.generation);
    let _ = writeln!(out, "subject      {}", certificate.subject);
    let issued = if tls.is_site_issued { " (this site; renewed by itself)" } else { "" };
    let _ = writeln!(out, "issuer       {}{issued}", certificate.issuer);
    let _ = writeln!(out, "names        {}", certificate.names.join(", "));
    let _ = writeln!(
        out,
        "not after    {} ({} days left)",
        certificate.not_after.human(),
        tls.days_left.unwrap_or_default()
    );
    let _ = writeln!(out, "SHA-256      {}", certificate.sha256);
    let _ = writeln!(out, "key          {}, chain of {}", certificate.key_type, certificate.chain_length);
    for applied in &tls.regions {
        let state = applied.error.as_deref().map_or_else(|| "ok".to_owned(), |error| format!("failed: {error}"));
        let _ = writeln!(out, "served by    {}: generation {}, {state}", applied.region, applied.generation);
    }
    out
}
