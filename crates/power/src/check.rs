//! Whether parameters fit a driver, before anything is stored or sent.

use std::{collections::BTreeMap, fmt};

use maas_model::Secret;

use crate::{
    Driver, Parameters,
    schema::{Field, FieldType, Schema},
};

/// What is wrong with parameters, by name. No value is repeated, since it may be a secret under a wrong name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(pub BTreeMap<String, Vec<String>>);

impl FieldErrors {
    fn add(&mut self, field: &str, why: impl Into<String>) {
        self.0.entry(field.to_owned()).or_default().push(why.into());
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().flat_map(|(field, why)| why.iter().map(move |why| format!("{field}: {why}")));
        f.write_str(&lines.collect::<Vec<_>>().join(" "))
    }
}

impl std::error::Error for FieldErrors {}

pub(crate) fn split(schema: &Schema, given: BTreeMap<String, String>) -> Parameters {
    let mut parameters = Parameters::default();
    for (name, value) in given {
        if schema.field(&name).is_some_and(|field| field.secret) {
            parameters.secret.insert(name, Secret::new(value));
        } else {
            parameters.plain.insert(name, value);
        }
    }
    parameters
}

pub(crate) fn check(driver: Driver, parameters: &Parameters) -> Result<(), FieldErrors> {
    let (schema, mut errors) = (driver.schema(), FieldErrors::default());
    for name in parameters.plain.keys().chain(parameters.secret.keys()) {
        if schema.field(name).is_none() {
            errors.add(name, format!("The power type {driver} has no such parameter."));
        }
    }
    for field in schema.fields {
        match value(parameters, field) {
            None if field.required && field.default.is_empty() => {
                errors.add(field.name, "This field is required.");
            }
            None => {}
            Some(value) => {
                if let Err(why) = check_value(field, value) {
                    errors.add(field.name, why);
                }
            }
        }
    }
    if errors.0.is_empty() { Ok(()) } else { Err(errors) }
}

fn value<'a>(parameters: &'a Parameters, field: &Field) -> Option<&'a str> {
    if field.secret { parameters.secret(field.name) } else { parameters.plain(field.name) }
}

fn check_value(field: &Field, value: &str) -> Result<(), String> {
    let offered = |value: &str| field.choices.iter().any(|(offered, _)| *offered == value);
    match field.field_type {
        FieldType::Choice if !offered(value) => {
            let all: Vec<_> = field.choices.iter().map(|(value, _)| *value).filter(|value| !value.is_empty()).collect();
            Err(format!("Select a valid choice: {}.", all.join(", ")))
        }
        FieldType::MultipleChoice => match value.split(',').map(str::trim).find(|value| !offered(value)) {
            Some(_) => Err("Select valid choices, separated by commas.".into()),
            None => Ok(()),
        },
        FieldType::Url => match reqwest::Url::parse(value) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
            _ => Err("Enter a valid URL that begins with http:// or https://.".into()),
        },
        _ if value.chars().any(char::is_control) && field.name != "power_ca" && field.name != "certificate" => {
            Err("Control characters are not allowed.".into())
        }
        _ if field.name.ends_with("_regex") => crate::webhook::pattern(value).map(drop),
        _ => Ok(()),
    }
}
