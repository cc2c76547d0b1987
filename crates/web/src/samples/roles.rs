//! Made-up roles, groups and bindings.

use askama::Template;
use maas_authz::{Action, Actions, role::BUILTIN};
use maas_model::{GroupId, PoolId, RoleBindingId, RoleId, UserId};
use maas_region::{
    bindings::{Binding, Effect, Subject, UserEffect},
    groups::{Group, Member},
    roles::Role,
};

use super::{Add, calm, days, now, settings};
use crate::{
    form::FormErrors,
    input::Input,
    preferences::password::FormPage,
    reauthenticate,
    settings::{bindings, groups, roles},
    shell::Section,
};

fn some_roles() -> Vec<Role> {
    let role = |id, name: &str, description: &str, is_builtin, actions| Role {
        id,
        name: name.into(),
        description: description.into(),
        is_builtin,
        actions,
        binding_count: if is_builtin { 2 } else { 0 },
        updated_at: now(),
    };
    let builtin = BUILTIN.iter().map(|known| role(known.id, known.name, known.description, true, known.actions));
    let own = Actions::of(&[Action::ViewMachines, Action::ViewAudit]);
    builtin.chain([role(RoleId(1000), "night-watch", "Looks, and calls somebody", false, own)]).collect()
}

fn some_bindings() -> Vec<Binding> {
    let binding = |number: i64, role: &str, subject: Subject, pool: Option<&str>| Binding {
        id: RoleBindingId(number),
        role: (RoleId(number), role.into()),
        subject,
        pool: pool.map(|name| (PoolId(1), name.to_owned())),
        reason: if number == 3 { "stands in for Carol until she is back".into() } else { String::new() },
        expires_at: (number > 2).then(|| now().plus(days(10)).minus(days(if number == 4 { 12 } else { 0 }))),
        created_at: now().minus(days(3)),
        created_by: "admin".into(),
    };
    vec![
        binding(1, "administrator", Subject::Group(GroupId(1), "Administrators".into()), None),
        binding(2, "user", Subject::Group(GroupId(2), "Users".into()), None),
        binding(
            3,
            "operator",
            Subject::User(UserId(3), "carol+ops@example.org".into()),
            Some("a-pool-with-a-long-name"),
        ),
        binding(4, "auditor", Subject::User(UserId(4), "eve".into()), None),
    ]
}

pub(super) fn pages(add: &mut Add<'_>) {
    let some = some_roles();
    add("roles", roles::page(settings("roles", "Roles"), &some, true).render());
    let held = ["can_view_machines".to_owned()];
    let form = roles::form("c", "/MAAS/r/settings/roles/add", "Add role", ("night-watch", ""), &held);
    let wrong = FormErrors::field("actions", "Choose one at least.");
    let shell = settings("roles", "Add role").under("Roles", "/MAAS/r/settings/roles");
    add("role-add", FormPage { shell, lead: Vec::new(), form: form.errors(&wrong) }.render());
    let given = some_bindings();
    let list = |rows| bindings::BindingsPage { shell: settings("bindings", "Role bindings"), rows, may_edit: true };
    add("bindings", list(bindings::rows(&given, now())).render());
    add("bindings-none", list(Vec::new()).render());
    let group = |number: i64, name: &str| Group {
        id: GroupId(number),
        name: name.into(),
        description: if number > 2 { "Those of the laboratory".into() } else { String::new() },
        is_builtin: number < 3,
        member_count: number * 7,
    };
    let groups = [group(1, "Administrators"), group(2, "Users"), group(3, "lab")];
    add("groups", groups::page(settings("groups", "Groups"), &groups, &given, true).render());
    let members = ["bob", "a-very-long-user-name-that-goes-on-and-on"];
    let members = members.map(|name| Member { username: name.into(), email: format!("{name}@example.com") });
    let none = FormErrors::default();
    let input = Input::default();
    let shell = || settings("groups", "lab").under("Groups", "/MAAS/r/settings/groups");
    add("group", groups::one(shell(), &groups[1], &members, &given, Some((&input, &none)), now()).render());
    add("group-empty", groups::one(shell(), &groups[2], &[], &given, None, now()).render());
    let choices = bindings::Choices {
        roles: some.iter().map(|role| role.name.clone()).collect(),
        groups: vec!["Users".into()],
        users: vec!["bob".into()],
        pools: vec!["web".into()],
    };
    let effect = Effect {
        users: vec![UserEffect {
            username: "bob".into(),
            gains: vec!["can_edit_machines on pool web".into(), "can_view_machines on pool web".into()],
            losses: Vec::new(),
            machines_before: 3,
            machines_after: 423,
        }],
    };
    let binding = |query: &[u8], effect: Option<&Effect>, errors: &FormErrors| {
        let shell = settings("bindings", "Give a role").under("Role bindings", "/MAAS/r/settings/bindings");
        bindings::assemble(shell, &choices, &Input::from_urlencoded(query), effect, errors, now()).render()
    };
    add("binding-add", binding(b"group=Users", None, &none));
    add("binding-try", binding(b"subject=user%3Abob&role=operator&pool=web", Some(&effect), &none));
    add("binding-nothing", binding(b"subject=user%3Abob", Some(&Effect::default()), &none));
    add("binding-wrong", binding(b"", None, &FormErrors::whole("This role is given there already.")));
    let form = reauthenticate::form("c", "admin", "/MAAS/r/machines", &none);
    let lead = vec![reauthenticate::LEAD.to_owned()];
    add("reauthenticate", FormPage { shell: calm(Section::Other, "Your password, please"), lead, form }.render());
}
