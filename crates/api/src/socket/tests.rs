//! Sockets: real ones on a real port, and what decides about them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Extension;
use futures_util::{SinkExt, StreamExt};
use maas_authz::{Access, Actor, AuthMethod, UserActor, role::BUILTIN};
use maas_model::{GroupId, SessionId, UserId};
use maas_region::{Notice, groups, region::Audience, sessions, users};
use maas_tls::ConnInfo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::Allowance;
use crate::{in_process::Door, limits};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Serves the door on a free port.
async fn serve(door: &Door) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let local = listener.local_addr().unwrap();
    let app = door.app.clone().layer(Extension(ConnInfo { peer: local, local, is_tls: false }));
    door.region.tasks().spawn("serve", async move { axum::serve(listener, app).await.unwrap() });
    local
}

async fn connect(at: SocketAddr, cookies: &str, token: &str, origin: &str) -> Result<Socket, String> {
    let mut request = format!("ws://{at}/MAAS/ws?csrftoken={token}").into_client_request().unwrap();
    request.headers_mut().insert("cookie", cookies.parse().unwrap());
    request.headers_mut().insert("origin", origin.parse().unwrap());
    connect_async(request).await.map(|(socket, _)| socket).map_err(|error| error.to_string())
}

/// The next text as JSON, or why it was closed.
async fn next(socket: &mut Socket) -> Result<Value, String> {
    let message = tokio::time::timeout(Duration::from_secs(10), socket.next()).await.expect("something comes");
    match message {
        Some(Ok(Message::Text(text))) => Ok(serde_json::from_str(&text).unwrap()),
        Some(Ok(Message::Close(Some(frame)))) => Err(format!("{} {}", u16::from(frame.code), frame.reason)),
        other => Err(format!("{other:?}")),
    }
}

async fn ask(socket: &mut Socket, message: Value) -> Value {
    socket.send(Message::Text(message.to_string().into())).await.unwrap();
    next(socket).await.unwrap()
}

#[tokio::test]
async fn a_page_hears_news_until_its_session_ends() {
    let door = Door::open().await;
    let at = serve(&door).await;
    let seen = door.log_in("bob").await;
    let (session, token) = (seen.cookie("sessionid"), seen.cookie("csrftoken"));
    let token = token.trim_start_matches("csrftoken=");
    let origin = format!("http://{at}");

    let refused = connect(at, &session, token, "https://evil.example").await;
    assert!(refused.unwrap_err().contains("403"));
    let mut socket = connect(at, &session, "x", &origin).await.unwrap();
    assert_eq!(next(&mut socket).await, Err("1002 Invalid CSRF token.".into()));
    let mut socket = connect(at, "", token, &origin).await.unwrap();
    assert_eq!(next(&mut socket).await, Err("1002 Failed to authenticate user.".into()));

    let mut socket = connect(at, &session, token, &origin).await.unwrap();
    let pong = ask(&mut socket, json!({"type": 3, "request_id": 4})).await;
    assert_eq!(pong, json!({"type": 4, "request_id": 4, "result": 5}));
    let call = |id: u8, method: &str| json!({"type": 0, "request_id": id, "method": method, "params": {}});
    let version = ask(&mut socket, call(1, "general.version")).await;
    assert_eq!(version, json!({"type": 1, "request_id": 1, "rtype": 0, "result": "3.7.3"}));
    assert_eq!(ask(&mut socket, call(2, "user.auth_user")).await["result"]["username"], json!("bob"));
    let unknown = ask(&mut socket, call(3, "machine.explode")).await;
    assert_eq!(unknown["error"], json!("Unknown method: machine.explode"));

    let root = door.key("root").await;
    let made = door.post("/MAAS/api/2.0/notifications/", Some(&root), "message=hello&users=true").await;
    let news = next(&mut socket).await.unwrap();
    assert_eq!((&news["type"], &news["name"], &news["action"]), (&json!(2), &json!("notification"), &json!("create")));
    let listed = ask(&mut socket, call(5, "notification.list")).await;
    assert_eq!(listed["result"][0]["message"], json!("hello"), "{}", made.body);

    sessions::revoke_all_of(&door.region, &door.host_ctx(), "bob").await.unwrap();
    assert_eq!(next(&mut socket).await, Err("1008 The session has ended.".into()));
}

#[tokio::test]
async fn a_disabled_user_hears_no_more() {
    let door = Door::open().await;
    let at = serve(&door).await;
    let seen = door.log_in("bob").await;
    let (session, token) = (seen.cookie("sessionid"), seen.cookie("csrftoken"));
    let token = token.trim_start_matches("csrftoken=");
    let mut socket = connect(at, &session, token, &format!("http://{at}")).await.unwrap();
    let change = users::EditUser { is_active: Some(false), ..users::EditUser::default() };
    users::edit(&door.region, &door.host_ctx(), "bob", change).await.unwrap();
    assert_eq!(next(&mut socket).await, Err("1008 The session has ended.".into()));
}

#[tokio::test]
async fn a_role_taken_away_is_gone_from_an_open_socket() {
    let door = Door::open().await;
    let at = serve(&door).await;
    let host = door.host_ctx();
    groups::add_member(&door.region, &host, GroupId(1), "bob").await.unwrap();
    let seen = door.log_in("bob").await;
    let (session, token) = (seen.cookie("sessionid"), seen.cookie("csrftoken"));
    let token = token.trim_start_matches("csrftoken=");
    let mut socket = connect(at, &session, token, &format!("http://{at}")).await.unwrap();
    let root = door.key("root").await;
    let notices = "/MAAS/api/2.0/notifications/";
    // Other news, such as of the group itself, are passed over.
    let heard = async |socket: &mut Socket| loop {
        let news = next(socket).await.unwrap();
        if news["name"] == json!("notification") {
            return news["data"].clone();
        }
    };
    door.post(notices, Some(&root), "message=first&admins=true").await;
    heard(&mut socket).await;
    groups::remove_member(&door.region, &host, GroupId(1), "bob").await.unwrap();
    let gone = async {
        // The administrators' notice comes before the other, until the socket has looked again.
        loop {
            door.post(notices, Some(&root), "message=secret&admins=true").await;
            let open = door.post(notices, Some(&root), "message=open&users=true").await;
            let id = serde_json::from_str::<Value>(&open.body).unwrap()["id"].clone();
            if heard(&mut socket).await == id {
                return;
            }
            assert_eq!(heard(&mut socket).await, id);
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("within five seconds");
}

#[test]
fn notices_reach_those_they_are_for() {
    let actor = |role: usize| {
        let method = AuthMethod::Session(SessionId(1));
        Actor::User(UserActor {
            id: UserId(7),
            username: "bob".into(),
            access: Arc::new(Access::of(BUILTIN[role].actions)),
            method,
        })
    };
    let hears = |actor: &Actor, audience: Audience| {
        Notice { name: "x", action: "update", data: Value::Null, audience }.heard_by(actor).is_some()
    };
    let (administrator, user) = (0, 2);
    assert!(hears(&actor(user), Audience::User(UserId(7))));
    assert!(!hears(&actor(administrator), Audience::User(UserId(8))));
    assert!(!hears(&actor(user), Audience::Administrators));
    assert!(hears(&actor(administrator), Audience::Administrators));
}

#[test]
fn a_burst_is_let_through_and_a_flood_is_not() {
    let start = Instant::now();
    let mut allowance = Allowance::new(start);
    assert!((0..limits::SOCKET_BURST).all(|_| allowance.take(start)));
    assert!(!allowance.take(start));
    assert!(allowance.take(start + Duration::from_secs(1)));
}

#[tokio::test]
async fn a_socket_shows_and_does_what_the_api_would() {
    use maas_region::simulate::{self, Plan};
    let door = Door::open().await;
    let plan = Plan { machines: 40, pools: 2, seed: 7, adds: false };
    simulate::run(&door.region, &door.host_ctx(), &plan, |_| ()).await.unwrap();
    let at = serve(&door).await;
    let seen = door.log_in("bob").await;
    let token = seen.cookie("csrftoken");
    let origin = format!("http://{at}");
    let token = token.trim_start_matches("csrftoken=");
    let mut socket = connect(at, &seen.cookie("sessionid"), token, &origin).await.unwrap();
    let mut call = async |method: &str, params: Value| {
        let message = json!({"type": 0, "request_id": 1, "method": method, "params": params});
        socket.send(Message::Text(message.to_string().into())).await.unwrap();
        loop {
            // News of machines may come between.
            let answer = next(&mut socket).await.unwrap();
            if answer["type"] == json!(1) {
                return answer;
            }
        }
    };
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let ids = async |who| {
        let listed: Value = serde_json::from_str(&door.read("/MAAS/api/2.0/machines/", who).await).unwrap();
        let ids = listed.as_array().unwrap().iter().map(|one| one["system_id"].as_str().unwrap().to_owned());
        ids.collect::<std::collections::BTreeSet<_>>()
    };
    let (all, mine) = (ids(&root).await, ids(&bob).await);
    assert!(mine.len() < all.len());
    let listed = call("machine.list", json!({"page_size": 100})).await["result"].clone();
    assert_eq!(listed["count"], json!(mine.len()));
    let items = listed["groups"][0]["items"].as_array().unwrap().clone();
    let shown = items.iter().map(|item| item["system_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(mine, shown);
    let pages =
        call("machine.list", json!({"page_size": 3, "page_number": 2, "group_key": "pool"})).await["result"].clone();
    assert_eq!(pages["cur_page"], json!(2));
    assert_eq!(pages["num_pages"], json!(mine.len().div_ceil(3)));
    let hidden = all.difference(&mine).next().unwrap().clone();
    for (method, params) in [
        ("machine.get", json!({"system_id": hidden})),
        ("machine.action", json!({"system_id": hidden, "action": "lock"})),
    ] {
        assert_eq!(call(method, params).await["error"], json!("No Machine matches the given query."), "{method}");
    }
    assert_eq!(call("machine.count", json!({"filter": {"system_id": [hidden]}})).await["result"], json!({"count": 0}));
    let bulk = json!({"filter": {"status": ["ready"]}, "action": "delete"});
    let done = call("machine.action", bulk).await["result"].clone();
    assert_eq!(done["success_count"], json!(0));
    assert!(!done["failed_system_ids"].as_array().unwrap().is_empty(), "{done}");
    assert_eq!(ids(&root).await, all);
    let events = call("event.list", json!({"system_id": hidden})).await;
    assert_eq!(events["result"], json!([]));
    for method in ["resourcepool.list", "zone.list", "tag.list", "machine.filter_groups"] {
        assert!(call(method, json!({})).await["result"].is_array(), "{method}");
    }
    let options = call("machine.filter_options", json!({"group_key": "pool"})).await;
    assert!(!options["result"].as_array().unwrap().is_empty());
}
