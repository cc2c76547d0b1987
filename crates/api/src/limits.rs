//! Every bound of this door, in one place.

use std::time::Duration;

/// A request's body; nothing that this API takes today comes near it.
pub const BODY_BYTES: usize = 2 * 1024 * 1024;
/// Fields in a query or a body.
pub const FIELDS: usize = 1_000;
/// The head of one part of a multipart body.
pub const PART_HEAD_BYTES: usize = 8 * 1024;
/// Lists and objects within each other in a JSON body.
pub const JSON_DEPTH: usize = 32;
/// From the first byte of the body to the answer. Waiting for all regions to switch a certificate takes up to 30 s.
pub const REQUEST_TIME: Duration = Duration::from_secs(60);
/// A message on the WebSocket.
pub const SOCKET_MESSAGE_BYTES: usize = 64 * 1024;
/// Messages a second on one WebSocket, over time.
pub const SOCKET_MESSAGES_PER_SECOND: u32 = 20;
/// Messages at once on one WebSocket.
pub const SOCKET_BURST: u32 = 60;
/// How often an open WebSocket looks whether its session still lives, when nothing was changed meanwhile.
pub const SOCKET_CHECK: Duration = Duration::from_secs(15);
/// How often at most, however much is changed.
pub const SOCKET_CHECK_LEAST: Duration = Duration::from_secs(1);
/// How long a message may take to leave; a client that reads no more is let go.
pub const SOCKET_SEND: Duration = Duration::from_secs(10);
