//! Devices that are parts of a machine, when it is given back or goes: its owner's go with it, those of others stay.

use maas_authz::GrantedNode;
use maas_model::EventType;
use maas_store::{Audit, Tx, machine, node::NodeRow};
use serde_json::json;

use super::bmc;
use crate::Result;

/// Deletes what belonged to the machine's owner, or to nobody; what is somebody else's is a part of nothing from now on.
/// Gives the rows that tell of it.
pub(super) async fn take_apart(tx: &mut Tx, whole: &GrantedNode<NodeRow>) -> Result<Vec<Audit>> {
    let mut told = Vec::new();
    for part in machine::parts(tx, whole).await? {
        let is_others = part.owner_id.is_some() && part.owner_id != whole.row().owner_id;
        let (name, of) = (&part.hostname, &whole.row().hostname);
        let (action, text) = if is_others {
            machine::release_part(tx, whole, part.node_id).await?;
            ("device.update", format!("Device '{name}' is no part of '{of}' any more."))
        } else {
            bmc::forget(tx, part.node_id).await?;
            machine::delete_part(tx, whole, part.node_id).await?;
            ("device.delete", format!("Deleted the device '{name}' with '{of}'."))
        };
        let details = json!({ "hostname": name, "owner": part.owner_id, "parent": whole.row().system_id });
        told.push(Audit::new(EventType::Node, action, text).object("device", &part.system_id).details(details));
    }
    Ok(told)
}
