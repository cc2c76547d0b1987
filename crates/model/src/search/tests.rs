use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Search, Term, Value};
use crate::filter::FilterKey;

fn check(text: &str, expected: &Expect) {
    let shown = match text.parse::<Search>() {
        Ok(search) => match search.filter() {
            Ok(filter) => {
                let lines = filter
                    .criteria
                    .iter()
                    .map(|criterion| format!("\n{}{:?}", if criterion.negated { "not " } else { "" }, criterion.test));
                format!("{search}{}", lines.collect::<String>())
            }
            Err(error) => format!("{search}\nerror: {error}"),
        },
        Err(error) => format!("error: {error}"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn words_and_filters_are_understood() {
    check("", &expect![""]);
    check(
        "  web   01 ",
        &expect![[r#"
        web 01
        FreeText("web")
        FreeText("01")"#]],
    );
    check(
        "\"two words\" !bad !\"a b\" a,b =x",
        &expect![[r#"
        "two words" !bad !"a b" "a,b" "=x"
        FreeText("two words")
        not FreeText("bad")
        not FreeText("a b")
        FreeText("a,b")
        FreeText("=x")"#]],
    );
    check(
        "52:54:00:ab:cd:ef fe80::1",
        &expect![[r#"
        52:54:00:ab:cd:ef fe80::1
        FreeText("52:54:00:ab:cd:ef")
        FreeText("fe80::1")"#]],
    );
    check(
        "status:(=failed_testing,rescue) owner:bob",
        &expect![[r#"
        status:(=failed_testing,rescue) owner:(bob)
        Status([RescueMode, EnteringRescueMode, FailedEnteringRescueMode, ExitingRescueMode, FailedExitingRescueMode, FailedTesting])
        Text(Owner, [Contains("bob")])"#]],
    );
    check(
        "status:(!=new,!=ready)",
        &expect![[r#"
        status:(!=new,!=ready)
        not Status([New, Ready])"#]],
    );
    check(
        "pool:(=left wing, =\"a,b\" , !=lab)",
        &expect![[r#"
        pool:(="left wing",="a,b") pool:(!=lab)
        Text(Pool, [Is("left wing"), Is("a,b")])
        not Text(Pool, [Is("lab")])"#]],
    );
    check(
        "tags:(=gpu,=fast) tag:!=virtual",
        &expect![[r#"
        tags:(=gpu,=fast) tags:(!=virtual)
        Text(Tag, [Is("gpu")])
        Text(Tag, [Is("fast")])
        not Text(Tag, [Is("virtual")])"#]],
    );
    check(
        "cpu_count:(4) mem:=2G physical_disk_count:2",
        &expect![[r#"
        cpu_count:(4) mem:(=2G) physical_disk_count:(2)
        AtLeast(CpuCount, 4.0)
        Equals(MemoryMib, [2048.0])
        Equals(PhysicalDiskCount, [2.0])"#]],
    );
    check(
        "HOSTNAME:\"web\" workload-App:(=DB) power:on",
        &expect![[r#"
        hostname:(web) workload-App:(=DB) power_state:(on)
        Text(Hostname, [Contains("web")])
        Workload { key: Some("App"), values: [Is("DB")] }
        PowerState([On])"#]],
    );
    check(
        "description:=\"say \\\"hi\\\" \\\\o/\"",
        &expect![[r#"
        description:(="say \"hi\" \\o/")
        Text(Description, [Is("say \"hi\" \\o/")])"#]],
    );
}

#[test]
fn nonsense_gets_one_clear_line() {
    check(
        "colour:red",
        &expect![[
            r#"error: Unknown filter `colour`: use one of system_id, hostname, fqdn, domain, owner, pool, zone, tags, arch, agent_name, description, error_description, osystem, distro_series, power_type, mac_address, pxe_mac, ip_addresses, fabric_classes, fabric_name, spaces, parent, workloads, status, simple_status, power_state, cpu_count, cpu_speed, mem, link_speed, physical_disk_count, total_storage, subnets, vlans, fabrics, deployment_target, free_text. To look for text with a colon, put it in quotes: "colour:red"."#
        ]],
    );
    check(
        "https://x",
        &expect![[
            r#"error: Unknown filter `https`: use one of system_id, hostname, fqdn, domain, owner, pool, zone, tags, arch, agent_name, description, error_description, osystem, distro_series, power_type, mac_address, pxe_mac, ip_addresses, fabric_classes, fabric_name, spaces, parent, workloads, status, simple_status, power_state, cpu_count, cpu_speed, mem, link_speed, physical_disk_count, total_storage, subnets, vlans, fabrics, deployment_target, free_text. To look for text with a colon, put it in quotes: "https://x"."#
        ]],
    );
    check("status:", &expect!["error: Filter `status` has no value: write status:(value)."]);
    check("status:()", &expect!["error: Filter `status` has no value: write status:(value)."]);
    check("status:(!)", &expect!["error: Filter `status` has a mark without a value: write status:(=value)."]);
    check("status:(new", &expect!["error: Filter `status` has no closing bracket: write status:(value)."]);
    check("status:(new)x", &expect!["error: Filter `status`: put a space after the bracket."]);
    check("status:(a\"b\")", &expect!["error: Filter `status`: put a comma between two values."]);
    check("status:x(y)", &expect![[r#"error: `x(` is not clear: write key:(value), or "text in quotes"."#]]);
    check("!status:new", &expect!["error: Filter `status`: put the mark before the value: status:(!value)."]);
    check("(x)", &expect![[r#"error: `(` is not clear: write key:(value), or "text in quotes"."#]]);
    check("\"open", &expect![[r#"error: A quote is not closed: put " at both ends."#]]);
    check("\"\"", &expect!["error: There is nothing between two quotes."]);
    check(
        "status:colour",
        &expect![[r#"
        status:(colour)
        error: status: 'colour' is not a valid choice. It should be one of: new, commissioning, failed_commissioning, missing, ready, reserved, deployed, retired, broken, deploying, allocated, failed_deployment, releasing, failed_releasing, disk_erasing, failed_disk_erasing, rescue_mode, entering_rescue_mode, failed_entering_rescue_mode, exiting_rescue_mode, failed_exiting_rescue_mode, testing, failed_testing."#]],
    );
    check(
        "cpu_count:(=many)",
        &expect![[r#"
        cpu_count:(=many)
        error: cpu_count: Invalid CPU count: number required."#]],
    );
    check(&"x".repeat(2001), &expect!["error: The search is too long: at most 2000 characters."]);
}

#[test]
fn the_page_of_the_documentation_is_true() {
    let page = include_str!("../../../../docs/search.md");
    let rows: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |")).collect();
    assert!(rows.len() > 8);
    for text in rows.iter().flat_map(|(cell, _)| cell.split("`, `")) {
        assert!(text.parse::<Search>().unwrap().filter().is_ok(), "{text}");
    }
    for (name, _) in FilterKey::NAMES.into_iter().filter(|(name, key)| key.to_string() == *name) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

fn a_term() -> impl Strategy<Value = Term> {
    let key = prop_oneof![
        prop::sample::select(FilterKey::NAMES.to_vec()).prop_map(|(_, key)| key),
        Just(FilterKey::FreeText),
        "[A-Za-z0-9_.-]{1,5}".prop_map(|key| FilterKey::Workload(Some(key))),
    ];
    let value =
        (any::<bool>(), "[a-c:=!,() \"\\\\ü]{0,5}[a-c:=!,()\"\\\\ü]").prop_map(|(exact, text)| Value { exact, text });
    (key, any::<bool>(), prop::collection::vec(value, 1..4)).prop_map(|(key, negated, values)| Term {
        key,
        negated,
        values,
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_the_same(terms in prop::collection::vec(a_term(), 0..5)) {
        let search = Search { terms };
        prop_assert_eq!(search.to_string().parse::<Search>(), Ok(search));
    }

    #[test]
    fn what_is_read_prints_and_reads_back_the_same(text in "(status|pool|x|!|:|\\(|\\)|=|,|\"|\\\\| |a|1|ü){0,20}") {
        if let Ok(search) = text.parse::<Search>() {
            let _ = search.filter();
            prop_assert_eq!(search.to_string().parse::<Search>(), Ok(search));
        }
    }
}
