//! The chips above the list: how many machines there are of each status, pool and power state, and a click to see them.

use maas_model::{
    Status,
    filter::{FilterKey, TextField},
    search::{Search, Term, Value},
};
use maas_region::machines::GroupCount;

use crate::machines::{query::ListQuery, row};

/// A line of chips.
#[derive(Clone, Debug)]
pub(crate) struct Facet {
    pub(crate) label: &'static str,
    pub(crate) chips: Vec<Chip>,
}

/// A value that can be switched on and off in the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chip {
    pub(crate) label: String,
    pub(crate) count: Option<i64>,
    pub(crate) href: String,
    pub(crate) is_on: bool,
    /// The colour of a status, or empty.
    pub(crate) look: &'static str,
}

/// The chips of the statuses that occur, in the order of a machine's life.
pub(crate) fn statuses(query: &ListQuery, search: &Search, counts: &[GroupCount]) -> Facet {
    let counted = counts.iter().filter_map(|row| Some((row::status(&row.value)?, row.count)));
    let mut counted: Vec<(Status, i64)> = counted.collect();
    for word in values(search, &FilterKey::Status) {
        if let Some(status) = row::status(&word).filter(|status| counted.iter().all(|(known, _)| known != status)) {
            counted.push((status, 0));
        }
    }
    counted.sort_by_key(|(status, _)| row::place_in_life(*status));
    let chip = |(status, count): (Status, i64)| {
        let chip = chip(query, search, &FilterKey::Status, status.as_str(), status.label());
        Chip { count: Some(count), look: row::look(status), ..chip }
    };
    Facet { label: "Status", chips: counted.into_iter().map(chip).collect() }
}

/// The chips of the pools with most machines, where there are several.
pub(crate) fn pools(query: &ListQuery, search: &Search, counts: &[GroupCount]) -> Facet {
    let key = FilterKey::Text(TextField::Pool);
    let mut counts: Vec<&GroupCount> = counts.iter().filter(|row| !row.value.is_empty()).collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    let mut chips: Vec<Chip> = counts
        .iter()
        .take(MOST_POOLS)
        .map(|row| Chip { count: Some(row.count), ..chip(query, search, &key, &row.value, &row.value) })
        .collect();
    for word in values(search, &key) {
        if chips.iter().all(|known| known.label != word) {
            chips.push(chip(query, search, &key, &word, &word));
        }
    }
    if chips.len() == 1 && !chips[0].is_on {
        chips.clear();
    }
    Facet { label: "Pool", chips }
}

/// The chip of what belongs to the visitor.
pub(crate) fn own(query: &ListQuery, search: &Search, me: Option<&str>) -> Facet {
    let chip = |me| chip(query, search, &FilterKey::Text(TextField::Owner), me, "Mine");
    Facet { label: "Owner", chips: me.map(chip).into_iter().collect() }
}

/// The search without what it asks of `key`: for counting what else there would be.
pub(crate) fn without(search: &Search, key: &FilterKey) -> Search {
    let others = search.terms.iter().filter(|term| term.negated || term.key != *key);
    Search { terms: others.cloned().collect() }
}

/// The exact values that are asked for.
fn values(search: &Search, key: &FilterKey) -> Vec<String> {
    let terms = search.terms.iter().filter(|term| !term.negated && term.key == *key);
    terms.flat_map(|term| term.values.iter()).map(|value| value.text.clone()).collect()
}

/// A chip that adds a value to the search, or takes it out again.
fn chip(query: &ListQuery, search: &Search, key: &FilterKey, value: &str, label: &str) -> Chip {
    let mut wanted = values(search, key);
    let is_on = wanted.iter().any(|known| known.eq_ignore_ascii_case(value));
    if is_on {
        wanted.retain(|known| !known.eq_ignore_ascii_case(value));
    } else {
        wanted.push(value.to_owned());
    }
    let mut search = without(search, key);
    if !wanted.is_empty() {
        let values = wanted.into_iter().map(|text| Value { exact: true, text }).collect();
        search.terms.push(Term { key: key.clone(), negated: false, values });
    }
    let link = query.with_search(&search.to_string());
    Chip { label: label.to_owned(), count: None, href: format!("/MAAS/r/machines?{link}"), is_on, look: "" }
}

const MOST_POOLS: usize = 8;

#[cfg(test)]
mod tests {
    use maas_region::machines::GroupCount;

    use super::{pools, statuses};
    use crate::{input::Input, machines::query::ListQuery};

    fn counts(rows: &[(&str, i64)]) -> Vec<GroupCount> {
        rows.iter().map(|(value, count)| GroupCount { value: (*value).to_owned(), count: *count }).collect()
    }

    #[test]
    fn chips_switch_values_on_and_off() {
        let query = ListQuery::read(&Input::from_urlencoded(b"q=rack7+status%3A(%3Dready)"));
        let search = query.search().unwrap();
        let facet = statuses(&query, &search, &counts(&[("deployed", 2), ("ready", 5)]));
        let said: Vec<_> = facet.chips.iter().map(|chip| (chip.label.as_str(), chip.is_on, chip.count)).collect();
        assert_eq!(said, [("Ready", true, Some(5)), ("Deployed", false, Some(2))]);
        assert_eq!(facet.chips[0].href, "/MAAS/r/machines?q=rack7");
        assert_eq!(facet.chips[1].href, "/MAAS/r/machines?q=rack7+status%3A%28%3Dready%2C%3Ddeployed%29");
    }

    #[test]
    fn one_pool_needs_no_chip() {
        let query = ListQuery::default();
        let search = query.search().unwrap();
        assert!(pools(&query, &search, &counts(&[("default", 9)])).chips.is_empty());
        let facet = pools(&query, &search, &counts(&[("default", 9), ("web", 11)]));
        let labels: Vec<_> = facet.chips.iter().map(|chip| chip.label.as_str()).collect();
        assert_eq!(labels, ["web", "default"]);
    }
}
