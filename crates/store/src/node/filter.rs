//! The typed filter as SQL: every value of it is a parameter.

use maas_model::filter::{Criterion, DeploymentTarget, NodeFilter, NumberField, Test, TextField, TextMatch};

use crate::{
    Backend,
    sql::{Sql, escaped},
};

/// Adds the conditions on node `n`, each with an `and` before it.
pub(crate) fn push(sql: &mut Sql, backend: Backend, filter: &NodeFilter) {
    for Criterion { negated, test } in &filter.criteria {
        // What cannot be said of a node (its owner's name, when it has none) does not hold, and so its opposite does.
        sql.push(if *negated { " and not coalesce((" } else { " and (" });
        push_test(sql, backend, test);
        sql.push(if *negated { "), false)" } else { ")" });
    }
}

fn push_test(sql: &mut Sql, backend: Backend, test: &Test) {
    match test {
        Test::Text(field, values) => push_field(sql, *field, values),
        Test::Workload { key, values } => push_workload(sql, backend, key.as_deref(), values),
        Test::Status(all) => {
            sql.any(all, |sql, status| _ = sql.push("n.status = ").bind(status.code()));
        }
        Test::PowerState(all) => {
            sql.any(all, |sql, state| _ = sql.push("n.power_state = ").bind(state.as_str()));
        }
        Test::AtLeast(field, least) => push_number(sql, *field, |sql, column, unit| {
            sql.push(column).push(" >= ").bind(least * unit);
        }),
        Test::Equals(field, numbers) => push_number(sql, *field, |sql, column, unit| {
            // Numbers of a greater unit than the stored one are round ones.
            let slack = if unit > 1.0 { unit / 2.0 } else { 0.0 };
            sql.any(numbers, |sql, number| {
                sql.push(column).push(" >= ").bind(number * unit - slack);
                sql.push(" and ").push(column).push(" <= ").bind(number * unit + slack);
            });
        }),
        Test::DeploymentTarget(targets) => {
            sql.any(targets, |sql, target| {
                sql.push("n.is_ephemeral = ").bind(i64::from(*target == DeploymentTarget::Memory));
            });
        }
        // There are no networks yet, so no interface is in one.
        Test::Network(..) => _ = sql.push("1 = 0"),
        Test::FreeText(text) => push_free_text(sql, text),
    }
}

fn push_field(sql: &mut Sql, field: TextField, values: &[TextMatch]) {
    let (before, column, after) = match field {
        TextField::SystemId => ("", "n.system_id", ""),
        TextField::Hostname => ("", "n.hostname", ""),
        TextField::Fqdn => {
            ("exists (select 1 from domain d where d.domain_id = n.domain_id and ", "n.hostname || '.' || d.name", ")")
        }
        TextField::Domain => ("n.domain_id in (select d.domain_id from domain d where ", "d.name", ")"),
        TextField::Owner => ("n.owner_id in (select u.user_id from user_account u where ", "u.username", ")"),
        TextField::Pool => ("n.pool_id in (select p.pool_id from resource_pool p where ", "p.name", ")"),
        TextField::Zone => ("n.zone_id in (select z.zone_id from zone z where ", "z.name", ")"),
        TextField::Tag => {
            ("n.node_id in (select t.node_id from node_tag t join tag g on g.tag_id = t.tag_id where ", "g.name", ")")
        }
        TextField::Architecture => ("", "n.architecture", ""),
        TextField::AgentName => ("", "n.agent_name", ""),
        TextField::Description => ("", "n.description", ""),
        TextField::ErrorDescription => ("", "n.error_description", ""),
        TextField::OperatingSystem => ("", "n.osystem", ""),
        TextField::Series => ("", "n.distro_series", ""),
        TextField::PowerType => ("", "n.power_type", ""),
        TextField::PxeMac => ("", "n.boot_mac", ""),
        TextField::MacAddress => ("n.node_id in (select i.node_id from interface i where ", "i.mac_address", ")"),
        TextField::Parent => ("n.parent_id in (select o.node_id from node o where ", "o.system_id", ")"),
        TextField::IpAddress => {
            sql.any(values, |sql, value| {
                let text = escaped(&value.text().to_lowercase());
                sql.push("n.ip_addresses like ").bind(match value {
                    TextMatch::Is(_) => format!("% {text} %"),
                    TextMatch::Contains(_) => format!("%{text}%"),
                    TextMatch::StartsWith(_) => format!("% {text}%"),
                });
                sql.push(" escape '!'");
            });
            return;
        }
        TextField::FabricClass | TextField::FabricName | TextField::Space => {
            sql.push("1 = 0");
            return;
        }
    };
    sql.push(before).any(values, |sql, value| push_match(sql, column, value)).push(after);
}

/// Columns that hold small letters alone are compared as they are, so that their index serves.
fn push_match(sql: &mut Sql, column: &'static str, value: &TextMatch) {
    let is_folded = matches!(column, "n.system_id" | "n.hostname" | "n.boot_mac" | "i.mac_address" | "o.system_id");
    let folded = value.text().to_lowercase();
    if is_folded {
        sql.push(column);
        push_pattern(sql, value, &folded);
        return;
    }
    sql.push("lower(").push(column).push(")");
    push_pattern(sql, value, &folded);
    // SQLite folds ASCII only; as it was typed it is found all the same.
    if !folded.is_ascii() {
        sql.push(" or ").push(column);
        push_pattern(sql, value, value.text());
    }
}

fn push_pattern(sql: &mut Sql, value: &TextMatch, text: &str) {
    match value {
        TextMatch::Is(_) => _ = sql.push(" = ").bind(text.to_owned()),
        TextMatch::Contains(_) => _ = sql.push(" like ").bind(format!("%{}%", escaped(text))).push(" escape '!'"),
        TextMatch::StartsWith(_) => _ = sql.push(" like ").bind(format!("{}%", escaped(text))).push(" escape '!'"),
    }
}

fn push_workload(sql: &mut Sql, backend: Backend, key: Option<&str>, values: &[TextMatch]) {
    let (before, after) = backend.json_members();
    sql.push("exists (select 1 from ").push(before).push("n.owner_data").push(after).push(" w where 1 = 1");
    if let Some(key) = key {
        sql.push(" and ");
        push_match(sql, "w.key", &TextMatch::Is(key.to_owned()));
    }
    if !values.is_empty() {
        sql.push(" and ").any(values, |sql, value| push_match(sql, "w.value", value));
    }
    sql.push(")");
}

fn push_number(sql: &mut Sql, field: NumberField, compare: impl FnOnce(&mut Sql, &'static str, f64)) {
    match field {
        NumberField::CpuCount => compare(sql, "n.cpu_count", 1.0),
        NumberField::CpuSpeed => compare(sql, "n.cpu_speed", 1.0),
        NumberField::MemoryMib => compare(sql, "n.memory_mib", 1.0),
        NumberField::PhysicalDiskCount => compare(sql, "n.disk_count", 1.0),
        NumberField::TotalStorageGb => compare(sql, "n.storage_bytes", 1e9),
        NumberField::LinkSpeed => {
            sql.push("n.node_id in (select i.node_id from interface i where ");
            compare(sql, "i.link_speed", 1.0);
            sql.push(")");
        }
    }
}

fn push_free_text(sql: &mut Sql, text: &str) {
    let value = TextMatch::Contains(text.to_owned());
    let values = std::slice::from_ref(&value);
    let fields = [
        TextField::Fqdn,
        TextField::SystemId,
        TextField::Description,
        TextField::IpAddress,
        TextField::MacAddress,
        TextField::Tag,
        TextField::Pool,
        TextField::Zone,
        TextField::Owner,
    ];
    sql.any(fields, |sql, field| push_field(sql, field, values));
}
