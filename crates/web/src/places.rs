//! What machines stand in and are marked with: pools, zones and tags.

pub(crate) mod pools;
pub(crate) mod tags;
pub(crate) mod zones;

use crate::form::{Field, FormErrors, FormView};

/// The form of something that has a name and a description.
pub(crate) fn form(
    csrf: &str,
    action: &str,
    submit: &str,
    (name, description): (&str, &str),
    back: &str,
    errors: &FormErrors,
) -> FormView {
    FormView::new("place", csrf, action, submit)
        .field(Field::text("name", "Name", name).required().help("Letters, digits, blanks, - and _."))
        .field(Field::area("description", "Description", 3, description))
        .cancel(back)
        .errors(errors)
}

/// A search for the machines of which `key` is exactly `value`, as a link.
pub(crate) fn search(key: &str, value: &str) -> String {
    let is_plain = value.chars().all(|c| c.is_alphanumeric() || "-_.@+/".contains(c));
    let escaped = || format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    let value = if is_plain { value.to_owned() } else { escaped() };
    let query = format!("{key}:(={value})");
    format!("/MAAS/r/machines?{}", form_urlencoded::Serializer::new(String::new()).append_pair("q", &query).finish())
}

#[cfg(test)]
mod tests {
    use super::search;

    #[test]
    fn links_find_exactly_what_they_name() {
        assert_eq!(search("pool", "web"), "/MAAS/r/machines?q=pool%3A%28%3Dweb%29");
        let quoted = search("pool", "a \"b\"");
        let text = form_urlencoded::parse(quoted.split_once('?').unwrap().1.as_bytes()).next().unwrap().1.into_owned();
        let search = text.parse::<maas_model::Search>().unwrap();
        assert_eq!(search.terms[0].values[0].text, "a \"b\"");
    }
}
