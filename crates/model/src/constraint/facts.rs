use std::{fmt, net::IpAddr};

use ipnet::IpNet;

use crate::{BlockDeviceId, InterfaceId, InterfaceType};

/// What has to be known of one machine to match constraints that SQL cannot say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub hostname: String,
    /// Physical and virtual disks, by id.
    pub disks: Vec<DiskFacts>,
    pub interfaces: Vec<InterfaceFacts>,
    /// PCI and USB devices.
    pub devices: Vec<DeviceFacts>,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFacts {
    pub id: BlockDeviceId,
    pub size_bytes: u64,
    pub tags: Vec<String>,
    /// Carries the filesystem that is mounted at `/`, itself or through partitions, volumes and arrays.
    pub carries_root: bool,
    pub is_boot_disk: bool,
    /// Has a filesystem, partitions that are in use, or a part in something.
    pub is_used: bool,
    pub partitions: Vec<PartitionFacts>,
}

/// A partition of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionFacts {
    pub id: i64,
    pub size_bytes: u64,
    pub tags: Vec<String>,
    /// Has a filesystem, or a part in something.
    pub is_used: bool,
}

/// A disk or a partition that fulfils a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageId {
    Disk(BlockDeviceId),
    Partition(i64),
}

impl fmt::Display for StorageId {
    /// As keys of MAAS's `constraint_map`: `7`, `partition:7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(id) => write!(f, "{id}"),
            Self::Partition(id) => write!(f, "partition:{id}"),
        }
    }
}

/// A network interface.
#[derive(Clone, Debug, PartialEq)]
pub struct InterfaceFacts {
    pub id: InterfaceId,
    pub kind: InterfaceType,
    pub name: String,
    pub tags: Vec<String>,
    /// In Mbit/s.
    pub link_speed: u64,
    /// None if it is not known what it is plugged into.
    pub vlan: Option<VlanFacts>,
    pub links: Vec<Link>,
}

/// The VLAN of an interface, with its fabric and space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VlanFacts {
    pub id: i64,
    pub name: String,
    pub vid: u16,
    pub fabric_id: i64,
    pub fabric: String,
    pub fabric_class: Option<String>,
    pub space: Option<String>,
}

/// A subnet that an interface is linked to, with the address it has there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub subnet_id: i64,
    pub subnet: String,
    pub cidr: IpNet,
    pub ip: Option<IpAddr>,
}

/// A PCI or USB device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceFacts {
    pub vendor_id: String,
    pub product_id: String,
    pub vendor_name: String,
    pub product_name: String,
    pub commissioning_driver: String,
}
