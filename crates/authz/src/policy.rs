//! The policy, as a table: role x action. The printed table is a snapshot test, so a change of rights is seen in review.

use std::fmt::Write;

use maas_model::{Role, TokenScope};

use crate::{Action, Actor, AuthMethod};

/// May `actor` do `action`? The reason comes with either answer.
///
/// # Errors
/// A [`Refusal`] that names the rule.
pub fn decide(actor: &Actor, action: Action) -> Result<(), Refusal> {
    let refuse = |why| Err(Refusal { action, why });
    match actor {
        Actor::Anonymous => refuse(Why::NotSignedIn),
        Actor::LocalAdmin { .. } | Actor::Job(_) => Ok(()),
        Actor::User(user) => {
            if let AuthMethod::Token(_, TokenScope::ReadOnly) = user.method
                && !is_read(action)
            {
                return refuse(Why::ReadOnlyToken);
            }
            if allows(user.role, action) { Ok(()) } else { refuse(Why::Role(user.role)) }
        }
    }
}

/// The table itself.
pub const fn allows(role: Role, action: Action) -> bool {
    match role {
        Role::Administrator => true,
        Role::User => matches!(action, Action::ViewOwn | Action::EditOwn),
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
            | Action::ViewAudit
            | Action::ViewStatus
    )
}

/// A refusal that can be explained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("User does not have permission to perform this operation. The user should have permission '{}'", action.as_str())]
pub struct Refusal {
    pub action: Action,
    pub why: Why,
}

/// The rule that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    NotSignedIn,
    ReadOnlyToken,
    Role(Role),
}

impl Refusal {
    /// One sentence for the person refused: which rule, and who can help.
    pub fn explain(&self) -> String {
        match self.why {
            Why::NotSignedIn => "You are not signed in.".to_owned(),
            Why::ReadOnlyToken => "This token may only read. Use a token of scope `all`, or sign in.".to_owned(),
            Why::Role(role) => format!(
                "The role `{}` does not include `{}`. An administrator can do this, or give you the role.",
                role.as_str(),
                self.action.as_str()
            ),
        }
    }
}

/// The whole policy as a table for people.
pub fn print() -> String {
    let mut out = format!("{:<26}", "action");
    for role in Role::ALL {
        let _ = write!(out, " {:<14}", role.as_str());
    }
    out = out.trim_end().to_owned() + "\n";
    for action in Action::ALL {
        let mut line = format!("{:<26}", action.as_str());
        for role in Role::ALL {
            let _ = write!(line, " {:<14}", if allows(role, *action) { "yes" } else { "-" });
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use maas_model::{Role, TokenId, TokenScope, UserId};

    use super::{Why, decide, print};
    use crate::{Action, Actor, AuthMethod, UserActor};

    #[test]
    fn the_table() {
        expect![[r#"
            action                     administrator  user
            can_view_own               yes            yes
            can_edit_own               yes            yes
            can_view_identities        yes            -
            can_edit_identities        yes            -
            can_view_configurations    yes            -
            can_edit_configurations    yes            -
            can_view_notifications     yes            -
            can_edit_notifications     yes            -
            can_edit_global_entities   yes            -
            can_view_audit             yes            -
            can_view_status            yes            -
        "#]]
        .assert_eq(&print());
    }

    #[test]
    fn a_read_only_token_never_writes() {
        let actor = Actor::User(UserActor {
            id: UserId(1),
            username: "root".into(),
            role: Role::Administrator,
            method: AuthMethod::Token(TokenId(1), TokenScope::ReadOnly),
        });
        assert_eq!(decide(&actor, Action::EditOwn).unwrap_err().why, Why::ReadOnlyToken);
        assert!(decide(&actor, Action::ViewAudit).is_ok());
        assert_eq!(decide(&Actor::Anonymous, Action::ViewOwn).unwrap_err().why, Why::NotSignedIn);
    }
}
