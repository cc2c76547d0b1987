use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Constraints, DiskFacts, Facts, StorageId, cost, removed_option};
use crate::BlockDeviceId;

fn read(text: &str, allocation: bool) -> Result<Constraints, super::ConstraintErrors> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    if allocation { Constraints::for_allocation(pairs) } else { Constraints::for_list(pairs) }
}

fn check(text: &str, expected: &Expect) {
    let shown = match read(text, true) {
        Ok(constraints) => {
            let lines = constraints
                .filter
                .criteria
                .iter()
                .map(|criterion| format!("{}{:?}\n", if criterion.negated { "not " } else { "" }, criterion.test));
            format!("{}{}", lines.collect::<String>(), constraints.no_match())
        }
        Err(errors) => errors.to_string(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn constraints_become_a_filter_and_a_message() {
    check("", &expect!["No machine available."]);
    check(
        "op=allocate&agent_name=juju&comment=hi&dry_run=true&pod=x&not_pod_type=y&tags=",
        &expect!["No machine available."],
    );
    check(
        "system_id=4y3h7n",
        &expect![[r#"
        Text(SystemId, [Is("4y3h7n")])
        No machine with system ID 4y3h7n available."#]],
    );
    check(
        "name=Web.maas&op=allocate",
        &expect![[r#"
        Text(Hostname, [Is("Web")])
        Text(Domain, [Is("maas")])
        No available machine matches constraints: [('name', ['Web.maas'])] (resolved to "name=Web.maas")"#]],
    );
    check(
        "cpu_count=4&mem=1024&mem=2G&arch=amd64&agent_name=it's",
        &expect![[r#"
        Text(Architecture, [StartsWith("amd64/")])
        AtLeast(CpuCount, 4.0)
        AtLeast(MemoryMib, 2048.0)
        No available machine matches constraints: [('agent_name', ["it's"]), ('arch', ['amd64']), ('cpu_count', ['4']), ('mem', ['1024', '2G'])] (resolved to "arch=amd64 cpu_count=4.0 mem=2048.0")"#]],
    );
    check(
        "tags=gpu,fast ssd&not_tags=virtual&tags=big",
        &expect![[r#"
        not Text(Tag, [Is("virtual")])
        Text(Tag, [Is("gpu")])
        Text(Tag, [Is("fast")])
        Text(Tag, [Is("ssd")])
        Text(Tag, [Is("big")])
        No available machine matches constraints: [('not_tags', ['virtual']), ('tags', ['gpu,fast ssd', 'big'])] (resolved to "not_tags=virtual tags=gpu,fast,ssd,big")"#]],
    );
    check(
        "zone=left wing,right&not_in_pool=lab&not_in_zone=z",
        &expect![[r#"
        not Text(Pool, [Is("lab")])
        not Text(Zone, [Is("z")])
        Text(Zone, [Is("left wing"), Is("right")])
        No available machine matches constraints: [('not_in_pool', ['lab']), ('not_in_zone', ['z']), ('zone', ['left wing,right'])] (resolved to "not_in_pool=lab not_in_zone=z zone=left wing,right")"#]],
    );
    check(
        "subnets=space:dmz&not_subnets=10.0.0.0/8,7&fabrics=a,b&not_fabric_classes=x&vlans=vid:3",
        &expect![[r#"
        Network(Fabric, [Name("a"), Name("b")])
        not Text(FabricClass, [Is("x")])
        not Network(Subnet, [Cidr(10.0.0.0/8), Id(7)])
        Network(Subnet, [Space("dmz")])
        Network(Vlan, [Vid(3)])
        No available machine matches constraints: [('fabrics', ['a,b']), ('not_fabric_classes', ['x']), ('not_subnets', ['10.0.0.0/8,7']), ('subnets', ['space:dmz']), ('vlans', ['vid:3'])] (resolved to "fabrics=a,b not_fabric_classes=x not_subnets=10.0.0.0/8,7 subnets=space:dmz vlans=vid:3")"#]],
    );
    check(
        "storage=root:50(ssd),10&interfaces=a:space=dmz&devices=vendor_id=10de",
        &expect![[
            r#"No available machine matches constraints: [('devices', ['vendor_id=10de']), ('interfaces', ['a:space=dmz']), ('storage', ['root:50(ssd),10'])] (resolved to "devices=vendor_id=10de interfaces=a:space=dmz storage=root:50(ssd),10")"#
        ]],
    );
    check(
        "not_owner=bob&power_state=off&not_deployment_target=memory&link_speed=1000",
        &expect![[r#"
        AtLeast(LinkSpeed, 1000.0)
        not DeploymentTarget([Memory])
        not Text(Owner, [Is("bob")])
        PowerState([Off])
        No available machine matches constraints: [('link_speed', ['1000']), ('not_deployment_target', ['memory']), ('not_owner', ['bob']), ('power_state', ['off'])] (resolved to "link_speed=1000.0 not_deployment_target=memory not_owner=bob power_state=off")"#]],
    );
}

#[test]
fn each_wrong_value_is_told_by_its_name() {
    check(
        "cpu_count=many&mem=x&arch=vax&storage=ssd&interfaces=a&status=colour",
        &expect![[
            r#"arch: Architecture not recognised.; cpu_count: Invalid CPU count: number required.; interfaces: Malformed interfaces constraint, "a": use label:key=value,key=value;..; mem: Invalid memory: number of MiB required.; status: 'colour' is not a valid choice. It should be one of: new, commissioning, failed_commissioning, missing, ready, reserved, deployed, retired, broken, deploying, allocated, failed_deployment, releasing, failed_releasing, disk_erasing, failed_disk_erasing, rescue_mode, entering_rescue_mode, failed_entering_rescue_mode, exiting_rescue_mode, failed_exiting_rescue_mode, testing, failed_testing.; storage: Malformed storage constraint, "ssd"."#
        ]],
    );
}

#[test]
fn lists_know_more_and_options_are_filters_there() {
    let filter = |text| read(text, false).unwrap().filter.criteria.len();
    assert_eq!(filter("agent_name=juju&name=x"), 1);
    assert_eq!(filter("id=4y3h7n&id=abcdef&hostname=a&mac_address=52:54:00:00:00:01&domain=maas"), 4);
    assert_eq!(filter("free_text=a b&osystem=ubuntu&workloads=db&parent=x&pxe_mac=52:54:00:00:00:01&fqdn=a.b"), 6);
    assert_eq!(filter("not_id=4y3h7n&not_status=ready,new&not_simple_status=failed"), 3);
    assert_eq!(filter("colour=red&limit=5"), 0);
}

#[test]
fn facts_decide_what_sql_cannot() {
    let constraints = read("storage=root:10&devices=vendor_id=1", false).unwrap();
    assert!(constraints.needs_facts());
    let mut facts = Facts::default();
    assert_eq!(constraints.matches(&facts), None);
    facts.devices.push(super::DeviceFacts { vendor_id: "1".into(), ..Default::default() });
    assert_eq!(constraints.matches(&facts), None);
    facts.disks.push(DiskFacts {
        id: BlockDeviceId(3),
        size_bytes: 20_000_000_000,
        tags: vec![],
        carries_root: false,
        is_boot_disk: true,
        is_used: false,
        partitions: vec![],
    });
    let found = constraints.matches(&facts).unwrap();
    assert_eq!(found.storage, [("root".to_owned(), vec![StorageId::Disk(BlockDeviceId(3))])]);
    assert!(!read("mem=1", false).unwrap().needs_facts());
}

#[test]
fn cheap_machines_go_first() {
    assert!(cost(2, 2048) < cost(4, 1024));
    assert!(cost(1, 512) < cost(1, 1024));
}

#[test]
fn options_of_the_past_are_refused_when_true() {
    assert_eq!(removed_option([("install_kvm", "false"), ("mem", "1")]), None);
    assert_eq!(
        removed_option([("install_kvm", "True")]).as_deref(),
        Some("Support for install_kvm allocation parameter has been removed.")
    );
}

proptest! {
    /// Whatever is sent, there is an answer.
    #[test]
    fn nothing_panics(pairs in prop::collection::vec((
        prop::sample::select(vec!["storage", "interfaces", "devices", "mem", "tags", "subnets", "name", "arch", "vlans"]),
        "[a-z0-9:=,;() ./ü-]{0,40}",
    ), 0..6)) {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if let Ok(constraints) = Constraints::for_allocation(pairs) {
            constraints.matches(&Facts::default());
            constraints.no_match();
        }
    }
}
