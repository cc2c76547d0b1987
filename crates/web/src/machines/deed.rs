//! What a person can do to a machine from a page: which use case it is, what it asks for, and whether it wants a second look.

use std::collections::BTreeMap;

use maas_authz::{Action, OpCtx, machine::rule};
use maas_model::{MachineAction, MachineAction as M};
use maas_region::{
    Error, Region,
    machines::{self, PowerAction, ReleaseOptions, Step},
    tags,
};

use crate::input::Input;

/// The actions that are offered for machines in a list, in the order of the menu.
pub(crate) const FOR_MANY: [M; 18] = [
    M::Allocate,
    M::Deploy,
    M::Release,
    M::PowerOn,
    M::PowerOff,
    M::PowerCycle,
    M::Commission,
    M::Test,
    M::Abort,
    M::Lock,
    M::Unlock,
    M::MarkBroken,
    M::MarkFixed,
    M::OverrideFailedTesting,
    M::SetPool,
    M::SetZone,
    M::Tag,
    M::Delete,
];

/// The buttons of a machine's page.
pub(crate) const FOR_ONE: [M; 16] = [
    M::Allocate,
    M::Deploy,
    M::Release,
    M::Abort,
    M::Commission,
    M::Test,
    M::OverrideFailedTesting,
    M::PowerOn,
    M::PowerOff,
    M::PowerCycle,
    M::Lock,
    M::Unlock,
    M::MarkBroken,
    M::MarkFixed,
    M::EnterRescueMode,
    M::ExitRescueMode,
];

/// What goes with an action.
#[derive(Clone, Debug, Default)]
pub(crate) struct With {
    pub(crate) pool: String,
    pub(crate) zone: String,
    pub(crate) add_tags: Vec<String>,
    pub(crate) remove_tags: Vec<String>,
    pub(crate) comment: String,
    pub(crate) erase: bool,
}

impl With {
    /// From a form.
    pub(crate) fn read(input: &Input) -> Self {
        let words = |name: &str| {
            let split = input.text(name).split([',', ' ']).map(str::trim);
            split.filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        Self {
            pool: input.text("pool").to_owned(),
            zone: input.text("zone").to_owned(),
            add_tags: words("add_tags"),
            remove_tags: words("remove_tags"),
            comment: input.text("comment").to_owned(),
            erase: input.is_checked("erase"),
        }
    }
}

/// The action of a form's word, if pages offer it.
pub(crate) fn named(word: &str) -> Option<M> {
    let action = word.parse::<M>().ok()?;
    (FOR_MANY.contains(&action) || FOR_ONE.contains(&action)).then_some(action)
}

/// The title, and the words for what needs a rack.
pub(crate) fn label(action: M) -> String {
    match action {
        M::Tag => "Add or remove tags…".to_owned(),
        M::SetPool | M::SetZone | M::Delete => format!("{}…", action.title()),
        action if action.needs_rack() => format!("{} (needs a rack)", action.title()),
        action => action.title().to_owned(),
    }
}

/// Whether somebody who holds what `may` says could do this to some machine.
pub(crate) fn could(action: M, may: impl Fn(Action) -> bool) -> bool {
    let rule = rule(action);
    [Some(rule.any), rule.own, rule.free].into_iter().flatten().any(may)
}

/// Whether it takes something away that does not come back by itself, and so asks first.
pub(crate) const fn is_dangerous(action: M) -> bool {
    matches!(
        action,
        M::Release | M::Deploy | M::PowerOff | M::PowerCycle | M::Abort | M::MarkBroken | M::Delete | M::Commission
    )
}

/// Whether it needs to know more.
pub(crate) const fn asks(action: M) -> bool {
    matches!(action, M::SetPool | M::SetZone | M::Tag)
}

/// What it will do, for the question before it.
pub(crate) const fn consequence(action: M) -> &'static str {
    match action {
        M::Release => "Whoever has it loses it, and its power is switched off.",
        M::Deploy => "Everything on its disks is lost.",
        M::Commission => "It is started anew, and its hardware is looked at.",
        M::PowerOff => "What runs on it is cut off at once.",
        M::PowerCycle => "What runs on it is cut off at once; it then starts again.",
        M::Abort => "What is under way stops where it is.",
        M::MarkBroken => "Nobody can take it until it is marked as fixed; if somebody has it, it is released first.",
        M::Delete => "History and settings are gone for good. The hardware itself is not touched.",
        _ => "",
    }
}

/// What to say of a machine to which it was done.
pub(crate) const fn done(action: M) -> &'static str {
    match action {
        M::Allocate => "Allocated",
        M::Release => "Being released",
        M::PowerOn => "Will be switched on",
        M::PowerOff => "Will be switched off",
        M::PowerCycle => "Will be switched off and on",
        M::Lock => "Locked",
        M::Unlock => "Unlocked",
        M::MarkBroken => "Marked as broken",
        M::MarkFixed => "Marked as fixed",
        M::SetPool | M::SetZone => "Moved",
        M::Tag => "Tagged",
        M::Delete => "Deleted",
        M::Abort => "Stopped",
        M::OverrideFailedTesting => "Taken as tested",
        _ => "Started",
    }
}

/// Does it to one machine.
///
/// # Errors
/// Those of the use case.
pub(crate) async fn run(
    region: &Region,
    ctx: &OpCtx,
    id: &str,
    action: MachineAction,
    with: &With,
) -> Result<(), Error> {
    let comment = with.comment.as_str();
    let power = async |action| machines::power(region, ctx, id, action, comment).await.map(drop);
    let start = async |step| machines::start(region, ctx, id, step, BTreeMap::new()).await.map(drop);
    match action {
        M::Allocate => machines::acquire(region, ctx, id).await.map(drop),
        M::Release => {
            let erase = with.erase.then_some(true);
            let options = ReleaseOptions { comment: comment.to_owned(), erase, ..ReleaseOptions::default() };
            machines::release(region, ctx, id, &options).await.map(drop)
        }
        M::PowerOn => power(PowerAction::On).await,
        M::PowerOff => power(PowerAction::Off).await,
        M::PowerCycle => power(PowerAction::Cycle).await,
        M::Lock => machines::lock(region, ctx, id, comment).await.map(drop),
        M::Unlock => machines::unlock(region, ctx, id, comment).await.map(drop),
        M::MarkBroken => machines::mark_broken(region, ctx, id, comment).await.map(drop),
        M::MarkFixed => machines::mark_fixed(region, ctx, id, comment).await.map(drop),
        M::Abort => machines::abort(region, ctx, id, comment).await.map(drop),
        M::OverrideFailedTesting => machines::override_failed_testing(region, ctx, id, comment).await.map(drop),
        M::SetPool => machines::set_pool(region, ctx, id, &with.pool).await.map(drop),
        M::SetZone => machines::set_zone(region, ctx, &[id.to_owned()], &with.zone).await,
        M::Tag => tag(region, ctx, id, with).await,
        M::Delete => machines::delete(region, ctx, id).await,
        M::Commission => start(Step::Commission).await,
        M::Test => start(Step::Test).await,
        M::Deploy => start(Step::Deploy).await,
        M::EnterRescueMode => start(Step::EnterRescueMode).await,
        M::ExitRescueMode => start(Step::ExitRescueMode).await,
        other => Err(Error::BadRequest(format!("`{other}` is nothing that pages can do."))),
    }
}

async fn tag(region: &Region, ctx: &OpCtx, id: &str, with: &With) -> Result<(), Error> {
    let one = [id.to_owned()];
    for name in &with.add_tags {
        tags::update_nodes(region, ctx, name, &one, &[]).await?;
    }
    for name in &with.remove_tags {
        tags::update_nodes(region, ctx, name, &[], &one).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use maas_authz::{Action, role::BUILTIN};
    use maas_model::MachineAction as M;

    use super::{FOR_MANY, FOR_ONE, could, named};

    #[test]
    fn every_offer_is_understood() {
        for action in FOR_MANY.into_iter().chain(FOR_ONE) {
            assert_eq!(named(action.as_str()), Some(action));
        }
        assert_eq!(named("view-power-parameters"), None);
    }

    #[test]
    fn offers_fit_the_role() {
        let offered = |role: usize| {
            let held = BUILTIN[role].actions;
            FOR_MANY.into_iter().filter(move |action| could(*action, |action: Action| held.has(action))).count()
        };
        assert_eq!([offered(0), offered(1), offered(3)], [18, 18, 0]);
        assert!(could(M::Release, |action| action == Action::DeployMachines));
        assert!(!could(M::Delete, |action| action == Action::DeployMachines));
    }
}
