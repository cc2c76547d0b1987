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
                let text = escaped(&value.text().to_lowercase().replace('\0', "\u{fffd}"));
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
    // No stored text has a NUL, and PostgreSQL takes none.
    let text = &text.replace('\0', "\u{fffd}");
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

#[cfg(test)]
mod tests {
    use maas_model::{NodeFilter, Search, UserId, filter::FilterKey, filter::TextMatch};

    use crate::{
        Tx,
        node::{self, NodeRow},
        testing::{add_users, on_each},
    };

    fn machines() -> [NodeRow; 3] {
        let machine = |system_id: &str, hostname: &str| NodeRow {
            system_id: system_id.into(),
            hostname: hostname.into(),
            pool_id: Some(0),
            status: 4,
            ..NodeRow::blank()
        };
        [
            NodeRow {
                architecture: "amd64/generic".into(),
                cpu_count: 8,
                memory_mib: 4096,
                storage_bytes: 500_107_862_016,
                disk_count: 1,
                description: "Rack_3 100% Größe".into(),
                ip_addresses: " 10.0.0.1 fd00::1 ".into(),
                owner_data: r#"{"App": "db-main"}"#.into(),
                ..machine("4aaaaa", "web-1")
            },
            NodeRow {
                architecture: "arm64/generic".into(),
                cpu_count: 16,
                memory_mib: 8192,
                owner_id: Some(1),
                status: 10,
                power_state: "on".into(),
                boot_mac: Some("52:54:00:00:00:02".into()),
                agent_name: "juju".into(),
                ip_addresses: " 10.0.0.10 ".into(),
                ..machine("4bbbbb", "web-2")
            },
            NodeRow { status: 6, is_ephemeral: 1, description: "rackX3".into(), ..machine("4ccccc", "db-1") },
        ]
    }

    async fn fill(tx: &mut Tx) {
        add_users(tx, 1).await;
        for row in machines() {
            node::insert(tx, &row).await.unwrap();
        }
        for (text, id) in [
            (
                "insert into tag (tag_id, name, definition, comment, kernel_opts, created_us, updated_us, version)
                values (1, 'GPU', '', '', '', 0, 0, 1)",
                0,
            ),
            (
                "insert into node_tag (node_id, tag_id, is_automatic) select node_id, 1, 0 from node where node_id = $1",
                1,
            ),
            (
                "insert into interface (interface_id, node_id, name, kind, mac_address, is_enabled, link_speed,
                interface_speed, is_connected, vendor, product, firmware_version, tags, params, links, parents, mtu,
                sriov_max_vf)
            select 1, node_id, 'eth0', 'physical', '52:54:00:00:00:02', 1, 10000, 10000, 1, '', '', '', '', '{}', '[]',
                '[]', 1500, 0 from node where node_id = $1",
                2,
            ),
        ] {
            let query = sqlx::query(text);
            let query = if id > 0 { query.bind(i64::from(id)) } else { query };
            query.execute(&mut **tx).await.unwrap();
        }
        node::refresh_tag_names(tx, &[maas_model::NodeId(1)]).await.unwrap();
    }

    async fn found(connection: &mut crate::Connection, filter: &NodeFilter) -> String {
        let scope = maas_authz::MachineScope::all(false);
        let page = node::Page { limit: 10, ..node::Page::default() };
        let rows = node::list(connection, &scope, filter, &page).await.unwrap();
        let counted = node::count(connection, &scope, filter).await.unwrap();
        assert_eq!(counted, i64::try_from(rows.len()).unwrap());
        rows.iter().map(|row| row.node_id.to_string()).collect()
    }

    #[tokio::test]
    async fn every_field_finds_what_it_should() {
        on_each(async |db| {
            let store = db.open().await;
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            fill(&mut tx).await;
            let check = |text: &str, expected: &str| (text.to_owned(), expected.to_owned());
            for (text, expected) in [
                check("", "123"),
                check("hostname:(=WEB-1)", "1"),
                check("hostname:(web)", "12"),
                check("hostname:(!web)", "3"),
                check("system_id:(=4bbbbb)", "2"),
                check("fqdn:(=web-1.maas)", "1"),
                check("domain:(=maas)", "123"),
                check("owner:(=User1)", "2"),
                check("owner:(!=user1)", "13"),
                check("pool:(=default)", "123"),
                check("pool:(!=default)", ""),
                check("zone:(=DEFAULT)", "123"),
                check("tags:(=gpu)", "1"),
                check("tags:(!=gpu)", "23"),
                check("arch:(=amd64)", "1"),
                check("agent_name:(=juju)", "2"),
                check("description:(rack_3)", "1"),
                check("description:(100%)", "1"),
                check("description:(größe)", "1"),
                check("status:(=ready)", "1"),
                check("status:(=ready,=deployed)", "13"),
                check("status:(!=ready)", "23"),
                check("power_state:(=on)", "2"),
                check("cpu_count:(9)", "2"),
                check("cpu_count:(=8)", "1"),
                check("mem:(4GiB)", "12"),
                check("total_storage:(=500)", "1"),
                check("mac_address:(=52-54-00-00-00-02)", "2"),
                check("pxe_mac:(00:02)", "2"),
                check("ip_addresses:(=10.0.0.1)", "1"),
                check("ip_addresses:(10.0.0.1)", "12"),
                check("link_speed:(5000)", "2"),
                check("workload-app:(=db-main)", "1"),
                check("workload-app:(!=db-main)", "23"),
                check("deployment_target:(=memory)", "3"),
                check("spaces:(=dmz)", ""),
                check("spaces:(!=dmz)", "123"),
                check("rack_3", "1"),
                check("gpu", "1"),
                check("user1 web", "2"),
                check("fd00", "1"),
                check("10.0.0.1", "12"),
                check("no-such-thing", ""),
            ] {
                let filter = text.parse::<Search>().and_then(|search| search.filter());
                let filter = filter.unwrap_or_else(|error| panic!("{text}: {error}"));
                assert_eq!(found(&mut tx, &filter).await, expected, "{text} on {:?}", db.backend);
            }
        })
        .await;
    }

    #[tokio::test]
    async fn no_value_can_end_the_statement() {
        on_each(async |db| {
            let store = db.open().await;
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            fill(&mut tx).await;
            let evil = "' or 1 = 1 -- $1 ? \\ \0";
            for (_, key) in FilterKey::NAMES {
                for value in [TextMatch::Is(evil.into()), TextMatch::Contains(evil.into())] {
                    // Where numbers or choices are wanted, it is refused before.
                    let Ok(criteria) = key.criteria(false, vec![value]) else { continue };
                    assert_eq!(found(&mut tx, &NodeFilter { criteria }).await, "", "{key}");
                }
            }
            let (all, page) = (NodeFilter::default(), node::Page { limit: 9, ..node::Page::default() });
            assert_eq!(node::list_devices(&mut tx, Some(UserId(1)), &all, &page).await.unwrap(), []);
        })
        .await;
    }
}
