//! The profiles, shown.

use serde_json::{Value, json};

use crate::{Profile, table};

/// How to show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFormat {
    /// `NAME URL KEY`, as MAAS's client prints it.
    Lines,
    Table,
    Json,
}

/// Renders the profiles; keys whole only when `show_keys`.
pub fn render(profiles: &[Profile], format: ListFormat, show_keys: bool) -> String {
    match format {
        ListFormat::Lines => profiles.iter().map(|profile| line(profile, show_keys)).collect(),
        ListFormat::Table => {
            let rows: Vec<Value> = profiles.iter().map(|profile| object(profile, show_keys)).collect();
            table::render(&Value::Array(rows), &["name", "url", "key", "trust"])
        }
        ListFormat::Json => {
            let rows: Vec<Value> = profiles.iter().map(|profile| object(profile, show_keys)).collect();
            format!("{:#}\n", Value::Array(rows))
        }
    }
}

fn line(profile: &Profile, show_keys: bool) -> String {
    let mut line = format!("{} {}", profile.name, profile.url);
    if let Some(key) = key(profile, show_keys) {
        line.push(' ');
        line.push_str(&key);
    }
    line.push('\n');
    line
}

fn object(profile: &Profile, show_keys: bool) -> Value {
    let trust = match (&profile.pin, &profile.cacerts, profile.with_system_roots) {
        (Some(_), ..) => "pinned certificate",
        (None, Some(_), false) => "own CA",
        (None, Some(_), true) => "own CA and system",
        (None, None, _) if profile.url.starts_with("http:") => "none (plain HTTP)",
        (None, None, _) => "system",
    };
    json!({"name": profile.name, "url": profile.url, "key": key(profile, show_keys), "trust": trust})
}

fn key(profile: &Profile, show_keys: bool) -> Option<String> {
    let credentials = profile.credentials.as_ref()?;
    Some(if show_keys { credentials.clear_text() } else { credentials.masked() })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{ListFormat, render};
    use crate::Profile;

    fn check(format: ListFormat, show_keys: bool, expected: Expect) {
        let profiles = [
            ("admin", r#"{"url":"https://m:5443/MAAS/api/2.0/","credentials":["ck","tk","ts"],"cacerts":"PEM"}"#),
            ("guest", r#"{"url":"http://old:5240/MAAS/api/2.0/"}"#),
            ("robot", r#"{"url":"https://m:5443/MAAS/api/2.0/","token":"maas_pat_x"}"#),
        ];
        let profiles = profiles.map(|(name, data)| Profile::from_data(name, data.as_bytes()).unwrap());
        expected.assert_eq(&render(&profiles, format, show_keys));
    }

    #[test]
    fn scripts_get_lines_as_from_maas() {
        check(
            ListFormat::Lines,
            true,
            expect![[r#"
            admin https://m:5443/MAAS/api/2.0/ ck:tk:ts
            guest http://old:5240/MAAS/api/2.0/
            robot https://m:5443/MAAS/api/2.0/ maas_pat_x
        "#]],
        );
    }

    #[test]
    fn people_see_no_secret() {
        check(
            ListFormat::Lines,
            false,
            expect![[r#"
            admin https://m:5443/MAAS/api/2.0/ ck:tk:********
            guest http://old:5240/MAAS/api/2.0/
            robot https://m:5443/MAAS/api/2.0/ maas_pat_********
        "#]],
        );
        check(
            ListFormat::Table,
            false,
            expect![[r#"
            NAME   URL                            KEY                TRUST
            admin  https://m:5443/MAAS/api/2.0/   ck:tk:********     own CA
            guest  http://old:5240/MAAS/api/2.0/                     none (plain HTTP)
            robot  https://m:5443/MAAS/api/2.0/   maas_pat_********  system
        "#]],
        );
        check(
            ListFormat::Json,
            false,
            expect![[r#"
            [
              {
                "name": "admin",
                "url": "https://m:5443/MAAS/api/2.0/",
                "key": "ck:tk:********",
                "trust": "own CA"
              },
              {
                "name": "guest",
                "url": "http://old:5240/MAAS/api/2.0/",
                "key": null,
                "trust": "none (plain HTTP)"
              },
              {
                "name": "robot",
                "url": "https://m:5443/MAAS/api/2.0/",
                "key": "maas_pat_********",
                "trust": "system"
              }
            ]
        "#]],
        );
    }
}
