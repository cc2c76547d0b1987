//! Whether parameters fit a driver, before anything is stored or sent.

use std::{collections::BTreeMap, fmt};

use maas_model::{MacAddress, Secret};

use crate::{
    Driver, Parameters, PowerError, Target, ipmi, redfish,
    schema::{Field, FieldType, Schema},
    virsh, webhook,
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
        // What this driver does not know may be another one's password.
        if schema.field(&name).is_none_or(|field| field.secret) {
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
    if errors.0.is_empty()
        && let Err(PowerError::Settings { field, why }) = check_together(driver, parameters)
    {
        errors.add(&field, sentence(&why));
    }
    if errors.0.is_empty() { Ok(()) } else { Err(errors) }
}

/// What only the driver itself can say.
fn check_together(driver: Driver, parameters: &Parameters) -> Result<(), PowerError> {
    let target = Target::new("", parameters.clone());
    match driver {
        Driver::Ipmi => ipmi::check(&target),
        Driver::Redfish => redfish::check(&target),
        Driver::Webhook => webhook::check(&target),
        Driver::Virsh => virsh::check(&target),
        _ => Ok(()),
    }
}

fn sentence(why: &str) -> String {
    let mut rest = why.chars();
    rest.next().map(|first| format!("{}{}.", first.to_uppercase(), rest.as_str())).unwrap_or_default()
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
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                Err("Put the user and the password into fields of their own.".into())
            }
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
            _ => Err("Enter a valid URL that begins with http:// or https://.".into()),
        },
        FieldType::VirshAddress => virsh::check_address(value).map_err(sentence),
        FieldType::MacAddress => value.parse::<MacAddress>().map(drop).map_err(|error| error.to_string()),
        _ if value.chars().any(char::is_control) && field.name != "power_ca" && field.name != "certificate" => {
            Err("Control characters are not allowed.".into())
        }
        _ if field.name.ends_with("_regex") => webhook::pattern(value).map(drop),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::Driver;

    #[track_caller]
    fn check(driver: Driver, given: &[(&str, &str)], expected: Expect) {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let said = driver.check(&driver.split(given)).map_or_else(|errors| errors.to_string(), |()| "fine".into());
        assert!(!said.contains("canary"), "{said}");
        expected.assert_eq(&said);
    }

    #[test]
    fn what_is_missing_or_unknown_is_said_by_field() {
        check(Driver::Manual, &[], expect!["fine"]);
        check(
            Driver::Manual,
            &[("power_address", "canary")],
            expect!["power_address: The power type manual has no such parameter."],
        );
        check(
            Driver::Ipmi,
            &[("power_passwd", "canary")],
            expect!["power_address: This field is required. power_passwd: The power type ipmi has no such parameter."],
        );
        check(
            Driver::Redfish,
            &[("power_user", " ")],
            expect![
                "power_address: This field is required. power_pass: This field is required. power_user: This field is required."
            ],
        );
        check(
            Driver::Webhook,
            &[],
            expect![
                "power_off_uri: This field is required. power_on_uri: This field is required. power_query_uri: This field is required."
            ],
        );
        check(Driver::Amt, &[("power_address", "10.0.0.9"), ("power_pass", "canary")], expect!["fine"]);
    }

    #[test]
    fn a_password_under_a_wrong_name_is_not_left_in_the_clear() {
        let given = [("power_address", "10.0.0.9"), ("power_passwd", "canary")];
        let parts = Driver::Ipmi.split(given.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        assert_eq!(parts.plain.keys().collect::<Vec<_>>(), ["power_address"]);
        assert_eq!(parts.secret("power_passwd"), Some("canary"));
    }

    #[test]
    fn addresses_of_libvirt_are_refused_by_field() {
        check(
            Driver::Virsh,
            &[("power_address", "qemu+ext://h/system?command=canary")],
            expect![
                "power_address: Give `qemu:///system`, `qemu+ssh://USER@HOST/system` or `qemu+tls://HOST/system`; nothing may follow. power_id: This field is required."
            ],
        );
    }

    #[test]
    fn values_must_be_of_their_kind() {
        let ipmi = |more: (&'static str, &'static str), expected| {
            check(Driver::Ipmi, &[("power_address", "10.0.0.9"), ("power_pass", "canary"), more], expected);
        };
        ipmi(("cipher_suite_id", ""), expect!["fine"]);
        ipmi(("cipher_suite_id", "canary"), expect!["cipher_suite_id: Select a valid choice: 17, 3, 8, 12."]);
        ipmi(
            ("workaround_flags", "opensesspriv, canary"),
            expect!["workaround_flags: Select valid choices, separated by commas."],
        );
        ipmi(("workaround_flags", "opensesspriv,intel20"), expect!["fine"]);
        ipmi(("mac_address", "52:54:00"), expect!["mac_address: '52:54:00' is not a valid MAC address."]);
        ipmi(("power_user", "canary\nroot"), expect!["power_user: Control characters are not allowed."]);
        ipmi(("k_g", "0xcanary"), expect!["k_g: After `0x` there must be pairs of hexadecimal digits."]);
        ipmi(
            ("power_address", "-Ocanary"),
            expect!["power_address: Give a host name or an IP address, and a port if it is not the usual one."],
        );
        check(
            Driver::Virsh,
            &[("power_address", "qemu:///system"), ("power_id", "m"), ("power_pass", "canary")],
            expect![
                "power_pass: A password cannot be given to `virsh` without showing it to others; use `qemu+ssh://` with an SSH key that needs none, and empty this."
            ],
        );
    }

    #[test]
    fn addresses_and_trust_are_checked_before_anything_is_sent() {
        let redfish = |name, value, expected| {
            let login = [("power_user", "u"), ("power_pass", "canary")];
            check(Driver::Redfish, &[login.as_slice(), &[("power_address", "bmc"), (name, value)]].concat(), expected);
        };
        redfish("power_address", "fd00::9", expect!["fine"]);
        redfish(
            "power_address",
            "https://u:canary@bmc",
            expect!["power_address: Give a host name, an IP address or a URL that begins with https://."],
        );
        redfish(
            "power_fingerprint",
            "canary",
            expect!["power_fingerprint: Give the SHA-256 of the certificate, 64 hexadecimal digits."],
        );
        redfish("power_ca", "canary", expect!["power_ca: Give certificates in PEM."]);
        let uri = ("power_off_uri", "https://h/off");
        let hook = |on, regex, expected| {
            let given = [uri, ("power_query_uri", "http://h/?q"), ("power_on_uri", on), ("power_on_regex", regex)];
            check(Driver::Webhook, &given, expected);
        };
        hook("https://h/on", "on", expect!["fine"]);
        hook(
            "https://u:canary@h/on",
            "on",
            expect!["power_on_uri: Put the user and the password into fields of their own."],
        );
        hook("canary", "on", expect!["power_on_uri: Enter a valid URL that begins with http:// or https://."]);
        hook(
            "https://h/on",
            "(canary",
            expect!["power_on_regex: Enter a regular expression; look-around and back references are not known here."],
        );
    }
}
