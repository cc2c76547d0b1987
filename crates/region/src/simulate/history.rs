//! What happened to an invented machine before now.

use maas_model::{EventType, Level};
use maas_store::{Audit, node::NodeRow};

use super::server::Life;

/// The events of its past, oldest first.
pub(super) fn of(row: &NodeRow, life: Life) -> Vec<Audit> {
    let audit = |action, text: String| Audit::new(EventType::Node, action, text).object("machine", &row.system_id);
    let said = |text: &str| audit("machine.status", text.to_owned()).level(Level::Info);
    let mut events = vec![audit("machine.create", format!("Added machine '{}'.", row.hostname))];
    if life == Life::New {
        return events;
    }
    events.push(said("Commissioning"));
    match life {
        Life::FailedCommissioning => events.push(said("Failed commissioning")),
        Life::FailedTesting => events.extend([said("Testing"), said("Failed testing")]),
        _ => events.push(said("Ready")),
    }
    match life {
        Life::Allocated => events.push(audit("machine.allocate", format!("Acquired '{}'.", row.hostname))),
        Life::Deployed => events.extend([said("Deploying"), said("Deployed")]),
        Life::FailedDeployment => events.extend([said("Deploying"), said("Failed deployment")]),
        Life::Broken => events.push(said("Broken")),
        _ => {}
    }
    events
}
