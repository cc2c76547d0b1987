//! Made-up pools, zones, tags, devices and questions.

use std::collections::BTreeMap;

use askama::Template;
use maas_model::{PoolId, TagId, ZoneId};
use maas_region::{
    access::explain::Explanation,
    machines::GroupCount,
    pools::{Pool, PoolCount},
    tags::Tag,
    zones::Zone,
};

use super::{Add, calm, machines::ctx, machines::node};
use crate::{
    devices::{self, DevicesPage},
    explain::{Ask, ExplainPage},
    form::FormErrors,
    input::Input,
    machines::add::{self, Choices},
    places::{pools, tags, zones},
    preferences::password::FormPage,
    shell::Section,
};

fn pool(number: i64) -> PoolCount {
    let names = ["default", "web", "a-pool-with-quite-a-long-name-for-a-table"];
    let pool = Pool {
        id: PoolId(number),
        name: names[number.unsigned_abs() as usize % 3].into(),
        description: ["Default pool", "", "What the laboratory in hall B needs"][number.unsigned_abs() as usize % 3]
            .into(),
    };
    PoolCount { pool, machines: [0, 420, 10_000][number.unsigned_abs() as usize % 3], ready: number * 100 }
}

fn tag(number: i64) -> Tag {
    Tag {
        id: TagId(number),
        name: ["gpu", "old"][number.unsigned_abs() as usize % 2].into(),
        definition: if number == 0 { "//node[@id=\"display\"]/vendor = \"NVIDIA\"".into() } else { String::new() },
        comment: "Has a graphics card".into(),
        kernel_opts: if number == 0 { "nomodeset".into() } else { String::new() },
    }
}

pub(super) fn pages(add: &mut Add<'_>) {
    let pools: Vec<PoolCount> = (0..3).map(pool).collect();
    add("pools", pools::page(calm(Section::Pools, "Pools"), &pools, &ctx(true)).render());
    add("pools-none", pools::page(calm(Section::Pools, "Pools"), &[], &ctx(false)).render());
    let zones = ["default", "hall-b"].map(|name| Zone { id: ZoneId(1), name: name.into(), description: String::new() });
    let counts = [GroupCount { value: "default".into(), count: 12_345 }];
    add("zones", zones::page(calm(Section::Zones, "Zones"), &zones, &counts, true).render());
    let list = |tags: &[Tag]| tags::TagsPage {
        shell: calm(Section::Tags, "Tags"),
        rows: tags.iter().map(tags::row).collect(),
        may_edit: true,
    };
    add("tags", list(&[tag(0), tag(1)]).render());
    add("tags-none", list(&[]).render());
    let nodes: Vec<_> = (0..12).map(node).collect();
    add("tag", tags::page(calm(Section::Tags, "gpu"), &tag(0), 40, &nodes, true).render());
    add("tag-by-hand", tags::page(calm(Section::Tags, "old"), &tag(1), 0, &[], false).render());
    let errors = FormErrors::field("definition", "Invalid xpath expression: `//node[` ends too early, at character 7.");
    let sent = Input::from_urlencoded(b"name=gpu&definition=//node%5B");
    let form = tags::form("c", "/MAAS/r/tags/add", "Add tag", None, Some(&sent), &errors);
    add("tag-add-wrong", FormPage { shell: calm(Section::Tags, "Add tag"), lead: Vec::new(), form }.render());
    let devices = |count: i64| DevicesPage {
        shell: calm(Section::Devices, "Devices"),
        rows: (0..count).map(|number| devices::row(&node(number), &BTreeMap::new(), number != 1)).collect(),
        total: if count > 2 { 1000 } else { count as usize },
        filter: String::new(),
        may_add: true,
    };
    add("devices-none", devices(0).render());
    add("devices", devices(3).render());
    let choices = Choices { pools: vec!["default".into(), "web".into()], zones: vec!["default".into()] };
    let form = |query: &[u8], errors: &FormErrors| {
        let shell = calm(Section::Machines, "Add machine").under("Machines", "/MAAS/r/machines");
        add::assemble(shell, &choices, &Input::from_urlencoded(query), errors).render()
    };
    add("machine-add", form(b"", &FormErrors::default()));
    add("machine-add-manual", form(b"power_type=", &FormErrors::default()));
    let wrong = FormErrors::field("mac_addresses", "One or more MAC addresses is invalid. (52:54)");
    add("machine-add-wrong", form(b"power_type=redfish&mac_addresses=52:54&power_pass=secret", &wrong));
    let ask = Ask { user: "bob".into(), action: "deploy".into(), object: "4y3h7n".into() };
    let explain = |answer, problems: &[&str]| ExplainPage {
        shell: calm(Section::Other, "Why can somebody, or not?"),
        ask: ask.clone(),
        problems: problems.iter().map(|line| (*line).to_owned()).collect(),
        answer,
        may_ask_about_all: true,
    };
    let answer = |is_allowed| Explanation {
        username: "bob".into(),
        action: "deploy".into(),
        object: "machine 4y3h7n".into(),
        is_allowed,
        is_hidden: false,
        rule: "Deploying needs `can_deploy_machines` on the machine’s pool, and the machine to be free or one’s own."
            .into(),
        bindings: if is_allowed { vec!["role user on pool web, through group Users".into()] } else { Vec::new() },
        needed: vec!["can_edit_machines on pool web".into()],
        who_can_grant: vec!["admin".into(), "carol".into()],
    };
    add("explain", explain(None, &[]).render());
    add("explain-no", explain(Some(answer(false)), &[]).render());
    add("explain-yes", explain(Some(answer(true)), &[]).render());
    add("explain-wrong", explain(None, &["There is no action `explode`."]).render());
}
