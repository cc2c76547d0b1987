//! Made-up machines.

use std::{collections::BTreeMap, sync::Arc};

use maas_authz::{Access, Actor, AuthMethod, Clock, OpCtx, RequestInfo, UserActor};
use maas_model::{
    DomainId, Endpoint, NodeId, NodeType, PoolId, PowerState, SessionId, Status, SystemId, UserId, ZoneId,
};
use maas_region::{
    Error,
    machines::{Detailed, GroupCount, ShownPower},
    nodes::{Domain, Node, Owner},
    pools::Pool,
    zones::Zone,
};

use super::{Add, calm, days, now};
use crate::{
    cookies::Flash,
    form::{FormErrors, FormView},
    input::Input,
    machine::{self, Look, access, configuration, events, network, power, storage, summary},
    machines::{
        add::Choices,
        bulk,
        list::{self, Empty, Found, ListPage},
        query::ListQuery,
    },
    preferences::password::FormPage,
    shell::{Section, Shell},
};

/// Somebody who may do everything, or nothing.
pub(super) fn ctx(is_admin: bool) -> OpCtx {
    let access = if is_admin { Access::everything() } else { Access::own_only() };
    let actor = Actor::User(UserActor {
        id: UserId(2),
        username: "admin".into(),
        access: Arc::new(access),
        method: AuthMethod::Session(SessionId(1)),
    });
    OpCtx { actor, request: RequestInfo::internal(Endpoint::Ui), clock: Clock::manual(now()) }
}

fn look(ctx: &OpCtx) -> Look<'_> {
    Look { ctx, now: now(), has_rack: false }
}

/// A machine of its own kind for each number.
pub(super) fn node(number: i64) -> Node {
    let at = number.unsigned_abs() as usize;
    let order = [
        Status::Ready,
        Status::Deployed,
        Status::New,
        Status::FailedTesting,
        Status::Deploying,
        Status::Allocated,
        Status::Broken,
        Status::RescueMode,
        Status::Deployed,
        Status::Deployed,
    ];
    let status = order[at % order.len()];
    let pools = [("default", 0), ("web", 1), ("a-pool-with-quite-a-long-name", 2)];
    let (pool, pool_id) = pools[at % 3];
    let is_new = status == Status::New;
    Node {
        id: NodeId(number),
        system_id: SystemId::from_number(SystemId::FIRST + at as u64 * 7919).unwrap(),
        kind: NodeType::Machine,
        hostname: if number == 5 { "a-machine-with-a-very-long-name-in-rack-seven".into() } else { names(at) },
        domain: Arc::new(Domain { id: DomainId(0), name: "maas".into(), is_authoritative: true, ttl: None }),
        description: if number == 1 {
            "Bay 4, second from above.\nThe left fan is loud.".into()
        } else {
            String::new()
        },
        owner: status.is_owned().then(|| Owner { id: UserId(2), username: ["admin", "bob"][at % 2].into() }),
        pool: Some(Arc::new(Pool { id: PoolId(pool_id), name: pool.into(), description: String::new() })),
        zone: Arc::new(Zone { id: ZoneId(1), name: ["default", "hall-b"][at % 2].into(), description: String::new() }),
        parent: None,
        status,
        previous_status: Status::New,
        status_expires_at: (status == Status::Deploying).then(|| now().plus(days(1) / 48)),
        status_message: if status.is_active() { "Installing OS: configuring storage".into() } else { String::new() },
        error_description: match status {
            Status::Broken => "No link on any interface.".into(),
            Status::FailedTesting => "smartctl-validate failed on sdb".into(),
            _ => String::new(),
        },
        is_locked: number == 1,
        is_commissioned: !is_new,
        agent_name: String::new(),
        owner_data: if number == 1 {
            BTreeMap::from([("role".into(), "primary database".into()), ("team".into(), "payments".into())])
        } else {
            BTreeMap::new()
        },
        netboot: false,
        osystem: if status == Status::Deployed { "ubuntu".into() } else { String::new() },
        distro_series: if status == Status::Deployed { "noble".into() } else { String::new() },
        hwe_kernel: String::new(),
        min_hwe_kernel: String::new(),
        is_ephemeral: false,
        has_hw_sync: false,
        has_crash_dump: false,
        is_dpu: false,
        deployed_at: None,
        architecture: "amd64/generic".into(),
        cpu_count: if is_new { 0 } else { 8 << (at % 4) },
        cpu_speed_mhz: if is_new { 0 } else { 2450 },
        memory_mib: if is_new { 0 } else { 16384 << (at % 4) },
        swap_bytes: None,
        storage_bytes: if is_new { 0 } else { 480_103_981_056 * (1 + at as i64 % 3) },
        disk_count: if is_new { 0 } else { 1 + at as i64 % 3 },
        hardware_uuid: (!is_new).then(|| "4c4c4544-0046-3510-8056-b9c04f4c3332".into()),
        bios_boot_method: Some("uefi".into()),
        boot_mac: Some(format!("52:54:00:12:34:{:02x}", at % 256)),
        tags: if at % 2 == 1 { vec!["gpu".into(), "nvme".into()] } else { Vec::new() },
        ip_addresses: if status == Status::Deployed {
            vec!["10.0.7.21".into(), "2001:db8::21".into()]
        } else {
            Vec::new()
        },
        power_type: if is_new { String::new() } else { "ipmi".into() },
        power_state: [PowerState::Off, PowerState::On, PowerState::Unknown, PowerState::Error][at % 4],
        power_queried_at: (!is_new).then(|| now().minus(days(1) / 288)),
        power_error: if at % 4 == 3 { "10.0.9.4 did not answer within 20 seconds".into() } else { String::new() },
        script_status: BTreeMap::new(),
        created_at: now().minus(days(40)),
        updated_at: now().minus(days(1)),
        version: 1,
    }
}

fn names(at: usize) -> String {
    let (first, second) =
        (["fast", "calm", "blue", "keen", "wild", "tidy"], ["newt", "crane", "otter", "lynx", "moth"]);
    match at {
        0..30 => format!("{}-{}", first[at % 6], second[at % 5]),
        _ => format!("rack{}-u{}", at / 40, at % 40),
    }
}

/// A machine with its hardware.
pub(super) fn detailed(number: i64) -> Detailed {
    let node = node(number);
    let body = if node.cpu_count == 0 { String::new() } else { BODY.to_owned() };
    Detailed { node, body }
}

fn counts(rows: &[(&str, i64)]) -> Vec<GroupCount> {
    rows.iter().map(|(value, count)| GroupCount { value: (*value).to_owned(), count: *count }).collect()
}

fn sorted(mut nodes: Vec<Node>, by_pool: bool) -> Vec<Node> {
    if by_pool {
        nodes.sort_by_key(|node| node.pool.as_ref().map(|pool| std::cmp::Reverse(pool.name.clone())));
    }
    nodes
}

fn found(count: i64, is_grouped: bool) -> Found {
    Found {
        nodes: sorted((0..count.min(51)).map(node).collect(), is_grouped),
        total: count,
        statuses: if count > 10 {
            counts(&[
                ("ready", 4210),
                ("deployed", 5012),
                ("new", 3),
                ("broken", 42),
                ("deploying", 7),
                ("failed_testing", 1),
            ])
        } else {
            counts(&[("ready", 1), ("deployed", 1), ("new", 1)])
        },
        pools: counts(&[("default", count / 2), ("web", count / 2), ("a-pool-with-quite-a-long-name", 1)]),
        groups: counts(&[("default", count / 2), ("web", count / 2)]),
    }
}

fn page(query: &str, found: Found, is_admin: bool) -> ListPage {
    let query = ListQuery::read(&Input::from_urlencoded(query.as_bytes()));
    let search = query.search().unwrap_or_default();
    let problems = query.search().err().into_iter().collect();
    let shell = calm(Section::Machines, "Machines");
    let page = list::assemble(shell, query, &search, found, Some("admin"), bulk::offers(|_| is_admin), now());
    ListPage { may_add: is_admin, problems, ..page }
}

fn empty(is_admin: bool, pools: &[&str]) -> ListPage {
    let empty = Empty {
        has_ssh_key: is_admin,
        is_admin,
        is_tls_on: is_admin,
        url: "https://maas.example.com:5443/MAAS".into(),
        pools: pools.iter().map(|name| (*name).to_owned()).collect(),
        username: "admin".into(),
    };
    ListPage { empty: Some(empty), ..page("", Found::default(), is_admin) }
}

/// The pages of machines.
pub(super) fn pages(add: &mut Add<'_>) {
    use askama::Template;
    add("machines-none", empty(true, &["default"]).render());
    let mut user = empty(false, &["default", "web"]);
    user.shell.nav.retain(|link| link.label != "Settings" && link.label != "Status");
    user.shell.flash = Some(Flash::good("Welcome. SSH keys can be added at any time under Preferences."));
    add("machines-none-user", user.render());
    add("machines-none-nobody", empty(false, &[]).render());
    add("machines-few", page("", found(3, false), true).render());
    add("machines", page("", found(10_000, false), true).render());
    add("machines-auditor", page("sort=memory&desc=1", found(9, false), false).render());
    add("machines-grouped", page("group=pool&q=status:(=ready)", found(10_000, true), true).render());
    add("machines-nothing", page("q=no+such+name", Found::default(), true).render());
    add("machines-wrong", page("q=colour:(red)", Found::default(), true).render());
    let rows = vec![
        bulk::result_row(&node(0), maas_model::MachineAction::Release, Ok(())),
        bulk::result_row(
            &node(1),
            maas_model::MachineAction::Release,
            Err(Error::Conflict("Machine cannot be released in its current state ('New').".into())),
        ),
        bulk::result_row(&node(3), maas_model::MachineAction::Release, Err(Error::Forbidden("You may not.".into()))),
    ];
    let shell = || calm(Section::Machines, "Release").under("Machines", "/MAAS/r/machines");
    let results = |rows| {
        bulk::assemble(shell(), maas_model::MachineAction::Release, rows, "/MAAS/r/machines?q=x".into(), "admin".into())
    };
    add("machines-results", results(rows.clone()).render());
    add("machines-results-good", results(rows[..1].to_vec()).render());
    let nodes: Vec<_> = (0..12).map(node).collect();
    let form = FormView::new("action", "c", "/MAAS/r/machines/actions", "Release").danger().cancel("/MAAS/r/machines");
    add(
        "machines-question",
        FormPage { shell: shell(), lead: bulk::lead(maas_model::MachineAction::Release, &nodes), form }.render(),
    );
    for (number, name) in [(0, "ready"), (1, "deployed"), (2, "new"), (3, "failed"), (4, "deploying"), (6, "broken")] {
        let machine = detailed(number);
        let framed = |tab| machine::framed(frame(&machine.node), &machine.node, tab);
        add(&format!("machine-{name}"), summary::page(framed(""), &machine, &look(&ctx(true))).render());
    }
    for number in [1, 2] {
        let machine = detailed(number);
        let framed = |tab| machine::framed(frame(&machine.node), &machine.node, tab);
        let ctx = ctx(number == 1);
        add(&format!("machine-network-{number}"), network::page(framed("network"), &machine, &look(&ctx)).render());
        add(&format!("machine-storage-{number}"), storage::page(framed("storage"), &machine, &look(&ctx)).render());
    }
}

/// The tabs that tell of more than hardware.
pub(super) fn tabs(add: &mut Add<'_>) {
    use askama::Template;
    for (number, is_admin) in [(1, true), (3, true), (0, false)] {
        let node = node(number);
        let framed = |tab| machine::framed(frame(&node), &node, tab);
        let none = FormErrors::default();
        let ctx = ctx(is_admin);
        let known = ShownPower {
            plain: BTreeMap::from([("power_address".to_owned(), "10.0.9.4".to_owned())]),
            secrets: ["power_pass".to_owned()].into(),
        };
        let power = power::assemble(framed("power"), &node, &known, &Input::default(), &none, &look(&ctx));
        add(&format!("machine-power-{number}"), power.render());
        let who = [("See it", vec!["admin".to_owned(), "bob".to_owned()]), ("Take and deploy it", Vec::new())];
        let who = if is_admin { &who[..] } else { &[] };
        add(
            &format!("machine-access-{number}"),
            access::assemble(framed("access"), &node, who, is_admin, &look(&ctx)).render(),
        );
        let choices = Choices { pools: vec!["default".into(), "web".into()], zones: vec!["default".into()] };
        let page = configuration::assemble(framed("configuration"), &node, &choices, None, &none, &look(&ctx));
        add(&format!("machine-configuration-{number}"), page.render());
        let events = super::events(if is_admin { 60 } else { 0 });
        let page = events::page(framed("events"), &node, maas_model::Level::Info, &events, &look(&ctx));
        add(&format!("machine-events-{number}"), page.render());
    }
    let node = node(1);
    let shell = machine::framed(frame(&node), &node, "power");
    let (known, none) = (ShownPower::default(), FormErrors::default());
    let page = power::assemble(shell, &node, &known, &Input::default(), &none, &look(&ctx(true)));
    let revealed = Some(vec![("power_address".into(), "10.0.9.4".into()), ("power_pass".into(), "kX9-secret".into())]);
    add("machine-power-revealed", power::PowerPage { revealed, ..page }.render());
}

fn frame(node: &Node) -> Shell {
    calm(Section::Machines, &node.fqdn())
}

const BODY: &str = r#",
 "hardware_info": {"system_vendor": "Dell Inc.", "system_product": "PowerEdge R650", "system_serial": "7XK2L33",
  "cpu_model": "Intel(R) Xeon(R) Gold 6342", "mainboard_firmware_version": "1.9.2", "chassis_type": "Unknown"},
 "boot_disk": {"id": 1},
 "interface_set": [
  {"id": 1, "name": "eno1", "type": "physical", "mac_address": "52:54:00:12:34:01", "enabled": true, "link_connected": true,
   "link_speed": 10000, "interface_speed": 25000, "vendor": "Intel", "product": "Ethernet 25G", "parents": [],
   "vlan": {"name": "untagged", "fabric": "fabric-0"},
   "links": [{"mode": "auto", "ip_address": "10.0.7.21", "subnet": {"cidr": "10.0.7.0/24"}}, {"mode": "link_up"}]},
  {"id": 2, "name": "eno2", "type": "physical", "mac_address": "52:54:00:12:35:01", "enabled": true, "link_connected": false,
   "link_speed": 0, "interface_speed": 25000, "parents": [], "vlan": null, "links": []},
  {"id": 3, "name": "bond0", "type": "bond", "mac_address": "52:54:00:12:34:01", "enabled": false, "link_connected": true,
   "link_speed": 2500, "interface_speed": 0, "parents": ["eno1", "eno2"], "vlan": null, "links": []}],
 "blockdevice_set": [
  {"id": 1, "name": "sda", "type": "physical", "size": 480103981056, "used_size": 480000000000, "model": "SSDSC2KG48",
   "serial": "BTYG0123", "path": "/dev/disk/by-dname/sda", "tags": ["ssd"], "used_for": "GPT partitioned with 2 partitions",
   "filesystem": null, "partitions": [
    {"id": 1, "path": "/dev/disk/by-dname/sda-part1", "size": 536870912, "used_for": "fat32 formatted filesystem mounted at /boot/efi",
     "filesystem": {"fstype": "fat32", "mount_point": "/boot/efi"}},
    {"id": 2, "path": "/dev/disk/by-dname/sda-part2", "size": 379463000000, "used_for": "ext4 formatted filesystem mounted at /",
     "filesystem": {"fstype": "ext4", "mount_point": "/"}}]},
  {"id": 2, "name": "nvme0n1", "type": "physical", "size": 1920383410176, "used_size": 0, "model": "", "serial": "S3", "path": "",
   "tags": [], "used_for": "Unused", "filesystem": null, "partitions": []}]"#;
