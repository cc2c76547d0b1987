//! What administrators change about the site.

pub(crate) mod bindings;
pub(crate) mod certificate;
pub(crate) mod general;
pub(crate) mod groups;
pub(crate) mod roles;
pub(crate) mod security;
pub(crate) mod user_actions;
pub(crate) mod users;

use axum::response::Response;
use maas_model::setting::{Kind as SettingKind, Setting};
use maas_region::{Error, FieldErrors, settings, settings::SettingView};
use serde_json::Value;

use crate::{
    answer::see_other,
    form::{Choice, Field, Kind},
    input::Input,
    text,
    visit::Visit,
};

/// `GET /MAAS/r/settings`
pub(crate) async fn index() -> Response {
    see_other("/MAAS/r/settings/configuration/security")
}

/// The form field of a setting, holding `value`.
pub(crate) fn field(setting: &Setting, value: &str) -> Field {
    let words = |words: &[&str]| words.iter().map(|word| Choice::new(*word, named(word))).collect::<Vec<_>>();
    let kind = match setting.kind {
        SettingKind::Bool => Kind::Select(vec![Choice::new("true", "On"), Choice::new("false", "Off")]),
        SettingKind::Int { min, max } => Kind::Number { min, max },
        SettingKind::Port { .. } => Kind::Number { min: 1024, max: 65535 },
        SettingKind::Choice(choices) => Kind::Select(words(choices)),
        SettingKind::IntChoice(choices) => {
            let is_time = is_time(setting.help);
            let label = |number: i64| if is_time { seconds(number) } else { number.to_string() };
            let choice = |number: &i64| Choice::new(number.to_string(), label(*number));
            Kind::Select(choices.iter().map(choice).collect())
        }
        _ if setting.is_secret => Kind::Password,
        SettingKind::Text { max, .. } if max >= 4096 => Kind::Area { rows: 3 },
        SettingKind::Choices(_) | SettingKind::Text { .. } => Kind::Text,
    };
    let help = match setting.kind {
        SettingKind::Choices(choices) => format!("{} Any of: {}.", setting.help, choices.join(", ")),
        SettingKind::Int { min, max } if max < i64::from(i32::MAX) => {
            format!("{} From {min} to {max}.", setting.help)
        }
        _ if setting.is_secret => format!("{} What you type replaces it; empty takes it away.", setting.help),
        _ => setting.help.to_owned(),
    };
    let value = if setting.is_secret { "" } else { value };
    let autocomplete = if setting.is_secret { "new-password" } else { "off" };
    let field = Field::new(setting.name, &label(setting.name), kind);
    Field { value: value.to_owned(), autocomplete, ..field }.help(help)
}

/// The text of a value as a form holds it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A setting's value as a page says it.
pub(crate) fn said(view: &SettingView) -> String {
    let kind = maas_model::setting::find(view.name).map(|setting| setting.kind);
    match (&view.value, kind) {
        _ if view.is_secret => "hidden".to_owned(),
        (Value::Bool(true), _) => "on".to_owned(),
        (Value::Bool(false), _) => "off".to_owned(),
        (Value::Null, _) => "not set".to_owned(),
        (Value::String(text), _) if text.is_empty() => "not set".to_owned(),
        (Value::Number(number), Some(SettingKind::IntChoice(_))) if is_time(view.help) => {
            seconds(number.as_i64().unwrap_or(0))
        }
        (Value::Number(number), _) if is_time(view.help) => {
            let words = seconds(number.as_i64().unwrap_or(0));
            if words.ends_with(" seconds") { words } else { format!("{number} ({words})") }
        }
        (value, _) => plain(value),
    }
}

fn is_time(help: &str) -> bool {
    help.starts_with("Seconds")
}

/// Writes those of `names` that the form changes, after checking all of them.
///
/// # Errors
/// `Invalid` by setting name, then as [`settings::set`].
pub(crate) async fn save(visit: &Visit, input: &Input, names: &[&'static str]) -> Result<usize, Error> {
    let now = settings::list(visit.region(), &visit.ctx).await?;
    let mut problems = FieldErrors::new();
    let mut changes = Vec::new();
    for name in names {
        let Some(setting) = maas_model::setting::find(name) else { continue };
        // A box that is not ticked is not sent.
        let sent = match setting.kind {
            SettingKind::Bool if input.given(name) != Some("false") => input.is_checked(name).to_string(),
            _ => input.text(name).to_owned(),
        };
        match setting.parse(&sent) {
            Ok(value) if now.iter().any(|view| view.name == *name && view.value == value) => {}
            Ok(_) => changes.push((*name, sent)),
            Err(why) => {
                problems.insert((*name).to_owned(), vec![why]);
            }
        }
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let count = changes.len();
    let write = |region, ctx| async move {
        for (name, value) in changes {
            settings::set(&region, &ctx, name, &value).await?;
        }
        Ok(())
    };
    visit.run(write).await?;
    Ok(count)
}

/// `default_dns_ttl` as a label: `Default DNS TTL`.
pub(crate) fn label(name: &str) -> String {
    let word = |word: &str| match word {
        "maas" | "dns" | "ttl" | "ntp" | "tls" | "http" | "ip" | "ipmi" | "bmc" | "vlan" | "id" | "kms" | "hwe"
        | "acl" | "hsts" | "ssh" => word.to_uppercase(),
        "dnssec" => "DNSSEC".to_owned(),
        "yaml" => "YAML".to_owned(),
        "vcenter" => "vCenter".to_owned(),
        "windows" => "Windows".to_owned(),
        "prometheus" => "Prometheus".to_owned(),
        "promtail" => "Promtail".to_owned(),
        "k" => "K".to_owned(),
        "v4" => "IPv4".to_owned(),
        other => other.to_owned(),
    };
    let text = name.replace("max_node_", "max_machine_").split('_').map(word).collect::<Vec<_>>().join(" ");
    let mut chars = text.chars();
    match chars.next() {
        // `vCenter` keeps its own spelling.
        Some(first) if !text.starts_with("vCenter") => first.to_uppercase().collect::<String>() + chars.as_str(),
        _ => text,
    }
}

/// Whole spans of time in words: `3 hours`, `14 days`.
pub(crate) fn seconds(number: i64) -> String {
    let number = number.unsigned_abs();
    match number {
        0 => "never".to_owned(),
        _ if number.is_multiple_of(86_400) => text::count(number / 86_400, "day"),
        _ if number.is_multiple_of(3600) => text::count(number / 3600, "hour"),
        _ if number.is_multiple_of(60) => text::count(number / 60, "minute"),
        _ => text::count(number, "second"),
    }
}

fn named(word: &str) -> String {
    if word.is_empty() { "none".to_owned() } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use maas_model::setting::public;

    use super::{field, label, seconds};

    #[test]
    fn names_become_labels() {
        assert_eq!(label("default_dns_ttl"), "Default DNS TTL");
        assert_eq!(label("vcenter_server"), "vCenter server");
        assert_eq!(label("maas_auto_ipmi_k_g_bmc_key"), "MAAS auto IPMI K g BMC key");
        assert_eq!(seconds(1_209_600), "14 days");
        assert_eq!(seconds(90), "90 seconds");
    }

    #[test]
    fn secret_settings_are_never_filled_in() {
        for setting in public().filter(|setting| setting.is_secret) {
            assert!(!field(setting, "hunter2").to_string().contains("hunter2"), "{}", setting.name);
        }
    }
}
