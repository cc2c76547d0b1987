//! One invented server: a model that could be bought, with the disks and interfaces that such a one has.

use std::collections::BTreeMap;

use maas_model::Status;
use maas_wire::hardware::{Filesystem, Link, NumaNode};
use serde_json::{Value, json};

use super::random::Random;
use crate::machines::{Hardware, NewDisk, NewInterface, NewPartition, PartitionTable};

/// A server to be.
pub(super) struct Server {
    pub(super) hostname: String,
    pub(super) description: String,
    pub(super) life: Life,
    pub(super) hardware: Hardware,
    pub(super) tags: Vec<&'static str>,
    pub(super) annotations: Value,
}

/// Where a server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    New,
    Ready,
    Allocated,
    Deployed,
    Broken,
    FailedCommissioning,
    FailedDeployment,
    FailedTesting,
}

impl Life {
    /// As on a site in use: half of it deployed, a third ready, a few that need somebody.
    fn invent(random: &mut Random) -> Self {
        match random.below(100) {
            0..46 => Self::Deployed,
            46..80 => Self::Ready,
            80..88 => Self::Allocated,
            88..93 => Self::New,
            93..95 => Self::Broken,
            95..97 => Self::FailedCommissioning,
            97..99 => Self::FailedDeployment,
            _ => Self::FailedTesting,
        }
    }

    pub(super) const fn status(self) -> Status {
        match self {
            Self::New => Status::New,
            Self::Ready => Status::Ready,
            Self::Allocated => Status::Allocated,
            Self::Deployed => Status::Deployed,
            Self::Broken => Status::Broken,
            Self::FailedCommissioning => Status::FailedCommissioning,
            Self::FailedDeployment => Status::FailedDeployment,
            Self::FailedTesting => Status::FailedTesting,
        }
    }

    pub(super) const fn previous(self) -> Status {
        match self {
            Self::New => Status::New,
            Self::Ready | Self::FailedCommissioning => Status::Commissioning,
            Self::Allocated | Self::Broken => Status::Ready,
            Self::Deployed | Self::FailedDeployment => Status::Deploying,
            Self::FailedTesting => Status::Testing,
        }
    }

    pub(super) const fn is_owned(self) -> bool {
        matches!(self, Self::Allocated | Self::Deployed | Self::FailedDeployment)
    }

    pub(super) const fn error(self) -> &'static str {
        match self {
            Self::Broken => "Fan 3 reports no speed",
            Self::FailedCommissioning => "The disk /dev/sda could not be read",
            Self::FailedDeployment => "The installer met a bad block",
            Self::FailedTesting => "memtester found a bad bit",
            _ => "",
        }
    }
}

impl Server {
    pub(super) fn invent(number: usize, random: &mut Random) -> Self {
        let model = random.pick(&MODELS);
        let nvme = random.chance(2);
        let disks = disks(model, nvme, random);
        let interfaces = interfaces(number, model, random);
        let mut tags = Vec::new();
        let has = [
            (model.gpus > 0, "gpu"),
            (nvme, "nvme"),
            (model.memory_gib >= 512, "big-memory"),
            (model.speed >= 100_000, "100g"),
            (model.is_old, "old"),
        ];
        tags.extend(has.into_iter().filter(|(is_so, _)| *is_so).map(|(_, tag)| tag));
        let cores = model.sockets * model.cores;
        let hardware = Hardware {
            cpu_count: cores,
            cpu_speed_mhz: model.mhz,
            memory_mib: model.memory_gib * 1024,
            hardware_uuid: Some(random.uuid()),
            bios_boot_method: Some("uefi".to_owned()),
            interfaces,
            disks,
            numa_nodes: (0..model.sockets).map(|index| numa(index, model)).collect(),
            info: info(model, random),
            ..Hardware::default()
        };
        let rack = number / 40 + 1;
        let project = random.pick(&["checkout", "search", "billing", "telemetry", "build"]);
        Self {
            hostname: format!("{}-r{rack:02}-u{:02}", model.prefix, number % 40 + 1),
            description: if random.chance(6) {
                format!("Rack {rack}, unit {}", number % 40 + 1)
            } else {
                String::new()
            },
            life: Life::invent(random),
            hardware,
            tags,
            annotations: json!({ "project": project, "cost-centre": format!("cc{}", 100 + random.below(20)) }),
        }
    }
}

fn disks(model: &Model, nvme: bool, random: &mut Random) -> Vec<NewDisk> {
    let disk = |at: i64, random: &mut Random| {
        let name = if nvme { format!("nvme{at}n1") } else { format!("sd{}", char::from(b'a' + at as u8)) };
        let serial = format!("S{}", random.hex(14).to_uppercase());
        let product = if nvme { "KCD81PUG3T84" } else { "HUS728T8TALE6L4" };
        NewDisk {
            id_path: Some(format!("/dev/disk/by-id/{}-{product}_{serial}", if nvme { "nvme" } else { "ata" })),
            name,
            model: product.to_owned(),
            serial,
            size_bytes: if at == 0 { 480_103_981_056 } else { model.disk_bytes },
            block_bytes: if nvme { 4096 } else { 512 },
            firmware_version: Some(format!("FW{}", 100 + random.below(40))),
            numa_node: Some(at % model.sockets),
            tags: vec![if nvme { "ssd" } else { "rotary" }.to_owned(), format!("bay-{at}")],
            partitions: (at == 0).then(|| root(random)),
            ..NewDisk::default()
        }
    };
    (0..model.disks).map(|at| disk(at, random)).collect()
}

fn root(random: &mut Random) -> PartitionTable {
    let part = |size_bytes, is_bootable, fstype: &str, mount: &str, random: &mut Random| NewPartition {
        uuid: random.uuid(),
        size_bytes,
        is_bootable,
        filesystem: Some(Filesystem {
            fstype: fstype.to_owned(),
            label: None,
            uuid: random.uuid(),
            mount_point: Some(mount.to_owned()),
            mount_options: None,
        }),
        ..NewPartition::default()
    };
    let partitions =
        vec![part(536_870_912, true, "fat32", "/boot/efi", random), part(479_559_942_144, false, "ext4", "/", random)];
    PartitionTable { kind: "GPT".to_owned(), partitions }
}

fn interfaces(number: usize, model: &Model, random: &mut Random) -> Vec<NewInterface> {
    let interface = |at: i64, random: &mut Random| {
        let mut new = NewInterface::physical(format!("enp{}s0f{}", 65 + at / 2, at % 2), random.mac());
        new.link_speed = if at < 2 { model.speed } else { 0 };
        new.interface_speed = model.speed;
        new.is_connected = at < 2;
        new.numa_node = Some(at % model.sockets);
        new.vendor = "Mellanox Technologies".to_owned();
        new.product = "MT28908 Family [ConnectX-6]".to_owned();
        new.firmware_version = format!("20.{}.1012 (MT_0000000594)", 30 + random.below(9));
        new.sriov_max_vf = 16;
        if at == 0 {
            let ip_address = Some(format!("10.{}.{}.{}", number / 62_500, number / 250 % 250, number % 250 + 4));
            new.links = vec![Link { id: 0, mode: "static".to_owned(), ip_address, subnet: None }];
        }
        new
    };
    (0..model.ports).map(|at| interface(at, random)).collect()
}

fn numa(index: i64, model: &Model) -> NumaNode {
    NumaNode {
        index,
        cores: (index * model.cores..(index + 1) * model.cores).collect(),
        memory: model.memory_gib * 1024 / model.sockets,
        hugepages_set: Vec::new(),
    }
}

fn info(model: &Model, random: &mut Random) -> BTreeMap<String, String> {
    [
        ("system_vendor", model.vendor.to_owned()),
        ("system_product", model.product.to_owned()),
        ("system_family", model.vendor.to_owned()),
        ("system_version", "1.0".to_owned()),
        ("system_sku", format!("SKU={}", random.hex(4))),
        ("system_serial", random.hex(7).to_uppercase()),
        ("cpu_model", model.cpu.to_owned()),
        ("mainboard_vendor", model.vendor.to_owned()),
        ("mainboard_product", format!("0{}", random.hex(5).to_uppercase())),
        ("mainboard_serial", random.hex(12).to_uppercase()),
        ("mainboard_version", "A02".to_owned()),
        ("mainboard_firmware_vendor", model.vendor.to_owned()),
        ("mainboard_firmware_date", "03/14/2025".to_owned()),
        ("mainboard_firmware_version", format!("2.{}.{}", random.below(9), random.below(9))),
        ("chassis_vendor", model.vendor.to_owned()),
        ("chassis_type", "Rack Mount Chassis".to_owned()),
        ("chassis_serial", random.hex(7).to_uppercase()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect()
}

/// A model that could be bought.
struct Model {
    prefix: &'static str,
    vendor: &'static str,
    product: &'static str,
    cpu: &'static str,
    sockets: i64,
    /// A socket, threads counted.
    cores: i64,
    mhz: i64,
    memory_gib: i64,
    disks: i64,
    disk_bytes: i64,
    ports: i64,
    /// In Mbit/s.
    speed: i64,
    gpus: i64,
    is_old: bool,
}

const MODELS: [Model; 5] = [
    Model {
        prefix: "web",
        vendor: "Dell Inc.",
        product: "PowerEdge R6625",
        cpu: "AMD EPYC 9354 32-Core Processor",
        sockets: 2,
        cores: 64,
        mhz: 3250,
        memory_gib: 384,
        disks: 10,
        disk_bytes: 3_840_755_982_336,
        ports: 6,
        speed: 25_000,
        gpus: 0,
        is_old: false,
    },
    Model {
        prefix: "db",
        vendor: "HPE",
        product: "ProLiant DL380 Gen11",
        cpu: "Intel(R) Xeon(R) Gold 6448Y",
        sockets: 2,
        cores: 64,
        mhz: 2100,
        memory_gib: 1024,
        disks: 12,
        disk_bytes: 7_681_501_126_656,
        ports: 6,
        speed: 100_000,
        gpus: 0,
        is_old: false,
    },
    Model {
        prefix: "gpu",
        vendor: "Supermicro",
        product: "AS-4125GS-TNRT",
        cpu: "AMD EPYC 9554 64-Core Processor",
        sockets: 2,
        cores: 128,
        mhz: 3100,
        memory_gib: 1536,
        disks: 8,
        disk_bytes: 7_681_501_126_656,
        ports: 8,
        speed: 100_000,
        gpus: 8,
        is_old: false,
    },
    Model {
        prefix: "store",
        vendor: "Lenovo",
        product: "ThinkSystem SR650 V3",
        cpu: "Intel(R) Xeon(R) Silver 4410Y",
        sockets: 2,
        cores: 24,
        mhz: 2000,
        memory_gib: 256,
        disks: 14,
        disk_bytes: 8_001_563_222_016,
        ports: 6,
        speed: 25_000,
        gpus: 0,
        is_old: false,
    },
    Model {
        prefix: "old",
        vendor: "Dell Inc.",
        product: "PowerEdge R630",
        cpu: "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz",
        sockets: 2,
        cores: 28,
        mhz: 2400,
        memory_gib: 128,
        disks: 8,
        disk_bytes: 1_200_243_695_616,
        ports: 8,
        speed: 10_000,
        gpus: 0,
        is_old: true,
    },
];
