//! The sentences.

use maas_authz::{Actor, NodeRefusal, Refusal, Why, machine};

use super::object::{Object, Wanted};

/// Why it is allowed.
pub(super) fn allowed(wanted: &Wanted, object: &Object, actor: &Actor) -> String {
    let held = machine::access_of(actor);
    let held = object.pool().map_or_else(|| held.anywhere(), |pool| held.on_pool(pool));
    let place = object.place();
    let action = match wanted {
        Wanted::Site(action) => *action,
        Wanted::Machine(action) => {
            let rule = machine::rule(*action);
            let Object::Node { facts, .. } = object else { return because(rule.any.as_str(), &place, "") };
            if held.has(rule.any) {
                rule.any
            } else if facts.owner.is_some() {
                return because(rule.own.unwrap_or(rule.any).as_str(), &place, ", and they own it");
            } else {
                return because(rule.free.unwrap_or(rule.any).as_str(), &place, ", and nobody owns it");
            }
        }
    };
    because(action.as_str(), &place, "")
}

fn because(action: &str, place: &str, more: &str) -> String {
    format!("Allowed: they hold `{action}` on {place}{more}.")
}

/// Why it is refused.
pub(super) fn refused(object: &Object, refusal: &NodeRefusal) -> String {
    match refusal {
        NodeRefusal::Hidden => {
            let place = object.place();
            format!(
                "Hidden: they do not hold `can_view_machines` on {place}, nor `can_view_available_machines` for a machine \
                 that is free or their own. To them it does not exist."
            )
        }
        NodeRefusal::Denied(refusal) => sentence(refusal, &object.place()),
    }
}

/// The rule that refused, with the pool's name in it.
pub(super) fn sentence(refusal: &Refusal, place: &str) -> String {
    match refusal.why {
        Why::Pool { needed, or_owner, .. } => {
            let owner = if or_owner { ", and the machine is not one's own" } else { "" };
            format!("None of the roles held on {place} includes `{}`{owner}.", needed.as_str())
        }
        Why::Site { needed } => format!("None of the roles held on the whole site includes `{}`.", needed.as_str()),
        Why::NotHeld { missing, .. } => {
            format!("`{}` on {place} is given and taken only by those who hold it.", missing.as_str())
        }
        _ => refusal.explain(),
    }
}

/// What would be enough.
pub(super) fn needed(wanted: &Wanted, object: &Object) -> Vec<String> {
    let place = object.place();
    let line = |action: maas_authz::Action, more: &str| format!("`{}` on {place}{more}", action.as_str());
    match wanted {
        Wanted::Site(action) => vec![line(*action, "")],
        Wanted::Machine(action) => {
            let rule = machine::rule(*action);
            let own = rule.own.map(|action| line(action, ", for one's own machine"));
            let free = rule.free.map(|action| line(action, ", for a machine that nobody owns"));
            [Some(line(rule.any, "")), own, free].into_iter().flatten().collect()
        }
    }
}
