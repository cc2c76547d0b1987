//! What to look for in the log, as the form and the address hold it.

use form_urlencoded::Serializer;
use maas_model::{EventId, EventType, Level, Timestamp};
use maas_region::events::EventQuery;

use crate::input::Input;

/// The filter as typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) user: String,
    pub(crate) kind: String,
    pub(crate) action: String,
    pub(crate) outcome: String,
    pub(crate) ip: String,
    pub(crate) since: String,
    pub(crate) until: String,
    pub(crate) text: String,
    pub(crate) before: Option<EventId>,
    pub(crate) after: Option<EventId>,
}

impl Filter {
    /// From the query of a request.
    pub(crate) fn read(input: &Input) -> Self {
        let text = |name| input.text(name).to_owned();
        let key = |name| input.given(name).and_then(|text| text.parse().ok());
        Self {
            user: text("user"),
            kind: text("type"),
            action: text("action"),
            outcome: text("outcome"),
            ip: text("ip"),
            since: text("since"),
            until: text("until"),
            text: text("q"),
            before: key("before"),
            after: key("after").filter(|_| input.given("before").is_none()),
        }
    }

    /// Whether anything is filtered.
    pub(crate) fn is_set(&self) -> bool {
        self.pairs().any(|(_, value)| !value.is_empty())
    }

    /// The query string of this filter without its place, and with `more`.
    pub(crate) fn link(&self, more: &[(&str, &str)]) -> String {
        let set = self.pairs().filter(|(_, value)| !value.is_empty());
        Serializer::new(String::new()).extend_pairs(set).extend_pairs(more).finish()
    }

    /// As the use case takes it.
    ///
    /// # Errors
    /// One line for each value that does not do.
    pub(crate) fn query(&self, limit: u32) -> Result<EventQuery, Vec<String>> {
        let mut problems = Vec::new();
        let query = EventQuery {
            level: Some(Level::Audit),
            limit,
            before: self.before,
            after: self.after,
            owner: given(&self.user),
            kind: parsed(&self.kind, &mut problems),
            action: given(&self.action),
            outcome: parsed(&self.outcome, &mut problems),
            ip: match self.ip.parse() {
                Ok(ip) => Some(ip),
                Err(_) if self.ip.is_empty() => None,
                Err(_) => {
                    problems.push(format!("`{}` is no IP address.", self.ip));
                    None
                }
            },
            since: moment(&self.since, false, &mut problems),
            until: moment(&self.until, true, &mut problems),
            text: given(&self.text),
            ..EventQuery::default()
        };
        if problems.is_empty() { Ok(query) } else { Err(problems) }
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all: [(&'static str, &str); 8] = [
            ("user", &self.user),
            ("type", &self.kind),
            ("action", &self.action),
            ("outcome", &self.outcome),
            ("ip", &self.ip),
            ("since", &self.since),
            ("until", &self.until),
            ("q", &self.text),
        ];
        all.into_iter()
    }
}

/// The types for the filter's list: value and words.
pub(crate) fn types() -> Vec<(&'static str, &'static str)> {
    EventType::audit().map(|kind| (kind.as_str(), kind.description())).collect()
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn parsed<T: std::str::FromStr<Err = String>>(text: &str, problems: &mut Vec<String>) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    text.parse().map_err(|why| problems.push(why)).ok()
}

/// A day, or a moment as browsers send it (`2026-08-21T10:30`, read as UTC). As an end, a day counts whole.
fn moment(text: &str, is_end: bool, problems: &mut Vec<String>) -> Option<Timestamp> {
    if text.is_empty() {
        return None;
    }
    let day = Timestamp::parse(text);
    let local = || Timestamp::parse(&format!("{text}:00Z")).or_else(|| Timestamp::parse(&format!("{text}Z")));
    let Some(at) = day.or_else(local) else {
        problems.push(format!("`{text}` is no time: write 2026-08-21, or 2026-08-21T10:30."));
        return None;
    };
    let whole_day = std::time::Duration::from_micros(86_400_000_000 - 1);
    Some(if is_end && text.len() == 10 { at.plus(whole_day) } else { at })
}

#[cfg(test)]
mod tests {
    use super::Filter;
    use crate::input::Input;

    fn read(query: &str) -> Filter {
        Filter::read(&Input::from_urlencoded(query.as_bytes()))
    }

    #[test]
    fn days_count_whole_and_moments_to_the_minute() {
        let query = read("since=2026-08-21&until=2026-08-21").query(50).unwrap();
        assert_eq!(query.since.unwrap().iso(), "2026-08-21T00:00:00Z");
        assert_eq!(query.until.unwrap().iso(), "2026-08-21T23:59:59.999Z");
        let query = read("since=2026-08-21T10%3A30").query(50).unwrap();
        assert_eq!(query.since.unwrap().iso(), "2026-08-21T10:30:00Z");
    }

    #[test]
    fn every_bad_value_is_named() {
        let problems = read("since=soon&ip=1.2&outcome=maybe&type=X").query(50).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
    }
}
