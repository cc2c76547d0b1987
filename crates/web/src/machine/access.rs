//! Who may do what to a machine: what the visitor may, who else may, and why somebody may not.

use askama::Template;
use axum::extract::Path;
use maas_authz::Action;
use maas_model::MachineAction;
use maas_region::{access::explain, nodes::Node};

use crate::{
    answer::Answer,
    explain::{Ask, AskForm},
    machine::{self, Head, Look, found},
    machines::why,
    shell::Shell,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "machine/access.html")]
pub(crate) struct AccessPage {
    pub(crate) shell: Shell,
    pub(crate) head: Head,
    pub(crate) ask: AskForm,
    /// Who can do the main things, for those who may know.
    pub(crate) others: Vec<(&'static str, String)>,
    pub(crate) mine: Vec<Right>,
}

/// What the visitor may do.
pub(crate) struct Right {
    pub(crate) label: &'static str,
    /// Nothing when they may.
    pub(crate) why_not: Option<String>,
}

/// `GET /MAAS/r/machine/{id}/access`
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let node = found(&visit, &id).await?;
    let shell = machine::shell(&visit, &node, "access").await;
    let mut others = Vec::new();
    if visit.may(Action::ViewIdentities) {
        for (label, action) in MAIN {
            let who = explain::who_can(visit.region(), &visit.ctx, action.as_str(), Some(&id)).await?;
            others.push((label, who));
        }
    }
    visit.page(&assemble(shell, &node, &others, visit.may(Action::ViewIdentities), &Look::of(&visit)))
}

pub(crate) fn assemble(
    shell: Shell,
    node: &Node,
    others: &[(&'static str, Vec<String>)],
    may_ask_about_all: bool,
    look: &Look<'_>,
) -> AccessPage {
    let ctx = look.ctx;
    let right = |action: MachineAction| Right {
        label: action.title(),
        why_not: ctx.grant_node(action, (), &node.facts()).err().map(|refusal| match refusal {
            maas_authz::NodeRefusal::Denied(refusal) => why::refusal(&refusal, node),
            maas_authz::NodeRefusal::Hidden => "You may not see it.".to_owned(),
        }),
    };
    let head = machine::head(node, look);
    let ask = Ask { user: head.username.clone(), action: "deploy".into(), object: node.system_id.to_string() };
    let said = |names: &Vec<String>| if names.is_empty() { "nobody".to_owned() } else { shortened(names) };
    AccessPage {
        shell,
        head,
        ask: AskForm { ask, has_object: true, may_ask_about_all },
        others: others.iter().map(|(label, names)| (*label, said(names))).collect(),
        mine: MachineAction::ALL.into_iter().map(right).collect(),
    }
}

fn shortened(names: &[String]) -> String {
    match names.len().checked_sub(NAMED) {
        Some(more @ 1..) => format!("{} and {more} others", names[..NAMED].join(", ")),
        _ => names.join(", "),
    }
}

const MAIN: [(&str, MachineAction); 5] = [
    ("See it", MachineAction::View),
    ("Take and deploy it", MachineAction::Deploy),
    ("Switch its power", MachineAction::PowerOff),
    ("Change its settings", MachineAction::Edit),
    ("Reveal its BMC’s password", MachineAction::ViewPowerParameters),
];
const NAMED: usize = 20;
