//! What if: who would gain and lose what, and how many machines they would see.

use std::collections::BTreeSet;

use maas_authz::{Access, Action, NodeFacts, machine};
use maas_model::{MachineAction, NodeId, PoolId, UserId};

use super::{Effect, UserEffect};
use crate::access::rights::{Rights, as_actor};

/// What changes from `before` to `after`.
pub(super) fn effect(before: &Rights, after: &Rights) -> Effect {
    let none = Access::own_only();
    let names: BTreeSet<&String> = before.people.keys().chain(after.people.keys()).collect();
    let change = |name: &&String| {
        let (old, new) = (before.people.get(*name), after.people.get(*name));
        let id = new.or(old)?.id;
        let (old, new) = (old.map_or(&none, |person| &person.held), new.map_or(&none, |person| &person.held));
        let (gains, losses) = (more(after, old, new), more(before, new, old));
        (!gains.is_empty() || !losses.is_empty()).then(|| UserEffect {
            username: (*name).clone(),
            gains,
            losses,
            machines_before: visible(before, id, name, old),
            machines_after: visible(after, id, name, new),
        })
    };
    Effect { users: names.iter().filter_map(change).collect() }
}

/// What `more` has and `less` has not, in words.
fn more(rights: &Rights, less: &Access, more: &Access) -> Vec<String> {
    let on_site = more.on_site().minus(less.on_site());
    let line = |action: Action, place: &str| format!("{} on {place}", action.as_str());
    let mut lines: Vec<String> = on_site.iter().map(|action| line(action, "the whole site")).collect();
    for (pool, held) in more.pools() {
        let new = held.minus(less.on_pool(pool)).minus(on_site);
        let name = rights.pools.get(&pool).map_or("?", String::as_str);
        lines.extend(new.iter().map(|action| line(action, &format!("pool '{name}'"))));
    }
    lines
}

fn visible(rights: &Rights, id: UserId, username: &str, held: &Access) -> i64 {
    let scope = machine::scope(&as_actor(id, username, held), MachineAction::View);
    let is_seen = |pool: PoolId, owner: Option<UserId>| {
        scope.reaches(&NodeFacts { id: NodeId(0), pool: Some(pool), owner, is_locked: false })
    };
    rights.machines.iter().filter(|(pool, owner, _)| is_seen(*pool, *owner)).map(|(_, _, count)| count).sum()
}
