//! One machine, locked in a transaction, on its way from what it is to what it will be. Every use case that changes a
//! machine's life goes through here: what is allowed, what follows what, what is written and what is told.

use std::time::Duration;

use maas_authz::{GrantedNode, OpCtx};
use maas_model::{
    EventType, Hostname, Level, LifecycleEvent, MachineAction, Status, SystemId, UserId,
    machine::{TransitionError, previous_after, transition},
    node::NodeType,
};
use maas_store::{
    Audit, Tx,
    machine::{self, Life},
    node::NodeRow,
    queue,
};
use serde_json::json;

use super::Node;
use crate::{Error, Region, Result, nodes};

/// A machine that may be changed. Nothing is written before [`Held::put`].
pub(crate) struct Held {
    node: GrantedNode<NodeRow>,
    pub(crate) life: Life,
    audits: Vec<Audit>,
    /// The stable word of the operation: `machine.lock`.
    word: &'static str,
}

impl Held {
    /// Locks a machine for something that the actor may do to it.
    pub(crate) async fn take(
        tx: &mut Tx,
        ctx: &OpCtx,
        system_id: &str,
        action: MachineAction,
        word: &'static str,
    ) -> Result<Self> {
        let node = nodes::lock(tx, ctx, NodeType::Machine, system_id, action).await?;
        Ok(Self::of(node, word))
    }

    /// The same of a machine that is held already.
    pub(crate) fn of(node: GrantedNode<NodeRow>, word: &'static str) -> Self {
        let life = Life::from(node.row());
        Self { node, life, audits: Vec::new(), word }
    }

    pub(crate) const fn row(&self) -> &NodeRow {
        self.node.row()
    }

    pub(crate) const fn grant(&self) -> &GrantedNode<NodeRow> {
        &self.node
    }

    pub(crate) fn status(&self) -> Result<Status> {
        known(self.life.status, self.node.row())
    }

    pub(crate) fn previous(&self) -> Result<Status> {
        known(self.life.previous_status, self.node.row())
    }

    /// What to answer to somebody who wants this now.
    ///
    /// # Errors
    /// `Conflict` with the text that clients know, when it makes no sense in this status.
    pub(crate) fn require_possible(&self, action: MachineAction) -> Result<()> {
        let status = self.status()?;
        if action.starts_from(status) { Ok(()) } else { Err(self.refused(action)?) }
    }

    /// The refusal of an action in this status.
    pub(crate) fn refused(&self, action: MachineAction) -> Result<Error> {
        Ok(Error::Conflict(action.refusal(self.status()?, &self.hostname()?, self.system_id()?)))
    }

    /// Moves the machine on; its old time-out is off. Says where to.
    ///
    /// # Errors
    /// `Conflict` when that cannot happen now.
    pub(crate) fn happens(&mut self, event: LifecycleEvent) -> Result<Status> {
        let (from, previous) = (self.status()?, self.previous()?);
        let to = match transition(from, previous, event) {
            Ok(to) => to,
            Err(error @ (TransitionError::Refused { .. } | TransitionError::NoChange { .. })) => {
                return Err(Error::Conflict(error.to_string()));
            }
        };
        self.life.previous_status = previous_after(from, previous).code();
        self.life.status = to.code();
        self.life.status_expires_us = None;
        tracing::info!(
            machine.id = %self.row().system_id, machine.status = to.as_str(), machine.previous_status = from.as_str(),
            event = event.as_str(), "a machine moves on"
        );
        Ok(to)
    }

    /// How long the present step may take before it is given up.
    pub(crate) fn expires_in(&mut self, tx: &Tx, limit: Duration) {
        self.life.status_expires_us = Some(tx.now_us() + i64::try_from(limit.as_micros()).unwrap_or(i64::MAX / 2));
    }

    /// The machine is its owner's no longer, and nothing of theirs stays with it.
    pub(crate) fn let_go(&mut self) {
        self.life.owner_id = None;
        self.life.owner_data = "{}".to_owned();
        self.forget_system();
    }

    /// Nothing is installed any more.
    pub(crate) fn forget_system(&mut self) {
        let life = &mut self.life;
        life.netboot = 1;
        life.agent_name = String::new();
        life.error_description = String::new();
        for name in [&mut life.osystem, &mut life.distro_series, &mut life.hwe_kernel] {
            name.clear();
        }
        (life.is_ephemeral, life.has_hw_sync, life.deployed_us) = (0, 0, None);
    }

    /// The row of the audit log, MAAS's sentence: `Locked 'fast-newt'.` Say it first: the commit is named by it.
    pub(crate) fn audit(&mut self, text: impl Into<String>) {
        self.tell(EventType::Node, text.into(), Level::Audit);
    }

    /// What somebody asked for, and what they said of it.
    pub(crate) fn request(&mut self, tx: &Tx, kind: EventType, comment: &str) {
        let who = tx.ctx().actor.label();
        let text = if comment.is_empty() { format!("({who})") } else { format!("({who}) - {comment}") };
        self.tell(kind, text, kind.level());
    }

    /// Something that happened. From level INFO on it is what the machine's page says of it now.
    pub(crate) fn says(&mut self, kind: EventType, detail: &str) {
        let text = if detail.is_empty() { kind.description().to_owned() } else { detail.to_owned() };
        if kind.level() >= Level::Info {
            self.life.status_message = status_message(kind, detail);
        }
        self.tell(kind, text, kind.level());
    }

    fn tell(&mut self, kind: EventType, text: String, level: Level) {
        let row = self.node.row();
        let audit = Audit::new(kind, self.word, text).level(level).object("machine", &row.system_id).details(
            json!({ "hostname": row.hostname, "status": Status::from_code(self.life.status).map(Status::as_str) }),
        );
        self.audits.push(audit);
    }

    /// What happened to others on the way.
    pub(super) fn tell_of(&mut self, others: Vec<Audit>) {
        self.audits.extend(others);
    }

    pub(crate) fn name(&self) -> &str {
        &self.node.row().hostname
    }

    pub(crate) fn owner(&self) -> Option<UserId> {
        self.life.owner_id.map(UserId)
    }

    fn hostname(&self) -> Result<Hostname> {
        self.name().parse().map_err(|_| bad(self.row(), "host name"))
    }

    fn system_id(&self) -> Result<SystemId> {
        self.row().system_id.parse().map_err(|_| bad(self.row(), "system id"))
    }

    /// Stops whatever a rack does to the machine; the job tells it so.
    pub(crate) async fn stop_step(&self, tx: &mut Tx) -> Result<()> {
        let Some(wish) = queue::STEPS.find(tx, self.row().node_id).await? else { return Ok(()) };
        if wish.what == super::step::STOP {
            return Ok(());
        }
        let what = json!({ "step": wish.what }).to_string();
        Ok(queue::STEPS.put(tx, &self.node, super::step::STOP, &what).await?)
    }

    /// The rows that tell of a machine that was written otherwise.
    pub(crate) fn into_audits(self) -> Vec<Audit> {
        self.audits
    }

    /// Writes what has become of the machine, and gives the rows that tell of it.
    ///
    /// What came with a deployment was its owner's: whoever has the machine next does not get it. One that is being
    /// deployed just now still needs it.
    pub(crate) async fn put(self, tx: &mut Tx) -> Result<(NodeRow, Vec<Audit>)> {
        let before = self.row().owner_id;
        if before.is_some() && before != self.life.owner_id && self.status()? != Status::Deploying {
            super::bmc::forget_given(tx, self.row().node_id).await?;
        }
        let row = machine::put(tx, &self.node, &self.life).await?;
        Ok((row, self.audits))
    }

    /// Writes it and ends the transaction.
    pub(crate) async fn finish(self, region: &Region, mut tx: Tx) -> Result<Node> {
        let (row, audits) = self.put(&mut tx).await?;
        tx.commit_nodes(audits).await?;
        nodes::show(region, row).await
    }
}

/// What a machine's page says after such an event.
pub(crate) fn status_message(kind: EventType, detail: &str) -> String {
    match detail {
        "" => kind.description().to_owned(),
        detail => format!("{} - {detail}", kind.description()),
    }
}

fn known(code: i64, row: &NodeRow) -> Result<Status> {
    Status::from_code(code).ok_or_else(|| bad(row, "status"))
}

fn bad(row: &NodeRow, what: &str) -> Error {
    Error::internal(format!("node {} has a bad {what}", row.node_id))
}
