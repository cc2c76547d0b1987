//! Why something cannot be done to a machine, in the words of people: the names of pools rather than their numbers.

use maas_authz::{NodeRefusal, OpCtx, Refusal, Why};
use maas_model::MachineAction;
use maas_region::{Error, nodes::Node};

use crate::errors;

/// Why an action is not offered for a machine; nothing when it is.
pub(crate) fn not(ctx: &OpCtx, node: &Node, action: MachineAction) -> Option<String> {
    match ctx.grant_node(action, (), &node.facts()) {
        Err(NodeRefusal::Hidden) => return Some("You may not see this machine.".to_owned()),
        Err(NodeRefusal::Denied(why)) => return Some(refusal(&why, node)),
        Ok(_) => {}
    }
    if !action.starts_from(node.status) {
        let hostname = node.hostname.parse();
        let text = hostname.map(|name| action.refusal(node.status, &name, node.system_id));
        return Some(text.unwrap_or_else(|_| format!("Not possible while it is {}.", node.status.label())));
    }
    match action {
        MachineAction::Unlock if !node.is_locked => Some("It is not locked.".to_owned()),
        MachineAction::PowerOn | MachineAction::PowerOff | MachineAction::PowerCycle if node.power_type.is_empty() => {
            Some("No power driver is set.".to_owned())
        }
        _ => None,
    }
}

/// An error about a machine.
pub(crate) fn error(error: &Error, node: &Node) -> String {
    match error {
        Error::Denied(why) => refusal(why, node),
        error => errors::explain(error).2.join(" "),
    }
}

/// A refusal about a machine.
pub(crate) fn refusal(refusal: &Refusal, node: &Node) -> String {
    match (refusal.why, &node.pool) {
        (Why::Pool { needed, pool, or_owner }, Some(of)) if of.id == pool => format!(
            "None of your roles on pool {} includes “{}”{}.",
            of.name,
            needed.text(),
            if or_owner { ", and the machine is not yours" } else { "" }
        ),
        _ => refusal.explain(),
    }
}
