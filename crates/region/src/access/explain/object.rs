//! What is asked about: something to do, and what to.

use maas_authz::{Action, Actor, NodeFacts, NodeRefusal, OpCtx, Reach, Refusal, Why, machine};
use maas_model::{MachineAction, PoolId, node::NodeType};
use maas_store::{Connection, node, pool};

use crate::{Error, Result, nodes};

/// What something is done to.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Site,
    Pool(PoolId, String),
    Node { system_id: String, kind: NodeType, facts: NodeFacts, pool: Option<String> },
}

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Machine(MachineAction),
    Site(Action),
}

impl Object {
    /// Finds it, if the asker may know of it.
    pub(super) async fn find(connection: &mut Connection, ctx: &OpCtx, text: Option<&str>) -> Result<Self> {
        let Some(text) = text.filter(|text| !text.is_empty() && *text != "site") else { return Ok(Self::Site) };
        let pools = pool::list(connection).await?;
        if let Some(name) = text.strip_prefix("pool:") {
            let visible = ctx.access().visible_pools();
            let row = pools.iter().find(|row| row.name == name && visible.has(PoolId(row.pool_id)));
            let row = row.ok_or(Error::NotFound { what: "ResourcePool" })?;
            return Ok(Self::Pool(PoolId(row.pool_id), row.name.clone()));
        }
        let missing = || Error::NotFound { what: "Node" };
        let row = node::find(connection, text).await?.ok_or_else(missing)?;
        let facts = nodes::facts(&row);
        machine::decide_node(&ctx.actor, MachineAction::View, &facts).map_err(|_| missing())?;
        let pool = pools.into_iter().find(|pool| Some(pool.pool_id) == row.pool_id).map(|pool| pool.name);
        let kind = NodeType::from_number(row.node_type).unwrap_or(NodeType::Machine);
        Ok(Self::Node { system_id: row.system_id, kind, facts, pool })
    }

    /// The pool that decides.
    pub(super) const fn pool(&self) -> Option<PoolId> {
        match self {
            Self::Site => None,
            Self::Pool(id, _) => Some(*id),
            Self::Node { facts, .. } => facts.pool,
        }
    }

    /// `pool 'web'`, `the whole site`
    pub(super) fn place(&self) -> String {
        match self {
            Self::Pool(_, name) | Self::Node { pool: Some(name), .. } => format!("pool '{name}'"),
            Self::Site | Self::Node { .. } => "the whole site".to_owned(),
        }
    }

    /// `machine abc123`, `pool web`, `site`
    pub(super) fn text(&self) -> String {
        match self {
            Self::Site => "site".to_owned(),
            Self::Pool(_, name) => format!("pool {name}"),
            Self::Node { system_id, kind: NodeType::Machine, .. } => format!("machine {system_id}"),
            Self::Node { system_id, .. } => format!("device {system_id}"),
        }
    }
}

impl Wanted {
    /// A machine's action or one of a role.
    pub(super) fn parse(text: &str, object: &Object) -> Result<Self> {
        let unknown = |why: String| Error::field("action", why);
        match (MachineAction::ALL.into_iter().find(|action| action.as_str() == text), object) {
            (Some(_), Object::Site) => {
                let why =
                    format!("`{text}` is done to a machine: name one by its system id, or a pool as `pool:NAME`.");
                Err(Error::field("object", why))
            }
            (Some(action), _) => Ok(Self::Machine(action)),
            (None, _) => text.parse().map(Self::Site).map_err(|_| {
                let words: Vec<&str> = MachineAction::ALL.into_iter().map(MachineAction::as_str).collect();
                unknown(format!(
                    "There is no action `{text}`. There are those of machines ({}) and those of roles, such as \
                     `can_edit_machines`.",
                    words.join(", ")
                ))
            }),
        }
    }

    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Machine(action) => action.as_str(),
            Self::Site(action) => action.as_str(),
        }
    }

    /// May this actor? In a pool, a machine's action means any machine of it.
    pub(super) fn decide(&self, actor: &Actor, object: &Object) -> Result<(), NodeRefusal> {
        match (self, object) {
            (Self::Machine(action), Object::Node { facts, .. }) => machine::decide_node(actor, *action, facts),
            (Self::Machine(action), _) => self.decide_in_pool(actor, *action, object),
            (Self::Site(action), _) => self.decide_site(actor, *action, object),
        }
    }

    fn decide_in_pool(self, actor: &Actor, action: MachineAction, object: &Object) -> Result<(), NodeRefusal> {
        let Some(pool) = object.pool() else { return Ok(()) };
        if machine::scope(actor, action).any.has(pool) {
            return Ok(());
        }
        let rule = machine::rule(action);
        let why = Why::Pool { needed: rule.any, pool, or_owner: rule.own.is_some() };
        Err(NodeRefusal::Denied(Refusal::machine(action, why)))
    }

    fn decide_site(self, actor: &Actor, action: Action, object: &Object) -> Result<(), NodeRefusal> {
        let refusal = match maas_authz::decide(actor, action) {
            Ok(()) => return Ok(()),
            Err(refusal) => refusal,
        };
        let (Some(pool), Reach::Pool | Reach::Anywhere) = (object.pool(), action.reach()) else {
            return Err(NodeRefusal::Denied(refusal));
        };
        if maas_authz::machine::access_of(actor).on_pool(pool).has(action) {
            return Ok(());
        }
        let why = match refusal.why {
            Why::Site { needed } => Why::Pool { needed, pool, or_owner: false },
            other => other,
        };
        Err(NodeRefusal::Denied(Refusal { why, ..refusal }))
    }
}
