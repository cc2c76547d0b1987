//! `/MAAS/ws`: live notices and a few calls, in MAAS's envelope. For pages of this site alone: the session's cookie, its
//! CSRF token in the query, and an `Origin` that is ours. The session is looked at again whenever something was changed.

mod calls;

use std::{borrow::Cow, sync::Arc};

use axum::extract::{
    WebSocketUpgrade,
    ws::{CloseFrame, Message, WebSocket, close_code},
};
use maas_authz::{Actor, OpCtx};
use maas_region::{Error, Notice, auth, sessions, users};
use maas_wire::socket::{Notify, Request, kind};
use serde::Serialize;
use tokio::{
    sync::{broadcast, watch},
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use crate::{call::Call, csrf, error::ApiError, form::Form, frame::Frame, limits, reply::Reply};

/// Upgrades, or says as MAAS does why not: by closing.
pub(crate) fn open(call: Call, upgrade: WebSocketUpgrade) -> Result<Reply, ApiError> {
    csrf::check_origin(call.region(), &call.parts.headers, call.conn)?;
    let upgrade = upgrade.max_message_size(limits::SOCKET_MESSAGE_BYTES).max_frame_size(limits::SOCKET_MESSAGE_BYTES);
    if let Some(refusal) = refusal(&call) {
        return Ok(upgrade.on_upgrade(move |mut socket| async move {
            close(&mut socket, close_code::PROTOCOL, refusal).await;
        }));
    }
    // Subscribed before the upgrade is answered, so that nothing falls between.
    let live = Live {
        notices: call.region().subscribe(),
        changes: call.region().changes(),
        frame: Arc::clone(&call.frame),
        ctx: call.ctx,
        allowance: Allowance::new(Instant::now()),
        checked_at: Instant::now(),
    };
    Ok(upgrade.on_upgrade(move |socket| live.run(socket)))
}

fn refusal(call: &Call) -> Option<&'static str> {
    let (Some(key), Some(_)) = (&call.session, call.ctx.actor.user()) else {
        return Some("Failed to authenticate user.");
    };
    let form: &Form = &call.form;
    let is_ours = form.get("csrftoken").is_some_and(|token| auth::csrf_matches(call.region(), key, token));
    if is_ours { None } else { Some("Invalid CSRF token.") }
}

/// An open socket.
struct Live {
    frame: Arc<Frame>,
    ctx: OpCtx,
    notices: broadcast::Receiver<Notice>,
    changes: watch::Receiver<u64>,
    allowance: Allowance,
    checked_at: Instant,
}

/// What happened, and whether to go on.
enum Next {
    Listen,
    Say(String),
    End(u16, &'static str),
    Gone,
}

impl Live {
    async fn run(mut self, mut socket: WebSocket) {
        let stop = self.frame.config.stop.clone();
        let mut tick = interval(limits::SOCKET_CHECK_LEAST);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let next = tokio::select! {
                () = stop.cancelled() => Next::End(close_code::AWAY, "The region is stopping."),
                message = socket.recv() => self.hear(message).await,
                notice = self.notices.recv() => self.pass_on(notice),
                _ = tick.tick() => self.look().await,
            };
            match next {
                Next::Listen => {}
                Next::Say(text) => {
                    if !say(&mut socket, Message::Text(text.into())).await {
                        return;
                    }
                }
                Next::End(code, reason) => return close(&mut socket, code, reason).await,
                Next::Gone => return,
            }
        }
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Next {
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) if self.allowance.take(Instant::now()) => {
                return Next::Listen;
            }
            Some(Ok(Message::Binary(_))) => return Next::End(close_code::UNSUPPORTED, "Send text."),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Next::End(close_code::POLICY, TOO_MANY),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Next::Gone,
        };
        if !self.allowance.take(Instant::now()) {
            return Next::End(close_code::POLICY, TOO_MANY);
        }
        let Ok(request) = serde_json::from_str::<Request>(&text) else {
            return Next::End(close_code::PROTOCOL, "Invalid data expecting JSON object.");
        };
        match request.kind {
            kind::REQUEST => written(&calls::answer(&self.frame.region, &self.ctx, request).await),
            kind::PING => {
                let count = request.request_id.as_i64().unwrap_or(0).saturating_add(1);
                let reply = serde_json::json!({
                    "type": kind::PING_REPLY, "request_id": request.request_id, "result": count,
                });
                written(&reply)
            }
            _ => Next::End(close_code::PROTOCOL, "Invalid message type."),
        }
    }

    /// A notice for somebody else is not passed on; those that came too fast to keep are lost, as the page asks again.
    fn pass_on(&self, notice: Result<Notice, broadcast::error::RecvError>) -> Next {
        match notice {
            Ok(notice) => notice.heard_by(&self.ctx.actor).map_or(Next::Listen, |(action, data)| {
                written(&Notify {
                    kind: kind::NOTIFY,
                    name: notice.name.into(),
                    action: action.into(),
                    data: data.clone(),
                })
            }),
            Err(broadcast::error::RecvError::Lagged(_)) => Next::Listen,
            Err(broadcast::error::RecvError::Closed) => Next::End(close_code::AWAY, "The region is stopping."),
        }
    }

    /// Looks again whether this session lives, when something was changed or some time has passed.
    async fn look(&mut self) -> Next {
        let is_changed = self.changes.has_changed().unwrap_or(true);
        if !is_changed && self.checked_at.elapsed() < limits::SOCKET_CHECK {
            return Next::Listen;
        }
        self.changes.borrow_and_update();
        self.checked_at = Instant::now();
        match self.renew().await {
            Ok(true) | Err(Error::Unavailable { .. }) => Next::Listen,
            Ok(false) | Err(_) => Next::End(close_code::POLICY, "The session has ended."),
        }
    }

    /// Not by authenticating again: that would count as use, and a forgotten page would keep its session for ever.
    async fn renew(&mut self) -> Result<bool, Error> {
        let now = self.ctx.clock.now();
        let sessions = sessions::list(&self.frame.region, &self.ctx).await?;
        if !sessions.iter().any(|session| session.is_current && session.expires_at > now) {
            return Ok(false);
        }
        let Actor::User(actor) = &self.ctx.actor else { return Ok(false) };
        let Some(now) = users::refresh(&self.frame.region, actor).await? else { return Ok(false) };
        self.ctx.actor = Actor::User(now);
        Ok(true)
    }
}

const TOO_MANY: &str = "Too many messages.";

fn written<T: Serialize>(value: &T) -> Next {
    serde_json::to_string(value).map_or(Next::Gone, Next::Say)
}

/// Whether it left in time.
async fn say(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(limits::SOCKET_SEND, socket.send(message)).await, Ok(Ok(())))
}

async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let reason = Cow::Borrowed(reason).into_owned().into();
    say(socket, Message::Close(Some(CloseFrame { code, reason }))).await;
}

/// How many more messages may come: a bucket that fills over time.
struct Allowance {
    left: f64,
    at: Instant,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self { left: f64::from(limits::SOCKET_BURST), at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let filled = now.duration_since(self.at).as_secs_f64() * f64::from(limits::SOCKET_MESSAGES_PER_SECOND);
        self.left = (self.left + filled).min(f64::from(limits::SOCKET_BURST));
        self.at = now;
        let is_left = self.left >= 1.0;
        if is_left {
            self.left -= 1.0;
        }
        is_left
    }
}

#[cfg(test)]
mod tests;
