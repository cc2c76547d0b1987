//! The one table of settings that administrators change: name, kind, default, check and help.
//! The REST documentation, the form in the UI and the check on writing all come from it.

mod check;
mod table;

use serde_json::Value;

pub use table::SETTINGS;

/// One setting.
#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    pub kind: Kind,
    pub default: Default,
    /// One sentence for people.
    pub help: &'static str,
    /// Never shown, only told as set or not set.
    pub is_secret: bool,
    /// Kept by the site itself: neither read nor written by name from outside.
    pub is_internal: bool,
}

/// What a setting may hold.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number between bounds, both included.
    Int { min: i64, max: i64 },
    /// The port of a service of the site, outside the band 5239 to 5284 but for `except`.
    Port { except: Option<i64> },
    /// One of some whole numbers.
    IntChoice(&'static [i64]),
    /// One of some words.
    Choice(&'static [&'static str]),
    /// Some of some words, parted by blanks.
    Choices(&'static [&'static str]),
    /// Text of at most `max` characters, brought into its stored form (or refused) by `check`.
    Text { max: usize, check: TextCheck },
}

/// A check of a text: its stored form, or the message for the person who typed it.
pub type TextCheck = fn(&str) -> Result<String, String>;

/// The value of a setting that nobody has set.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    Null,
    Bool(bool),
    Int(i64),
    Text(&'static str),
    /// The name of the host, which only the running site knows.
    HostName,
}

/// The setting of this name, internal ones included; `ntp_server` is another name of `ntp_servers`.
pub fn find(name: &str) -> Option<&'static Setting> {
    let name = if name == "ntp_server" { "ntp_servers" } else { name };
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The setting of this name, if clients may ask for it.
///
/// # Errors
/// The message of API 2.0, which lists the valid names.
pub fn find_public(name: &str) -> Result<&'static Setting, String> {
    find(name).filter(|setting| !setting.is_internal).ok_or_else(|| {
        let names: Vec<&str> = public().map(|setting| setting.name).collect();
        format!("{name} is not a valid config setting (valid settings are: {}).", names.join(", "))
    })
}

/// The settings that clients may ask for, by name.
pub fn public() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| !setting.is_internal)
}

impl Setting {
    /// Whether everybody signed in may read it: what clients need to work, and nothing else.
    pub fn is_for_everybody(&self) -> bool {
        FOR_EVERYBODY.contains(&self.name)
    }

    /// Reads what a client sent.
    ///
    /// # Errors
    /// The message for the field, in the words that clients of API 2.0 know.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            Kind::Bool => check::boolean(text).map(Value::from),
            Kind::Int { min, max } => check::integer(text, min, max).map(Value::from),
            Kind::Port { except } => check::service_port(text, except).map(Value::from),
            Kind::IntChoice(choices) => {
                let number = check::integer(text, i64::MIN, i64::MAX)?;
                choices.contains(&number).then(|| Value::from(number)).ok_or_else(|| check::no_choice(text))
            }
            Kind::Choice(choices) => {
                choices.contains(&text).then(|| Value::from(text)).ok_or_else(|| check::no_choice(text))
            }
            Kind::Choices(choices) => check::choices(text, choices).map(Value::from),
            Kind::Text { max, check } => {
                let text = text.trim();
                check::length(text, max)?;
                check(text).map(Value::from)
            }
        }
    }

    /// The value while nobody has set one.
    pub fn default_value(&self, host_name: &str) -> Value {
        match self.default {
            Default::Null => Value::Null,
            Default::Bool(value) => value.into(),
            Default::Int(value) => value.into(),
            Default::Text(value) => value.into(),
            Default::HostName => host_name.into(),
        }
    }

    /// The value for those who may not see what is confidential in it, and for the audit log: secrets are `(hidden)`, and so
    /// are passwords inside URLs. Plain text without quotes.
    pub fn redacted(&self, value: &Value) -> String {
        match value {
            _ if self.is_secret => HIDDEN.to_owned(),
            Value::String(text) => check::without_password(text, HIDDEN),
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }
}

/// Names, looks and the defaults of deployments.
const FOR_EVERYBODY: &[&str] = &[
    "commissioning_distro_series",
    "completed_intro",
    "default_distro_series",
    "default_min_hwe_kernel",
    "default_osystem",
    "maas_name",
    "ssh_key_import_enabled",
    "theme",
];

/// What stands in place of a value that is not shown.
pub const HIDDEN: &str = "(hidden)";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{FOR_EVERYBODY, Kind, SETTINGS, find, find_public, public};

    #[test]
    fn the_table_is_sorted_and_explained_and_its_defaults_pass_their_own_check() {
        for pair in SETTINGS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
        }
        for setting in SETTINGS {
            assert!(setting.help.ends_with('.') && setting.help.len() > 12, "{}", setting.name);
            let default = setting.default_value("host1");
            let text = match &default {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(setting.parse(&text), Ok(default), "{}", setting.name);
        }
    }

    #[test]
    fn names_are_found_and_internal_ones_are_not_for_clients() {
        assert_eq!(find("ntp_server").unwrap().name, "ntp_servers");
        assert!(find("uuid").is_some());
        let error = find_public("uuid").unwrap_err();
        assert!(error.starts_with("uuid is not a valid config setting (valid settings are: access_hidden_status, "));
        assert!(!error.contains("tls_port,"));
        assert!(public().all(|setting| find_public(setting.name).is_ok()));
        assert!(FOR_EVERYBODY.iter().all(|name| find_public(name).is_ok_and(|setting| !setting.is_secret)));
    }

    #[test]
    fn values_are_checked_in_known_words() {
        for (name, text, wanted) in [
            ("enable_http_proxy", "True", Ok(json!(true))),
            ("enable_http_proxy", "0", Ok(json!(false))),
            ("enable_http_proxy", "", Ok(json!(false))),
            ("enable_http_proxy", "maybe", Err("Enter true or false.")),
            ("session_length", "3600", Ok(json!(3600))),
            ("session_length", "ten", Err("Enter a whole number.")),
            ("session_length", "", Err("This field is required.")),
            ("session_length", "9", Err("Ensure this value is greater than or equal to 10.")),
            ("session_length", "1209601", Err("Ensure this value is less than or equal to 1209600.")),
            ("tls_cert_expiration_notification_interval", "91", Err("Ensure this value is less than or equal to 90.")),
            ("password_minimum_length", "7", Err("Ensure this value is greater than or equal to 8.")),
            ("active_discovery_interval", "600", Ok(json!(600))),
            (
                "active_discovery_interval",
                "601",
                Err("Select a valid choice. 601 is not one of the available choices."),
            ),
            ("dnssec_validation", "yes", Ok(json!("yes"))),
            ("dnssec_validation", "no way", Err("Select a valid choice. no way is not one of the available choices.")),
            ("maas_name", " ", Err("This field is required.")),
            (
                "maas_auto_ipmi_user",
                "x23456789012345678901",
                Err("Ensure this value has at most 20 characters (it has 21)."),
            ),
            ("maas_auto_ipmi_workaround_flags", "sun20 idzero", Ok(json!("sun20 idzero"))),
            ("maas_auto_ipmi_workaround_flags", "", Ok(json!(""))),
            ("http_proxy", "http://u:p@proxy:3128/", Ok(json!("http://u:p@proxy:3128/"))),
            ("http_proxy", "ftp://proxy", Err("Enter a valid URL.")),
            ("upstream_dns", "8.8.8.8, 2001:DB8::1", Ok(json!("8.8.8.8 2001:db8::1"))),
            ("upstream_dns", "8.8.8", Err("Invalid IP address: 8.8.8; provide a list of space-separated IP addresses")),
            ("remote_syslog", "log.example.com", Ok(json!("log.example.com:514"))),
            ("remote_syslog", "[2001:db8::1]:10514", Ok(json!("[2001:db8::1]:10514"))),
            ("hardware_sync_interval", "1h 30m", Ok(json!("1h 30m"))),
            (
                "maas_proxy_port",
                "5250",
                Err("Ensure this value is not between 5239 and 5284, which the site keeps for itself."),
            ),
            ("maas_syslog_port", "5247", Ok(json!(5247))),
            ("ntp_server", "a.example 192.0.2.1", Ok(json!("a.example 192.0.2.1"))),
        ] {
            let got = find(name).unwrap().parse(text);
            assert_eq!(got, wanted.map_err(str::to_owned), "{name} = {text}");
        }
    }

    #[test]
    fn secrets_and_passwords_in_urls_are_hidden() {
        assert_eq!(find("vcenter_password").unwrap().redacted(&json!("hunter2")), "(hidden)");
        assert_eq!(find("http_proxy").unwrap().redacted(&json!("http://u:hunter2@p:1/")), "http://u:(hidden)@p:1/");
        assert_eq!(find("maas_name").unwrap().redacted(&json!("site one")), "site one");
        assert_eq!(find("session_length").unwrap().redacted(&json!(5)), "5");
        assert!(matches!(find("tls_port").unwrap().kind, Kind::Int { .. }));
    }
}
