//! What a scanner for TLS says of the HTTPS port.

use std::process::Command;

use maas_testkit::{Authority, KeyKind, Site, have, installed, openssl, run};
use serde_json::Value;

use crate::MAAS;

/// What the certificate alone causes: a test's CA is in no store, and its certificates have no revocation.
const CAUSED_BY_THE_CERTIFICATE: &[&str] =
    &["cert_", "OCSP", "DNS_CAArecord", "cert_chain", "cert_trust", "intermediate"];

#[tokio::test]
async fn testssl_finds_nothing_above_low() {
    if !have("testssl", installed("testssl")) {
        return;
    }
    let site = Site::start(MAAS);
    let out = site.scratch().join("testssl.json");
    let address = format!("localhost:{}", site.ready.https_port.unwrap());
    let mut command = Command::new("testssl");
    command.args(["--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--add-ca"]).arg(site.ca_path());
    command.arg("--jsonfile").arg(&out).arg(&address);
    let ran = run(&mut command);
    let findings: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&out).expect(&ran.stdout)).unwrap();
    assert!(findings.len() > 50, "it looked at everything: {}", ran.stdout);
    let grave = findings.iter().filter(|finding| {
        let severity = finding["severity"].as_str().unwrap_or_default();
        let id = finding["id"].as_str().unwrap_or_default();
        ["MEDIUM", "HIGH", "CRITICAL"].contains(&severity)
            && !CAUSED_BY_THE_CERTIFICATE.iter().any(|part| id.contains(part))
    });
    let grave: Vec<String> = grave.map(|finding| finding.to_string()).collect();
    assert!(grave.is_empty(), "{}", grave.join("\n"));
}

/// Old versions and weak suites, offered by a client that would take them, for both kinds of certificate.
#[tokio::test]
async fn old_versions_and_weak_suites_are_refused() {
    let site = Site::start(MAAS);
    let port = site.ready.https_port.unwrap();
    let root = Authority::root("Root");
    for kind in [KeyKind::P256, KeyKind::Rsa2048] {
        let (key, certificate) = root.leaf().key(kind).issue().write(&site.scratch(), "pair");
        site.maas(&["config-tls", "enable", &key, &certificate, "--port", &port.to_string(), "--yes"]).ok();
        std::fs::write(site.scratch().join("root.crt"), &root.pem).unwrap();
        let address = format!("127.0.0.1:{port}");
        let connect = |more: &[&str]| {
            let mut command = Command::new("openssl");
            command
                .current_dir(site.scratch())
                .args(["s_client", "-brief", "-connect", &address, "-CAfile", "root.crt"]);
            command.args(["-verify_return_error", "-verify_hostname", "localhost"]).args(more);
            run(&mut command)
        };
        for good in [&["-tls1_3"][..], &["-tls1_2"]] {
            assert_eq!(connect(good).code, 0, "{kind:?} {good:?}: {}", connect(good).stderr);
        }
        for bad in [
            &["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"][..],
            &["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
            &["-tls1_2", "-cipher", "AES256-SHA256:AES128-SHA:AES256-GCM-SHA384@SECLEVEL=0"],
            &[
                "-tls1_2",
                "-cipher",
                "ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES128-SHA@SECLEVEL=0",
            ],
        ] {
            assert_ne!(connect(bad).code, 0, "{kind:?} {bad:?} was taken");
        }
        openssl(&site.scratch(), &["verify", "-CAfile", "root.crt", "pair.crt"]);
    }
}
