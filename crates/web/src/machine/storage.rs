//! A machine's disks, their partitions, and a picture of how they are used.

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
    machines::row::bytes,
    shell::Shell,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "machine/storage.html")]
pub(crate) struct StoragePage {
    pub(crate) shell: Shell,
    pub(crate) head: Head,
    pub(crate) disks: Vec<Disk>,
}

/// A disk, or what is made of several.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) size: String,
    pub(crate) used: String,
    /// The use in hundredths.
    pub(crate) percent: i64,
    pub(crate) model: String,
    pub(crate) serial: String,
    pub(crate) tags: String,
    pub(crate) used_for: String,
    pub(crate) is_boot: bool,
    pub(crate) filesystem: String,
    pub(crate) parts: Vec<Part>,
}

/// A partition.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) path: String,
    pub(crate) size: String,
    pub(crate) filesystem: String,
    pub(crate) used_for: String,
    /// Where it begins and how long it is in the picture, in thousandths of the disk.
    pub(crate) start: i64,
    pub(crate) length: i64,
    /// Which of four shades it has.
    pub(crate) shade: usize,
}

/// `GET /MAAS/r/machine/{id}/storage`
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let machine = machines::lookup_detailed(visit.region(), &visit.ctx, &id).await?;
    let shell = machine::shell(&visit, &machine.node, "storage").await;
    visit.page(&page(shell, &machine, &Look::of(&visit)))
}

pub(crate) fn page(shell: Shell, machine: &Detailed, look: &Look<'_>) -> StoragePage {
    let hardware = Hardware::read(&machine.body);
    let boot = hardware.member("boot_disk");
    let boot = number(boot, "id");
    StoragePage {
        shell,
        head: machine::head(&machine.node, look),
        disks: hardware.items("blockdevice_set").iter().map(|disk| row(disk, boot)).collect(),
    }
}

fn row(disk: &Value, boot: i64) -> Disk {
    let size = number(disk, "size").max(0);
    let used = number(disk, "used_size").clamp(0, size);
    let share = |bytes: i64, of: i64| i64::try_from(i128::from(bytes) * i128::from(of) / i128::from(size.max(1)));
    let mut start = 0;
    let parts = items(disk, "partitions").iter().enumerate().map(|(place, part)| {
        let length = share(number(part, "size"), 1000).unwrap_or(0).max(LEAST).min(1000 - start);
        let part = Part {
            path: text(part, "path"),
            size: bytes(number(part, "size")),
            filesystem: filesystem(&part["filesystem"]),
            used_for: text(part, "used_for"),
            start,
            length: (length - GAP).max(1),
            shade: place % 4,
        };
        start += length;
        part
    });
    Disk {
        parts: parts.collect(),
        name: text(disk, "name"),
        kind: text(disk, "type"),
        size: bytes(size),
        used: bytes(used),
        percent: share(used, 100).unwrap_or(0),
        model: text(disk, "model"),
        serial: text(disk, "serial"),
        tags: items(disk, "tags").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        used_for: text(disk, "used_for"),
        is_boot: boot != 0 && number(disk, "id") == boot,
        filesystem: filesystem(&disk["filesystem"]),
    }
}

/// Smaller partitions could not be seen in the picture.
const LEAST: i64 = 8;
/// Between two partitions, in thousandths.
const GAP: i64 = 2;

/// `ext4 at /`
fn filesystem(filesystem: &Value) -> String {
    match (text(filesystem, "fstype").as_str(), text(filesystem, "mount_point").as_str()) {
        ("", _) => String::new(),
        (kind, "") => kind.to_owned(),
        (kind, place) => format!("{kind} at {place}"),
    }
}
