//! Long lists of machines, written piece by piece while they are read: however long the list, only a few pieces of it are
//! in memory. The next piece is read while the last one leaves.

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use maas_authz::OpCtx;
use maas_model::{NodeId, filter::NodeFilter};
use maas_region::{
    Error, Region, auth, devices,
    machines::{self, Detailed},
    nodes::Node,
};
use tokio::sync::mpsc;

use super::machine_view::{self, Devices, Parents};
use crate::{
    call::Call,
    error::{self, ApiError},
    reply::{self, Reply},
};

/// How many machines a piece has at most. A well-equipped machine is about 40 kB.
const PIECE: i64 = 24;
/// The first piece is small, so that its first byte is early.
const FIRST_PIECE: i64 = 8;
/// How many finished pieces wait for the network.
const WAITING: usize = 2;

/// All machines that the filter lets through, behind what stands in `head` already.
///
/// # Errors
/// Those of the first piece; what goes wrong later breaks the connection, so that nobody takes half a list for all of it.
pub(crate) async fn machines(call: Call, filter: NodeFilter, head: Head) -> Result<Reply, ApiError> {
    let (region, ctx) = call.owned();
    let change = region.change_count();
    let first = machines::list_detailed(&region, &ctx, &filter, None, FIRST_PIECE).await?;
    let mut list = List { region, ctx, change, filter, begun: head.begun };
    let mut out = head.bytes;
    let last = list.write(&mut out, &first, FIRST_PIECE).await?;
    let Some(last) = last else { return Ok(whole(list.end(out))) };
    // A reader of headers alone needs no list.
    if call.parts.method == http::Method::HEAD {
        return Ok(whole(Vec::new()));
    }
    let (sender, receiver) = mpsc::channel(WAITING);
    let tasks = list.region.tasks().clone();
    tasks.spawn_until_shutdown("machine-list", async move { list.run(out, last, sender).await });
    let body = Body::from_stream(futures_util::stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|piece| (piece, receiver))
    }));
    let mut reply = whole(Vec::new());
    *reply.body_mut() = body;
    Ok(reply)
}

/// The beginning of a list that goes on with machines.
#[derive(Default)]
pub(crate) struct Head {
    pub(crate) bytes: Vec<u8>,
    pub(crate) begun: bool,
}

impl Head {
    /// Devices stand before machines.
    pub(crate) fn devices(devices: &Devices) -> Self {
        let mut head = Self::default();
        for device in &devices.nodes {
            machine_view::begin_item(&mut head.bytes, &mut head.begun);
            devices.write(&mut head.bytes, device);
            machine_view::end_item(&mut head.bytes);
        }
        head
    }
}

fn whole(body: Vec<u8>) -> Reply {
    reply::with(StatusCode::OK, reply::JSON, body)
}

/// What the machines of a piece are parts of; mostly nothing, and then nothing is read.
pub(crate) async fn parents(region: &Region, ctx: &OpCtx, piece: &[Detailed]) -> Result<Parents, Error> {
    let parts: Vec<Node> =
        piece.iter().filter(|machine| machine.node.parent.is_some()).map(|machine| machine.node.clone()).collect();
    if parts.is_empty() { Ok(Parents::new()) } else { devices::parents(region, ctx, &parts).await }
}

/// A list on its way out.
struct List {
    region: Region,
    ctx: OpCtx,
    /// The count of changes at which it was looked who this is.
    change: u64,
    filter: NodeFilter,
    begun: bool,
}

type Piece = Result<Bytes, std::io::Error>;

impl List {
    async fn run(mut self, out: Vec<u8>, mut last: NodeId, sender: mpsc::Sender<Piece>) {
        if sender.send(Ok(out.into())).await.is_err() {
            return;
        }
        loop {
            let read = self.read(last).await;
            let Some(piece) = self.told(read, &sender).await else { return };
            let mut out = Vec::with_capacity(piece.iter().map(|machine| machine.body.len() + MEMBERS_BYTES).sum());
            let written = self.write(&mut out, &piece, PIECE).await;
            drop(piece);
            let Some(next) = self.told(written, &sender).await else { return };
            let (out, next) = match next {
                Some(id) => (out, Some(id)),
                None => (self.end(out), None),
            };
            // The client may be gone, which is its own affair.
            if sender.send(Ok(out.into())).await.is_err() {
                return;
            }
            match next {
                Some(id) => last = id,
                None => return,
            }
        }
    }

    /// What was got; or it is told why not, and the connection breaks.
    async fn told<T>(&self, got: Result<T, Error>, sender: &mpsc::Sender<Piece>) -> Option<T> {
        match got {
            Ok(got) => Some(got),
            Err(error) => {
                let id = &self.ctx.request.trace_id;
                tracing::warn!(request.id = id, error.chain = %error::chain(&error), "a list of machines was broken off");
                let _ = sender.send(Err(std::io::Error::other("the list cannot be read to its end"))).await;
                None
            }
        }
    }

    /// The next piece, for whom the caller is by now.
    async fn read(&mut self, after: NodeId) -> Result<Vec<Detailed>, Error> {
        let change = self.region.change_count();
        if change != self.change {
            let renewed = auth::renew(&self.region, &mut self.ctx, self.change).await;
            renewed.map_err(|error| Error::Forbidden(error.to_string()))?;
            self.change = change;
        }
        machines::list_detailed(&self.region, &self.ctx, &self.filter, Some(after), PIECE).await
    }

    /// Writes a piece; says where the next one begins, if this one was full.
    async fn write(&mut self, out: &mut Vec<u8>, piece: &[Detailed], asked: i64) -> Result<Option<NodeId>, Error> {
        let parents = parents(&self.region, &self.ctx, piece).await?;
        for machine in piece {
            machine_view::begin_item(out, &mut self.begun);
            machine_view::write_machine(out, machine, &parents);
            machine_view::end_item(out);
        }
        let is_full = i64::try_from(piece.len()).is_ok_and(|len| len >= asked);
        Ok(piece.last().filter(|_| is_full).map(|machine| machine.node.id))
    }

    fn end(&self, mut out: Vec<u8>) -> Vec<u8> {
        out.extend_from_slice(machine_view::end_of_list(self.begun));
        out
    }
}

/// About as many bytes as a machine has besides its hardware.
const MEMBERS_BYTES: usize = 4 * 1024;
