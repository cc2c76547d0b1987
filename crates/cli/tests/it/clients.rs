//! Clients that people have already, as they come from their makers.

use std::process::Command;

use maas_testkit::{Auth, Database, Options, Site, oauth_header, python, run};

use crate::MAAS;

#[tokio::test]
async fn libmaas_walks_by_password_and_by_key() {
    let Some(python) = python() else { return };
    for database in Database::available() {
        let site = Site::with(MAAS, Options { database, ..Options::default() });
        let key = site.api(Auth::Nobody).api_key("admin", maas_testkit::PASSWORD).await.text();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/libmaas.py");
        let url = format!("{}/MAAS/", site.base_url());
        let mut command = Command::new(&python);
        command.args(["-W", "ignore", script, &url, "admin", maas_testkit::PASSWORD, &key]);
        let walked = run(command.env("SSL_CERT_FILE", site.ca_path()).env("HOME", site.scratch())).ok();
        assert_eq!(walked.stdout.trim(), "walked", "{}", walked.stderr);
    }
}

#[tokio::test]
async fn libmaas_walks_through_machines() {
    let Some(python) = python() else { return };
    for database in Database::available() {
        let site = Site::with(MAAS, Options { database, ..Options::default() });
        site.maas(&["simulate", "--machines", "30", "--pools", "2"]).ok();
        let key = site.api(Auth::Nobody).api_key("admin", maas_testkit::PASSWORD).await.text();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/libmaas_machines.py");
        let mut command = Command::new(&python);
        command.args(["-W", "ignore", script, &format!("{}/MAAS/", site.base_url()), &key]);
        let walked = run(command.env("SSL_CERT_FILE", site.ca_path()).env("HOME", site.scratch())).ok();
        assert_eq!(walked.stdout.trim(), "walked", "{}", walked.stderr);
    }
}

#[tokio::test]
async fn libmaas_refuses_a_site_that_it_does_not_trust() {
    let Some(python) = python() else { return };
    let site = Site::start(MAAS);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/libmaas.py");
    let url = format!("{}/MAAS/", site.base_url());
    let mut command = Command::new(&python);
    command.args(["-W", "ignore", script, &url, "admin", maas_testkit::PASSWORD, "a:b:c"]);
    let refused = run(command.env_remove("SSL_CERT_FILE"));
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("CERTIFICATE_VERIFY_FAILED"), "{}", refused.stderr);
}

#[tokio::test]
async fn requests_oauthlib_signs_requests() {
    let Some(python) = python() else { return };
    let site = Site::start(MAAS);
    let key = site.api(Auth::Nobody).api_key("admin", maas_testkit::PASSWORD).await.text();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/signed_requests.py");
    let mut command = Command::new(&python);
    command.args([script, &format!("{}/MAAS", site.base_url()), &key]);
    let signed = run(command.env("REQUESTS_CA_BUNDLE", site.ca_path())).ok();
    assert_eq!(signed.stdout.trim(), "signed");
}

#[tokio::test]
async fn curl_sends_the_header_by_hand() {
    let site = Site::start(MAAS);
    let key = site.api(Auth::Nobody).api_key("admin", maas_testkit::PASSWORD).await;
    let curl = |arguments: &[&str]| {
        let url = format!("{}/MAAS/api/2.0/users/?op=whoami", site.base_url());
        let mut command = Command::new("curl");
        command.args(["-sS", "--noproxy", "*", "-w", " %{http_code}", "--cacert"]).arg(site.ca_path());
        run(command.args(arguments).arg(url)).ok().stdout
    };
    let header = format!("Authorization: {}", oauth_header(&key));
    let answer = curl(&["-H", &header]);
    assert!(answer.contains("\"username\": \"admin\"") && answer.ends_with(" 200"), "{answer}");
    // The same header once more is a replay.
    let replayed = curl(&["-H", &header]);
    assert!(replayed.contains("Nonce already used") && replayed.ends_with(" 401"), "{replayed}");
    assert!(curl(&[]).ends_with(" 401"));
}
