//! The audit log for people: filters, pages by key, details, export, and the proof that nobody changed it.

mod export;
mod filter;

use askama::Template;
use maas_authz::Action;
use maas_model::{EventId, Outcome, Timestamp};
use maas_region::events::{self, Event, Verified};

pub(crate) use self::{export::export, filter::Filter};
use crate::{
    answer::{Answer, Failure},
    form::FormErrors,
    input::Input,
    shell::{Section, Shell},
    text::{self, When},
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "audit.html")]
pub(crate) struct AuditPage {
    pub(crate) shell: Shell,
    pub(crate) filter: Filter,
    pub(crate) problems: Vec<String>,
    pub(crate) rows: Vec<AuditRow>,
    /// Links to newer and older rows, where there are any.
    pub(crate) newer: Option<String>,
    pub(crate) older: Option<String>,
    pub(crate) export_query: String,
    /// Whether the whole log is seen; else it is one's own rows.
    pub(crate) is_whole: bool,
    pub(crate) chain: Option<Chain>,
    pub(crate) types: Vec<(&'static str, &'static str)>,
}

/// The answer of "Verify".
pub(crate) struct Chain {
    pub(crate) is_whole: bool,
    pub(crate) text: String,
    pub(crate) head: String,
}

/// A row of the log.
pub(crate) struct AuditRow {
    pub(crate) at: When,
    /// To the second, without the zone that the head of the column names.
    pub(crate) time: String,
    pub(crate) who: String,
    pub(crate) how: String,
    pub(crate) kind: &'static str,
    pub(crate) action: String,
    pub(crate) description: String,
    pub(crate) outcome: &'static str,
    pub(crate) ip: String,
    pub(crate) endpoint: &'static str,
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) details: String,
}

/// `GET /MAAS/r/audit`
pub(crate) async fn show(visit: Visit, input: Input) -> Answer {
    let page = page(&visit, &input, None).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/audit/verify`
pub(crate) async fn verify(visit: Visit, input: Input) -> Answer {
    let chain = chain(events::verify(visit.region(), &visit.ctx).await?);
    let page = page(&visit, &input, Some(chain)).await?;
    visit.page(&page)
}

async fn page(visit: &Visit, input: &Input, chain: Option<Chain>) -> Result<AuditPage, Failure> {
    let filter = Filter::read(input);
    let (events, problems) = match filter.query(PAGE + 1) {
        Ok(query) => match events::query(visit.region(), &visit.ctx, query).await {
            Ok(events) => (events, Vec::new()),
            Err(error) => (Vec::new(), FormErrors::from_error(error)?.0.into_values().flatten().collect()),
        },
        Err(problems) => (Vec::new(), problems),
    };
    let is_whole = visit.may(Action::ViewAudit);
    let shell = visit.shell(Section::Audit, "Audit log").await;
    Ok(assemble(shell, filter, problems, &events, chain, is_whole, visit.now()))
}

/// The page from up to one row more than it shows; the one more says that there are others.
pub(crate) fn assemble(
    shell: Shell,
    filter: Filter,
    problems: Vec<String>,
    events: &[Event],
    chain: Option<Chain>,
    is_whole: bool,
    now: Timestamp,
) -> AuditPage {
    let has_more = events.len() > PAGE as usize;
    // Going back to newer rows, the one more is the newest of them.
    let shown = match (has_more, filter.after.is_some()) {
        (true, true) => &events[1..],
        (true, false) => &events[..PAGE as usize],
        (false, _) => events,
    };
    let link = |name: &str, id: EventId| format!("/MAAS/r/audit?{}", filter.link(&[(name, &id.to_string())]));
    let newer = shown.first().filter(|_| filter.before.is_some() || (filter.after.is_some() && has_more));
    let older = shown.last().filter(|_| filter.after.is_some() || has_more);
    AuditPage {
        newer: newer.map(|event| link("after", event.id)),
        older: older.map(|event| link("before", event.id)),
        export_query: filter.link(&[]),
        rows: shown.iter().map(|event| row(event, now)).collect(),
        types: filter::types(),
        shell,
        filter,
        problems,
        is_whole,
        chain,
    }
}

pub(crate) fn row(event: &Event, now: Timestamp) -> AuditRow {
    let object = match (event.object_type.as_str(), event.object_id.as_str()) {
        ("", id) => id.to_owned(),
        (kind, "") => kind.to_owned(),
        (kind, id) => format!("{kind} {id}"),
    };
    let facts = [
        ("Number", event.id.to_string()),
        ("Time", event.created_at.iso()),
        ("Action", event.action.clone()),
        ("Object", object),
        ("Signed in by", event.auth_method.clone()),
        ("Came in by", event.endpoint.as_str().to_owned()),
        ("Address", text::address(event.ip)),
        ("Program", event.user_agent.clone()),
        ("Request", event.trace_id.clone()),
        ("Hash", event.hash.clone()),
    ];
    AuditRow {
        at: When::new(event.created_at, now),
        time: event.created_at.human().trim_end_matches(" UTC").to_owned(),
        who: if event.username.is_empty() { "unknown".to_owned() } else { event.username.clone() },
        how: event.auth_method.clone(),
        kind: event.kind.description(),
        action: event.action.clone(),
        description: event.description.clone(),
        outcome: event.outcome.as_str(),
        ip: text::address(event.ip),
        endpoint: event.endpoint.as_str(),
        facts: facts.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        details: match &event.details {
            serde_json::Value::Null => String::new(),
            details => serde_json::to_string_pretty(details).unwrap_or_default(),
        },
    }
}

pub(crate) fn chain(verified: Verified) -> Chain {
    match verified {
        Verified::Whole { rows, first, last, head } => Chain {
            is_whole: true,
            text: format!("The chain is whole: {}, from number {first} to {last}.", text::count(rows, "row")),
            head,
        },
        Verified::Broken { at, why } => {
            Chain { is_whole: false, text: format!("The chain is broken at number {at}: {why}"), head: String::new() }
        }
    }
}

/// All outcomes, for the filter.
pub(crate) fn outcomes() -> [&'static str; 3] {
    Outcome::ALL.map(Outcome::as_str)
}

/// Rows on a page.
pub(crate) const PAGE: u32 = 50;

#[cfg(test)]
mod tests {
    use super::{Filter, PAGE, assemble};
    use crate::{input::Input, samples, shell::Shell};

    fn links(query: &str, count: usize) -> (bool, bool, usize) {
        let filter = Filter::read(&Input::from_urlencoded(query.as_bytes()));
        let events = samples::events(count);
        let page = assemble(Shell::default(), filter, Vec::new(), &events, None, true, samples::now());
        (page.newer.is_some(), page.older.is_some(), page.rows.len())
    }

    #[test]
    fn pages_link_to_each_other() {
        let full = PAGE as usize;
        assert_eq!(links("", 0), (false, false, 0));
        assert_eq!(links("", full), (false, false, full));
        assert_eq!(links("", full + 1), (false, true, full));
        assert_eq!(links("before=90", 3), (true, false, 3));
        assert_eq!(links("after=9", full + 1), (true, true, full));
        assert_eq!(links("after=9", 3), (false, true, 3));
    }

    #[test]
    fn filters_stay_in_the_links() {
        let filter = Filter::read(&Input::from_urlencoded(b"user=bob&outcome=denied&before=7"));
        assert_eq!(filter.link(&[("after", "3")]), "user=bob&outcome=denied&after=3");
    }
}
