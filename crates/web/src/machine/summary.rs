//! A machine's first page: what it is, where it stands, and where it is in its life.

use askama::Template;
use axum::extract::Path;
use maas_model::{MachineAction, Status};
use maas_region::{
    machines::{self, Detailed},
    nodes::Node,
};

use crate::{
    answer::Answer,
    machine::{self, Head, Look, hardware::Hardware},
    machines::row::{bytes, mebibytes},
    shell::Shell,
    text::When,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "machine/summary.html")]
pub(crate) struct SummaryPage {
    pub(crate) shell: Shell,
    pub(crate) head: Head,
    pub(crate) life: Vec<Stage>,
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) firmware: Vec<(&'static str, String)>,
    pub(crate) places: Vec<Place>,
    pub(crate) system: Vec<(&'static str, String)>,
    pub(crate) tags: Vec<String>,
    pub(crate) description: String,
    pub(crate) annotations: Vec<(String, String)>,
    pub(crate) may_edit: bool,
    pub(crate) may_annotate: bool,
    pub(crate) created: When,
    pub(crate) updated: When,
    pub(crate) ends: Option<When>,
}

/// A step of the way that machines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) label: &'static str,
    /// `now`, `bad`, or empty.
    pub(crate) state: &'static str,
    /// The status at this stage when it is not the stage's own.
    pub(crate) note: &'static str,
}

/// A fact that leads to the machines which share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) href: String,
}

/// `GET /MAAS/r/machine/{id}`
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let machine = machines::lookup_detailed(visit.region(), &visit.ctx, &id).await?;
    let shell = machine::shell(&visit, &machine.node, "").await;
    visit.page(&page(shell, &machine, &Look::of(&visit)))
}

pub(crate) fn page(shell: Shell, machine: &Detailed, look: &Look<'_>) -> SummaryPage {
    let node = &machine.node;
    let Look { ctx, now, .. } = *look;
    let may = |action| ctx.grant_node(action, (), &node.facts()).is_ok();
    SummaryPage {
        shell,
        head: machine::head(node, look),
        life: life(node.status),
        facts: facts(node),
        firmware: Hardware::read(&machine.body).facts(),
        places: places(node),
        system: system(node),
        tags: node.tags.clone(),
        description: node.description.clone(),
        annotations: node.owner_data.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        may_edit: may(MachineAction::Edit),
        may_annotate: node.owner.is_some() && may(MachineAction::Annotate),
        created: When::new(node.created_at, now),
        updated: When::new(node.updated_at, now),
        ends: node.status_expires_at.map(|at| When::new(at, now)),
    }
}

/// The way from New to Deployed and back, and where on it a status is.
pub(crate) fn life(status: Status) -> Vec<Stage> {
    use Status as S;
    let stages: [(&str, &[Status]); 7] = [
        ("New", &[S::New]),
        ("Commissioning", &[S::Commissioning, S::FailedCommissioning]),
        ("Testing", &[S::Testing, S::FailedTesting]),
        ("Ready", &[S::Ready, S::Broken, S::Missing, S::Retired]),
        ("Allocated", &[S::Allocated, S::Reserved]),
        (
            "Deployed",
            &[
                S::Deploying,
                S::FailedDeployment,
                S::Deployed,
                S::EnteringRescueMode,
                S::FailedEnteringRescueMode,
                S::RescueMode,
                S::ExitingRescueMode,
                S::FailedExitingRescueMode,
            ],
        ),
        ("Released", &[S::Releasing, S::FailedReleasing, S::DiskErasing, S::FailedDiskErasing]),
    ];
    let stage = |(label, statuses): (&'static str, &[Status])| {
        let is_here = statuses.contains(&status);
        let is_bad = status.is_failed() || matches!(status, S::Broken | S::Missing);
        Stage {
            label,
            state: match (is_here, is_bad) {
                (true, true) => "bad",
                (true, false) => "now",
                (false, _) => "",
            },
            note: if is_here && status.label() != label { status.label() } else { "" },
        }
    };
    stages.into_iter().map(stage).collect()
}

fn facts(node: &Node) -> Vec<(&'static str, String)> {
    let speed = match node.cpu_speed_mhz {
        0 => String::new(),
        mhz => format!(" at {}.{} GHz", mhz / 1000, mhz % 1000 / 100),
    };
    let facts = [
        ("Architecture", node.architecture.clone()),
        ("Cores", if node.cpu_count == 0 { String::new() } else { format!("{}{speed}", node.cpu_count) }),
        ("Memory", if node.memory_mib == 0 { String::new() } else { mebibytes(node.memory_mib) }),
        (
            "Storage",
            match (node.storage_bytes, node.disk_count) {
                (0, _) => String::new(),
                (size, 1) => format!("{} on one disk", bytes(size)),
                (size, count) => format!("{} on {count} disks", bytes(size)),
            },
        ),
        ("Boots by", node.bios_boot_method.clone().unwrap_or_default()),
        ("Boot MAC", node.boot_mac.clone().unwrap_or_default()),
        ("Hardware UUID", node.hardware_uuid.clone().unwrap_or_default()),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn places(node: &Node) -> Vec<Place> {
    let search = |key: &str, value: &str| {
        let query = format!("{key}:(={})", quoted(value));
        format!(
            "/MAAS/r/machines?{}",
            form_urlencoded::Serializer::new(String::new()).append_pair("q", &query).finish()
        )
    };
    let place = |label, key: &str, value: &str| Place { label, value: value.to_owned(), href: search(key, value) };
    let mut places = Vec::new();
    if let Some(pool) = &node.pool {
        places.push(place("Pool", "pool", &pool.name));
    }
    places.push(place("Zone", "zone", &node.zone.name));
    places.push(place("Domain", "domain", &node.domain.name));
    if let Some(owner) = &node.owner {
        places.push(place("Owner", "owner", &owner.username));
    }
    places
}

/// A value as the search box reads it back.
fn quoted(value: &str) -> String {
    let is_plain = value.chars().all(|c| c.is_alphanumeric() || "-_.@+/".contains(c));
    if is_plain { value.to_owned() } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) }
}

fn system(node: &Node) -> Vec<(&'static str, String)> {
    let release = [node.osystem.as_str(), node.distro_series.as_str()].join(" ").trim().to_owned();
    let facts = [
        ("Operating system", release),
        ("Runs from", if node.is_ephemeral { "memory".to_owned() } else { String::new() }),
        ("Kernel", node.hwe_kernel.clone()),
        ("Least kernel", node.min_hwe_kernel.clone()),
        ("Agent", node.agent_name.clone()),
        ("Addresses", node.ip_addresses.join(", ")),
    ];
    facts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use maas_model::Status;

    use super::life;

    #[test]
    fn every_status_is_somewhere_on_the_way() {
        for status in Status::ALL {
            let here: Vec<_> = life(status).into_iter().filter(|stage| !stage.state.is_empty()).collect();
            assert_eq!(here.len(), 1, "{status}");
            assert!(here[0].label == status.label() || here[0].note == status.label(), "{status}");
        }
    }
}
