//! `kill -9` at every commit point: the next start is consistent, and the audit log is whole.

use std::time::Duration;

use maas_testkit::{Api, Auth, Authority, Database, Options, Pair, Site, roots_from_pem, served_fingerprint};

use crate::MAAS;

/// Where a change of the certificate can be cut.
const TLS_POINTS: [&str; 5] =
    ["tls:before-seal", "tls:sealed", "before-commit:tls.replace", "after-commit:tls.replace", "tls:pointed"];
/// Where the region can be cut while it follows a change.
const FOLLOW_POINTS: [&str; 2] = ["tls:shown", "tls:said"];

/// Whether the change is there after a death at this point.
fn is_committed(point: &str) -> bool {
    ["after-commit:tls.replace", "tls:pointed"].contains(&point)
}

/// Where the deletion of a user with transfer can be cut.
const DELETE_POINTS: [&str; 3] = ["user.delete:transfer", "before-commit:user.delete", "after-commit:user.delete"];

#[tokio::test]
async fn config_tls_enable_is_whole_or_not_there() {
    for database in Database::available() {
        for point in TLS_POINTS {
            let mut site = Site::with(MAAS, Options { database, ..Options::default() });
            let authority = Authority::root("Crash");
            let (old, new) = (authority.leaf().issue(), authority.leaf().issue());
            enable(&site, &old).ok();
            // The command on the host dies in the middle.
            let (key, certificate) = new.write(&site.scratch(), "new");
            let port = site.ready.https_port.unwrap().to_string();
            let mut command = site.command();
            command.args(["config-tls", "enable", &key, &certificate, "--port", &port, "--yes"]);
            let died = maas_testkit::run(command.env("MAAS_ABORT_AT", point));
            // And the region with it.
            site.kill();
            site.reboot();
            let served = served(&site, &authority).await;
            assert_ne!(died.code, 0, "{point}: the command died");
            let expected = if is_committed(point) { &new } else { &old };
            assert_eq!(served, expected.fingerprint(), "{point} {database:?}");
            consistent(&site, &served);
            // And it goes on from there.
            enable(&site, &new).ok();
            assert_eq!(self::served(&site, &authority).await, new.fingerprint(), "{point}");
        }
    }
}

#[tokio::test]
async fn the_region_itself_dies_while_it_changes_its_certificate() {
    for database in Database::available() {
        for point in TLS_POINTS {
            let environment = vec![("MAAS_ABORT_AT".to_owned(), point.to_owned())];
            let mut site = Site::with(MAAS, Options { database, ..Options::default() });
            let authority = Authority::root("Crash");
            let (old, new) = (authority.leaf().issue(), authority.leaf().issue());
            enable(&site, &old).ok();
            site.stop();
            site.set_environment(environment);
            site.reboot();
            let api = site.api_trusting(&authority.root_pem, Auth::Nobody);
            let admin = api.speaking_as(Auth::Key(api.api_key("admin", maas_testkit::PASSWORD).await));
            let form_port = site.ready.https_port.unwrap();
            let _ = admin.try_replace_certificate(&new, form_port).await;
            site.kill();
            site.set_environment(Vec::new());
            site.reboot();
            let served = served(&site, &authority).await;
            let expected = if is_committed(point) { &new } else { &old };
            assert_eq!(served, expected.fingerprint(), "{point} {database:?}");
            consistent(&site, &served);
        }
    }
}

/// The change is made while no region runs; the next start dies while it takes it up, and the one after that serves it.
#[tokio::test]
async fn a_start_that_dies_while_it_follows_is_made_good_by_the_next() {
    for database in Database::available() {
        for point in FOLLOW_POINTS {
            let mut site = Site::with(MAAS, Options { database, ..Options::default() });
            let authority = Authority::root("Crash");
            let pair = authority.leaf().issue();
            site.stop();
            enable(&site, &pair).ok();
            site.set_environment(vec![("MAAS_ABORT_AT".to_owned(), point.to_owned())]);
            let _ = site.try_boot();
            assert!(site.ends_within(Duration::from_secs(30)), "the region did not die at {point}");
            site.kill();
            site.set_environment(Vec::new());
            site.reboot();
            let served = served(&site, &authority).await;
            assert_eq!(served, pair.fingerprint(), "{point} {database:?}");
            consistent(&site, &served);
        }
    }
}

#[tokio::test]
async fn deletion_with_transfer_is_whole_or_not_there() {
    for database in Database::available() {
        for point in DELETE_POINTS {
            let environment = vec![("MAAS_ABORT_AT".to_owned(), point.to_owned())];
            let mut site = Site::with(MAAS, Options { database, environment, ..Options::default() });
            let admin = site.admin().await;
            let bob = admin.create_user("bob", false).await;
            admin.create_user("ann", false).await;
            let as_bob = admin.speaking_as(Auth::Key(bob.key.clone()));
            as_bob.post("account/prefs/sshkeys/", &[("key", SSH_KEY)]).await.expect(201);
            let deleted = admin.try_delete("users/bob/?transfer_resources_to=ann").await;
            assert!(deleted.is_err() || site.has_ended(), "the region did not die at {point}");
            site.kill();
            site.set_environment(Vec::new());
            site.reboot();
            let admin = admin_again(&site, &admin);
            let exists = admin.get("users/bob/").await.status == 200;
            assert_eq!(exists, !point.starts_with("after-commit"), "{point} {database:?}");
            let as_bob = admin.speaking_as(Auth::Key(bob.key.clone()));
            let keys = as_bob.get("account/prefs/sshkeys/").await;
            if exists {
                assert_eq!(keys.ok().json().as_array().unwrap().len(), 1, "{point}: nothing was lost");
            } else {
                keys.expect(401);
            }
            site.maas(&["audit", "verify"]).ok();
            let log = site.maas(&["audit", "export"]).ok().stdout;
            let told = log.matches("Deleted user 'bob'.").count();
            assert_eq!(told, usize::from(!exists), "{point}: {log}");
            // What was cut can be done again.
            admin.delete("users/bob/?transfer_resources_to=ann").await.expect(204);
            admin.get("users/bob/").await.expect(404);
            site.maas(&["audit", "verify"]).ok();
        }
    }
}

fn enable(site: &Site, pair: &Pair) -> maas_testkit::Run {
    let (key, certificate) = pair.write(&site.scratch(), "pair");
    let port = site.ready.https_port.unwrap().to_string();
    site.maas(&["config-tls", "enable", &key, &certificate, "--port", &port, "--yes"])
}

async fn served(site: &Site, authority: &Authority) -> String {
    let roots = roots_from_pem(&[&authority.root_pem]);
    served_fingerprint(site.ready.https_port.unwrap(), roots).await.unwrap()
}

/// What the site says of itself agrees with what it serves.
fn consistent(site: &Site, served: &str) {
    site.maas(&["audit", "verify"]).ok();
    let status = site.maas(&["config-tls", "status", "--json"]).ok().json();
    assert_eq!(status["certificate"]["sha256"], served, "{status}");
}

/// The same administrator after a restart, whose ports may differ.
fn admin_again(site: &Site, admin: &Api) -> Api {
    site.api(admin.auth.clone())
}

const SSH_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPOik5Ph+pWLEoWjOwxpEQ3/XUWOYiI/w1MDycmxxHWY bob@example.org";
