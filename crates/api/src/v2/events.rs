//! `events/?op=query`: MAAS's query with the rows that MAAS loses, and filters for auditors.

use std::{net::IpAddr, str::FromStr};

use maas_authz::{Action, decide};
use maas_model::{
    EventId, Level, MacAddress, Timestamp,
    filter::{FilterError, FilterKey, NodeFilter, TextMatch},
};
use maas_region::events::{self, Event, EventQuery};
use maas_wire::{EventPage, event::Trail};

use crate::{
    call::Call,
    error::ApiError,
    form::Form,
    reply::{self, Reply},
    route::{Access, Kind, Param, Resource, Route, Verb},
};

const PATH: &str = "/MAAS/api/2.0/events/";
const DEFAULT_LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 1000;

pub(crate) const EVENTS: Resource = Resource {
    name: "EventsHandler",
    path: PATH,
    doc: "Read the event and audit log.",
    routes: &[Route {
        verb: Verb::Get,
        op: Some("query"),
        access: Access::SignedIn,
        title: "List events",
        text: "Newest first. Everybody sees their own; the whole log is for those who may read it.",
        params: &[
            Param::optional(
                "level",
                "AUDIT for audit rows alone; else this level and above: DEBUG, INFO, WARNING, ERROR, CRITICAL.",
            ),
            Param::optional("limit", "How many, 1 to 1000; 100 if not given.").kind(Kind::Int),
            Param::optional("before", "Only events older than this id.").kind(Kind::Int),
            Param::optional("after", "Only events newer than this id.").kind(Kind::Int),
            Param::optional("owner", "The acting user's name."),
            Param::optional("hostname", "The name of the machine."),
            Param::optional("mac_address", "A MAC address of the machine."),
            Param::optional("id", "The system id of the machine."),
            Param::optional("domain", "The domain of the machine."),
            Param::optional("zone", "The zone of the machine."),
            Param::optional("pool", "The pool of the machine."),
            Param::optional("agent_name", "The agent name of the machine."),
            Param::optional("type", "AUTHORISATION, SETTINGS, NODE..."),
            Param::optional("action", "What was done, such as user.create."),
            Param::optional("outcome", "success, denied or failed."),
            Param::optional("ip", "From which address."),
            Param::optional("since", "Not before: RFC 3339 or a date."),
            Param::optional("until", "Not after: RFC 3339 or a date."),
            Param::optional("q", "A piece of the description."),
        ],
        handler: |call| Box::pin(query(call)),
    }],
    ..Resource::DEFAULT
};

/// What stays in the addresses of the pages before and after.
const RETAINED: [&str; 18] = [
    "agent_name",
    "domain",
    "hostname",
    "id",
    "level",
    "limit",
    "mac_address",
    "owner",
    "pool",
    "zone",
    "type",
    "action",
    "outcome",
    "ip",
    "since",
    "until",
    "q",
    "format",
];

const NODE_FILTERS: [&str; 7] = ["hostname", "mac_address", "id", "domain", "zone", "pool", "agent_name"];

async fn query(call: Call) -> Result<Reply, ApiError> {
    let query = read_query(&call.form)?;
    let (before, after) = (query.before, query.after);
    let events = events::query(call.region(), &call.ctx, query).await?;
    let has_trail = decide(&call.ctx.actor, Action::ViewAudit).is_ok();
    let page = EventPage {
        count: events.len(),
        next_uri: Some(next_uri(&call.form, &events, before)),
        prev_uri: prev_uri(&call.form, &events, after),
        events: events.iter().map(|event| shown(event, has_trail)).collect(),
    };
    Ok(reply::json(&page))
}

fn read_query(form: &Form) -> Result<EventQuery, ApiError> {
    let limit = form.int("limit")?.unwrap_or(DEFAULT_LIMIT).max(1);
    if limit > MAX_LIMIT {
        return Err(ApiError::bad(format!("Requested number of events {limit} is greater than limit: {MAX_LIMIT}")));
    }
    let (before, after) = (form.int("before")?, form.int("after")?);
    if before.is_some() && after.is_some() {
        let line = "There is undetermined behaviour when both `after` and `before` are specified.";
        return Err(ApiError::bad(line));
    }
    Ok(EventQuery {
        level: parsed::<Level>(form, "level")?,
        limit: u32::try_from(limit).unwrap_or(1),
        before: before.map(EventId),
        after: after.map(EventId),
        owner: form.filled("owner").map(str::to_owned),
        nodes: read_nodes(form)?,
        kind: parsed(form, "type")?,
        action: form.filled("action").map(str::to_owned),
        outcome: parsed(form, "outcome")?,
        ip: form.filled("ip").map(read_ip).transpose()?,
        since: read_time(form, "since")?,
        until: read_time(form, "until")?,
        text: form.filled("q").map(str::to_owned),
    })
}

fn parsed<T: FromStr<Err = String>>(form: &Form, name: &str) -> Result<Option<T>, ApiError> {
    form.filled(name).map(|text| text.parse().map_err(ApiError::bad)).transpose()
}

fn read_ip(text: &str) -> Result<IpAddr, ApiError> {
    text.parse().map_err(|_| ApiError::bad("Invalid ip: Please enter an IP address"))
}

fn read_time(form: &Form, name: &str) -> Result<Option<Timestamp>, ApiError> {
    let line = || ApiError::bad(format!("Invalid {name}: Please enter a date or RFC 3339 time"));
    form.filled(name).map(|text| Timestamp::parse(text).ok_or_else(line)).transpose()
}

/// The filters on the event's machine; all must hold.
fn read_nodes(form: &Form) -> Result<NodeFilter, ApiError> {
    check_mac_addresses(form)?;
    let mut filter = NodeFilter::default();
    for name in NODE_FILTERS {
        let values: Vec<TextMatch> =
            form.all(name).filter(|text| !text.is_empty()).map(|text| TextMatch::Is(text.to_owned())).collect();
        let bad = |error: FilterError| ApiError::bad(error.to_string());
        let key: FilterKey = name.parse().map_err(bad)?;
        filter.criteria.extend(key.criteria(false, values).map_err(bad)?);
    }
    Ok(filter)
}

fn check_mac_addresses(form: &Form) -> Result<(), ApiError> {
    let bad: Vec<&str> =
        form.all("mac_address").filter(|text| !text.is_empty() && text.parse::<MacAddress>().is_err()).collect();
    if bad.is_empty() { Ok(()) } else { Err(ApiError::bad(format!("Invalid MAC address(es): {}", bad.join(", ")))) }
}

fn shown(event: &Event, has_trail: bool) -> maas_wire::Event {
    let username = if event.username.is_empty() { "unknown" } else { &event.username };
    maas_wire::Event {
        username: username.to_owned(),
        node: event.node.as_ref().map(|node| node.system_id.clone()),
        hostname: event.node.as_ref().and_then(|node| node.hostname.clone()).unwrap_or_else(|| "unknown".into()),
        id: event.id.0,
        level: event.level.as_str().into(),
        created: event.created_at.event_format(),
        kind: event.kind.description().into(),
        description: event.description.replace("%(username)s", username),
        trail: (has_trail && event.has_trail).then(|| trail(event)),
    }
}

fn trail(event: &Event) -> Trail {
    Trail {
        time: event.created_at.iso(),
        action: event.action.clone(),
        outcome: event.outcome.as_str().into(),
        auth_method: event.auth_method.clone(),
        ip_address: event.ip.map(|ip| ip.to_string()),
        user_agent: event.user_agent.clone(),
        endpoint: event.endpoint.as_str().into(),
        trace_id: event.trace_id.clone(),
        object_type: event.object_type.clone(),
        object_id: event.object_id.clone(),
        details: event.details.clone(),
        hash: event.hash.clone(),
    }
}

fn next_uri(form: &Form, events: &[Event], before: Option<EventId>) -> String {
    let newest = events.first().map(|event| event.id.0);
    let cursor = newest.or_else(|| before.map(|id| id.0.saturating_sub(1)));
    page_uri(form, "after", cursor)
}

fn prev_uri(form: &Form, events: &[Event], after: Option<EventId>) -> Option<String> {
    let oldest = events.last().map(|event| event.id.0);
    let cursor = oldest.or_else(|| after.map(|id| id.0.saturating_add(1)));
    cursor.map(|id| page_uri(form, "before", Some(id)))
}

fn page_uri(form: &Form, name: &str, cursor: Option<i64>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("op", "query");
    for name in RETAINED {
        if let Some(value) = form.get(name) {
            query.append_pair(name, value);
        }
    }
    if let Some(id) = cursor {
        query.append_pair(name, &id.to_string());
    }
    format!("{PATH}?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use maas_model::{EventId, Level};

    use super::{next_uri, prev_uri, read_query};
    use crate::form::Form;

    fn form(query: &str) -> Form {
        Form::new(crate::body::parse_query(query).unwrap())
    }

    fn line(query: &str) -> String {
        read_query(&form(query)).map_err(|error| error.to_string()).unwrap_err()
    }

    #[test]
    fn what_does_not_do_is_said_as_in_maas() {
        assert_eq!(line("limit=1001"), "Requested number of events 1001 is greater than limit: 1000");
        assert_eq!(line("before=x"), "Invalid before: Please enter an integer value");
        assert_eq!(
            line("before=1&after=2"),
            "There is undetermined behaviour when both `after` and `before` are specified."
        );
        assert_eq!(line("level=LOUD"), "Unrecognised log level: LOUD");
        assert_eq!(line("mac_address=zz&mac_address=00:11:22:33:44:55"), "Invalid MAC address(es): zz");
        let query = read_query(&form("limit=0&level=AUDIT&id=")).map_err(|error| error.to_string()).unwrap();
        assert_eq!((query.limit, query.level, query.nodes.is_empty()), (1, Some(Level::Audit), true));
        let query = read_query(&form("id=abc&id=def&pool=web")).map_err(|error| error.to_string()).unwrap();
        assert_eq!(query.nodes.criteria.len(), 2);
    }

    #[test]
    fn an_empty_page_knows_its_neighbours() {
        let query = form("op=query&limit=5&before=10");
        assert_eq!(next_uri(&query, &[], Some(EventId(10))), "/MAAS/api/2.0/events/?op=query&limit=5&after=9");
        assert_eq!(prev_uri(&query, &[], None), None);
        let query = form("op=query&limit=5&after=10");
        assert_eq!(next_uri(&query, &[], None), "/MAAS/api/2.0/events/?op=query&limit=5");
        assert_eq!(
            prev_uri(&query, &[], Some(EventId(10))).as_deref(),
            Some("/MAAS/api/2.0/events/?op=query&limit=5&before=11")
        );
    }
}
