//! A machine's interfaces.

use askama::Template;
use axum::extract::Path;
use maas_region::machines::{self, Detailed};
use serde_json::Value;

use crate::{
    answer::Answer,
    machine::{
        self, Head, Look,
        hardware::{Hardware, items, number, text},
    },
    shell::Shell,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "machine/network.html")]
pub(crate) struct NetworkPage {
    pub(crate) shell: Shell,
    pub(crate) head: Head,
    pub(crate) rows: Vec<InterfaceRow>,
}

/// An interface.
#[derive(Clone, Debug)]
pub(crate) struct InterfaceRow {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) mac: String,
    pub(crate) is_boot: bool,
    /// `up`, `down`, `off`
    pub(crate) state: &'static str,
    pub(crate) speed: String,
    pub(crate) vlan: String,
    pub(crate) fabric: String,
    pub(crate) links: Vec<String>,
    pub(crate) parents: String,
    pub(crate) product: String,
}

/// `GET /MAAS/r/machine/{id}/network`
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let machine = machines::lookup_detailed(visit.region(), &visit.ctx, &id).await?;
    let shell = machine::shell(&visit, &machine.node, "network").await;
    visit.page(&page(shell, &machine, &Look::of(&visit)))
}

pub(crate) fn page(shell: Shell, machine: &Detailed, look: &Look<'_>) -> NetworkPage {
    let hardware = Hardware::read(&machine.body);
    let boot = machine.node.boot_mac.as_deref();
    let rows = hardware.items("interface_set").iter().map(|interface| row(interface, boot)).collect();
    NetworkPage { shell, head: machine::head(&machine.node, look), rows }
}

fn row(interface: &Value, boot: Option<&str>) -> InterfaceRow {
    let mac = text(interface, "mac_address");
    let vlan = &interface["vlan"];
    InterfaceRow {
        name: text(interface, "name"),
        kind: text(interface, "type"),
        is_boot: boot.is_some_and(|boot| boot.eq_ignore_ascii_case(&mac)),
        mac,
        state: match (interface["enabled"].as_bool(), interface["link_connected"].as_bool()) {
            (Some(false), _) => "off",
            (_, Some(false)) => "down",
            _ => "up",
        },
        speed: match (number(interface, "link_speed"), number(interface, "interface_speed")) {
            (0, 0) => "–".to_owned(),
            (0, most) => format!("up to {}", bits(most)),
            (now, most) if most > now => format!("{} of {}", bits(now), bits(most)),
            (now, _) => bits(now),
        },
        vlan: text(vlan, "name"),
        fabric: text(vlan, "fabric"),
        links: items(interface, "links").iter().map(link).collect(),
        parents: words(&interface["parents"]),
        product: [text(interface, "vendor"), text(interface, "product")].join(" ").trim().to_owned(),
    }
}

/// `192.0.2.4 in 192.0.2.0/24 (auto)`
fn link(link: &Value) -> String {
    let mode = text(link, "mode").replace('_', " ");
    let (ip, subnet) = (text(link, "ip_address"), text(&link["subnet"], "cidr"));
    match (ip.as_str(), subnet.as_str()) {
        ("", "") => mode,
        ("", subnet) => format!("{subnet} ({mode})"),
        (ip, "") => format!("{ip} ({mode})"),
        (ip, subnet) => format!("{ip} in {subnet} ({mode})"),
    }
}

fn words(list: &Value) -> String {
    let words = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(", ")
}

/// `10 Gbit/s`
fn bits(megabits: i64) -> String {
    match megabits {
        0..1000 => format!("{megabits} Mbit/s"),
        _ if megabits % 1000 == 0 => format!("{} Gbit/s", megabits / 1000),
        _ => format!("{}.{} Gbit/s", megabits / 1000, megabits % 1000 / 100),
    }
}
