//! One machine: its head, which all its pages share, and the tabs below it.

pub(crate) mod access;
pub(crate) mod actions;
pub(crate) mod configuration;
pub(crate) mod events;
pub(crate) mod hardware;
pub(crate) mod network;
pub(crate) mod power;
pub(crate) mod storage;
pub(crate) mod summary;

use maas_authz::OpCtx;
use maas_model::{MachineAction, Timestamp};
use maas_region::{machines, nodes::Node};

use crate::{
    answer::Failure,
    machines::{
        deed,
        row::{self, PowerView},
        why,
    },
    shell::{Link, Section, Shell},
    text,
    visit::Visit,
};

/// What stands above every tab.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) system_id: String,
    pub(crate) status: &'static str,
    pub(crate) look: &'static str,
    pub(crate) message: String,
    pub(crate) power: PowerView,
    pub(crate) is_locked: bool,
    pub(crate) buttons: Vec<Button>,
    pub(crate) refused: Vec<Refused>,
    /// The visitor, for asking why.
    pub(crate) username: String,
}

/// Something that can be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) word: &'static str,
    pub(crate) label: &'static str,
    /// Ask first.
    pub(crate) asks: bool,
    pub(crate) icon: &'static str,
}

/// Something that cannot, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) word: &'static str,
    pub(crate) label: &'static str,
    pub(crate) why: String,
}

/// Who looks at a machine, and when.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    pub(crate) ctx: &'a OpCtx,
    pub(crate) now: Timestamp,
    /// Whether there is a rack controller to carry things out.
    pub(crate) has_rack: bool,
}

impl<'a> Look<'a> {
    /// The visitor's.
    pub(crate) fn of(visit: &'a Visit) -> Self {
        Self { ctx: &visit.ctx, now: visit.now(), has_rack: visit.region().carriers().is_any() }
    }
}

/// The head of a machine's pages.
pub(crate) fn head(node: &Node, look: &Look<'_>) -> Head {
    let Look { ctx, now, has_rack } = *look;
    let mut buttons = Vec::new();
    let mut refused = Vec::new();
    for action in deed::FOR_ONE {
        let why =
            why::not(ctx, node, action).or_else(|| (action.needs_rack() && !has_rack).then(|| NO_RACK.to_owned()));
        match why {
            None => buttons.push(Button {
                word: action.as_str(),
                label: action.title(),
                asks: deed::is_dangerous(action),
                icon: if is_power(action) { "power" } else { "" },
            }),
            Some(why) => refused.push(Refused { word: action.as_str(), label: action.title(), why }),
        }
    }
    Head {
        system_id: node.system_id.to_string(),
        status: node.status.label(),
        look: row::look(node.status),
        message: Some(row::message(node)).filter(|text| text != node.status.label()).unwrap_or_default(),
        power: row::power(node, now),
        is_locked: node.is_locked,
        buttons,
        refused,
        username: ctx.actor.user().map(|user| user.username.clone()).unwrap_or_default(),
    }
}

/// The machine that a page is about.
pub(crate) async fn found(visit: &Visit, id: &str) -> Result<Node, Failure> {
    Ok(machines::lookup(visit.region(), &visit.ctx, id).await?)
}

/// The frame of a machine's page; `tab` is the last word of its path.
pub(crate) async fn shell(visit: &Visit, node: &Node, tab: &str) -> Shell {
    framed(visit.shell(Section::Machines, &node.fqdn()).await, node, tab)
}

/// The same frame around a shell.
pub(crate) fn framed(shell: Shell, node: &Node, tab: &str) -> Shell {
    let link = |(word, label): (&str, &str)| Link {
        label: label.to_owned(),
        href: path(node, word),
        icon: "",
        is_current: word == tab,
    };
    Shell { tabs: TABS.into_iter().map(link).collect(), ..shell.under("Machines", text::HOME) }
}

/// The address of a machine's tab.
pub(crate) fn path(node: &Node, tab: &str) -> String {
    let id = node.system_id;
    if tab.is_empty() { format!("/MAAS/r/machine/{id}") } else { format!("/MAAS/r/machine/{id}/{tab}") }
}

fn is_power(action: MachineAction) -> bool {
    matches!(action, MachineAction::PowerOn | MachineAction::PowerOff | MachineAction::PowerCycle)
}

const TABS: [(&str, &str); 7] = [
    ("", "Summary"),
    ("network", "Network"),
    ("storage", "Storage"),
    ("events", "Events"),
    ("power", "Power"),
    ("access", "Access"),
    ("configuration", "Configuration"),
];
const NO_RACK: &str = "A rack controller carries this out, and this site has none.";
