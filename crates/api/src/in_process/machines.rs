//! Machines: what they look like, what can be done to them, and that what is hidden is not there.

use std::collections::BTreeSet;

use maas_region::simulate::{self, Plan};

use super::*;

/// A door on a site with invented machines.
async fn with_machines(count: usize) -> Door {
    let door = Door::open().await;
    let plan = Plan { machines: count, pools: 2, seed: 7, adds: false };
    simulate::run(&door.region, &door.host_ctx(), &plan, |_| ()).await.unwrap();
    door
}

impl Door {
    async fn list(&self, path: &str, who: &Key) -> Vec<Value> {
        let seen = self.get(&format!("{API}/{path}"), Some(who)).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}: {}", seen.body);
        seen.json().as_array().expect("a list").clone()
    }

    /// The ids of the machines that somebody sees and that pass a filter.
    async fn ids(&self, query: &str, who: &Key) -> Vec<String> {
        let machines = self.list(&format!("machines/?{query}"), who).await;
        machines.iter().map(|machine| text(machine, "system_id").to_owned()).collect()
    }

    async fn machine(&self, id: &str, who: &Key) -> Value {
        self.get(&format!("{API}/machines/{id}/"), Some(who)).await.json()
    }

    async fn act(&self, id: &str, op: &str, who: &Key, form: &str) -> Seen {
        self.post(&format!("{API}/machines/{id}/?op={op}"), Some(who), form).await
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a text: {value}"))
}

/// As Python's `json.dumps(.., indent=4, ensure_ascii=False)` would print it.
fn printed(value: &Value) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    serde::Serialize::serialize(value, &mut serde_json::Serializer::with_formatter(&mut out, formatter)).unwrap();
    String::from_utf8(out).unwrap()
}

/// `?` may be null.
const MEMBERS: &str = "system_id:str hostname:str fqdn:str description:str hardware_uuid:str? domain:object owner:str? \
    owner_data:object workload_annotations:object locked:bool cache_sets:list bcaches:list raids:list volume_groups:list \
    bios_boot_method:str? boot_interface:object? architecture:str? min_hwe_kernel:str? hwe_kernel:str? cpu_count:int \
    cpu_speed:int memory:int swap_size:int? storage:float status:int status_name:str status_action:str? \
    status_message:str? osystem:str distro_series:str ephemeral_deploy:bool error_description:str netboot:bool \
    power_type:str power_state:str tag_names:list address_ttl:int? ip_addresses:list interface_set:list zone:object \
    pool:object? disable_ipv4:bool boot_disk:object? blockdevice_set:list physicalblockdevice_set:list \
    virtualblockdevice_set:list special_filesystems:list node_type:int node_type_name:str parent:object? \
    default_gateways:object current_commissioning_result_id:int? current_testing_result_id:int? \
    current_installation_result_id:int? commissioning_status:int commissioning_status_name:str testing_status:int \
    testing_status_name:str cpu_test_status:int cpu_test_status_name:str memory_test_status:int \
    memory_test_status_name:str network_test_status:int network_test_status_name:str storage_test_status:int \
    storage_test_status_name:str interface_test_status:int interface_test_status_name:str other_test_status:int \
    other_test_status_name:str hardware_info:object numanode_set:list last_sync:str? next_sync:str? sync_interval:int? \
    enable_hw_sync:bool enable_kernel_crash_dump:bool is_dpu:bool pod:object? virtualmachine_id:int? resource_uri:str";

fn check_members(machine: &Value) {
    let mut expected = BTreeSet::new();
    for member in MEMBERS.split_whitespace() {
        let (name, kind) = member.split_once(':').unwrap();
        expected.insert(name);
        let value = machine.get(name).unwrap_or_else(|| panic!("{name} is missing"));
        let fits = match kind.trim_end_matches('?') {
            "str" => value.is_string(),
            "int" => value.is_i64(),
            "float" => value.is_f64(),
            "bool" => value.is_boolean(),
            "list" => value.is_array(),
            _ => value.is_object(),
        };
        assert!(fits || (kind.ends_with('?') && value.is_null()), "{name} is no {kind}: {value}");
    }
    let names: BTreeSet<&str> = machine.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names.difference(&expected).collect::<Vec<_>>(), Vec::<&&str>::new(), "members that MAAS has not");
}

#[tokio::test]
async fn a_machine_has_the_members_of_maas_in_lists_and_alone() {
    let door = with_machines(12).await;
    let root = door.key("root").await;
    let bare = "architecture=amd64&mac_addresses=52:54:00:00:00:99&hostname=b%22a%5Cr&description=%22%5C%0Aż";
    let seen = door.post(&format!("{API}/machines/"), Some(&root), bare).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{}", seen.body);
    let bare = bare.replace("b%22a%5Cr", "bare");
    let seen = door.post(&format!("{API}/machines/"), Some(&root), &bare).await;
    assert_eq!((seen.status, &seen.json()["description"]), (StatusCode::OK, &json!("\"\\\nż")), "{}", seen.body);
    assert_eq!(seen.body, printed(&seen.json()));

    let seen = door.get(&format!("{API}/machines/"), Some(&root)).await;
    assert_eq!(seen.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(seen.body, printed(&seen.json()), "indented as MAAS does");
    let machines = seen.json().as_array().unwrap().clone();
    assert_eq!(machines.len(), 13);
    for machine in &machines {
        check_members(machine);
        let alone = door.get(text(machine, "resource_uri"), Some(&root)).await;
        assert_eq!(alone.body, printed(machine));
        let id = text(machine, "system_id");
        let interfaces = door.list(&format!("nodes/{id}/interfaces/"), &root).await;
        assert_eq!(&json!(interfaces), &machine["interface_set"]);
        let one = door.get(text(&interfaces[0], "resource_uri"), Some(&root)).await;
        assert_eq!(one.json(), interfaces[0]);
        let disks = door.list(&format!("nodes/{id}/blockdevices/"), &root).await;
        assert_eq!(&json!(disks), &machine["blockdevice_set"]);
    }
    let none = door.get(&format!("{API}/machines/?hostname=nothing"), Some(&root)).await;
    assert_eq!(none.body, "[]");
    let wrong = door.get(&format!("{API}/machines/?tags=nothing&zone=nowhere&status=purple"), Some(&root)).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.body);
}

#[tokio::test]
async fn long_lists_are_whole() {
    let door = with_machines(90).await;
    let root = door.key("root").await;
    let ids = door.ids("", &root).await;
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 90);
    let count = door.get(&format!("{API}/machines/?op=count"), Some(&root)).await;
    assert_eq!(count.json(), json!({"count": 90}));
    let mut of_status = 0;
    for status in maas_model::Status::ALL {
        of_status += door.ids(&format!("status={}", status.as_str()), &root).await.len();
    }
    assert_eq!(of_status, 90);
    let head = door.call(request("HEAD", &format!("{API}/machines/"), Some(&root), "", "")).await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
    let nodes = door.list("nodes/", &root).await;
    assert_eq!(nodes.len(), 90);
}

#[tokio::test]
async fn somebody_who_ends_while_a_list_leaves_gets_no_whole_one() {
    use http_body_util::BodyExt as _;
    let door = with_machines(120).await;
    let root = door.key("root").await;
    let mut asked = request("GET", &format!("{API}/machines/"), Some(&root), "", "");
    let local = std::net::SocketAddr::from(([192, 0, 2, 1], 5443));
    asked.extensions_mut().insert(ConnInfo { peer: local, local, is_tls: true });
    let mut body = door.app.clone().oneshot(asked).await.unwrap().into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"[\n    {"));
    keys::delete(&door.region, &door.host_ctx(), &root.token).await.unwrap();
    let mut ended_well = true;
    while let Some(frame) = body.frame().await {
        ended_well &= frame.is_ok();
    }
    assert!(!ended_well, "the connection breaks");
}

/// What differs between two answers is only the id that was asked for, and what differs between any two.
fn shape(seen: &Seen, id: &str) -> String {
    let mut lines: Vec<String> = seen
        .headers
        .iter()
        .filter(|(name, _)| !["maas-trace-id", "date"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    format!("{}\n{}\n{}", seen.status, lines.join("\n"), seen.body.replace(id, "ID"))
}

#[tokio::test]
async fn what_is_hidden_is_answered_as_what_is_not_there() {
    const MISSING: &str = "yyyyyy";
    let door = with_machines(40).await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let seen = door.ids("", &bob).await;
    let all = door.ids("", &root).await;
    let hidden = all.iter().find(|id| !seen.contains(id)).expect("somebody else's machine");
    let made = "hostname=fridge&mac_addresses=52:54:00:00:00:77";
    let device = door.post(&format!("{API}/devices/"), Some(&root), made).await.json();
    let device = text(&device, "system_id").to_owned();
    let form = "comment=x&key=value&zone=default&pool=default&hostname=taken&mac_address=x&stop_mode=soft";
    for row in routes().iter().filter(|row| row.path.contains("{system_id}")) {
        for id in [hidden, &device] {
            let call = async |id: &str| {
                let path = row.path.replace("{system_id}", id).replace("{id}", "1");
                let path = row.op.map_or(path.clone(), |op| format!("{path}?op={op}"));
                let (kind, body) = if row.method == "GET" { ("", "") } else { (FORM, form) };
                shape(&door.call(request(row.method, &path, Some(&bob), kind, body)).await, id)
            };
            let (answer, expected) = (call(id).await, call(MISSING).await);
            assert!(answer.starts_with("404"), "{} {} {:?}: {answer}", row.method, row.path, row.op);
            assert_eq!(answer, expected, "{} {} {:?}", row.method, row.path, row.op);
        }
    }
    for (path, form) in [
        ("machines/?op=release", "machines=ID"),
        ("machines/?op=accept", "machines=ID"),
        ("machines/?op=set_zone", "zone=default&nodes=ID"),
        ("nodes/?op=set_zone", "zone=default&nodes=ID"),
        ("machines/?op=allocate", "system_id=ID"),
    ] {
        let call =
            async |id: &str| shape(&door.post(&format!("{API}/{path}"), Some(&bob), &form.replace("ID", id)).await, id);
        let answer = call(hidden).await;
        assert!(answer.starts_with('4'), "{path}: {answer}");
        assert_eq!(answer, call(MISSING).await, "{path}");
    }
    for path in [
        "machines/?id=ID",
        "nodes/?id=ID",
        "machines/?op=count&id=ID",
        "machines/?op=list_allocated&id=ID",
        "machines/?op=power_parameters&id=ID",
        "events/?op=query&id=ID",
    ] {
        let call =
            async |id: &str| shape(&door.get(&format!("{API}/{}", path.replace("ID", id)), Some(&bob)).await, id);
        assert_eq!(call(hidden).await, call(MISSING).await, "{path}");
    }
}

#[tokio::test]
async fn fields_of_no_right_of_theirs_change_nothing() {
    let door = with_machines(10).await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let extra = "owner=bob&is_superuser=true&status=4&pool=default&zone=default&locked=true&power_type=ipmi\
        &power_parameters_power_address=192.0.2.7&deployed=true&domain=maas";
    let new = format!("architecture=amd64&mac_addresses=52:54:00:00:00:55&{extra}");
    for (who, mac) in [(Some(&bob), "55"), (None, "66")] {
        let new = new.replace(":55", &format!(":{mac}"));
        let seen = door.post(&format!("{API}/machines/"), who, &new).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
        let made = door.machine(text(&seen.json(), "system_id"), &root).await;
        let shown = (&made["owner"], text(&made, "status_name"), text(&made["pool"], "name"), &made["locked"]);
        assert_eq!(shown, (&Value::Null, "New", "default", &json!(false)));
    }
    let mine = door.post(&format!("{API}/machines/?op=allocate"), Some(&bob), "agent_name=a&is_superuser=1").await;
    let machine = mine.json();
    assert_eq!(text(&machine, "owner"), "bob", "{}", mine.body);
    let id = text(&machine, "system_id");
    let before = door.machine(id, &root).await;
    for form in ["pool=pool-1", "owner=root", "hostname=other", "power_type=manual"] {
        let asked = request("PUT", &format!("{API}/machines/{id}/"), Some(&bob), FORM, form);
        assert_eq!(door.call(asked).await.status, StatusCode::FORBIDDEN, "{form}");
    }
    assert_eq!(door.machine(id, &root).await, before);
    let asked = request("PUT", &format!("{API}/machines/{id}/"), Some(&root), FORM, "owner=root&status=0&locked=1");
    assert_eq!(door.call(asked).await.status, StatusCode::OK);
    let after = door.machine(id, &root).await;
    assert_eq!((&after["owner"], &after["status"], &after["locked"]), (&json!("bob"), &json!(10), &json!(false)));
}

#[tokio::test]
async fn machines_are_taken_locked_and_given_back() {
    let door = with_machines(30).await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let allocate = format!("{API}/machines/?op=allocate");
    let dry = door.post(&allocate, Some(&bob), "dry_run=true&cpu_count=1").await;
    assert_eq!(dry.status, StatusCode::OK, "{}", dry.body);
    let taken = door.post(&allocate, Some(&bob), "cpu_count=1&storage=root:1&comment=work").await;
    let machine = taken.json();
    assert_eq!((text(&machine, "status_name"), text(&machine, "owner")), ("Allocated", "bob"));
    assert!(machine["constraints_by_type"]["storage"]["root"][0].is_i64(), "{}", machine["constraints_by_type"]);
    assert_eq!(taken.body, printed(&machine));
    let id = text(&machine, "system_id");
    let allocated = door.list("machines/?op=list_allocated", &bob).await;
    assert_eq!(allocated.iter().map(|one| text(one, "system_id")).collect::<Vec<_>>(), [id]);
    let none = door.post(&allocate, Some(&bob), "cpu_count=4000").await;
    assert_eq!(
        none.line(),
        "409 No available machine matches constraints: [('cpu_count', ['4000'])] (resolved to \"cpu_count=4000.0\")"
    );
    let seen = door.post(&allocate, Some(&bob), "install_rackd=true").await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{}", seen.body);

    let annotated = door.act(id, "set_workload_annotations", &bob, "app=web&op=x").await;
    assert_eq!(annotated.json()["workload_annotations"], json!({"app": "web"}), "{}", annotated.body);
    let deploy = door.act(id, "deploy", &bob, "").await;
    assert_eq!(deploy.status, StatusCode::SERVICE_UNAVAILABLE, "{}", deploy.body);
    assert!(!deploy.body.is_empty() && !deploy.body.contains('\n'), "{}", deploy.body);
    assert_eq!(text(&door.machine(id, &bob).await, "status_name"), "Allocated", "nothing pretends");
    let running = door.list("machines/?status=deployed", &root).await;
    let running = running.iter().find(|one| one["locked"] == json!(false)).expect("a running machine");
    let running = text(running, "system_id");
    let locked = door.act(running, "lock", &root, "comment=audit").await;
    assert_eq!(locked.json()["locked"], json!(true), "{}", locked.body);
    assert_eq!(door.act(running, "release", &root, "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(door.act(running, "unlock", &root, "").await.json()["locked"], json!(false));
    let released = door.post(&format!("{API}/machines/?op=release"), Some(&bob), &format!("machines={id}")).await;
    assert_eq!(released.json(), json!([id]), "{}", released.body);

    let new = "architecture=amd64&mac_addresses=52:54:00:00:00:88&power_type=webhook&power_parameters_power_on_uri=\
        http%3A%2F%2F192.0.2.1%2Fon&power_parameters_power_off_uri=http%3A%2F%2F192.0.2.1%2Foff&\
        power_parameters_power_query_uri=http%3A%2F%2F192.0.2.1%2Fq&power_parameters_power_pass=hunter2";
    let made = door.post(&format!("{API}/machines/"), Some(&root), new).await;
    let id = text(&made.json(), "system_id").to_owned();
    assert!(
        !made.body.contains("hunter2")
            && !door.get(&format!("{API}/machines/"), Some(&root)).await.body.contains("hunter2")
    );
    let revealed = door.get(&format!("{API}/machines/{id}/?op=power_parameters"), Some(&root)).await;
    assert_eq!(revealed.json()["power_pass"], json!("hunter2"), "{}", revealed.body);
    let both = door.get(&format!("{API}/machines/?op=power_parameters&id={id}"), Some(&root)).await;
    assert_eq!(both.json()[&id], revealed.json());
    let asked = request("DELETE", &format!("{API}/machines/{id}/"), Some(&root), "", "");
    assert_eq!(door.call(asked).await.line(), "204 ");
}

#[tokio::test]
async fn pools_zones_tags_and_devices_answer() {
    let door = with_machines(10).await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let post = async |path: &str, who: &Key, form: &str| door.post(&format!("{API}/{path}"), Some(who), form).await;
    let pool = post("resourcepools/", &root, "name=gpu&description=Cards").await.json();
    assert_eq!((text(&pool, "name"), text(&pool, "description")), ("gpu", "Cards"));
    assert_eq!(door.get(text(&pool, "resource_uri"), Some(&root)).await.json(), pool);
    assert_eq!(post("resourcepools/", &bob, "name=x").await.status, StatusCode::FORBIDDEN);
    assert_eq!(post("resourcepools/", &root, "").await.json(), json!({"name": ["This field is required."]}));
    let zone = post("zones/", &root, "name=north").await.json();
    assert_eq!(text(&zone, "resource_uri"), "/MAAS/api/2.0/zones/north/");
    let put = request("PUT", &format!("{API}/zones/north/"), Some(&root), FORM, "name=north west");
    let moved = door.call(put).await.json();
    assert_eq!(text(&moved, "resource_uri"), "/MAAS/api/2.0/zones/north%20west/");
    assert_eq!(door.get(text(&moved, "resource_uri"), Some(&bob)).await.json(), moved);
    let tag = post("tags/", &root, "name=fast&comment=Quick").await.json();
    assert_eq!((text(&tag, "name"), text(&tag, "definition")), ("fast", ""));
    let ids = door.ids("", &root).await;
    let form = format!("add={}&add={}", ids[0], ids[1]);
    assert_eq!(post("tags/fast/?op=update_nodes", &root, &form).await.json(), json!({"added": 2, "removed": 0}));
    assert_eq!(door.list("tags/fast/?op=machines", &root).await.len(), 2);
    assert_eq!(door.list("tags/fast/?op=nodes", &root).await.len(), 2);
    let stale = post("tags/fast/?op=update_nodes", &root, "add=x&definition=//node").await;
    assert_eq!(stale.line(), "409 Definition supplied '//node' doesn't match current definition ''");
    let device = post("devices/", &bob, "hostname=fridge&mac_addresses=52:54:00:00:00:77").await;
    let device = device.json();
    assert_eq!((text(&device, "owner"), text(&device, "hostname")), ("bob", "fridge"));
    assert_eq!(device["interface_set"][0]["mac_address"], json!("52:54:00:00:00:77"));
    assert_eq!(door.list("devices/", &bob).await, std::slice::from_ref(&device));
    assert_eq!(door.list("nodes/", &bob).await[0], device);
    let read = door.get(&format!("{API}/nodes/{}/", text(&device, "system_id")), Some(&bob)).await;
    assert_eq!(read.body, printed(&device));
    let domains = door.list("domains/", &bob).await;
    assert_eq!(door.get(text(&domains[0], "resource_uri"), Some(&bob)).await.json(), domains[0]);
    let types = door.list("rackcontrollers/?op=describe_power_types", &root).await;
    let names: Vec<&str> = types.iter().map(|driver| text(driver, "name")).collect();
    assert_eq!(names, ["manual", "ipmi", "redfish", "webhook", "virsh"]);
    for (mac, known) in [("52:54:00:00:00:77", true), ("52:54:00:00:00:78", false)] {
        let asked = format!("{API}/nodes/?op=is_registered&mac_address={mac}");
        assert_eq!(door.get(&asked, Some(&bob)).await.json(), json!(known), "{mac}");
    }
}
