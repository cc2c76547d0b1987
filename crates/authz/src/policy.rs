//! Decisions about the site itself, and what a refusal is. The printed table is a snapshot test, so a change of rights is
//! seen in review. What may be done to machines is in `machine.rs`.

use std::fmt::{self, Write};

use maas_model::{MachineAction, PoolId, TokenScope};

use crate::{Action, Actor, AuthMethod, role::BUILTIN};

/// May `actor` do `action`? An action of a pool, asked without one, must be held on the whole site.
///
/// # Errors
/// A [`Refusal`] that names the rule.
pub fn decide(actor: &Actor, action: Action) -> Result<(), Refusal> {
    let refuse = |why| Err(Refusal { asked: Asked::Site(action), why });
    match actor {
        Actor::Anonymous => refuse(Why::NotSignedIn),
        Actor::LocalAdmin { .. } | Actor::Job(_) => Ok(()),
        Actor::User(user) => {
            if let AuthMethod::Token(_, TokenScope::ReadOnly) = user.method
                && !is_read(action)
            {
                return refuse(Why::ReadOnlyToken);
            }
            if user.access.allows(action) {
                Ok(())
            } else if user.access.owner().is_some_and(|owner| owner.allows(action)) {
                refuse(Why::NarrowToken { needed: action })
            } else {
                refuse(Why::Site { needed: action })
            }
        }
    }
}

/// Whether the action only reads.
pub const fn is_read(action: Action) -> bool {
    matches!(
        action,
        Action::ViewOwn
            | Action::ViewIdentities
            | Action::ViewConfigurations
            | Action::ViewNotifications
            | Action::ViewGlobalEntities
            | Action::ViewAudit
            | Action::ViewStatus
            | Action::ViewDevices
            | Action::ViewMachines
            | Action::ViewAvailableMachines
            | Action::ViewPowerParameters
    )
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Site(Action),
    Machine(MachineAction),
}

/// A refusal that can be explained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    pub asked: Asked,
    pub why: Why,
}

/// The rule that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    NotSignedIn,
    ReadOnlyToken,
    /// The action is not held on the whole site.
    Site {
        needed: Action,
    },
    /// The action is not held on the machine's pool. `or_owner`: its owner may do it with less.
    Pool {
        needed: Action,
        pool: PoolId,
        or_owner: bool,
    },
    /// The machine is locked, which binds everybody.
    Locked,
    /// The token was made to hold less than its owner, who could.
    NarrowToken {
        needed: Action,
    },
    /// Nobody gives or takes away what they do not hold themselves.
    NotHeld {
        missing: Action,
        /// None for the whole site.
        pool: Option<PoolId>,
    },
    /// The password was shown too long ago for something this dangerous.
    StepUp,
}

impl Refusal {
    /// A refusal about a machine that is seen.
    pub const fn machine(action: MachineAction, why: Why) -> Self {
        Self { asked: Asked::Machine(action), why }
    }

    /// One sentence for the person refused: which rule, and who can help.
    pub fn explain(&self) -> String {
        match self.why {
            Why::NotSignedIn => "You are not signed in.".to_owned(),
            Why::ReadOnlyToken => "This token may only read. Use a token of scope `all`, or sign in.".to_owned(),
            Why::Site { needed } => format!(
                "None of your roles on the whole site includes `{}`. An administrator can do this, or give you the role.",
                needed.as_str()
            ),
            Why::Pool { needed, pool, or_owner } => format!(
                "None of your roles on pool {pool} includes `{}`{}. An administrator can do this, or give you the role.",
                needed.as_str(),
                if or_owner { ", and you do not own the machine" } else { "" }
            ),
            Why::Locked => "The machine is locked. Its owner or an operator of its pool can unlock it.".to_owned(),
            Why::NarrowToken { needed } => format!(
                "This token was made without `{}`, which its owner holds. Use another token or an API key, or sign in.",
                needed.as_str()
            ),
            Why::NotHeld { missing, pool } => {
                let place = pool.map_or_else(|| "the whole site".to_owned(), |pool| format!("pool {pool}"));
                let missing = missing.as_str();
                format!("You do not hold `{missing}` on {place}, so you cannot give it or take it away.")
            }
            Why::StepUp => "Enter your password again, then repeat this within fifteen minutes.".to_owned(),
        }
    }

    /// A stable word for scripts, in the header `X-MAAS-Error-Code`.
    pub const fn code(&self) -> &'static str {
        match self.why {
            Why::NotSignedIn => "NotSignedIn",
            Why::ReadOnlyToken => "ReadOnlyToken",
            Why::Site { .. } | Why::Pool { .. } => "MissingPermission",
            Why::Locked => "Locked",
            Why::NarrowToken { .. } => "NarrowToken",
            Why::NotHeld { .. } => "NotHeld",
            Why::StepUp => "StepUpRequired",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.asked, self.why) {
            (_, Why::StepUp) => f.write_str("Your password is needed again for this."),
            (_, Why::NotHeld { .. }) => f.write_str("You cannot give or take away what you do not hold yourself."),
            (Asked::Site(action), _) => write!(
                f,
                "User does not have permission to perform this operation. The user should have permission '{}'",
                action.as_str()
            ),
            (Asked::Machine(_), Why::Locked) => f.write_str("Machine is locked. Unlock it first."),
            (Asked::Machine(action), _) => write!(f, "You are not allowed to {} this machine.", action.title()),
        }
    }
}

/// The whole policy of the built-in roles as a table for people.
pub fn print() -> String {
    let mut out = format!("{:<28}", "action");
    for role in BUILTIN {
        let _ = write!(out, " {:<14}", role.name);
    }
    out = out.trim_end().to_owned() + "\n";
    for action in Action::ALL {
        let mut line = format!("{:<28}", action.as_str());
        for role in BUILTIN {
            let _ = write!(line, " {:<14}", if role.actions.has(*action) { "yes" } else { "-" });
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::expect;
    use maas_model::{TokenId, TokenScope, UserId};

    use super::{Why, decide, print};
    use crate::{Access, Action, Actor, AuthMethod, UserActor};

    #[test]
    fn the_table() {
        expect![[r#"
            action                       administrator  operator       user           auditor
            can_view_own                 yes            -              -              -
            can_edit_own                 yes            -              -              -
            can_view_identities          yes            -              -              -
            can_edit_identities          yes            -              -              -
            can_view_configurations      yes            -              -              -
            can_edit_configurations      yes            -              -              -
            can_view_notifications       yes            -              -              -
            can_edit_notifications       yes            -              -              -
            can_view_global_entities     yes            yes            yes            yes
            can_edit_global_entities     yes            -              -              -
            can_view_audit               yes            yes            -              yes
            can_view_status              yes            -              -              -
            can_view_devices             yes            -              -              -
            can_edit_pools               yes            -              -              -
            can_view_machines            yes            yes            -              yes
            can_view_available_machines  yes            yes            yes            yes
            can_deploy_machines          yes            yes            yes            -
            can_edit_machines            yes            yes            -              -
            can_view_power_parameters    yes            yes            -              -
        "#]]
        .assert_eq(&print());
    }

    #[test]
    fn a_read_only_token_never_writes() {
        let actor = Actor::User(UserActor {
            id: UserId(1),
            username: "root".into(),
            access: Arc::new(Access::everything()),
            method: AuthMethod::Token(TokenId(1), TokenScope::ReadOnly),
        });
        assert_eq!(decide(&actor, Action::EditOwn).unwrap_err().why, Why::ReadOnlyToken);
        assert!(decide(&actor, Action::ViewAudit).is_ok());
        assert_eq!(decide(&Actor::Anonymous, Action::ViewOwn).unwrap_err().why, Why::NotSignedIn);
    }
}
