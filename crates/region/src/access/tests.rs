//! What may be given and taken, and how soon that counts.

use std::time::Duration;

use maas_authz::{Action, Actions, Actor, OpCtx, Why};
use maas_model::{GroupId, MachineAction, RoleBindingId, Secret, TokenScope};
use maas_store::testing::request;

use super::explain::{access_of, explain, who_can};
use crate::{
    Error, Region,
    auth::{self, Credentials, authenticate},
    bindings::{self, NewBinding},
    groups, machines, pools,
    roles::{self, RoleChange},
    testing::{TestRegion, with_region},
    tokens::{self, TokenParams},
    users::{self, EditUser},
};

fn give(role: &str, user: &str, pool: Option<&str>) -> NewBinding {
    NewBinding { role: role.into(), user: Some(user.into()), pool: pool.map(str::to_owned), ..NewBinding::default() }
}

fn role(name: &str, actions: &[Action]) -> RoleChange {
    RoleChange { name: Some(name.into()), description: None, actions: Some(Actions::of(actions)) }
}

async fn pool(site: &TestRegion, name: &str) {
    pools::create(&site.region, &site.ctx("admin").await, name, "").await.unwrap();
}

/// Takes the group `Users` its role, as a strict site does.
async fn make_strict(site: &TestRegion) {
    bindings::delete(&site.region, &site.ctx("admin").await, RoleBindingId(2)).await.unwrap();
}

async fn machine(site: &TestRegion, pool: &str, mac: &str) -> String {
    let new = machines::NewMachine {
        architecture: "amd64".into(),
        mac_addresses: vec![mac.into()],
        pool: Some(pool.into()),
        ..machines::NewMachine::default()
    };
    machines::create(&site.region, &site.ctx("admin").await, new).await.unwrap().system_id.to_string()
}

fn why<T: std::fmt::Debug>(result: Result<T, Error>) -> Why {
    match result {
        Err(Error::Denied(refusal)) => refusal.why,
        other => panic!("{other:?}"),
    }
}

fn conflict<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Conflict(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_team_gets_a_pool_and_the_log_says_who_gained_what() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        pool(site, "web").await;
        let team = groups::create(region, &admin, "team", "Web people").await.unwrap();
        groups::add_member(region, &admin, team.id, "bob").await.unwrap();
        let new = NewBinding {
            role: "operator".into(),
            group: Some("team".into()),
            pool: Some("web".into()),
            ..NewBinding::default()
        };
        let effect = bindings::try_out(region, &admin, &new).await.unwrap();
        let [bob] = &effect.users[..] else { panic!("{effect:?}") };
        assert_eq!((bob.username.as_str(), bob.losses.len()), ("bob", 0));
        assert!(bob.gains.contains(&"can_edit_machines on pool 'web'".to_owned()), "{bob:?}");
        assert!(!bob.gains.iter().any(|gain| gain.contains("deploy")), "held on the whole site already: {bob:?}");
        assert_eq!(bindings::list(region, &admin).await.unwrap().len(), 2, "nothing was changed");

        let made = bindings::create(region, &admin, &new).await.unwrap();
        let row = site.events().await.remove(0);
        assert_eq!(row.description, "Gave role 'operator' on pool 'web' to group 'team'.");
        assert!(row.details.contains(r#""gains":["bob"]"#), "{}", row.details);
        let can = who_can(region, &admin, "can_edit_machines", Some("pool:web")).await.unwrap();
        assert_eq!(can, ["admin", "bob"]);
        assert_eq!(conflict(bindings::create(region, &admin, &new).await), "This role is given there already.");
        assert_eq!(groups::members(region, &admin, team.id).await.unwrap().len(), 1);

        // With the pool goes what was given on it.
        pools::delete(region, &admin, "web").await.unwrap();
        assert!(matches!(bindings::lookup(region, &admin, made.id).await, Err(Error::NotFound { .. })));
        assert!(access_of(region, &admin, "bob").await.unwrap().pools().next().is_none());
    })
    .await;
}

#[tokio::test]
async fn nobody_gives_or_takes_what_they_do_not_hold() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        pool(site, "web").await;
        roles::create(region, &admin, role("help desk", &[Action::EditIdentities])).await.unwrap();
        bindings::create(region, &admin, &give("help desk", "bob", None)).await.unwrap();
        let bob = site.ctx("bob").await;
        // Bob holds what users hold and may give it, and nothing beyond.
        bindings::create(region, &bob, &give("user", "eve", Some("web"))).await.unwrap();
        for (role, pool) in [("operator", Some("web")), ("administrator", None), ("auditor", None)] {
            assert!(matches!(why(bindings::create(region, &bob, &give(role, "bob", pool)).await), Why::NotHeld { .. }));
        }
        let more = role("more", &[Action::EditMachines]);
        assert!(matches!(why(roles::create(region, &bob, more.clone()).await), Why::NotHeld { .. }));
        assert!(matches!(why(roles::update(region, &bob, "help desk", more).await), Why::NotHeld { .. }));
        let into = groups::add_member(region, &bob, GroupId(1), "bob").await;
        assert!(matches!(why(into), Why::NotHeld { .. }));
        assert!(matches!(why(groups::remove_member(region, &bob, GroupId(1), "admin").await), Why::NotHeld { .. }));
        let promote = EditUser { role: Some(maas_model::Role::Administrator), ..EditUser::default() };
        assert!(matches!(why(users::edit(region, &bob, "eve", promote).await), Why::NotHeld { .. }));
        let disable = EditUser { is_active: Some(false), ..EditUser::default() };
        assert!(matches!(why(users::edit(region, &bob, "admin", disable).await), Why::NotHeld { .. }));
        let password = Secret::new("ochre-Lantern-49-tugboat".to_owned());
        let taken = users::reset_password(region, &bob, "admin", password, false).await;
        assert!(matches!(why(taken), Why::NotHeld { .. }));
        let entitled = groups::Entitlement { pool: None, action: Action::EditMachines };
        assert!(matches!(why(groups::add_entitlement(region, &bob, GroupId(2), &entitled).await), Why::NotHeld { .. }));

        // What was taken from bob a moment ago counts, though he was let in before.
        let id = bindings::list(region, &admin).await.unwrap().last().unwrap().id;
        let mine = bindings::list(region, &admin).await.unwrap();
        let desk = mine.iter().find(|binding| binding.role.1 == "help desk").unwrap().id;
        bindings::delete(region, &admin, desk).await.unwrap();
        assert!(matches!(why(bindings::delete(region, &bob, id).await), Why::Site { .. }));
    })
    .await;
}

#[tokio::test]
async fn the_last_administrator_stays_whatever_way_is_tried() {
    with_region(async |site| {
        let region = &site.region;
        let host = OpCtx::local_admin("root".into(), site.db.clock.clone());
        let last = "last active administrator";
        assert!(conflict(groups::remove_member(region, &host, GroupId(1), "admin").await).contains(last));
        assert!(conflict(bindings::delete(region, &host, RoleBindingId(1)).await).contains("built-in"));
        assert!(conflict(groups::delete(region, &host, GroupId(1)).await).contains("built in"));
        // Somebody for a day does not count.
        let ends = site.db.clock.now().plus(Duration::from_secs(86_400));
        let day = NewBinding { expires_at: Some(ends), ..give("administrator", "bob", None) };
        bindings::create(region, &host, &day).await.unwrap();
        assert!(site.ctx("bob").await.access().is_administrator());
        assert!(conflict(groups::remove_member(region, &host, GroupId(1), "admin").await).contains(last));
        let disable = EditUser { is_active: Some(false), ..EditUser::default() };
        assert!(conflict(users::edit(region, &host, "admin", disable.clone()).await).contains(last));
        assert!(conflict(users::delete(region, &host, "admin", None).await).contains(last));

        // A group of the site's own, and a binding of one user, count until they go.
        let own = groups::create(region, &host, "roots", "").await.unwrap();
        groups::add_member(region, &host, own.id, "eve").await.unwrap();
        let new = NewBinding { role: "administrator".into(), group: Some("roots".into()), ..NewBinding::default() };
        let given = bindings::create(region, &host, &new).await.unwrap();
        groups::remove_member(region, &host, GroupId(1), "admin").await.unwrap();
        assert!(conflict(groups::delete(region, &host, own.id).await).contains(last));
        assert!(conflict(groups::remove_member(region, &host, own.id, "eve").await).contains(last));
        assert!(conflict(bindings::delete(region, &host, given.id).await).contains(last));
        assert!(conflict(bindings::try_out_deletion(region, &host, given.id).await).contains(last));
        assert!(conflict(users::edit(region, &host, "eve", disable).await).contains(last));
        let demote = EditUser { role: Some(maas_model::Role::User), ..EditUser::default() };
        assert!(conflict(users::edit(region, &host, "eve", demote).await).contains("through another group"));
    })
    .await;
}

#[tokio::test]
async fn a_binding_ends_by_itself() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        let ends = site.db.clock.now().plus(Duration::from_secs(60));
        let new = NewBinding { expires_at: Some(ends), ..give("auditor", "bob", None) };
        bindings::create(region, &admin, &new).await.unwrap();
        let bob = site.ctx("bob").await;
        let token =
            tokens::create(region, &bob, &TokenParams::new("t", TokenScope::All, ends.plus(DAY))).await.unwrap();
        let holds = async || {
            let credentials = Some(Credentials::Bearer(token.value.clone()));
            authenticate(region, credentials, request()).await.unwrap().access().allows(Action::ViewAudit)
        };
        assert!(holds().await && holds().await);
        site.db.clock.advance(Duration::from_secs(61));
        assert!(!holds().await, "though nothing was written meanwhile");
        // The same may be given again.
        let new = NewBinding { expires_at: None, ..new };
        bindings::create(region, &admin, &new).await.unwrap();
        assert!(holds().await);
        let past = NewBinding { expires_at: Some(ends), ..give("operator", "bob", None) };
        assert!(matches!(bindings::create(region, &admin, &past).await, Err(Error::Invalid(_))));
    })
    .await;
}

#[tokio::test]
async fn bindings_that_make_no_sense_are_refused() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        roles::create(region, &admin, role("settings", &[Action::EditConfigurations])).await.unwrap();
        let text = async |new: &NewBinding| bindings::create(region, &admin, new).await.unwrap_err().to_string();
        let cases = [
            (give("administrator", "bob", Some("default")), "Give 'operator' on a pool."),
            (give("settings", "bob", Some("default")), "Nothing of role 'settings' counts on a pool."),
            (give("nothing", "bob", None), "There is no role 'nothing'."),
            (give("user", "nobody", None), "There is no user 'nobody'."),
            (give("user", "bob", Some("nowhere")), "There is no pool 'nowhere'."),
            (give("user", "MAAS", None), "System users cannot be modified."),
            (NewBinding { role: "user".into(), ..NewBinding::default() }, "Name either a user or a group."),
        ];
        for (new, wanted) in cases {
            let said = text(&new).await;
            assert!(said.contains(wanted), "{said}");
        }
        assert!(matches!(
            roles::update(region, &admin, "user", RoleChange::default()).await,
            Err(Error::BadRequest(_))
        ));
        assert!(matches!(roles::delete(region, &admin, "user").await, Err(Error::BadRequest(_))));
        bindings::create(region, &admin, &give("settings", "bob", None)).await.unwrap();
        assert!(conflict(roles::delete(region, &admin, "settings").await).contains("still given"));
        let bad = roles::create(region, &admin, role("a/b", &[Action::EditMachines])).await;
        assert!(matches!(bad, Err(Error::Invalid(_))));
    })
    .await;
}

#[tokio::test]
async fn entitlements_are_bindings() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        let told = async |id| {
            let found = groups::entitlements(region, &admin, GroupId(id)).await.unwrap();
            found.into_iter().map(|one| one.action.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(2).await, "can_view_global_entities can_view_available_machines can_deploy_machines");
        assert!(told(1).await.contains("can_edit_identities") && !told(1).await.contains("can_view_identities"));
        let group = groups::create(region, &admin, "g", "").await.unwrap();
        groups::add_member(region, &admin, group.id, "bob").await.unwrap();
        let one = groups::Entitlement { pool: Some(maas_model::PoolId(0)), action: Action::EditMachines };
        for _ in 0..2 {
            groups::add_entitlement(region, &admin, group.id, &one).await.unwrap();
        }
        assert_eq!(groups::entitlements(region, &admin, group.id).await.unwrap(), std::slice::from_ref(&one));
        assert!(
            access_of(region, &admin, "bob").await.unwrap().on_pool(maas_model::PoolId(0)).has(Action::EditMachines)
        );
        for _ in 0..2 {
            groups::remove_entitlement(region, &admin, group.id, &one).await.unwrap();
        }
        assert!(groups::entitlements(region, &admin, group.id).await.unwrap().is_empty());
        let by_role = groups::Entitlement { pool: None, action: Action::DeployMachines };
        let said = conflict(groups::remove_entitlement(region, &admin, GroupId(2), &by_role).await);
        assert!(said.contains("role 'user'"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_narrow_token_holds_less_and_may_be_used_from_some_places_only() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        pool(site, "web").await;
        let (web, lab) =
            (machine(site, "web", "52:54:00:00:00:01").await, machine(site, "default", "52:54:00:00:00:02").await);
        let ends = site.db.clock.now().plus(DAY);
        let params = TokenParams {
            role: Some("operator".into()),
            pools: Some(vec!["web".into()]),
            networks: vec!["192.0.2.0/24".into(), "2001:db8::1".into()],
            ..TokenParams::new("ci", TokenScope::All, ends)
        };
        let new = tokens::create(region, &admin, &params).await.unwrap();
        let listed = tokens::list(region, &admin).await.unwrap().remove(0);
        assert_eq!(
            (listed.role.as_deref(), listed.pools.as_deref()),
            (Some("operator"), Some(&["web".to_owned()][..]))
        );
        assert_eq!(listed.networks[1].to_string(), "2001:db8::1/128");
        let credentials = Some(Credentials::Bearer(new.value.clone()));
        let ctx = authenticate(region, credentials.clone(), request()).await.unwrap();
        assert!(machines::lookup(region, &ctx, &web).await.is_ok());
        assert!(matches!(machines::lookup(region, &ctx, &lab).await, Err(Error::NotFound { .. })));
        let refused = ctx.grant::<maas_authz::action::EditIdentities>().unwrap_err();
        assert_eq!(refused.why, Why::NarrowToken { needed: Action::EditIdentities });
        assert!(matches!(why(tokens::create(region, &ctx, &params).await), Why::NarrowToken { .. }));
        assert!(matches!(why(crate::keys::create(region, &ctx, None, None).await), Why::NarrowToken { .. }));
        // Renewing and refreshing keep it narrow.
        let Actor::User(actor) = &ctx.actor else { panic!("a user") };
        let fresh = users::refresh(region, actor).await.unwrap().unwrap();
        assert_eq!(fresh.access, actor.access);
        let mut renewed = ctx.clone();
        auth::renew(region, &mut renewed, 0).await.unwrap();
        assert_eq!(renewed.actor, ctx.actor);
        // From elsewhere it is no token at all, and the log has it.
        for ip in [Some([198, 51, 100, 1].into()), None] {
            let elsewhere = maas_authz::RequestInfo { ip, ..request() };
            let error = authenticate(region, credentials.clone(), elsewhere).await.unwrap_err();
            assert_eq!(error.to_string(), "Authorization Error: Invalid token.");
        }
        assert!(site.events().await[0].details.contains("outside of its networks"));
        let bad = TokenParams { networks: vec!["everywhere".into()], ..params.clone() };
        assert!(matches!(tokens::create(region, &admin, &bad).await, Err(Error::Invalid(_))));
        // A role to which a token is narrowed stays; a pool that goes takes its part of the token with it.
        roles::create(region, &admin, role("own", &[Action::ViewMachines])).await.unwrap();
        tokens::create(region, &admin, &TokenParams { role: Some("own".into()), ..params }).await.unwrap();
        assert!(conflict(roles::delete(region, &admin, "own").await).contains("narrowed"));
        machines::delete(region, &admin, &web).await.unwrap();
        pools::delete(region, &admin, "web").await.unwrap();
        let ctx = authenticate(region, credentials, request()).await.unwrap();
        assert!(ctx.machines(MachineAction::View).any.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_session_shows_its_password_again_before_something_dangerous() {
    with_region(async |site| {
        let (region, host) = (&site.region, OpCtx::local_admin("root".into(), site.db.clock.clone()));
        let password = Secret::new("ochre-Lantern-49-tugboat".to_owned());
        users::reset_password(region, &host, "admin", password.clone(), false).await.unwrap();
        let session = auth::log_in(region, &request(), "admin", &password).await.unwrap();
        let ctx = authenticate(region, Some(Credentials::Session(session.session_key)), request()).await.unwrap();
        groups::create(region, &ctx, "first", "").await.unwrap();
        let id = machine(site, "default", "52:54:00:00:00:01").await;
        site.db.clock.advance(Duration::from_secs(16 * 60));
        assert_eq!(why(groups::create(region, &ctx, "second", "").await), Why::StepUp);
        assert_eq!(why(roles::create(region, &ctx, role("r", &[Action::EditMachines])).await), Why::StepUp);
        assert_eq!(why(bindings::create(region, &ctx, &give("auditor", "bob", None)).await), Why::StepUp);
        assert!(bindings::try_out(region, &ctx, &give("auditor", "bob", None)).await.is_ok(), "it changes nothing");
        let ends = site.db.clock.now().plus(DAY);
        let params = TokenParams::new("t", TokenScope::All, ends);
        assert_eq!(why(tokens::create(region, &ctx, &params).await), Why::StepUp);
        assert_eq!(why(crate::keys::create(region, &ctx, None, None).await), Why::StepUp);
        assert_eq!(why(machines::power_parameters(region, &ctx, &id).await), Why::StepUp);
        let ids = [id.clone(), id];
        let done = machines::bulk(region, &ctx, MachineAction::Delete, &ids, &Default::default()).await;
        assert!(done.into_iter().all(|one| why(one.result) == Why::StepUp));

        let wrong = auth::reauthenticate(region, &ctx, &Secret::new("wrong".to_owned())).await;
        assert!(matches!(wrong, Err(Error::Invalid(_))));
        assert_eq!(why(groups::create(region, &ctx, "second", "").await), Why::StepUp);
        auth::reauthenticate(region, &ctx, &password).await.unwrap();
        groups::create(region, &ctx, "second", "").await.unwrap();
        // A token has no password to show, and needs none.
        let token = tokens::create(region, &ctx, &params).await.unwrap();
        site.db.clock.advance(Duration::from_secs(16 * 60));
        let ctx = authenticate(region, Some(Credentials::Bearer(token.value)), request()).await.unwrap();
        groups::create(region, &ctx, "third", "").await.unwrap();
        let none = auth::reauthenticate(region, &ctx, &password).await;
        assert!(matches!(none, Err(Error::BadRequest(_))));
    })
    .await;
}

#[tokio::test]
async fn explanations_name_the_rule_and_who_can_help() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        make_strict(site).await;
        pool(site, "web").await;
        let id = machine(site, "web", "52:54:00:00:00:01").await;
        let asked = async |ctx: &OpCtx, user: &str, action: &str| explain(region, ctx, user, action, Some(&id)).await;
        let hidden = asked(&admin, "bob", "deploy").await.unwrap();
        assert!(hidden.is_hidden && !hidden.is_allowed && hidden.rule.starts_with("Hidden:"), "{hidden:?}");
        // Bob learns nothing by asking about it himself.
        let bob = site.ctx("bob").await;
        let own = asked(&bob, "bob", "deploy").await.unwrap_err().to_string();
        let missing = explain(region, &bob, "bob", "deploy", Some("zzzzzz")).await.unwrap_err().to_string();
        assert_eq!(own, missing);
        assert!(matches!(why(asked(&bob, "eve", "deploy").await), Why::Site { .. }));

        bindings::create(region, &admin, &give("auditor", "bob", Some("web"))).await.unwrap();
        bindings::create(region, &admin, &give("operator", "eve", Some("web"))).await.unwrap();
        let bob = site.ctx("bob").await;
        let found = asked(&bob, "bob", "deploy").await.unwrap();
        assert_eq!(
            found.rule,
            "None of the roles held on pool 'web' includes `can_deploy_machines`, and the machine is not one's own."
        );
        assert_eq!(found.bindings, ["role 'auditor' on pool 'web'"]);
        assert_eq!(found.who_can_grant, ["admin", "eve"]);
        assert_eq!(found.needed.len(), 3);
        let found = asked(&admin, "eve", "deploy").await.unwrap();
        assert_eq!(found.rule, "Allowed: they hold `can_edit_machines` on pool 'web'.");
        let site_wide = explain(region, &bob, "bob", "can_edit_identities", None).await.unwrap();
        assert_eq!(site_wide.rule, "None of the roles held on the whole site includes `can_edit_identities`.");
        assert!(matches!(asked(&admin, "bob", "explode").await, Err(Error::Invalid(_))));
        assert!(matches!(explain(region, &admin, "bob", "deploy", None).await, Err(Error::Invalid(_))));
        assert_eq!(who_can(region, &admin, "deploy", Some(&id)).await.unwrap(), ["admin", "eve"]);
        let disable = EditUser { is_active: Some(false), ..EditUser::default() };
        users::edit(region, &admin, "eve", disable).await.unwrap();
        assert_eq!(asked(&admin, "eve", "deploy").await.unwrap().rule, "eve is disabled, and may do nothing.");
        assert_eq!(who_can(region, &admin, "deploy", Some(&id)).await.unwrap(), ["admin"]);
    })
    .await;
}

/// Whether a second region still lets a token in, and what it holds there.
async fn seen_there(there: &Region, token: &Secret<String>, wanted: impl Fn(Option<OpCtx>) -> bool) {
    let ask = async || authenticate(there, Some(Credentials::Bearer(token.clone())), request()).await.ok();
    let noticed = async {
        let mut changes = there.changes();
        while !wanted(ask().await) {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(5), noticed).await.expect("within five seconds");
}

#[tokio::test]
async fn what_is_taken_here_is_gone_in_the_other_region() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        let there = TestRegion::open(&site.db, "host2").await;
        let ends = site.db.clock.now().plus(DAY);
        let bob = site.ctx("bob").await;
        let token = tokens::create(region, &bob, &TokenParams::new("t", TokenScope::All, ends)).await.unwrap();
        let holds = |action: Action| move |ctx: Option<OpCtx>| ctx.is_some_and(|ctx| ctx.access().allows(action));
        let lacks = |action: Action| move |ctx: Option<OpCtx>| ctx.is_some_and(|ctx| !ctx.access().allows(action));
        seen_there(&there, &token.value, lacks(Action::ViewAudit)).await;

        let binding = bindings::create(region, &admin, &give("auditor", "bob", None)).await.unwrap();
        seen_there(&there, &token.value, holds(Action::ViewAudit)).await;
        bindings::delete(region, &admin, binding.id).await.unwrap();
        seen_there(&there, &token.value, lacks(Action::ViewAudit)).await;

        groups::remove_member(region, &admin, GroupId(2), "bob").await.unwrap();
        seen_there(&there, &token.value, lacks(Action::ViewGlobalEntities)).await;
        groups::add_member(region, &admin, GroupId(2), "bob").await.unwrap();
        seen_there(&there, &token.value, holds(Action::ViewGlobalEntities)).await;

        let active = |is_active| EditUser { is_active: Some(is_active), ..EditUser::default() };
        users::edit(region, &admin, "bob", active(false)).await.unwrap();
        seen_there(&there, &token.value, |ctx| ctx.is_none()).await;
        users::edit(region, &admin, "bob", active(true)).await.unwrap();
        seen_there(&there, &token.value, |ctx| ctx.is_some()).await;
        tokens::revoke(region, &bob, token.token.id).await.unwrap();
        seen_there(&there, &token.value, |ctx| ctx.is_none()).await;
        there.shutdown().await;
    })
    .await;
}

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn an_administrator_for_an_hour_makes_nobody_one_for_longer() {
    with_region(async |site| {
        let (region, admin) = (&site.region, site.ctx("admin").await);
        let ends = site.db.clock.now().plus(Duration::from_secs(3600));
        let hour = NewBinding { expires_at: Some(ends), ..give("administrator", "bob", None) };
        bindings::create(region, &admin, &hour).await.unwrap();
        let bob = site.ctx("bob").await;
        for user in ["bob", "eve"] {
            let refused = bindings::create(region, &bob, &give("administrator", user, None)).await.unwrap_err();
            assert!(matches!(&refused, Error::Invalid(errors) if errors.contains_key("expires_at")), "{refused:?}");
            let longer = ends.plus(Duration::from_secs(1));
            let longer = NewBinding { expires_at: Some(longer), ..give("administrator", user, None) };
            assert!(matches!(bindings::create(region, &bob, &longer).await, Err(Error::Invalid(_))));
            let joined = groups::add_member(region, &bob, GroupId(1), user).await;
            assert!(conflict(joined).contains("for a time only"));
        }
        let promoted = EditUser { role: Some(maas_model::Role::Administrator), ..EditUser::default() };
        assert!(conflict(users::edit(region, &bob, "eve", promoted).await).contains("for a time only"));
        // Not longer than their own is theirs to give, and what they hold for good still is.
        let same = NewBinding { expires_at: Some(ends), ..give("administrator", "eve", None) };
        bindings::create(region, &bob, &same).await.unwrap();
        groups::add_member(region, &admin, GroupId(1), "eve").await.unwrap();
        let eve = site.ctx("eve").await;
        bindings::create(region, &eve, &give("auditor", "bob", None)).await.unwrap();
    })
    .await;
}
