//! A machine as a row of a list.

use maas_model::{PowerState, Status, Timestamp};
use maas_region::nodes::Node;

use crate::text;

/// A row.
#[derive(Clone, Debug)]
pub(crate) struct MachineRow {
    pub(crate) system_id: String,
    pub(crate) hostname: String,
    pub(crate) domain: String,
    /// Its addresses, else the MAC address that it boots from.
    pub(crate) address: String,
    pub(crate) power: PowerView,
    pub(crate) status: &'static str,
    pub(crate) look: &'static str,
    /// What happens now, when something does.
    pub(crate) message: String,
    pub(crate) is_locked: bool,
    pub(crate) owner: String,
    pub(crate) pool: String,
    pub(crate) zone: String,
    pub(crate) tags: Vec<String>,
    pub(crate) cores: String,
    pub(crate) memory: String,
    pub(crate) storage: String,
    pub(crate) disks: String,
    /// The heading above this row, when a group begins with it.
    pub(crate) heading: Option<Heading>,
}

/// A group of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) label: String,
    pub(crate) count: Option<i64>,
}

/// A power state for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PowerView {
    /// `On`
    pub(crate) label: &'static str,
    /// `on`, `off`, `unknown`, `error`
    pub(crate) word: &'static str,
    /// When it was last asked for, or what went wrong.
    pub(crate) note: String,
}

/// A node as a row.
pub(crate) fn row(node: &Node, now: Timestamp) -> MachineRow {
    MachineRow {
        system_id: node.system_id.to_string(),
        hostname: node.hostname.clone(),
        domain: node.domain.name.clone(),
        address: match node.ip_addresses.as_slice() {
            [] => node.boot_mac.clone().unwrap_or_default(),
            [one] => one.clone(),
            [one, more @ ..] => format!("{one} +{}", more.len()),
        },
        power: power(node, now),
        status: node.status.label(),
        look: look(node.status),
        message: if says_more(node.status) { message(node) } else { String::new() },
        is_locked: node.is_locked,
        owner: node.owner.as_ref().map(|owner| owner.username.to_string()).unwrap_or_default(),
        pool: node.pool.as_ref().map(|pool| pool.name.clone()).unwrap_or_default(),
        zone: node.zone.name.clone(),
        tags: node.tags.clone(),
        cores: known(node.cpu_count),
        memory: if node.memory_mib == 0 { "–".to_owned() } else { mebibytes(node.memory_mib) },
        storage: if node.storage_bytes == 0 { "–".to_owned() } else { bytes(node.storage_bytes) },
        disks: if node.disk_count == 0 { String::new() } else { text::count(node.disk_count.unsigned_abs(), "disk") },
        heading: None,
    }
}

/// The power of a node.
pub(crate) fn power(node: &Node, now: Timestamp) -> PowerView {
    let label = match node.power_state {
        PowerState::On => "On",
        PowerState::Off => "Off",
        PowerState::Unknown => "Unknown",
        PowerState::Error => "Error",
    };
    let note = match node.power_queried_at {
        _ if !node.power_error.is_empty() => node.power_error.clone(),
        _ if node.power_type.is_empty() => "no power driver is set".to_owned(),
        Some(at) => format!("asked {}", text::relative(at, now)),
        None => "not asked yet".to_owned(),
    };
    PowerView { label, word: node.power_state.as_str(), note }
}

/// What happens to a node, or why it came to where it is.
pub(crate) fn message(node: &Node) -> String {
    if node.error_description.is_empty() { node.status_message.clone() } else { node.error_description.clone() }
}

/// The colour of a status; the text beside it says the same.
pub(crate) fn look(status: Status) -> &'static str {
    match status {
        Status::Deployed => "good",
        Status::Ready => "info",
        Status::New | Status::Retired => "",
        Status::Allocated | Status::Reserved => "mine",
        Status::Broken | Status::Missing => "bad",
        _ if status.is_failed() => "bad",
        _ if status.is_rescue() => "warning",
        _ => "busy",
    }
}

/// Whether something goes on, or went wrong: then a row says what.
pub(crate) fn says_more(status: Status) -> bool {
    status.is_active() || status.is_failed() || status == Status::Broken
}

/// A status by its word or its label.
pub(crate) fn status(text: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|status| status.as_str() == text || status.label() == text)
}

/// Where in a machine's life a status comes, for putting them in order.
pub(crate) fn place_in_life(status: Status) -> usize {
    use Status as S;
    let order = [
        S::New,
        S::Commissioning,
        S::FailedCommissioning,
        S::Testing,
        S::FailedTesting,
        S::Ready,
        S::Reserved,
        S::Allocated,
        S::Deploying,
        S::FailedDeployment,
        S::Deployed,
        S::EnteringRescueMode,
        S::FailedEnteringRescueMode,
        S::RescueMode,
        S::ExitingRescueMode,
        S::FailedExitingRescueMode,
        S::Releasing,
        S::FailedReleasing,
        S::DiskErasing,
        S::FailedDiskErasing,
        S::Broken,
        S::Missing,
        S::Retired,
    ];
    order.iter().position(|known| *known == status).unwrap_or(order.len())
}

/// `16 GiB`, `512 MiB`.
pub(crate) fn mebibytes(mib: i64) -> String {
    if mib < 1024 {
        return format!("{mib} MiB");
    }
    let tenths = mib * 10 / 1024;
    if tenths % 10 == 0 || tenths >= 1000 {
        format!("{} GiB", tenths / 10)
    } else {
        format!("{}.{} GiB", tenths / 10, tenths % 10)
    }
}

/// `1.2 TB`, `500 GB`: powers of ten, as disks are sold.
pub(crate) fn bytes(bytes: i64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    let Some((unit, name)) = units.into_iter().find(|(unit, _)| bytes >= *unit) else {
        return format!("{bytes} B");
    };
    let tenths = (i128::from(bytes) * 10 + i128::from(unit) / 2) / i128::from(unit);
    if tenths % 10 == 0 || tenths >= 1000 {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

fn known(number: i64) -> String {
    if number == 0 { "–".to_owned() } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use maas_model::Status;

    use super::{bytes, look, mebibytes, place_in_life, status};

    #[test]
    fn sizes_are_short() {
        assert_eq!([mebibytes(512), mebibytes(16384), mebibytes(1536)], ["512 MiB", "16 GiB", "1.5 GiB"]);
        assert_eq!([bytes(0), bytes(480_103_981_056), bytes(1_200_000_000_000)], ["0 B", "480 GB", "1.2 TB"]);
    }

    #[test]
    fn every_status_has_its_place_and_words() {
        let mut places: Vec<_> = Status::ALL.into_iter().map(place_in_life).collect();
        places.sort_unstable();
        assert_eq!(places, (0..Status::ALL.len()).collect::<Vec<_>>());
        for one in Status::ALL {
            assert_eq!((status(one.as_str()), status(one.label())), (Some(one), Some(one)));
            assert_eq!(look(one) == "bad", one.is_failed() || matches!(one, Status::Broken | Status::Missing), "{one}");
        }
    }
}
