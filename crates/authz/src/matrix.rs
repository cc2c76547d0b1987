//! The whole policy, for people: which role holds which action, and what that means for machines. It is asked from the
//! rules themselves, cell by cell, so that it cannot say anything else than they do.

use std::{fmt::Write, sync::Arc};

use maas_model::{MachineAction, NodeId, PoolId, UserId};
use serde::Serialize;

use crate::{
    Access, Action, Actions, Actor, AuthMethod, NodeFacts, NodeRefusal, Reach, UserActor, machine::decide_node,
    role::BUILTIN,
};

/// The policy as a table.
#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    /// The columns.
    pub roles: Vec<String>,
    pub actions: Vec<ActionLine>,
    pub machines: Vec<MachineLine>,
}

/// Who holds an action.
#[derive(Clone, Debug, Serialize)]
pub struct ActionLine {
    pub action: &'static str,
    /// What it allows: goes on after "may".
    pub text: &'static str,
    /// Where it must be held to count.
    pub reach: Reach,
    /// By role.
    pub held: Vec<bool>,
}

/// Who may do something to a machine of the pool on which they hold their role.
#[derive(Clone, Debug, Serialize)]
pub struct MachineLine {
    pub action: &'static str,
    pub title: &'static str,
    /// By role.
    pub answers: Vec<Answers>,
}

/// What is answered, by whose the machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Answers {
    pub own: Answer,
    pub free: Answer,
    pub other: Answer,
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Yes,
    /// Seen and refused: 403.
    No,
    /// As if there were no such machine: 404.
    Hidden,
}

impl Answer {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Hidden => "-",
        }
    }
}

impl Matrix {
    /// Of the built-in roles, and of no role at all.
    pub fn builtin() -> Self {
        let roles: Vec<(&str, Actions)> = BUILTIN.iter().map(|role| (role.name, role.actions)).collect();
        Self::of(&roles)
    }

    /// Of these roles, and of no role at all.
    pub fn of(roles: &[(&str, Actions)]) -> Self {
        let mut roles = roles.to_vec();
        roles.push(("none", Actions::NONE));
        let held = |action: Action| roles.iter().map(move |(_, held)| action.reach() == Reach::Own || held.has(action));
        let action_line = |action: &Action| ActionLine {
            action: action.as_str(),
            text: action.text(),
            reach: action.reach(),
            held: held(*action).collect(),
        };
        let machine_line = |action: MachineAction| MachineLine {
            action: action.as_str(),
            title: action.title(),
            answers: roles.iter().map(|(_, held)| answers(*held, action)).collect(),
        };
        Self {
            roles: roles.iter().map(|(name, _)| (*name).to_owned()).collect(),
            actions: Action::ALL.iter().map(action_line).collect(),
            machines: MachineAction::ALL.into_iter().map(machine_line).collect(),
        }
    }

    /// Both tables as plain text.
    pub fn text(&self) -> String {
        let mut out = String::from("What the roles hold:\n\n");
        line(&mut out, "action", self.roles.iter().map(String::as_str));
        for row in &self.actions {
            line(&mut out, row.action, row.held.iter().map(|held| if *held { "yes" } else { "-" }));
        }
        out += "\nWhat they may do to a machine of their pool: one's own / free / another's (`-`: it is hidden)\n\n";
        line(&mut out, "machine", self.roles.iter().map(String::as_str));
        for row in &self.machines {
            let cells: Vec<String> = row.answers.iter().map(|answers| answers.text()).collect();
            line(&mut out, row.action, cells.iter().map(String::as_str));
        }
        out
    }

    /// Both tables as Markdown.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        markdown_line(&mut out, "action", self.roles.iter().map(String::as_str));
        markdown_line(&mut out, "---", self.roles.iter().map(|_| "---"));
        for row in &self.actions {
            let name = format!("`{}`", row.action);
            markdown_line(&mut out, &name, row.held.iter().map(|held| if *held { "yes" } else { "-" }));
        }
        out.push('\n');
        markdown_line(&mut out, "machine: own / free / other", self.roles.iter().map(String::as_str));
        markdown_line(&mut out, "---", self.roles.iter().map(|_| "---"));
        for row in &self.machines {
            let cells: Vec<String> = row.answers.iter().map(|answers| answers.text()).collect();
            markdown_line(&mut out, &format!("`{}`", row.action), cells.iter().map(String::as_str));
        }
        out
    }
}

impl Answers {
    fn text(self) -> String {
        if self.own == self.free && self.free == self.other {
            return self.own.as_str().to_owned();
        }
        [self.own, self.free, self.other].map(Answer::as_str).join(" / ")
    }
}

/// Asks the rules for somebody who holds these on a pool.
fn answers(held: Actions, action: MachineAction) -> Answers {
    let (me, pool) = (UserId(1), PoolId(1));
    let mut access = Access::own_only();
    access.may_power_free = true;
    access.give(held, Some(pool));
    let access = Arc::new(access);
    let actor = UserActor { id: me, username: String::new(), access, method: AuthMethod::Password };
    let actor = Actor::User(actor);
    let ask = |owner| {
        let facts = NodeFacts { id: NodeId(1), pool: Some(pool), owner, is_locked: false };
        match decide_node(&actor, action, &facts) {
            Ok(()) => Answer::Yes,
            Err(NodeRefusal::Hidden) => Answer::Hidden,
            Err(NodeRefusal::Denied(_)) => Answer::No,
        }
    };
    Answers { own: ask(Some(me)), free: ask(None), other: ask(Some(UserId(2))) }
}

fn line<'a>(out: &mut String, first: &str, cells: impl Iterator<Item = &'a str>) {
    let mut text = format!("{first:<28}");
    for cell in cells {
        let _ = write!(text, " {cell:<16}");
    }
    out.push_str(text.trim_end());
    out.push('\n');
}

fn markdown_line<'a>(out: &mut String, first: &str, cells: impl Iterator<Item = &'a str>) {
    let _ = writeln!(out, "| {first} | {} |", cells.collect::<Vec<_>>().join(" | "));
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::Matrix;

    #[test]
    fn the_whole_policy() {
        expect_file!["../snapshots/matrix.txt"].assert_eq(&Matrix::builtin().text());
    }
}
