use std::time::Duration;

use maas_authz::action::EditConfigurations;
use maas_model::notification::{Category, TLS_DUE, TLS_EXPIRED};
use maas_store::tls_generation;
use maas_tls::SiteCa;

use super::{check, renew::renew_if_due};
use crate::{
    notifications::{self, Notification},
    settings,
    testing::{TestRegion, with_region},
    tls::{
        self, Bootstrap, bootstrap,
        change::{self, Draft, Kind},
    },
};

const DAY: Duration = Duration::from_secs(86_400);

/// Puts a certificate of somebody else in place, with `days` of life.
async fn replace(site: &TestRegion, days: u32) {
    let ctx = site.region.job_ctx("test");
    let now = site.db.clock.now();
    let ca = SiteCa::generate("another CA", now).unwrap();
    let bundle = ca.issue_server(&["host1".to_owned()], now, days).unwrap();
    let before = tls_generation::state(&mut site.region.store().reader().await.unwrap()).await.unwrap();
    let draft = Draft { port: Some(0), bundle: Some(bundle), is_site_issued: false, is_confirmed: false };
    let grant = ctx.grant::<EditConfigurations>().unwrap();
    change::store(&site.region, &ctx, &grant, &before, draft, Kind::Replace).await.unwrap();
}

/// What a user sees after a look: name and text of each notice.
async fn seen(site: &TestRegion, user: &str) -> Vec<(String, String)> {
    let ctx = site.ctx(user).await;
    let all = notifications::list(&site.region, &ctx).await.unwrap();
    let text = |notice: Notification| (notice.ident.clone().unwrap_or_default(), notice.text());
    all.into_iter().map(text).collect()
}

async fn only(site: &TestRegion) -> Notification {
    let ctx = site.ctx("admin").await;
    let mut all = notifications::list(&site.region, &ctx).await.unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn dismiss(site: &TestRegion, notice: &Notification) {
    notifications::dismiss(&site.region, &site.ctx("admin").await, notice.id).await.unwrap();
}

#[tokio::test]
async fn the_reminder_counts_down_and_turns_into_an_alarm() {
    with_region(async |site| {
        replace(site, 40).await;
        check(&site.region).await.unwrap();
        assert!(seen(site, "admin").await.is_empty(), "40 days are more than 30");

        site.db.clock.advance(10 * DAY);
        check(&site.region).await.unwrap();
        let first = only(site).await;
        assert_eq!((first.ident.as_deref(), first.category), (Some(TLS_DUE), Category::Info));
        assert!(first.text().contains("expires in 30 days"), "{}", first.text());
        assert!(seen(site, "bob").await.is_empty(), "administrators alone");

        site.db.clock.advance(23 * DAY);
        check(&site.region).await.unwrap();
        let later = only(site).await;
        assert_eq!((later.id, later.category), (first.id, Category::Warning));
        assert!(later.text().contains("in 7 days"), "{}", later.text());

        site.db.clock.advance(6 * DAY);
        check(&site.region).await.unwrap();
        assert!(only(site).await.text().contains("in 1 day."), "one day has no plural");
        site.db.clock.advance(DAY / 2);
        check(&site.region).await.unwrap();
        assert!(only(site).await.text().contains("expires today"), "the last hours are not over yet");

        site.db.clock.advance(DAY / 2);
        check(&site.region).await.unwrap();
        let expired = only(site).await;
        assert_eq!((expired.ident.as_deref(), expired.category), (Some(TLS_EXPIRED), Category::Error));
    })
    .await;
}

#[tokio::test]
async fn a_dismissed_reminder_stays_away_and_the_alarm_comes_back_after_a_day() {
    with_region(async |site| {
        replace(site, 20).await;
        check(&site.region).await.unwrap();
        dismiss(site, &only(site).await).await;
        site.db.clock.advance(DAY);
        check(&site.region).await.unwrap();
        assert!(seen(site, "admin").await.is_empty(), "the daily count brings nothing back");

        site.db.clock.advance(19 * DAY);
        check(&site.region).await.unwrap();
        let expired = only(site).await;
        assert_eq!(expired.ident.as_deref(), Some(TLS_EXPIRED), "another notice, though the first was put away");
        dismiss(site, &expired).await;
        site.db.clock.advance(DAY / 2);
        check(&site.region).await.unwrap();
        assert!(seen(site, "admin").await.is_empty());
        site.db.clock.advance(DAY / 2);
        assert_eq!(only(site).await.ident.as_deref(), Some(TLS_EXPIRED));

        replace(site, 20).await;
        assert!(seen(site, "admin").await.is_empty(), "a new certificate takes both back at once");
        check(&site.region).await.unwrap();
        assert_eq!(only(site).await.ident.as_deref(), Some(TLS_DUE), "and inside the window it is told anew");
    })
    .await;
}

#[tokio::test]
async fn the_settings_switch_it_off_and_on_and_move_the_window() {
    with_region(async |site| {
        let admin = site.ctx("admin").await;
        replace(site, 20).await;
        check(&site.region).await.unwrap();
        dismiss(site, &only(site).await).await;
        let set = async |name: &str, value: &str| {
            settings::set(&site.region, &admin, name, value).await.unwrap();
            check(&site.region).await.unwrap();
        };
        set("tls_cert_expiration_notification_enabled", "false").await;
        set("tls_cert_expiration_notification_enabled", "true").await;
        assert_eq!(seen(site, "admin").await.len(), 1, "switched off and on, it is told anew");
        set("tls_cert_expiration_notification_interval", "10").await;
        assert!(seen(site, "admin").await.is_empty());
        set("tls_cert_expiration_notification_interval", "90").await;
        assert_eq!(seen(site, "admin").await.len(), 1);
        tls::disable(&site.region, &admin, Duration::ZERO).await.unwrap();
        check(&site.region).await.unwrap();
        assert!(seen(site, "admin").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_site_renews_its_own_certificate_at_two_thirds_of_its_life() {
    with_region(async |site| {
        let admin = site.ctx("admin").await;
        let names = vec!["host1".to_owned(), "192.0.2.1".to_owned()];
        bootstrap(&site.region, &admin, Bootstrap::SiteIssued { port: 0, names }).await.unwrap();
        let first = tls::status(&site.region, &admin).await.unwrap();
        site.db.clock.advance(59 * DAY);
        assert!(!renew_if_due(&site.region).await.unwrap());
        site.db.clock.advance(DAY);
        assert!(renew_if_due(&site.region).await.unwrap());
        assert!(!renew_if_due(&site.region).await.unwrap());
        assert_eq!(site.last_event().await.0, "tls.renew");
        let second = tls::status(&site.region, &admin).await.unwrap();
        assert_eq!((second.generation, second.days_left, second.is_site_issued), (2, Some(90), true));
        let (first, second) = (first.certificate.unwrap(), second.certificate.unwrap());
        assert_eq!(first.names, second.names);
        assert_ne!(first.sha256, second.sha256);

        replace(site, 90).await;
        site.db.clock.advance(80 * DAY);
        assert!(!renew_if_due(&site.region).await.unwrap(), "what others issued is theirs to renew");
    })
    .await;
}

#[tokio::test]
async fn a_renewal_that_fails_is_told_with_its_reason() {
    with_region(async |site| {
        let admin = site.ctx("admin").await;
        bootstrap(&site.region, &admin, Bootstrap::SiteIssued { port: 0, names: vec!["host1".into()] }).await.unwrap();
        let mut tx = site.region.store().begin(&admin).await.unwrap();
        maas_store::secret::retain(&mut tx, "global/site-ca", &[]).await.unwrap();
        tx.commit_quietly().await.unwrap();
        site.db.clock.advance(65 * DAY);
        assert!(!renew_if_due(&site.region).await.unwrap());
        check(&site.region).await.unwrap();
        let text = only(site).await.text();
        assert!(text.contains("in 25 days. The site could not renew it: the site's CA is not there."), "{text}");
    })
    .await;
}
