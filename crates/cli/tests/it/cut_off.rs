//! What is taken from somebody is gone within seconds: by session, key, token and on a page that stays open; at every
//! region, whichever it was taken at.

use std::time::{Duration, Instant};

use maas_testkit::{Api, Auth, Database, PASSWORD, Session, Site};

use crate::{
    estate::{Estate, POOL, bind, status},
    socket::Socket,
};

/// Within so long everything is felt.
const SOON: Duration = Duration::from_secs(5);

/// Everything that one user could show, at one region, and a page of theirs that is open there.
struct Doors {
    key: Api,
    session: Api,
    token: Api,
    socket: Socket,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_is_gone_within_seconds_at_every_region() {
    for database in Database::available() {
        let mut estate = Estate::new(database).await;
        let machine = estate.machine("watched", POOL).await;
        estate.put(&machine, status::READY, None, false).await;
        let second = (database == Database::Postgres).then(|| Site::beside(&estate.site));
        // What is done at one region is felt at the other.
        let site = second.as_ref().unwrap_or(&estate.site);
        a_binding_removed(&estate, site, &machine).await;
        a_token_revoked(&estate, site).await;
        a_key_deleted(&estate, site).await;
        a_session_ended(&estate, site).await;
        a_user_disabled(&estate, site).await;
    }
}

/// Without the role the machine is gone, and the open page is told so.
async fn a_binding_removed(estate: &Estate, site: &Site, machine: &str) {
    let (name, binding) = newcomer(estate, "bound").await;
    let mut doors = Doors::open(estate, site, &name).await;
    let path = format!("machines/{machine}/");
    for api in [&doors.key, &doors.session, &doors.token] {
        api.get(&path).await.ok();
    }
    estate.admin.put(&path, &[("description", "seen")]).await.ok();
    assert!(doors.socket.hears(SOON, |data| data["system_id"] == machine).await, "the page hears of the machine");
    estate.admin.delete(&format!("role-bindings/{binding}/")).await.expect(204);
    let taken = Instant::now();
    for (door, api) in [("key", &doors.key), ("session", &doors.session), ("token", &doors.token)] {
        until(taken, &format!("the {door} sees the machine no more"), async || api.get(&path).await.status == 404)
            .await;
    }
    // The page stays open, hears once more at most of what its user may not see, and then nothing.
    until(taken, "the page is told nothing more", async || {
        let before = doors.socket.heard.len();
        estate.admin.put(&path, &[("description", &format!("{before}"))]).await.ok();
        let heard = doors.socket.hears(Duration::from_millis(600), |data| data["description"] == "never").await;
        let told = &doors.socket.heard[before..];
        !heard && told.iter().all(|(_, action, _)| action == "delete")
    })
    .await;
}

async fn a_token_revoked(estate: &Estate, site: &Site) {
    let (name, _) = newcomer(estate, "tokened").await;
    let mut doors = Doors::open(estate, site, &name).await;
    let own = estate.admin.speaking_as(doors.key.auth.clone());
    let tokens = own.get("tokens/").await.ok().json();
    own.delete(&format!("tokens/{}/", tokens[0]["id"])).await.expect(204);
    let taken = Instant::now();
    until(taken, "the token is refused", async || whoami(&doors.token).await == 401).await;
    assert_eq!((whoami(&doors.key).await, whoami(&doors.session).await), (200, 200), "nothing else is");
    assert!(doors.socket.ping().await, "the page stays open");
}

async fn a_key_deleted(estate: &Estate, site: &Site) {
    let (name, _) = newcomer(estate, "keyed").await;
    let doors = Doors::open(estate, site, &name).await;
    let Auth::Key(key) = doors.key.auth.clone() else { unreachable!("it is a key") };
    let session = estate.admin.speaking_as(doors.session.auth.clone());
    session.post("account/?op=delete_authorisation_token", &[("token_key", &key.token_key)]).await.ok();
    let taken = Instant::now();
    until(taken, "the key is refused", async || whoami(&doors.key).await == 401).await;
    assert_eq!((whoami(&doors.token).await, whoami(&doors.session).await), (200, 200), "nothing else is");
}

async fn a_session_ended(estate: &Estate, site: &Site) {
    let (name, _) = newcomer(estate, "logged-in").await;
    let mut doors = Doors::open(estate, site, &name).await;
    // From another session of theirs.
    let other = estate.admin.log_in(&name, PASSWORD).await;
    let other = estate.admin.speaking_as(Auth::Session(other));
    other.post("sessions/?op=revoke_others", &[]).await.ok();
    let taken = Instant::now();
    until(taken, "the session is refused", async || whoami(&doors.session).await == 401).await;
    assert!(doors.socket.is_closed_within(SOON.saturating_sub(taken.elapsed())).await, "its page is closed");
    assert_eq!((whoami(&doors.key).await, whoami(&doors.token).await), (200, 200), "nothing else is");
}

async fn a_user_disabled(estate: &Estate, site: &Site) {
    let (name, _) = newcomer(estate, "disabled").await;
    let mut doors = Doors::open(estate, site, &name).await;
    estate.admin.post(&format!("users/{name}/?op=disable"), &[]).await.ok();
    let taken = Instant::now();
    for (door, api) in [("key", &doors.key), ("session", &doors.session), ("token", &doors.token)] {
        let refused = async || [401, 403].contains(&whoami(api).await);
        until(taken, &format!("the {door} is refused"), refused).await;
    }
    assert!(doors.socket.is_closed_within(SOON.saturating_sub(taken.elapsed())).await, "the page is closed");
}

/// A user of the pool, and the binding that makes them one.
async fn newcomer(estate: &Estate, name: &str) -> (String, i64) {
    estate.admin.create_user(name, false).await;
    let binding = bind(&estate.admin, "user", name, Some(POOL)).await;
    (name.to_owned(), binding)
}

impl Doors {
    /// Shows everything at the first region and uses it at `site`, until that has heard of all of it.
    async fn open(estate: &Estate, site: &Site, name: &str) -> Self {
        let key = estate.admin.api_key(name, PASSWORD).await;
        let token = estate.admin.speaking_as(Auth::Key(key.clone())).bearer("to be revoked").await;
        let session: Session = estate.admin.log_in(name, PASSWORD).await;
        let key = site.api(Auth::Key(key));
        let token = site.api(Auth::Bearer(token));
        let at_session = site.api(Auth::Session(session.clone()));
        for api in [&key, &token, &at_session] {
            until(Instant::now(), "the region knows it", async || whoami(api).await == 200).await;
        }
        Self { key, token, session: at_session, socket: Socket::open(site, &session).await }
    }
}

async fn whoami(api: &Api) -> u16 {
    api.get("users/?op=whoami").await.status.as_u16()
}

/// Asks again and again until it holds; fails when it is too late.
async fn until(since: Instant, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    while !holds().await {
        assert!(since.elapsed() < SOON, "after {:?} still not: {what}", since.elapsed());
        tokio::task::yield_now().await;
    }
    assert!(since.elapsed() < SOON, "only after {:?}: {what}", since.elapsed());
}
