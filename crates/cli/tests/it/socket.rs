//! An open WebSocket of a page, as somebody.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use maas_testkit::{Session, Site, TlsStream, connect_tls_at, roots_from_pem};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

pub(crate) struct Socket {
    stream: WebSocketStream<TlsStream>,
    pings: i64,
    /// What was told, in order: name, action, data.
    pub(crate) heard: Vec<(String, String, Value)>,
}

impl Socket {
    /// Opens one with the cookies of a session.
    pub(crate) async fn open(site: &Site, session: &Session) -> Self {
        let port = site.ready.https_port.unwrap();
        let roots = roots_from_pem(&[&std::fs::read_to_string(site.ca_path()).unwrap()]);
        let stream = connect_tls_at(site.https_address(), roots).await.unwrap();
        let request = http::Request::builder()
            .uri(format!("wss://localhost:{port}/MAAS/ws?csrftoken={}", session.csrf_token))
            .header("host", format!("localhost:{port}"))
            .header("origin", format!("https://localhost:{port}"))
            .header("cookie", session.cookie_header())
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(())
            .unwrap();
        let stream = tokio_tungstenite::client_async(request, stream).await.expect("the socket opens").0;
        let mut socket = Self { stream, pings: 0, heard: Vec::new() };
        assert!(socket.ping().await, "the socket is open");
        socket
    }

    /// Listens until something was told that fits; whether it was in time.
    pub(crate) async fn hears(&mut self, limit: Duration, fits: impl Fn(&Value) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut seen = 0;
        loop {
            while seen < self.heard.len() {
                if fits(&self.heard[seen].2) {
                    return true;
                }
                seen += 1;
            }
            match timeout_at(deadline, self.stream.next()).await {
                Ok(Some(Ok(message))) => drop(self.take(message)),
                _ => return false,
            }
        }
    }

    /// Takes in what is on its way already: a ping may overtake a notice, but not again and again.
    pub(crate) async fn settle(&mut self) {
        for _ in 0..30 {
            assert!(self.ping().await, "the socket is open");
        }
    }

    /// Whether the server answers; it does not once it has closed.
    pub(crate) async fn ping(&mut self) -> bool {
        self.pings += 1;
        let ping = json!({ "type": 3, "request_id": self.pings }).to_string();
        if self.stream.send(Message::text(ping)).await.is_err() {
            return false;
        }
        while let Some(Ok(message)) = self.stream.next().await {
            match self.take(message) {
                Some(answer) if answer["request_id"] == self.pings => return true,
                _ => {}
            }
        }
        false
    }

    /// Whether the server closes it within this time.
    pub(crate) async fn is_closed_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            match timeout_at(deadline, self.stream.next()).await {
                Err(_) => return false,
                Ok(None | Some(Err(_) | Ok(Message::Close(_)))) => return true,
                Ok(Some(Ok(message))) => drop(self.take(message)),
            }
        }
    }

    /// Keeps a notice; returns anything else.
    fn take(&mut self, message: Message) -> Option<Value> {
        let Message::Text(text) = message else { return None };
        let value: Value = serde_json::from_str(&text).unwrap();
        if value["type"] != 2 {
            return Some(value);
        }
        let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        self.heard.push((word("name"), word("action"), value["data"].clone()));
        None
    }
}
