//! Answers as tables for people.

use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::Value;

use crate::console::visible;

/// Renders a list of objects with these columns (dotted names reach inwards), or with the ones that fit when none is given.
/// One object becomes a list of its members. Anything else is shown as it is.
pub fn render(value: &Value, columns: &[&str]) -> String {
    match rows_of(value) {
        Some([]) => "nothing\n".to_owned(),
        Some(rows) if rows.iter().all(Value::is_object) => {
            let columns = if columns.is_empty() { fitting_columns(rows) } else { owned(columns) };
            let header = columns.iter().map(|name| name.replace('_', " ").to_uppercase()).collect();
            draw(Some(header), rows.iter().map(|row| columns.iter().map(|name| cell(reach(row, name))).collect()))
        }
        Some(rows) => draw(None, rows.iter().map(|row| vec![cell(row)])),
        None => match value {
            Value::Object(members) if columns.is_empty() => draw(
                None,
                members
                    .iter()
                    .filter(|(name, _)| *name != "resource_uri")
                    .map(|(name, v)| vec![visible(name), cell(v)]),
            ),
            Value::Object(_) => {
                draw(None, columns.iter().map(|name| vec![(*name).to_owned(), cell(reach(value, name))]))
            }
            other => format!("{}\n", cell(other)),
        },
    }
}

/// The columns that people want of a resource; none when we have no opinion.
pub fn columns_of(resource: &str, action: &str) -> &'static [&'static str] {
    let is_named =
        |row: &&(&str, &str, &'static [&'static str])| row.0 == resource && (row.1 == action || row.1.is_empty());
    COLUMNS.iter().find(is_named).map_or(&[], |row| row.2)
}

/// Whether people want this as a table when they did not ask for it: lists, and objects that we have chosen members of.
pub fn is_for_people(value: &Value, columns: &[&str]) -> bool {
    match rows_of(value) {
        Some(rows) => !columns.is_empty() && rows.iter().all(Value::is_object),
        None => columns.iter().any(|name| !reach(value, name).is_null()),
    }
}

/// The list in an answer: itself, or its only member that is a list (`events`).
fn rows_of(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(rows) => Some(rows),
        Value::Object(members) if members.contains_key("next_uri") => {
            members.values().find_map(Value::as_array).map(Vec::as_slice)
        }
        _ => None,
    }
}

fn reach<'a>(row: &'a Value, name: &str) -> &'a Value {
    name.split('.').fold(row, |value, part| value.get(part).unwrap_or(&Value::Null))
}

fn fitting_columns(rows: &[Value]) -> Vec<String> {
    let Some(Value::Object(first)) = rows.first() else { return Vec::new() };
    let is_small = |value: &Value| !value.is_object() && !value.is_array();
    let names =
        first.iter().filter(|(name, value)| *name != "resource_uri" && is_small(value)).map(|(name, _)| name.clone());
    names.take(MOST_COLUMNS).collect()
}

fn owned(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|name| (*name).to_owned()).collect()
}

fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(members) => match members.get("name") {
            Some(name) => cell(name),
            None => value.to_string(),
        },
        Value::Number(number) => number.to_string(),
    };
    let text = visible(text.trim());
    if text.chars().count() > LONGEST_CELL {
        let mut short: String = text.chars().take(LONGEST_CELL - 1).collect();
        short.push('…');
        return short;
    }
    text
}

fn draw(header: Option<Vec<String>>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if let Some(header) = header {
        table.set_header(header);
    }
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

const MOST_COLUMNS: usize = 8;
const LONGEST_CELL: usize = 80;

const MACHINES: &[&str] =
    &["system_id", "fqdn", "status_name", "power_state", "owner", "pool.name", "zone.name", "tag_names"];

const COLUMNS: &[(&str, &str, &[&str])] = &[
    ("account", "list-authorisation-tokens", &["name", "token"]),
    ("devices", "read", &["system_id", "fqdn", "owner", "zone.name", "ip_addresses"]),
    ("events", "query", &["created", "level", "username", "hostname", "type", "description"]),
    ("access", "matrix", &[]),
    ("device", "", &["system_id", "fqdn", "owner", "zone.name", "ip_addresses", "tag_names", "parent", "description"]),
    ("domains", "read", &["id", "name", "authoritative", "ttl", "is_default"]),
    ("block-devices", "read", &["id", "name", "type", "model", "size", "used_for", "tags"]),
    ("interfaces", "read", &["id", "name", "type", "mac_address", "enabled", "link_speed", "parents"]),
    ("machine", "power-parameters", &[]),
    ("machine", "query-power-state", &["state"]),
    ("machine", "details", &[]),
    (
        "machine",
        "",
        &[
            "system_id",
            "fqdn",
            "status_name",
            "status_message",
            "power_state",
            "power_type",
            "owner",
            "locked",
            "pool.name",
            "zone.name",
            "architecture",
            "cpu_count",
            "memory",
            "storage",
            "tag_names",
            "ip_addresses",
            "description",
        ],
    ),
    ("machines", "count", &["count"]),
    ("machines", "power-parameters", &[]),
    ("nodes", "read", &["system_id", "fqdn", "node_type_name", "owner", "zone.name", "tag_names", "ip_addresses"]),
    ("machines", "allocate", MACHINES),
    ("machines", "", MACHINES),
    ("notifications", "", &["id", "category", "message", "created"]),
    ("rack-controllers", "read", &["system_id", "fqdn", "version", "zone.name", "ip_addresses"]),
    ("region-controllers", "read", &["system_id", "fqdn", "version", "ip_addresses"]),
    ("resource-pool", "", &["id", "name", "description"]),
    ("resource-pools", "", &["id", "name", "description"]),
    ("sshkeys", "", &["id", "keysource", "key"]),
    ("sslkeys", "read", &["id", "display"]),
    ("subnets", "read", &["id", "cidr", "name", "vlan.name", "gateway_ip", "dns_servers"]),
    ("tag", "machines", MACHINES),
    ("tag", "nodes", MACHINES),
    ("tag", "devices", &["system_id", "fqdn", "owner", "zone.name", "ip_addresses"]),
    ("tag", "update-nodes", &["added", "removed"]),
    ("tag", "", &["name", "definition", "comment", "kernel_opts"]),
    ("tags", "", &["name", "definition", "comment"]),
    ("users", "read", &["username", "email", "is_superuser"]),
    ("zone", "", &["id", "name", "description"]),
    ("zones", "", &["id", "name", "description"]),
];

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    use super::{columns_of, render};

    fn check(value: Value, columns: &[&str], expected: Expect) {
        expected.assert_eq(&render(&value, columns));
    }

    #[test]
    fn a_list_has_the_chosen_columns() {
        let users = json!([
            {"is_superuser": true, "username": "al", "email": "al@x.org", "resource_uri": "/x", "pool": {"name": "p"}},
            {"is_superuser": false, "username": "bob\u{1b}[31m", "email": "", "resource_uri": "/y"}
        ]);
        check(
            users.clone(),
            columns_of("users", "read"),
            expect![[r#"
            USERNAME       EMAIL     IS SUPERUSER
            al             al@x.org  yes
            bob\u{1b}[31m            no
        "#]],
        );
        check(
            users.clone(),
            &["username", "pool.name", "nope"],
            expect![[r#"
            USERNAME       POOL.NAME  NOPE
            al             p
            bob\u{1b}[31m
        "#]],
        );
        check(
            users,
            &[],
            expect![[r#"
            IS SUPERUSER  USERNAME       EMAIL
            yes           al             al@x.org
            no            bob\u{1b}[31m
        "#]],
        );
    }

    #[test]
    fn other_shapes_are_shown_too() {
        check(
            json!({"events": [{"id": 1, "level": "INFO"}], "count": 1, "next_uri": ""}),
            &[],
            expect![[r#"
            ID  LEVEL
            1   INFO
        "#]],
        );
        check(
            json!({"username": "al", "sshkeys_count": 2, "resource_uri": "/x"}),
            &[],
            expect![[r#"
            username       al
            sshkeys_count  2
        "#]],
        );
        check(
            json!(["a", "b"]),
            &[],
            expect![[r#"
            a
            b
        "#]],
        );
        check(
            json!([]),
            &[],
            expect![[r#"
            nothing
        "#]],
        );
        check(
            json!("text"),
            &[],
            expect![[r#"
            text
        "#]],
        );
    }
}
