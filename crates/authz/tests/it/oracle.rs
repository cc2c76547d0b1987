//! Ten thousand random questions, answered by the program and by Cedar from policies of its own (`rights.cedar`).

use std::{collections::BTreeSet, process::Command};

use maas_authz::{
    Action, Actor, NodeRefusal, Reach, decide,
    machine::{decide_node, scope},
};
use maas_model::MachineAction;
use maas_testkit::{python, run_with_input};
use serde_json::{Value, json};

use crate::{
    random::Random,
    world::{POOLS, TOKENS, USERS, World, node_name, pool_id, uid},
};

const WORLDS: u64 = 20;
const MACHINE_CASES: usize = 500;

/// A question and what this program says to it.
struct Asked {
    request: Value,
    answer: bool,
    /// How it came to that, for people.
    how: String,
}

#[test]
fn another_engine_agrees_on_ten_thousand_random_questions() {
    let Some(python) = python() else { return };
    let worlds: Vec<(World, Vec<Asked>)> = (0..WORLDS).map(ask).collect();
    let asked: Vec<Value> = worlds.iter().map(|(world, asked)| to_cedar(world, asked)).collect();
    let input = json!({
        "schema": include_str!("rights.cedarschema"),
        "policies": include_str!("rights.cedar"),
        "worlds": asked,
    });
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/cedar.py"));
    let answers: Vec<Vec<bool>> =
        serde_json::from_value(run_with_input(&mut command, &input.to_string()).ok().json()).unwrap();
    let mut differ = Vec::new();
    for (seed, ((_, asked), answers)) in worlds.iter().zip(&answers).enumerate() {
        assert_eq!(asked.len(), answers.len());
        let wrong = asked.iter().zip(answers).filter(|(asked, answer)| asked.answer != **answer);
        differ.extend(wrong.map(|(asked, answer)| {
            format!("world {seed}: {}\n  Cedar says {answer}, we say {}: {}", asked.request, asked.answer, asked.how)
        }));
    }
    let shown = differ.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(differ.is_empty(), "Cedar disagrees on {} questions:\n{shown}", differ.len());

    let all: Vec<bool> = answers.into_iter().flatten().collect();
    let yes = all.iter().filter(|answer| **answer).count() * 100 / all.len();
    assert!((15..85).contains(&yes), "{yes}% of all answers are yes: such questions prove little");
}

/// Everything asked in one world: 500 distinct cases of user, token, machine and action, and all that is not machines.
fn ask(seed: u64) -> (World, Vec<Asked>) {
    let mut random = Random::new(seed);
    let world = World::new(&mut random);
    let mut asked = Vec::new();
    let mut cases = BTreeSet::new();
    while cases.len() < MACHINE_CASES {
        let user = random.below(USERS);
        let token = random.once_in(3).then(|| random.below(TOKENS));
        let machine = random.below(world.machines.len());
        let action = *random.one_of(&MachineAction::ALL);
        if cases.insert((user, token, machine, action)) {
            asked.extend(ask_about_machine(&world, user, token, machine, action));
        }
    }
    for user in 0..USERS {
        asked.extend((0..world.devices.len()).flat_map(|device| ask_about_device(&world, user, device)));
        asked.extend(Action::ALL.iter().map(|action| ask_about_site(&world, user, *action)));
        asked.extend((0..POOLS).flat_map(|pool| ask_about_pool(&world, user, pool)));
    }
    (world, asked)
}

/// Is it seen, and may it be done?
fn ask_about_machine(
    world: &World,
    user: usize,
    token: Option<usize>,
    machine: usize,
    action: MachineAction,
) -> [Asked; 2] {
    let (actor, facts) = (world.actor(user, token), world.machines[machine]);
    let answer = decide_node(&actor, action, &facts);
    let is_seen = answer != Err(NodeRefusal::Hidden);
    let how = format!("{answer:?}\n  {facts:?}\n  {:?}", told(world, &actor, token));
    let is_listed = is_seen && scope(&actor, action).covers(&facts);
    assert_eq!(is_listed, answer.is_ok(), "lists and single answers differ: {how}");
    [(MachineAction::View, is_seen), (action, answer.is_ok())].map(|(action, answer)| Asked {
        request: request(user, action.as_str(), "Machine", &node_name(machine, token), world.context(action, token)),
        answer,
        how: how.clone(),
    })
}

fn ask_about_device(world: &World, user: usize, device: usize) -> [Asked; 2] {
    let (actor, facts) = (world.actor(user, None), world.devices[device]);
    [(MachineAction::View, "view"), (MachineAction::Edit, "edit-device")].map(|(action, name)| {
        let answer = decide_node(&actor, action, &facts);
        Asked {
            request: request(user, name, "Device", &node_name(device, None), json!({})),
            answer: answer.is_ok(),
            how: format!("{answer:?}\n  {facts:?}\n  {:?}", told(world, &actor, None)),
        }
    })
}

fn ask_about_site(world: &World, user: usize, action: Action) -> Asked {
    let actor = world.actor(user, None);
    let answer = decide(&actor, action);
    Asked {
        request: request(user, action.as_str(), "Site", "s", json!({})),
        answer: answer.is_ok(),
        how: format!("{answer:?}\n  {:?}", told(world, &actor, None)),
    }
}

fn ask_about_pool(world: &World, user: usize, pool: usize) -> Vec<Asked> {
    let access = world.access(user);
    let id = pool_id(pool);
    let of_pools = Action::ALL.iter().copied().filter(|action| action.reach() == Reach::Pool);
    let held = of_pools.map(|action| {
        let held = access.on_pool(id).has(action);
        assert_eq!(held, access.pools_with(action).has(id), "{action:?} on {id}: {access:?}");
        (action.as_str(), held)
    });
    held.chain([("know", access.visible_pools().has(id))])
        .map(|(name, answer)| Asked {
            request: request(user, name, "Pool", &format!("p{pool}"), json!({})),
            answer,
            how: format!("{access:?}"),
        })
        .collect()
}

fn request(user: usize, action: &str, kind: &str, object: &str, context: Value) -> Value {
    json!({
        "principal": uid("User", &format!("u{user}")),
        "action": uid("Action", action),
        "resource": uid(kind, object),
        "context": context,
    })
}

fn to_cedar(world: &World, asked: &[Asked]) -> Value {
    let requests: Vec<&Value> = asked.iter().map(|asked| &asked.request).collect();
    json!({ "entities": world.entities(), "requests": requests })
}

fn told(world: &World, actor: &Actor, token: Option<usize>) -> String {
    let token = token.map(|token| &world.tokens[token]);
    format!("{:?} with {token:?}", actor.user().map(|user| &user.access))
}
