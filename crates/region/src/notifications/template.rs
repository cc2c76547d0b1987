//! Messages with `{placeholders}`, in the one part of Python's format that MAAS's notices use: names alone.

use serde_json::{Map, Value};

/// Fills the placeholders from `context`; `{{` and `}}` stand for braces.
///
/// # Errors
/// The placeholder or brace that does not fit.
pub(super) fn render(template: &str, context: &Map<String, Value>) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix(brace) {
            out.push_str(brace);
            rest = after;
            continue;
        }
        let name = match (brace, after.find('}')) {
            ("{", Some(end)) => &after[..end],
            _ => return Err(format!("single `{brace}`")),
        };
        match context.get(name) {
            Some(Value::String(text)) => out.push_str(text),
            Some(other) => out.push_str(&other.to_string()),
            None => return Err(format!("`{{{name}}}` is not in the context")),
        }
        rest = &after[name.len() + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// The template without HTML elements, since messages of MAAS may hold links; what is filled in later is not touched.
pub(super) fn without_markup(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let is_element = rest[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        match rest[at..].find('>').filter(|_| is_element) {
            Some(end) => rest = &rest[at + end + 1..],
            None => {
                out.push('<');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
        out = out.replace(entity, character);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{render, without_markup};

    fn context(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn names_are_filled_in_and_nothing_else_is_understood() {
        let context = context(json!({"days": 3, "name": "<b>{x}</b>"}));
        assert_eq!(render("in {days} days, {{not}} {name}", &context).unwrap(), "in 3 days, {not} <b>{x}</b>");
        for bad in ["{", "}", "a } b", "{missing}", "{days!r}", "{days:>9999999}", "{name.__class__}", "{}"] {
            assert!(render(bad, &context).is_err(), "{bad}");
        }
        assert_eq!(render("100% ä {days}", &context).unwrap(), "100% ä 3");
    }

    #[test]
    fn markup_of_the_template_is_taken_off() {
        assert_eq!(without_markup("see <a href='https://x/'>this</a> &amp; a < b"), "see this & a < b");
    }
}
