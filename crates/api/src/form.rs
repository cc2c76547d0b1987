//! The fields of a request, wherever they came from, and how values are read from them.

use maas_model::Secret;
use maas_region::{Error, FieldErrors};

use crate::error::ApiError;

/// Names and values in the order sent; a name may come several times. No `Debug`: passwords are among them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// From pairs.
    pub(crate) const fn new(fields: Vec<(String, String)>) -> Self {
        Self { fields }
    }

    /// Whether anything holds a NUL, which PostgreSQL takes in no text.
    pub(crate) fn has_nul(&self) -> bool {
        self.fields.iter().any(|(key, value)| key.contains('\0') || value.contains('\0'))
    }

    /// The value; the last one when there are several.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value, if it is not empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// All values.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All names and values, in the order sent.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All values, also of lists that were sent with commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let values = self.fields.iter().filter(|(key, _)| key == name).flat_map(|(_, value)| value.split([',', ' ']));
        values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
    }

    /// Words with commas between them, or the field several times; nothing when it is not there.
    pub(crate) fn words(&self, name: &str) -> Option<Vec<String>> {
        self.get(name)?;
        let words = self.all(name).flat_map(|text| text.split(',')).map(str::trim);
        Some(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    /// The value as its owner's.
    pub(crate) fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The value, or MAAS's text about a missing one.
    pub(crate) fn require(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::bad(format!("No provided {name}!")))
    }

    /// The value as something that is not shown again.
    pub(crate) fn require_secret(&self, name: &str) -> Result<Secret<String>, ApiError> {
        self.require(name).map(|value| Secret::new(value.to_owned()))
    }

    /// The value, or the message of a form's field.
    pub(crate) fn field(&self, name: &str) -> Result<&str, ApiError> {
        self.filled(name).ok_or_else(|| Error::field(name, "This field is required.").into())
    }

    /// The values of several fields, or the messages about all that are missing.
    pub(crate) fn field_list<const N: usize>(&self, names: [&str; N]) -> Result<[&str; N], ApiError> {
        let missing: FieldErrors = names
            .iter()
            .filter(|name| self.filled(name).is_none())
            .map(|name| ((*name).to_owned(), vec!["This field is required.".to_owned()]))
            .collect();
        if missing.is_empty() {
            Ok(names.map(|name| self.get(name).unwrap_or_default()))
        } else {
            Err(invalid(missing))
        }
    }

    /// Exactly `0` or `1`.
    pub(crate) fn require_bit(&self, name: &str) -> Result<bool, ApiError> {
        match self.require(name)? {
            "0" => Ok(false),
            "1" => Ok(true),
            other => Err(ApiError::bad(format!("Not a valid Boolean value (0 or 1): '{other}'"))),
        }
    }

    /// The switch of an operation: `true t yes y on 1` or `false f no n off 0`, whatever the case.
    pub(crate) fn switch(&self, name: &str) -> Result<Option<bool>, ApiError> {
        let Some(value) = self.filled(name) else { return Ok(None) };
        match value.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(Some(true)),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(Some(false)),
            _ => Err(ApiError::bad(format!("Invalid {name}: Value should be 'true' or 'false'"))),
        }
    }

    /// A flag of an object: `false`, `0` and nothing are false, all else is true.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| !matches!(value, "" | "0" | "false" | "False" | "FALSE"))
    }

    /// A whole number.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.filled(name) else { return Ok(None) };
        let number = value.trim().parse().map_err(|_| format!("Invalid {name}: Please enter an integer value"));
        number.map(Some).map_err(ApiError::bad)
    }
}

fn invalid(fields: FieldErrors) -> ApiError {
    Error::Invalid(fields).into()
}

#[cfg(test)]
mod tests {
    use super::Form;

    fn form(pairs: &[(&str, &str)]) -> Form {
        Form::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_last_value_counts_and_all_are_there() {
        let form = form(&[("a", "1"), ("b", "x"), ("a", "2")]);
        assert_eq!(form.get("a"), Some("2"));
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn values_are_read_as_clients_write_them() {
        let form = form(&[("on", "Yes"), ("off", "0"), ("odd", "maybe"), ("bit", "true"), ("n", "12"), ("empty", "")]);
        let text = |error: crate::error::ApiError| error.to_string();
        assert_eq!(form.switch("on").ok(), Some(Some(true)));
        assert_eq!(form.switch("off").ok(), Some(Some(false)));
        assert_eq!(form.switch("none").ok(), Some(None));
        assert_eq!(form.switch("odd").map_err(text), Err("Invalid odd: Value should be 'true' or 'false'".into()));
        assert_eq!(form.require_bit("bit").map_err(text), Err("Not a valid Boolean value (0 or 1): 'true'".into()));
        assert_eq!(form.require_bit("none").map_err(text), Err("No provided none!".into()));
        assert_eq!(form.int("n").ok(), Some(Some(12)));
        assert_eq!(form.int("odd").map_err(text), Err("Invalid odd: Please enter an integer value".into()));
        assert_eq!(form.flag("odd"), Some(true));
        assert_eq!(form.flag("empty"), Some(false));
        assert_eq!(form.flag("none"), None);
    }
}
