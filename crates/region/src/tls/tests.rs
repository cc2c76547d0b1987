use std::{fs, net::Ipv4Addr, os::unix::fs::PermissionsExt, time::Duration};

use axum::Router;
use maas_model::{Secret, notification::TLS_APPLY_FAILED};
use maas_store::{notification, secret, tls_generation};
use maas_tls::{Apps, Limits, Server, SiteCa, listener::Bound, probe::served_fingerprint};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    jobs,
    testing::{TestRegion, with_region},
};

const MINUTE: Duration = Duration::from_secs(60);

/// A pair that a CA of somebody else has issued.
fn pair(site: &TestRegion) -> PairPem {
    let now = site.db.clock.now();
    let ca = SiteCa::generate("another CA", now).unwrap();
    let bundle = ca.issue_server(&["host1".to_owned()], now, 100).unwrap();
    PairPem {
        key: bundle.key_pem,
        certificate: bundle.chain_pem,
        ca: None,
        names: ["key.pem", "cert.pem", "ca.pem"].map(str::to_owned),
    }
}

fn options(port: u16) -> EnableOptions {
    EnableOptions { port, strict: false, allow_expired: false, allow_self_signed_ca: false, wait: PATIENCE }
}

fn site_issued() -> Bootstrap {
    Bootstrap::SiteIssued { port: 0, names: vec!["host1".to_owned(), "127.0.0.1".to_owned()] }
}

/// A port that nobody has now, outside the band that may not be chosen.
fn free_port() -> u16 {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    taken.local_addr().unwrap().port()
}

/// Serves a region on loopback, with its jobs.
async fn serve(region: &Region) -> (watch::Receiver<Bound>, CancellationToken) {
    let listening = region.start_listening(vec![Ipv4Addr::LOCALHOST.into()], 0).await.unwrap();
    let apps = Apps { full: Router::new(), plain: Router::new() };
    let server = Server::bind(listening, apps, Limits::default()).await.unwrap();
    let bound = server.bound();
    region.start_jobs(bound.clone());
    let stop = CancellationToken::new();
    let ended = stop.clone();
    region.tasks().spawn("server", async move { server.run(ended).await });
    (bound, stop)
}

/// What a client sees on the TLS port.
async fn shown(bound: &watch::Receiver<Bound>) -> Option<String> {
    let address = *bound.borrow().https.first()?;
    Some(served_fingerprint(address, "localhost", Duration::from_secs(5)).await.unwrap())
}

/// Waits until this region has said that it shows the generation that is meant.
async fn settled(region: &Region) {
    let mut changes = region.changes();
    let waiting = async {
        loop {
            let mut reader = region.store().reader().await.unwrap();
            let state = tls_generation::state(&mut reader).await.unwrap();
            let words = tls_generation::applied(&mut reader).await.unwrap();
            drop(reader);
            let name = &region.config().region_name;
            if words.iter().any(|word| word.region == *name && word.generation == state.current.generation) {
                return;
            }
            changes.changed().await.unwrap();
        }
    };
    timeout(MINUTE, waiting).await.expect("the region says what it shows");
}

#[tokio::test]
async fn the_first_start_makes_ca_and_certificate_once() {
    with_region(async |site| {
        let (region, ctx) = (&site.region, site.ctx("admin").await);
        bootstrap(region, &ctx, site_issued()).await.unwrap();
        let first = status(region, &ctx).await.unwrap();
        assert!(first.is_enabled && first.is_site_issued && !first.can_roll_back);
        assert_eq!((first.generation, first.days_left), (1, Some(90)));
        bootstrap(region, &ctx, site_issued()).await.unwrap();
        assert_eq!(status(region, &ctx).await.unwrap().generation, 1);
        let path = site.db.dir.path().join("ca.pem");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        let ca = CertificateInfo::from_pem(&fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(site_ca_fingerprint(region).await.unwrap(), Some(ca.sha256));

        let (bound, stop) = serve(region).await;
        settled(region).await;
        assert_eq!(shown(&bound).await, first.certificate.map(|info| info.sha256));
        stop.cancel();
    })
    .await;
}

#[tokio::test]
async fn a_site_that_began_without_tls_stays_so() {
    with_region(async |site| {
        let (region, ctx) = (&site.region, site.ctx("admin").await);
        bootstrap(region, &ctx, Bootstrap::Off).await.unwrap();
        bootstrap(region, &ctx, site_issued()).await.unwrap();
        assert!(!status(region, &ctx).await.unwrap().is_enabled);
        assert!(disable(region, &ctx, PATIENCE).await.unwrap().is_unchanged);
        assert!(matches!(roll_back(region, &ctx, PATIENCE).await, Err(Error::BadRequest(_))));
    })
    .await;
}

#[tokio::test]
async fn enable_again_roll_back_and_disable_are_followed_and_told() {
    with_region(async |site| {
        let (region, ctx) = (&site.region, site.ctx("admin").await);
        let (bound, stop) = serve(region).await;
        settled(region).await;
        let (one, two, port) = (pair(site), pair(site), free_port());

        let change = enable(region, &ctx, one.clone(), options(port)).await.unwrap();
        assert_eq!((change.generation, change.old_fingerprint, change.regions.len()), (1, None, 1));
        let first = change.new_fingerprint;
        assert_eq!(shown(&bound).await, first);
        assert_eq!(change.regions[0].fingerprint, first);
        assert_eq!(site.last_event().await.0, "tls.enable");
        assert!(enable(region, &ctx, one.clone(), options(port)).await.unwrap().is_unchanged);
        assert_eq!(site.events().await.iter().filter(|row| row.action.starts_with("tls.")).count(), 1);

        let change = enable(region, &ctx, two, options(port)).await.unwrap();
        assert_eq!(change.old_fingerprint, first);
        assert_eq!(shown(&bound).await, change.new_fingerprint);
        let (action, details) = site.events().await.into_iter().next().map(|row| (row.action, row.details)).unwrap();
        assert_eq!(action, "tls.replace");
        assert!(details.contains(first.as_deref().unwrap()) && details.contains("new_fingerprint"), "{details}");
        assert!(status(region, &ctx).await.unwrap().can_roll_back);

        let change = roll_back(region, &ctx, PATIENCE).await.unwrap();
        assert_eq!((change.generation, &change.new_fingerprint), (1, &first));
        assert_eq!(shown(&bound).await, first);
        assert_eq!(site.last_event().await.0, "tls.rollback");

        let change = disable(region, &ctx, PATIENCE).await.unwrap();
        assert_eq!((change.new_fingerprint, change.regions[0].error.clone()), (None, None));
        assert!(bound.borrow().https.is_empty());
        assert_eq!(site.last_event().await.0, "tls.disable");
        assert_eq!(roll_back(region, &ctx, PATIENCE).await.unwrap().new_fingerprint, first);
        stop.cancel();
    })
    .await;
}

#[tokio::test]
async fn nothing_goes_back_to_what_has_expired() {
    with_region(async |site| {
        let (region, ctx) = (&site.region, site.ctx("admin").await);
        let at_once = || EnableOptions { wait: Duration::ZERO, ..options(free_port()) };
        enable(region, &ctx, pair(site), at_once()).await.unwrap();
        site.db.clock.advance(MINUTE * 60 * 24 * 99);
        let second = enable(region, &ctx, pair(site), at_once()).await.unwrap().new_fingerprint;
        site.db.clock.advance(MINUTE * 60 * 24 * 2);
        let error = roll_back(region, &ctx, Duration::ZERO).await.unwrap_err().to_string();
        assert!(error.starts_with("The earlier certificate expired on"), "{error}");
        assert_eq!(status(region, &ctx).await.unwrap().certificate.map(|info| info.sha256), second);
    })
    .await;
}

#[tokio::test]
async fn a_pair_that_does_not_do_changes_nothing() {
    with_region(async |site| {
        let (region, ctx) = (&site.region, site.ctx("admin").await);
        let mut mixed = pair(site);
        mixed.key = pair(site).key;
        let port = free_port();
        let Err(Error::Invalid(problems)) = enable(region, &ctx, mixed.clone(), options(port)).await else {
            panic!("refused")
        };
        assert_eq!(problems.keys().collect::<Vec<_>>(), ["tls/key-mismatch"]);
        let mut other = options(22);
        assert!(check(region, &ctx, &mixed, &other).await.unwrap().iter().any(|problem| problem.code == "tls/port"));
        let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        other.port = taken.local_addr().unwrap().port();
        let Err(Error::Invalid(problems)) = enable(region, &ctx, pair(site), other).await else { panic!("refused") };
        assert!(problems["tls/port"][0].contains("in use"));
        assert!(matches!(
            enable(region, &site.ctx("bob").await, pair(site), options(port)).await,
            Err(Error::Denied(_))
        ));
        let junk = PairPem { key: Secret::new("x".into()), certificate: "y".into(), ..pair(site) };
        assert!(matches!(enable(region, &ctx, junk, options(port)).await, Err(Error::Invalid(_))));
        assert_eq!(status(region, &ctx).await.unwrap().generation, 0);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_shown_is_taken_back() {
    with_region(async |site| {
        let (region, ctx) = (&site.region, site.ctx("admin").await);
        let listening = region.start_listening(vec![Ipv4Addr::LOCALHOST.into()], 0).await.unwrap();
        let own = region.site().tls.own().unwrap();
        let mut last = jobs::tls::Last::default();
        let mut wishes = options(free_port());
        wishes.wait = Duration::ZERO;
        enable(region, &ctx, pair(site), wishes.clone()).await.unwrap();
        jobs::tls::reconcile(region, own, &mut last).await.unwrap();
        let good = listening.borrow().tls.as_ref().map(|tls| tls.generation);
        assert_eq!(good, Some(1));

        // The new key is lost before the region can read it.
        enable(region, &ctx, pair(site), wishes).await.unwrap();
        let mut tx = region.store().begin(&ctx).await.unwrap();
        secret::retain(&mut tx, tls_generation::SECRET_PATH, &[1]).await.unwrap();
        tx.commit_quietly().await.unwrap();
        jobs::tls::reconcile(region, own, &mut last).await.unwrap();
        let now = status(region, &ctx).await.unwrap();
        assert_eq!(now.generation, 1);
        assert_eq!(listening.borrow().tls.as_ref().map(|tls| tls.generation), Some(1));
        let (action, text) = site.last_event().await;
        assert!(action == "tls.rollback" && text.contains("went back to generation 1"), "{action}: {text}");
        let mut reader = region.store().reader().await.unwrap();
        assert!(notification::find_ident(&mut reader, TLS_APPLY_FAILED).await.unwrap().is_some());
        drop(reader);
        assert!(matches!(for_regions(region, 2, PATIENCE).await, Err(Error::Unavailable { .. })));

        // The numbers go on, and what is there can be changed again.
        let mut wishes = options(free_port());
        wishes.wait = Duration::ZERO;
        assert_eq!(enable(region, &ctx, pair(site), wishes).await.unwrap().generation, 3);
        jobs::tls::reconcile(region, own, &mut last).await.unwrap();
        assert_eq!(listening.borrow().tls.as_ref().map(|tls| tls.generation), Some(3));
    })
    .await;
}

#[tokio::test]
async fn a_start_goes_back_to_what_can_be_shown_and_never_to_plain_by_itself() {
    with_region(async |site| {
        let (region, ctx) = (&site.region, site.ctx("admin").await);
        bootstrap(region, &ctx, site_issued()).await.unwrap();
        let mut wishes = options(free_port());
        wishes.wait = Duration::ZERO;
        enable(region, &ctx, pair(site), wishes).await.unwrap();
        let lose = async |kept: &[i64]| {
            let mut tx = region.store().begin(&ctx).await.unwrap();
            secret::retain(&mut tx, tls_generation::SECRET_PATH, kept).await.unwrap();
            tx.commit_quietly().await.unwrap();
        };
        lose(&[1]).await;
        let listening = region.start_listening(vec![Ipv4Addr::LOCALHOST.into()], 0).await.unwrap();
        assert_eq!(listening.borrow().tls.as_ref().map(|tls| tls.generation), Some(1));

        lose(&[]).await;
        let again = TestRegion::open(&site.db, "host1").await;
        let error = again.start_listening(Vec::new(), 0).await.unwrap_err().to_string();
        assert_eq!(error, "cannot serve the site's certificate: the key of generation 1 is not kept");
        again.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn every_region_follows_and_says_so() {
    with_region(async |site| {
        let ctx = site.ctx("admin").await;
        let second = TestRegion::open(&site.db, "host2").await;
        let (one, stop_one) = serve(&site.region).await;
        let (two, stop_two) = serve(&second).await;
        settled(&site.region).await;
        settled(&second).await;
        // Both regions are on this machine, so that they need different ports: any free one.
        let draft = |bundle| Draft { port: Some(0), bundle: Some(bundle), is_site_issued: false, is_confirmed: false };
        let before = tls_generation::state(&mut site.region.store().reader().await.unwrap()).await.unwrap();
        let ca = SiteCa::generate("another CA", site.db.clock.now()).unwrap();
        let bundle = ca.issue_server(&["host1".to_owned()], site.db.clock.now(), 100).unwrap();
        let wanted = Some(bundle.info.sha256.clone());
        let grant = ctx.grant().unwrap();
        let generation = change::store(&site.region, &ctx, &grant, &before, draft(bundle), Kind::Enable).await.unwrap();
        let words = for_regions(&site.region, generation, PATIENCE).await.unwrap();
        assert_eq!(words.iter().map(|word| word.region.as_str()).collect::<Vec<_>>(), ["host1", "host2"]);
        assert!(words.iter().all(|word| word.fingerprint == wanted && word.error.is_none()), "{words:?}");
        assert_eq!((shown(&one).await, shown(&two).await), (wanted.clone(), wanted));
        stop_one.cancel();
        stop_two.cancel();
        second.shutdown().await;
    })
    .await;
}

#[tokio::test]
async fn sessions_end_and_hsts_begins_late_when_tls_is_switched_on() {
    with_region(async |site| {
        let (region, ctx) = (&site.region, site.ctx("admin").await);
        let mut tx = region.store().begin(&ctx).await.unwrap();
        maas_store::session::insert(&mut tx, site.id("bob").await, "hash", i64::MAX / 2).await.unwrap();
        tx.commit_quietly().await.unwrap();
        bootstrap(region, &ctx, site_issued()).await.unwrap();
        let found = maas_store::session::find(&mut region.store().reader().await.unwrap(), "hash").await.unwrap();
        assert!(found.is_none());
        region.start_listening(vec![Ipv4Addr::LOCALHOST.into()], 0).await.unwrap();
        assert_eq!(hsts_header(region), None);
        site.db.clock.advance(Duration::from_secs(25 * 3600));
        assert_eq!(hsts_header(region).as_deref(), Some("max-age=300"));
    })
    .await;
}
