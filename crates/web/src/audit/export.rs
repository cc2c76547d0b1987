//! The log as a file: CSV for spreadsheets, JSON lines for programs. It is read page by page while it is sent.

use axum::body::{Body, Bytes};
use futures_util::stream;
use maas_region::{
    Error,
    events::{self, Event, EventQuery},
};
use serde_json::json;

use super::Filter;
use crate::{
    answer::{Answer, download},
    input::Input,
    visit::Visit,
};

/// `GET /MAAS/r/audit/export`
pub(crate) async fn export(visit: Visit, input: Input) -> Answer {
    let filter = Filter { before: None, after: None, ..Filter::read(&input) };
    let query = filter.query(CHUNK).map_err(|problems| Error::BadRequest(problems.join(" ")))?;
    let is_csv = input.text("format") != "jsonl";
    let change = visit.region().change_count();
    // The first rows are read here, so that a refusal is a page and no broken file.
    let first = events::query(visit.region(), &visit.ctx, query.clone()).await?;
    let day = visit.now().iso()[..10].to_owned();
    let head = if is_csv { CSV_HEAD.to_owned() } else { String::new() };
    let start = Place { visit, change, query, rows: Some(first), text: head, is_csv };
    let body = Body::from_stream(stream::unfold(Some(start), |place| async move { next(place?).await }));
    Ok(if is_csv {
        download("text/csv; charset=utf-8", &format!("maas-audit-{day}.csv"), body)
    } else {
        download("application/jsonl", &format!("maas-audit-{day}.jsonl"), body)
    })
}

struct Place {
    visit: Visit,
    /// The count of changes when it was last looked who reads.
    change: u64,
    query: EventQuery,
    /// Read, and not sent yet.
    rows: Option<Vec<Event>>,
    /// To be sent before the rows.
    text: String,
    is_csv: bool,
}

type Piece = Result<Bytes, Error>;

async fn next(mut place: Place) -> Option<(Piece, Option<Place>)> {
    let rows = match place.rows.take() {
        Some(rows) => rows,
        None => match more(&mut place).await {
            Ok(rows) => rows,
            // Ends the answer in the middle, so that nobody takes half a log for the whole.
            Err(error) => return Some((Err(error), None)),
        },
    };
    let mut text = std::mem::take(&mut place.text);
    for event in &rows {
        text += &if place.is_csv { csv(event) } else { jsonl(event) };
    }
    place.query.before = rows.last().map(|event| event.id);
    let has_more = rows.len() == CHUNK as usize;
    Some((Ok(Bytes::from(text)), has_more.then_some(place)))
}

/// Reads on, as whoever the reader is by now: a long answer must not outlive its session.
async fn more(place: &mut Place) -> Result<Vec<Event>, Error> {
    let now = place.visit.region().change_count();
    place.visit = place.visit.clone().renewed(place.change).await?;
    place.change = now;
    events::query(place.visit.region(), &place.visit.ctx, place.query.clone()).await
}

pub(super) fn csv(event: &Event) -> String {
    let fields = [
        event.id.to_string(),
        event.created_at.iso(),
        event.username.clone(),
        event.auth_method.clone(),
        event.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        event.endpoint.as_str().to_owned(),
        event.kind.as_str().to_owned(),
        event.action.clone(),
        event.object_type.clone(),
        event.object_id.clone(),
        event.outcome.as_str().to_owned(),
        event.description.clone(),
        if event.details.is_null() { String::new() } else { event.details.to_string() },
        event.user_agent.clone(),
        event.trace_id.clone(),
        event.hash.clone(),
    ];
    fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\r\n"
}

/// RFC 4180; what a spreadsheet would take for a formula gets an apostrophe in front.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !field.contains([',', '"', '\n', '\r']) {
        return field.to_owned();
    }
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

pub(super) fn jsonl(event: &Event) -> String {
    let row = json!({
        "id": event.id,
        "time": event.created_at.iso(),
        "username": event.username,
        "auth_method": event.auth_method,
        "ip": event.ip,
        "endpoint": event.endpoint.as_str(),
        "type": event.kind.as_str(),
        "level": event.level.as_str(),
        "action": event.action,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "outcome": event.outcome.as_str(),
        "description": event.description,
        "details": event.details,
        "user_agent": event.user_agent,
        "trace_id": event.trace_id,
        "hash": event.hash,
    });
    format!("{row}\n")
}

const CHUNK: u32 = 1000;
const CSV_HEAD: &str = "id,time,username,auth_method,ip,endpoint,type,action,object_type,object_id,outcome,description,\
                        details,user_agent,trace_id,hash\r\n";

#[cfg(test)]
mod tests {
    use super::{CSV_HEAD, csv, jsonl, quoted};
    use crate::samples;

    #[test]
    fn fields_are_quoted_and_formulas_disarmed() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(quoted("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
    }

    #[test]
    fn rows_have_as_many_columns_as_the_head() {
        let event = &samples::events(1)[0];
        assert_eq!(CSV_HEAD.matches(',').count(), 15);
        assert!(csv(event).ends_with("\r\n"));
        let line: serde_json::Value = serde_json::from_str(&jsonl(event)).unwrap();
        assert_eq!(line["outcome"], "success");
    }
}
