//! What a list of machines is asked for, as the address holds it.

use form_urlencoded::Serializer;
use maas_model::{NodeId, search::Search};
use maas_region::machines::{Cursor, Group, Page, Sort};

use crate::input::Input;

/// The words of the address.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListQuery {
    /// As typed.
    pub(crate) q: String,
    pub(crate) sort: Sort,
    pub(crate) is_descending: bool,
    pub(crate) group: Option<Group>,
    pub(crate) place: Place,
}

/// Where in the list.
#[derive(Clone, Debug, Default)]
pub(crate) enum Place {
    #[default]
    Start,
    After(Cursor),
    Before(Cursor),
}

impl ListQuery {
    /// From the query of a request. What is no word of a list counts as not given.
    pub(crate) fn read(input: &Input) -> Self {
        let group = GROUPS.iter().find(|(word, ..)| *word == input.text("group")).map(|(_, _, group, _)| *group);
        let named = |word: &str| SORTS.iter().find(|(known, ..)| *known == word).map(|(_, _, sort)| *sort);
        let place = |name| input.given(name).and_then(cursor_from);
        Self {
            q: input.text("q").to_owned(),
            sort: named(input.text("sort")).unwrap_or(Sort::Hostname),
            is_descending: input.is_checked("desc"),
            group,
            place: match (place("after"), place("before")) {
                (Some(cursor), _) => Place::After(cursor),
                (None, Some(cursor)) => Place::Before(cursor),
                (None, None) => Place::Start,
            },
        }
    }

    /// The search, understood.
    ///
    /// # Errors
    /// One line that says what is wrong with it.
    pub(crate) fn search(&self) -> Result<Search, String> {
        self.q.parse::<Search>().map_err(|error| error.to_string())
    }

    /// The page to read: one row more than is shown, so that it is known whether others follow.
    pub(crate) fn page(&self) -> Page {
        let (after, is_back) = match &self.place {
            Place::Start => (None, false),
            Place::After(cursor) => (Some(cursor.clone()), false),
            Place::Before(cursor) => (Some(cursor.clone()), true),
        };
        let is_descending = self.is_descending && self.group.is_none();
        Page { after, limit: PAGE as i64 + 1, sort: self.order(), is_descending: is_descending != is_back }
    }

    /// What the rows are really sorted by: those of a group stand together.
    pub(crate) fn order(&self) -> Sort {
        let of = |group: Group| GROUPS.iter().find(|row| row.2 == group).map_or(self.sort, |row| row.3);
        self.group.map_or(self.sort, of)
    }

    /// Puts the rows that were read in their order, and says whether there are newer and older ones.
    pub(crate) fn shown<T>(&self, mut rows: Vec<T>) -> (Vec<T>, bool, bool) {
        let has_more = rows.len() > PAGE;
        rows.truncate(PAGE);
        match self.place {
            Place::Start => (rows, false, has_more),
            Place::After(_) => (rows, true, has_more),
            Place::Before(_) => {
                rows.reverse();
                (rows, has_more, true)
            }
        }
    }

    /// The query string of the list from its start, with another search.
    pub(crate) fn with_search(&self, q: &str) -> String {
        self.build(q, self.sort, self.is_descending, &[])
    }

    /// The query string of the list sorted by `sort`; by the same again, the other way round.
    pub(crate) fn sorted(&self, sort: Sort) -> String {
        self.build(&self.q, sort, sort == self.sort && !self.is_descending, &[])
    }

    /// The query string of this list beside a row of it: `name` is `after` or `before`.
    pub(crate) fn beside(&self, name: &'static str, cursor: &Cursor) -> String {
        self.build(&self.q, self.sort, self.is_descending, &[(name, format!("{}~{}", cursor.id.0, cursor.value))])
    }

    /// The query string of this list from its start.
    pub(crate) fn start(&self) -> String {
        self.build(&self.q, self.sort, self.is_descending, &[])
    }

    /// The word of a column.
    pub(crate) fn sort_word(&self) -> &'static str {
        SORTS.iter().find(|row| row.2 == self.sort).map_or("hostname", |row| row.0)
    }

    /// The word of the grouping, or empty.
    pub(crate) fn group_word(&self) -> &'static str {
        GROUPS.iter().find(|row| Some(row.2) == self.group).map_or("", |row| row.0)
    }

    fn build(&self, q: &str, sort: Sort, is_descending: bool, more: &[(&str, String)]) -> String {
        let mut out = Serializer::new(String::new());
        if !q.is_empty() {
            out.append_pair("q", q);
        }
        if self.group.is_some() {
            out.append_pair("group", self.group_word());
        }
        if sort != Sort::Hostname {
            out.append_pair("sort", SORTS.iter().find(|row| row.2 == sort).map_or("", |row| row.0));
        }
        if is_descending {
            out.append_pair("desc", "1");
        }
        out.extend_pairs(more);
        out.finish()
    }
}

fn cursor_from(text: &str) -> Option<Cursor> {
    let (id, value) = text.split_once('~')?;
    Some(Cursor { value: value.to_owned(), id: NodeId(id.parse().ok()?) })
}

/// Rows on a page.
pub(crate) const PAGE: usize = 50;

/// The columns by which a list can be sorted: word, label, order.
pub(crate) const SORTS: [(&str, &str, Sort); 10] = [
    ("hostname", "Name", Sort::Hostname),
    ("power", "Power", Sort::Power),
    ("status", "Status", Sort::Status),
    ("owner", "Owner", Sort::Owner),
    ("pool", "Pool", Sort::Pool),
    ("zone", "Zone", Sort::Zone),
    ("cores", "Cores", Sort::Cpus),
    ("memory", "RAM", Sort::Memory),
    ("storage", "Storage", Sort::Storage),
    ("updated", "Changed", Sort::Updated),
];

/// What rows can stand together by: word, label, group, order.
pub(crate) const GROUPS: [(&str, &str, Group, Sort); 5] = [
    ("status", "Status", Group::Status, Sort::Status),
    ("pool", "Pool", Group::Pool, Sort::Pool),
    ("zone", "Zone", Group::Zone, Sort::Zone),
    ("owner", "Owner", Group::Owner, Sort::Owner),
    ("power", "Power", Group::Power, Sort::Power),
];

#[cfg(test)]
mod tests {
    use maas_model::NodeId;
    use maas_region::machines::{Cursor, Sort};

    use super::{ListQuery, PAGE};
    use crate::input::Input;

    fn read(query: &str) -> ListQuery {
        ListQuery::read(&Input::from_urlencoded(query.as_bytes()))
    }

    #[test]
    fn addresses_come_back() {
        let query = read("q=pool%3A(%3Dweb)&sort=memory&desc=1");
        let cursor = Cursor { value: "16384".into(), id: NodeId(7) };
        assert_eq!(query.beside("after", &cursor), "q=pool%3A%28%3Dweb%29&sort=memory&desc=1&after=7%7E16384");
        let next = read(&query.beside("after", &cursor)).page();
        assert!(next.is_descending && next.sort == Sort::Memory && next.after == Some(cursor.clone()));
        assert!(!read(&query.beside("before", &cursor)).page().is_descending);
        assert_eq!(query.sorted(Sort::Memory), "q=pool%3A%28%3Dweb%29&sort=memory");
        assert_eq!(read("group=pool&sort=memory&desc=1").page().sort, Sort::Pool);
    }

    #[test]
    fn pages_know_their_neighbours() {
        let rows = |count: usize| (0..count).collect::<Vec<_>>();
        let shown = |query: &str, count| {
            let (rows, newer, older) = read(query).shown(rows(count));
            (rows.len(), rows.first().copied(), newer, older)
        };
        assert_eq!(shown("", 3), (3, Some(0), false, false));
        assert_eq!(shown("", PAGE + 1), (PAGE, Some(0), false, true));
        assert_eq!(shown("after=1~a", 3), (3, Some(0), true, false));
        assert_eq!(shown("before=1~a", PAGE + 1), (PAGE, Some(PAGE - 1), true, true));
        assert_eq!(shown("before=1~a", 2), (2, Some(1), false, true));
    }
}
