//! Planted secrets are searched in everything that the site writes.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use maas_testkit::{Api, Auth, Authority, Database, Options, PASSWORD, Site, have, installed, run};

use crate::MAAS;

/// A password that stands nowhere else.
const CANARY_PASSWORD: &str = "Canary-pw-7f3Q-quartz-plinth";

#[tokio::test]
async fn no_secret_is_written_in_clear() {
    for database in Database::available() {
        let environment = vec![("RUST_LOG".to_owned(), "debug".to_owned())];
        let mut site = Site::with(MAAS, Options { database, environment, ..Options::default() });
        let (mut secrets, children) = plant_at_bmcs(&site).await;
        secrets.extend(plant(&site).await);
        let seen = process_list(&site) + &children;
        site.stop();
        let mut written = site.everything_written();
        written.push(("process list".to_owned(), seen.into_bytes()));
        for (name, secret) in &secrets {
            assert!(secret.len() >= 16, "{name} is too short to search for");
            for (place, bytes) in &written {
                assert!(!holds(bytes, secret.as_bytes()), "{name} is in {place} ({database:?})");
                let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
                assert!(!holds(bytes, hex.as_bytes()), "{name} in hex is in {place} ({database:?})");
            }
        }
        // The search itself finds what is there.
        assert!(written.iter().any(|(_, bytes)| holds(bytes, b"canary-user")));
    }
}

/// Uses every kind of secret, rightly and wrongly, and returns them.
async fn plant(site: &Site) -> Vec<(&'static str, String)> {
    let admin = site.admin().await;
    let form =
        [("username", "canary-user"), ("email", "c@example.org"), ("password", CANARY_PASSWORD), ("is_superuser", "1")];
    admin.post("users/", &form).await.ok();
    let key = admin.api_key("canary-user", CANARY_PASSWORD).await;
    let canary = admin.speaking_as(Auth::Key(key.clone()));
    let token = canary.bearer("canary token").await;
    let session = admin.log_in("canary-user", CANARY_PASSWORD).await;
    canary.speaking_as(Auth::Bearer(token.clone())).get("users/?op=whoami").await.ok();
    canary.speaking_as(Auth::Session(session.clone())).get("/MAAS/r/").await;

    // Wrong ones are secrets too: people type the right password into the wrong field.
    let typed = "Canary-typo-91-vx-heron".to_owned();
    let nobody = admin.speaking_as(Auth::Nobody);
    nobody.post("/MAAS/accounts/login/", &[("username", "canary-user"), ("password", &typed)]).await.expect(400);
    nobody.post("/MAAS/accounts/authenticate/", &[("username", "canary-user"), ("password", &typed)]).await.expect(403);
    let refused = canary.speaking_as(Auth::Bearer(format!("{token}x"))).get("users/?op=whoami").await.expect(401);
    assert!(!refused.body.contains(&token), "{}", refused.body);
    let mut wrong = key.clone();
    wrong.token_secret = "x".repeat(32);
    let refused = canary.speaking_as(Auth::Key(wrong)).get("users/?op=whoami").await.expect(401);
    assert!(!refused.body.contains(&key.token_secret), "{}", refused.body);

    // Places where a secret might slip into an error or a log line.
    canary.get(&format!("nowhere/?password={CANARY_PASSWORD}")).await;
    canary.post("users/", &[("username", "x/y"), ("password", CANARY_PASSWORD)]).await;
    canary.post("maas/?op=set_config", &[("name", "nothing"), ("value", CANARY_PASSWORD)]).await;

    let authority = Authority::root("Canary");
    let pair = authority.leaf().issue();
    let port = site.ready.https_port.unwrap_or_default();
    let (key_file, certificate) = pair.write(&site.scratch(), "canary");
    let other = authority.leaf().issue();
    let (other_key, _) = other.write(&site.scratch(), "other");
    let refused = site.maas(&["config-tls", "enable", &other_key, &certificate, "--yes"]);
    assert_ne!(refused.code, 0);
    site.maas(&["config-tls", "enable", &key_file, &certificate, "--port", &port.to_string(), "--yes"]).ok();
    let generated = site.maas(&["apikey", "--username", "canary-user", "--generate"]).ok().stdout;
    let reset = "Canary-reset-55-brass-otter";
    site.maas_with_input(&["changepassword", "canary-user", "--password-stdin"], &format!("{reset}\n")).ok();

    vec![
        ("the password", CANARY_PASSWORD.to_owned()),
        ("the administrator's password", PASSWORD.to_owned()),
        ("a mistyped password", typed),
        ("a reset password", reset.to_owned()),
        ("the API key's secret", key.token_secret),
        ("the console's API key's secret", generated.trim().rsplit(':').next().unwrap_or_default().to_owned()),
        ("the token", token.trim_start_matches("maas_pat_").to_owned()),
        ("the session's key", session.session_key),
        ("the CSRF token", session.csrf_token),
        ("the certificate's key", base64_body(&pair.key)),
        ("the refused certificate's key", base64_body(&other.key)),
    ]
}

/// Gives machines BMCs with secrets, uses them and looks at every answer but the one that is meant to tell them. Also what
/// the arguments of the program that talks to a BMC were.
async fn plant_at_bmcs(site: &Site) -> (Vec<(&'static str, String)>, String) {
    let admin = site.admin().await;
    let password = "Canary-37-osprey-x9";
    let key = "Canary-kg-key-8813-x";
    let token = "Canary-hook-token-5520-moth";
    // Somebody who takes every datagram and says nothing.
    let bmc = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = bmc.local_addr().unwrap().to_string();
    let ipmi = [
        ("power_type", "ipmi"),
        ("power_parameters_power_address", address.as_str()),
        ("power_parameters_power_user", "root"),
        ("power_parameters_power_pass", password),
        ("power_parameters_k_g", key),
    ];
    let hook = [
        ("power_type", "webhook"),
        ("power_parameters_power_on_uri", "http://127.0.0.1:9/on"),
        ("power_parameters_power_off_uri", "http://127.0.0.1:9/off"),
        ("power_parameters_power_query_uri", "http://127.0.0.1:9/query"),
        ("power_parameters_power_token", token),
    ];
    let mut machines = Vec::new();
    for (mac, power) in [("52:54:00:ca:00:01", ipmi.as_slice()), ("52:54:00:ca:00:02", &hook)] {
        let form =
            [&[("mac_addresses", mac), ("architecture", "amd64/generic"), ("commission", "false")], power].concat();
        let made = admin.post("machines/", &form).await.ok();
        machines.push(made.json()["system_id"].as_str().unwrap().to_owned());
        tells_no_secret(&made.body, &[password, key, token]);
    }
    let revealed = admin.get(&format!("machines/{}/?op=power_parameters", machines[0])).await.ok();
    assert!(revealed.body.contains(password) && revealed.body.contains(key), "this answer is the one");
    let revealed = admin.get(&format!("machines/{}/?op=power_parameters", machines[1])).await.ok();
    assert!(revealed.body.contains(token), "and this");
    // A refusal and a mistake hold nothing of it either.
    let wrong = [("power_parameters_power_pass", password), ("power_parameters_cipher_suite_id", password)];
    tells_no_secret(&admin.put(&format!("machines/{}/", machines[0]), &wrong).await.body, &[password]);
    let children = while_asked(&admin, &machines[0], &address).await;
    admin.get(&format!("machines/{}/?op=query_power_state", machines[1])).await.expect(503);

    let session = admin.log_in("admin", PASSWORD).await;
    let pages = admin.speaking_as(Auth::Session(session));
    pages.post("/MAAS/r/intro/skip", &[]).await.expect(303);
    for machine in &machines {
        for path in ["", "?op=details", "?op=query_power_state"] {
            if path.ends_with("state") && *machine == machines[0] {
                continue;
            }
            let answer = admin.get(&format!("machines/{machine}/{path}")).await;
            tells_no_secret(&answer.body, &[password, key, token]);
        }
        for path in ["", "/network", "/storage", "/configuration"] {
            let page = pages.get(&format!("/MAAS/r/machine/{machine}{path}")).await.ok();
            tells_no_secret(&page.body, &[password, key, token]);
        }
    }
    for path in ["machines/", "nodes/", "events/?op=query&limit=1000", "access/?op=of", "describe/"] {
        tells_no_secret(&admin.get(path).await.ok().body, &[password, key, token]);
    }
    for path in ["/MAAS/r/machines", "/MAAS/r/audit"] {
        tells_no_secret(&pages.get(path).await.ok().body, &[password, key, token]);
    }
    let secrets = [("a BMC's password", password), ("a BMC's second key", key), ("a webhook's token", token)];
    (secrets.map(|(name, secret)| (name, secret.to_owned())).to_vec(), children)
}

/// The arguments of the child that asks this BMC, while it asks.
async fn while_asked(admin: &Api, machine: &str, address: &str) -> String {
    let port = address.rsplit(':').next().unwrap_or_default().to_owned();
    let asking = admin.clone();
    let path = format!("machines/{machine}/?op=query_power_state");
    let asked = tokio::spawn(async move { asking.get(&path).await });
    if !have("ipmitool", installed("ipmitool")) {
        asked.await.unwrap();
        return String::new();
    }
    let started = Instant::now();
    let children = loop {
        let all = run(Command::new("ps").args(["-ww", "-e", "-o", "args"])).stdout;
        let ours = all.lines().find(|line| line.contains("ipmitool") && line.contains(&port)).map(str::to_owned);
        if let Some(ours) = ours {
            break ours;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "nobody asks the BMC");
        tokio::task::yield_now().await;
    };
    // Nothing more is wanted of it.
    asked.abort();
    children
}

fn tells_no_secret(answer: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!answer.contains(secret), "{secret} is in {answer}");
    }
}

/// The middle of a PEM text, which is the secret part of it, on one line.
fn base64_body(pem: &str) -> String {
    let body: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let last = body[body.len() - 1].len().min(24);
    body.concat().chars().rev().take(last + 16).collect::<String>().chars().rev().collect::<String>()[..24].to_owned()
}

/// The arguments of every process of ours; other tests' clients have the administrator's password in theirs.
fn process_list(site: &Site) -> String {
    let pid = site.pid().to_string();
    let all = run(Command::new("ps").args(["-ww", "-e", "-o", "args"])).stdout;
    let is_ours = |line: &&str| line.split_whitespace().next().is_some_and(|program| program.ends_with("/maas"));
    let ours: Vec<&str> = all.lines().filter(is_ours).collect();
    ours.join("\n") + &run(Command::new("ps").args(["-ww", "-p", &pid, "-o", "args"])).stdout
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
