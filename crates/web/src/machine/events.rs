//! What happened to a machine.

use askama::Template;
use axum::extract::Path;
use maas_model::{EventId, Level, Timestamp};
use maas_region::{
    events::{self, Event, EventQuery},
    nodes::Node,
};

use crate::{
    answer::Answer,
    input::Input,
    machine::{self, Head, Look, found, path},
    shell::Shell,
    text::When,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "machine/events.html")]
pub(crate) struct EventsPage {
    pub(crate) shell: Shell,
    pub(crate) head: Head,
    pub(crate) rows: Vec<EventRow>,
    /// The word of the level shown.
    pub(crate) level: &'static str,
    pub(crate) older: Option<String>,
}

/// An event.
#[derive(Clone, Debug)]
pub(crate) struct EventRow {
    pub(crate) at: When,
    pub(crate) level: &'static str,
    pub(crate) look: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) description: String,
    pub(crate) who: String,
}

/// `GET /MAAS/r/machine/{id}/events`
pub(crate) async fn show(visit: Visit, Path(id): Path<String>, input: Input) -> Answer {
    let node = found(&visit, &id).await?;
    let level = level(input.text("level"));
    let before = input.given("before").and_then(|id| id.parse().ok()).map(EventId);
    let query = EventQuery { limit: PAGE + 1, before, ..EventQuery::of_node(&id, Some(level)) };
    let events = events::query(visit.region(), &visit.ctx, query).await?;
    let shell = machine::shell(&visit, &node, "events").await;
    visit.page(&page(shell, &node, level, &events, &Look::of(&visit)))
}

/// The page from up to one event more than it shows.
pub(crate) fn page(shell: Shell, node: &Node, level: Level, events: &[Event], look: &Look<'_>) -> EventsPage {
    let shown = &events[..events.len().min(PAGE as usize)];
    let older = shown.last().filter(|_| events.len() > shown.len());
    EventsPage {
        head: machine::head(node, look),
        rows: shown.iter().map(|event| row(event, look.now)).collect(),
        level: level.as_str(),
        older: older.map(|last| format!("{}?level={}&before={}", path(node, "events"), level.as_str(), last.id)),
        shell,
    }
}

fn row(event: &Event, now: Timestamp) -> EventRow {
    let (level, look) = match event.level {
        Level::Audit => ("Audit", ""),
        Level::Debug => ("Debug", ""),
        Level::Info => ("Info", "info"),
        Level::Warning => ("Warning", "warning"),
        Level::Error => ("Error", "bad"),
        Level::Critical => ("Critical", "bad"),
    };
    EventRow {
        at: When::new(event.created_at, now),
        level,
        look,
        kind: event.kind.description(),
        description: event.description.clone(),
        who: event.username.clone(),
    }
}

/// The levels to choose from: word and label.
pub(crate) const LEVELS: [(&str, &str); 5] = [
    ("DEBUG", "All"),
    ("INFO", "Info and above"),
    ("WARNING", "Warnings and errors"),
    ("ERROR", "Errors"),
    ("AUDIT", "What people did"),
];

fn level(word: &str) -> Level {
    word.parse().unwrap_or(Level::Info)
}

const PAGE: u32 = 50;
