//! `maas audit`: read, prove and export the log on the host.

use maas_authz::OpCtx;
use maas_model::{EventId, Level, Timestamp};
use maas_region::{
    Region,
    events::{self, Event, EventQuery, Verified},
};
use serde_json::json;

use super::{open, place::Place};
use crate::{
    args::{AuditCommand, AuditExportArgs, AuditFilterArgs, AuditTailArgs, AuditVerifyArgs},
    failure::Failure,
    out,
};

/// Rows asked for at once.
const PAGE: u32 = 1000;

/// Runs it.
///
/// # Errors
/// A broken chain is exit code 2, named by its first bad row.
pub(crate) async fn run(command: AuditCommand) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(args) => verify(args).await,
        AuditCommand::Export(args) => export(args).await,
        AuditCommand::Tail(args) => tail(args).await,
    }
}

async fn verify(args: AuditVerifyArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "audit").await?;
    match events::verify(&region, &ctx).await? {
        Verified::Whole { rows, first, last, head } => {
            if args.json {
                out::data(json!({"ok": true, "rows": rows, "first": first, "last": last, "head": head}));
            } else {
                out::data(format!("ok: {rows} rows, {first} to {last}, head {head}"));
            }
            Ok(())
        }
        Verified::Broken { at, why } => {
            if args.json {
                out::data(json!({"ok": false, "row": at, "why": why}));
            }
            Err(Failure::failed(format!("audit/broken: row {at}: {why}"))
                .hint("keep a copy of the database before anything else writes to it"))
        }
    }
}

async fn export(args: AuditExportArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "audit").await?;
    let filter = query_of(&args.filter)?;
    if args.format == "csv" {
        out::data(CSV_HEADER);
    }
    let mut after = EventId(0);
    loop {
        let query = EventQuery { after: Some(after), limit: PAGE, ..filter.clone() };
        let mut page = events::query(&region, &ctx, query).await?;
        page.reverse();
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for event in &page {
            out::data(if args.format == "csv" { csv(event) } else { json_line(event) });
        }
    }
}

async fn tail(args: AuditTailArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    let (region, ctx) = open::open(&place, "audit").await?;
    let filter = query_of(&args.filter)?;
    let mut changes = region.changes();
    let newest = EventQuery { limit: args.lines.clamp(1, PAGE), ..filter.clone() };
    let mut after = show(&region, &ctx, newest, args.json).await?.unwrap_or(EventId(0));
    if !args.follow {
        return Ok(());
    }
    loop {
        tokio::select! {
            moved = changes.changed() => if moved.is_err() { return Ok(()) },
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
        let query = EventQuery { after: Some(after), limit: PAGE, ..filter.clone() };
        after = show(&region, &ctx, query, args.json).await?.unwrap_or(after);
    }
}

/// Prints the rows of a query, oldest first, and returns the newest id.
async fn show(region: &Region, ctx: &OpCtx, query: EventQuery, json: bool) -> Result<Option<EventId>, Failure> {
    let mut page = events::query(region, ctx, query).await?;
    page.reverse();
    for event in &page {
        out::data(if json { json_line(event) } else { text_line(event) });
    }
    Ok(page.last().map(|event| event.id))
}

fn query_of(filter: &AuditFilterArgs) -> Result<EventQuery, Failure> {
    let time = |option: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => Timestamp::parse(text).map(Some).ok_or_else(|| {
            Failure::user(format!("{option}: `{text}` is no time: write `2026-11-25` or `2026-11-25T12:00:00Z`"))
        }),
    };
    Ok(EventQuery {
        level: Some(Level::Audit),
        since: time("--since", &filter.since)?,
        until: time("--until", &filter.until)?,
        owner: filter.user.clone(),
        action: filter.action.clone(),
        outcome: filter.outcome.as_deref().map(str::parse).transpose().map_err(Failure::user)?,
        ..EventQuery::default()
    })
}

fn text_line(event: &Event) -> String {
    let user = if event.username.is_empty() { "-" } else { &event.username };
    let ip = event.ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    format!(
        "{} {} {} {} {} {}: {}",
        event.created_at.iso(),
        event.id,
        event.outcome.as_str(),
        user,
        ip,
        event.action,
        event.description
    )
}

fn json_line(event: &Event) -> String {
    json!({
        "id": event.id,
        "time": event.created_at.iso(),
        "type": event.kind.as_str(),
        "user": event.username,
        "auth_method": event.auth_method,
        "ip": event.ip,
        "user_agent": event.user_agent,
        "endpoint": event.endpoint.as_str(),
        "trace_id": event.trace_id,
        "action": event.action,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "outcome": event.outcome.as_str(),
        "description": event.description,
        "details": event.details,
        "hash": event.hash,
    })
    .to_string()
}

const CSV_HEADER: &str = "id,time,type,user,auth_method,ip,user_agent,endpoint,trace_id,action,object_type,object_id,outcome,description,details,hash";

fn csv(event: &Event) -> String {
    let details = if event.details.is_null() { String::new() } else { event.details.to_string() };
    let ip = event.ip.map(|ip| ip.to_string()).unwrap_or_default();
    [
        &event.id.to_string(),
        &event.created_at.iso(),
        event.kind.as_str(),
        &event.username,
        &event.auth_method,
        &ip,
        &event.user_agent,
        event.endpoint.as_str(),
        &event.trace_id,
        &event.action,
        &event.object_type,
        &event.object_id,
        event.outcome.as_str(),
        &event.description,
        &details,
        &event.hash,
    ]
    .map(csv_field)
    .join(",")
}

/// A field of CSV (RFC 4180). A leading `=`, `+`, `-` or `@` is what spreadsheets run as a formula, so it gets a quote mark before it.
fn csv_field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !text.contains([',', '"', '\n', '\r']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::csv_field;

    #[test]
    fn csv_quotes_and_defuses() {
        assert_eq!(csv_field("a b"), "a b");
        assert_eq!(csv_field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(csv_field("=1+1"), "\"'=1+1\"");
    }
}
