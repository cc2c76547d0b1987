//! The envelope of messages on `/MAAS/ws`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What kinds of messages there are, by their number.
pub mod kind {
    pub const REQUEST: u8 = 0;
    pub const RESPONSE: u8 = 1;
    pub const NOTIFY: u8 = 2;
    pub const PING: u8 = 3;
    pub const PING_REPLY: u8 = 4;
}

/// From the client: a call, or a ping.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Request {
    #[serde(rename = "type")]
    pub kind: u8,
    #[serde(default)]
    pub request_id: Value,
    /// `notification.list`
    #[serde(default)]
    pub method: String,
    #[serde(default)]
    pub params: Value,
}

/// The answer to a call: `rtype` 0 with a result, 1 with an error.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Response {
    #[serde(rename = "type")]
    pub kind: u8,
    pub request_id: Value,
    pub rtype: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
}

/// News.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Notify {
    #[serde(rename = "type")]
    pub kind: u8,
    pub name: String,
    pub action: String,
    pub data: Value,
}

impl Response {
    /// A call that went well.
    pub const fn ok(request_id: Value, result: Value) -> Self {
        Self { kind: kind::RESPONSE, request_id, rtype: 0, result: Some(result), error: None }
    }

    /// A call that did not.
    pub const fn failed(request_id: Value, error: Value) -> Self {
        Self { kind: kind::RESPONSE, request_id, rtype: 1, result: None, error: Some(error) }
    }
}
