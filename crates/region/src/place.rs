//! What pools, zones and tags have in common: how they are named and described.

use maas_model::PlaceName;
use serde_json::{Map, Value};

use crate::{Error, FieldErrors, Result};

/// A name and a description as people gave them, checked; both are told at once when both are bad.
pub(crate) fn checked(name: &str, text: &str) -> Result<(PlaceName, String)> {
    let mut errors = FieldErrors::new();
    let name = name.trim().parse::<PlaceName>();
    let text = description(text);
    match (name, text) {
        (Ok(name), Ok(text)) => Ok((name, text)),
        (name, text) => {
            if let Err(why) = name {
                errors.insert("name".to_owned(), vec![why.to_string()]);
            }
            if let Err(why) = text {
                errors.insert("description".to_owned(), vec![why]);
            }
            Err(Error::Invalid(errors))
        }
    }
}

/// Free text of some lines.
pub(crate) fn description(text: &str) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    if length > LONGEST {
        return Err(format!("Ensure this value has at most {LONGEST} characters (it has {length})."));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("Control characters are not allowed.".to_owned());
    }
    Ok(text.to_owned())
}

/// What differs, for the audit log: `{"before": {..}, "after": {..}}`.
pub(crate) fn difference(before: &[(&str, &str)], after: &[(&str, &str)]) -> Value {
    let changed = |side: &[(&str, &str)], other: &[(&str, &str)]| -> Map<String, Value> {
        let differs = |pair: &&(&str, &str)| !other.contains(pair);
        side.iter().filter(differs).map(|(key, value)| ((*key).to_owned(), (*value).into())).collect()
    };
    serde_json::json!({ "before": changed(before, after), "after": changed(after, before) })
}

const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{checked, difference};

    #[test]
    fn names_and_descriptions_are_judged_together() {
        let (name, text) = checked(" web 1 ", " two\nlines ").unwrap();
        assert_eq!((name.as_str(), text.as_str()), ("web 1", "two\nlines"));
        let error = checked("a/b", &"x".repeat(5000)).unwrap_err().to_string();
        let long = "description: Ensure this value has at most 4096 characters (it has 5000).";
        assert_eq!(error, format!("{long}; name: Enter a valid value."));
        assert!(checked("a", "\0").is_err());
    }

    #[test]
    fn only_what_differs_is_told() {
        let told = difference(&[("name", "a"), ("description", "x")], &[("name", "b"), ("description", "x")]);
        assert_eq!(told, json!({ "before": {"name": "a"}, "after": {"name": "b"} }));
    }
}
