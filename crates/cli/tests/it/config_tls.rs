//! `maas config-tls`: what MAAS takes, what MAAS gets wrong, and what we refuse, each as a row; and the question it asks.

use std::{fmt::Write as _, path::Path, process::Command};

use maas_testkit::{
    Authority, Database, KeyKind, Leaf, Options, Pair, Run, Site, openssl, roots_from_pem, run, served_fingerprint,
};

use crate::MAAS;

/// A site to try pairs on, and where it stands.
struct Bench {
    site: Site,
    root: Authority,
    issuing: Authority,
}

impl Bench {
    fn new() -> Self {
        let root = Authority::root("Root");
        Self { site: Site::start(MAAS), issuing: root.intermediate("Issuing"), root }
    }

    fn port(&self) -> u16 {
        self.site.ready.https_port.unwrap()
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = self.site.scratch().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    fn enable(&self, key: &str, certificate: &str, more: &[&str]) -> Run {
        let port = self.port().to_string();
        let mut arguments = vec!["config-tls", "enable", key, certificate, "--yes"];
        if !more.contains(&"--port") {
            arguments.extend(["--port", &port]);
        }
        arguments.extend(more);
        self.site.maas(&arguments)
    }

    async fn served(&self) -> String {
        served_fingerprint(self.port(), roots_from_pem(&[&self.root.root_pem])).await.unwrap()
    }

    /// Enables it and sees it served, with its chain: the client trusts the root alone.
    async fn accepted(&self, what: &str, key: &str, certificate: &str, more: &[&str], pair: &Pair) {
        let answer = self.enable(key, certificate, more);
        assert_eq!(answer.code, 0, "{what}: {}", answer.text());
        assert_eq!(self.served().await, pair.fingerprint(), "{what}");
    }

    /// Sees it refused with these codes, and the old certificate still served.
    async fn refused(&self, what: &str, key: &str, certificate: &str, more: &[&str], texts: &[&str]) {
        let before = self.site.maas(&["config-tls", "status", "--json"]).ok().json();
        let answer = self.enable(key, certificate, more);
        assert_eq!(answer.code, 2, "{what}: {}", answer.text());
        for text in texts {
            assert!(answer.stderr.contains(text), "{what}: no `{text}` in {}", answer.stderr);
        }
        let keys = std::fs::read_to_string(key).unwrap_or_default();
        let secret = keys.lines().find(|line| line.len() > 40 && !line.starts_with("---")).unwrap_or("-none-");
        assert!(!answer.text().contains(secret), "{what}");
        let after = self.site.maas(&["config-tls", "status", "--json"]).ok().json();
        assert_eq!(
            (&before["generation"], &before["certificate"]),
            (&after["generation"], &after["certificate"]),
            "{what}"
        );
    }
}

/// The rows of what MAAS accepts, or should have.
#[tokio::test]
async fn good_pairs_are_served_with_their_chain() {
    let bench = Bench::new();
    let scratch = bench.site.scratch();
    for kind in KeyKind::ALL {
        let pair = bench.issuing.leaf().key(kind).issue();
        let (key, full) = pair.write(&scratch, "pair");
        bench.accepted(&format!("{kind:?}, full chain"), &key, &full, &[], &pair).await;
    }
    let pair = bench.issuing.leaf().issue();
    let (key, full) = (bench.file("key", &pair.key), bench.file("full", pair.full_chain()));
    let (leaf, chain) = (bench.file("leaf", &pair.certificate), bench.file("chain", &pair.chain));
    bench.accepted("chain in --cacert, as certbot's hook does it", &key, &leaf, &["--cacert", &chain], &pair).await;

    let pair = bench.issuing.leaf().issue();
    let (key, leaf) = (bench.file("key", &pair.key), bench.file("leaf", &pair.certificate));
    let reversed = bench.file("reversed", format!("{}{}", bench.root.root_pem, bench.issuing.pem));
    bench.accepted("chain in the wrong order with the root", &key, &leaf, &["--cacert", &reversed], &pair).await;

    let pair = bench.issuing.leaf().issue();
    let combined = bench.file("combined", format!("{}{}", pair.key, pair.full_chain()));
    bench.accepted("one combined file for both", &combined, &combined, &[], &pair).await;

    let pair = bench.issuing.leaf().issue();
    let (key, full2) = (bench.file("key", &pair.key), bench.file("full", pair.full_chain()));
    bench.accepted("a chain that is there twice", &key, &full2, &["--cacert", &chain], &pair).await;
    assert_eq!(full, full2);

    for (kind, form, arguments) in [
        (KeyKind::Rsa2048, "PKCS#1", &["rsa", "-traditional", "-in", "pkcs8", "-out", "old"][..]),
        (KeyKind::P256, "SEC1", &["ec", "-in", "pkcs8", "-out", "old"][..]),
    ] {
        let pair = bench.issuing.leaf().key(kind).issue();
        bench.file("pkcs8", &pair.key);
        openssl(&scratch, arguments);
        let key = bench.file("old-key", std::fs::read(scratch.join("old")).unwrap());
        let full = bench.file("full", pair.full_chain());
        bench.accepted(form, &key, &full, &[], &pair).await;
    }
}

/// The rows of what is refused, each with its stable code.
#[tokio::test]
async fn bad_pairs_change_nothing() {
    let bench = Bench::new();
    let scratch = bench.site.scratch();
    let good = bench.issuing.leaf().issue();
    let (key, full) = good.write(&scratch, "good");
    bench.enable(&key, &full, &[]).ok();
    let leaf = bench.issuing.leaf();
    let other = bench.issuing.leaf().issue();
    let rsa = bench.issuing.leaf().key(KeyKind::Rsa2048).issue();

    let other_key = bench.file("other.key", &other.key);
    bench
        .refused("another key", &other_key, &full, &[], &["tls/key-mismatch", "Private and public keys don't match"])
        .await;
    let rsa_key = bench.file("rsa.key", &rsa.key);
    bench.refused("an RSA key with an EC certificate", &rsa_key, &full, &[], &["tls/key-mismatch"]).await;
    let other_rsa = bench.file("other-rsa.key", bench.issuing.leaf().key(KeyKind::Rsa2048).issue().key);
    let rsa_full = bench.file("rsa.crt", rsa.full_chain());
    bench.refused("another RSA key", &other_rsa, &rsa_full, &[], &["tls/key-mismatch"]).await;

    openssl(
        &scratch,
        &["pkcs8", "-topk8", "-in", "good.key", "-out", "locked", "-passout", "pass:secret", "-v2", "aes256"],
    );
    let locked = scratch.join("locked").display().to_string();
    bench
        .refused(
            "a passphrase",
            &locked,
            &full,
            &[],
            &["tls/key-encrypted", "Private key can't have a passphrase", "locked"],
        )
        .await;

    for (what, text) in [
        ("empty", ""),
        ("text", "not a key\n"),
        ("broken base64", "-----BEGIN PRIVATE KEY-----\nA?A\n-----END PRIVATE KEY-----\n"),
    ] {
        let bad = bench.file("bad", text);
        bench.refused(&format!("{what} as key"), &bad, &full, &[], &["tls/key-parse", "Invalid PEM material"]).await;
        bench
            .refused(&format!("{what} as certificate"), &key, &bad, &[], &["tls/cert-parse", "Invalid PEM material"])
            .await;
        if !text.is_empty() {
            bench.refused(&format!("{what} as --cacert"), &key, &full, &["--cacert", &bad], &["tls/cert-parse"]).await;
        }
    }
    openssl(&scratch, &["pkcs8", "-topk8", "-nocrypt", "-in", "good.key", "-outform", "DER", "-out", "der.key"]);
    openssl(&scratch, &["x509", "-in", "good.crt", "-outform", "DER", "-out", "der.crt"]);
    let (der_key, der_crt) =
        (scratch.join("der.key").display().to_string(), scratch.join("der.crt").display().to_string());
    bench.refused("a DER key", &der_key, &full, &[], &["tls/key-parse"]).await;
    bench.refused("a DER certificate", &key, &der_crt, &[], &["tls/cert-parse"]).await;

    openssl(
        &scratch,
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:1024",
            "-nodes",
            "-keyout",
            "weak.key",
            "-out",
            "weak.crt",
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
        ],
    );
    let weak = ["weak.key", "weak.crt"].map(|name| scratch.join(name).display().to_string());
    bench.refused("RSA of 1024 bits", &weak[0], &weak[1], &[], &["tls/key-parse"]).await;

    for (what, pair, code) in [
        ("expired", bench.issuing.leaf().days(-30, -1).issue(), "tls/cert-expired"),
        ("not yet valid", bench.issuing.leaf().days(1, 30).issue(), "tls/cert-not-yet-valid"),
        ("a leaf that is a CA", leaf.as_authority().issue(), "tls/leaf-is-ca"),
        ("for clients alone", bench.issuing.leaf().for_clients().issue(), "tls/eku"),
    ] {
        let (key, full) = pair.write(&scratch, "bad-pair");
        bench.refused(what, &key, &full, &[], &[code]).await;
    }
    let stranger = bench.file("stranger", Authority::root("Stranger").intermediate("Between").chain_pem);
    bench.refused("an unrelated --cacert", &key, &full, &["--cacert", &stranger], &["tls/chain-broken"]).await;
    let key_as_ca = bench.file("key-as-ca", &other.key);
    bench.refused("a key as --cacert", &key, &full, &["--cacert", &key_as_ca], &["tls/cert-parse"]).await;

    for port in ["0", "22", "53", "5240", "5248", "5284", "70000", "-1", "x"] {
        let answer = bench.enable(&key, &full, &["--port", port]);
        assert_eq!(answer.code, 2, "port {port}: {}", answer.text());
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let answer = bench.enable(&key, &full, &["--port", &port]);
    assert_ne!(answer.code, 0, "a port that is taken: {}", answer.text());
    assert_eq!(bench.served().await, good.fingerprint());
}

#[tokio::test]
async fn several_problems_are_told_at_once() {
    let bench = Bench::new();
    let expired = bench.issuing.leaf().days(-30, -1).for_clients().issue();
    let certificate = bench.file("crt", expired.full_chain());
    let key = bench.file("key", bench.issuing.leaf().issue().key);
    bench.refused("three at once", &key, &certificate, &[], &["tls/key-mismatch", "tls/cert-expired", "tls/eku"]).await;
}

#[tokio::test]
async fn warnings_are_told_and_strict_refuses_them() {
    let bench = Bench::new();
    let root = &bench.root;
    for (what, leaf, code) in [
        ("no alternative names", root.leaf().names(&[]), "tls/no-san"),
        ("another host's", root.leaf().names(&["elsewhere.example"]), "tls/host-not-covered"),
        ("longer than 398 days", root.leaf().days(-1, 500), "tls/long-lived"),
        ("it ends soon", root.leaf().days(-1, 5), "tls/expires-soon"),
        ("self-signed", Leaf::self_signed(), "tls/self-signed"),
    ] {
        let (key, certificate) = leaf.issue().write(&bench.site.scratch(), "warned");
        bench.refused(what, &key, &certificate, &["--strict"], &[code]).await;
        let answer = bench.enable(&key, &certificate, &[]).ok();
        assert!(answer.stderr.contains(code), "{what}: {}", answer.stderr);
    }
    let (key, certificate) = root.leaf().issue().write(&bench.site.scratch(), "open");
    run(Command::new("chmod").args(["644", &key])).ok();
    assert!(bench.enable(&key, &certificate, &[]).ok().stderr.contains("chmod"), "a key that others can read");
}

#[tokio::test]
async fn the_same_again_is_unchanged_and_rollback_goes_back() {
    for database in Database::available() {
        let site = Site::with(MAAS, Options { database, ..Options::default() });
        let root = Authority::root("Root");
        let port = site.ready.https_port.unwrap();
        let (one, two) = (root.leaf().issue(), root.leaf().issue());
        let enable = |pair: &Pair| {
            let (key, certificate) = pair.write(&site.scratch(), "pair");
            site.maas(&["config-tls", "enable", &key, &certificate, "--port", &port.to_string(), "--yes"]).ok()
        };
        let served = || served_fingerprint(port, roots_from_pem(&[&root.pem]));
        enable(&one);
        let rows = |site: &Site| site.maas(&["audit", "export"]).ok().stdout.lines().count();
        let before = rows(&site);
        assert!(enable(&one).stdout.contains("unchanged"));
        assert_eq!(rows(&site), before, "nothing happened, so nothing is told");
        enable(&two);
        assert_eq!(served().await.unwrap(), two.fingerprint());
        let log = site.maas(&["audit", "export"]).ok().stdout;
        let last = log.lines().last().unwrap();
        assert!(last.contains(&one.fingerprint()) && last.contains(&two.fingerprint()), "{last}");
        site.maas(&["config-tls", "rollback"]).ok();
        assert_eq!(served().await.unwrap(), one.fingerprint());
        let status = site.maas(&["config-tls", "status", "--json"]).ok().json();
        assert_eq!(status["certificate"]["sha256"], one.fingerprint());
    }
}

#[tokio::test]
async fn a_renewal_that_names_no_port_keeps_the_one_in_use() {
    let site = Site::start(MAAS);
    let root = Authority::root("Root");
    let port = site.ready.https_port.unwrap();
    for (turn, options) in [vec!["--port".to_owned(), port.to_string()], Vec::new()].into_iter().enumerate() {
        let pair = root.leaf().issue();
        let (key, certificate) = pair.write(&site.scratch(), "pair");
        let mut words = vec!["config-tls", "enable", &key, &certificate, "--yes"];
        words.extend(options.iter().map(String::as_str));
        site.maas(&words).ok();
        assert_eq!(served_fingerprint(port, roots_from_pem(&[&root.pem])).await.unwrap(), pair.fingerprint(), "{turn}");
    }
}

#[tokio::test]
async fn disable_opens_the_plain_port_and_enable_closes_it() {
    let site = Site::start(MAAS);
    let plain = site.plain_api(maas_testkit::Auth::Nobody);
    plain.get("version/").await.expect(308);
    site.maas(&["config-tls", "disable"]).ok();
    plain.get("version/").await.expect(200);
    let https = site.ready.https_port.unwrap();
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", https)).await.is_err(), "nothing listens on the HTTPS port");
    let root = Authority::root("Root");
    let (key, certificate) = root.leaf().issue().write(&site.scratch(), "pair");
    site.maas(&["config-tls", "enable", &key, &certificate, "--port", &https.to_string(), "--yes"]).ok();
    plain.get("version/").await.expect(308);
}

/// The question, with every way in which scripts answer it.
#[tokio::test]
async fn the_question_takes_every_answer() {
    let site = Site::start(MAAS);
    let root = Authority::root("Root");
    let (key, certificate) = root.leaf().issue().write(&site.scratch(), "pair");
    let generation = || site.maas(&["config-tls", "status", "--json"]).ok().json()["generation"].as_i64().unwrap();
    let port = site.ready.https_port.unwrap().to_string();
    let enable = format!("'{MAAS}' config-tls enable '{key}' '{certificate}' --port {port}");
    let shell = |line: &str| {
        let mut command = Command::new("bash");
        command.args(["-o", "pipefail", "-c", line]).env("MAAS_DATA", site.data_dir());
        run(&mut command)
    };
    let question = "Once TLS is enabled, the MAAS UI and API won't be accessible over HTTP anymore, proceed? (y/n): ";

    let start = generation();
    for answer in ["n", "yes", "", "Yes please"] {
        let declined = site
            .maas_with_input(&["config-tls", "enable", &key, &certificate, "--port", &port], &format!("{answer}\n"));
        assert_eq!((declined.code, generation()), (0, start), "`{answer}`: {}", declined.text());
        assert_eq!(declined.stdout, question, "`{answer}`");
    }
    let ended = shell(&format!("{enable} </dev/null"));
    assert_eq!((ended.code, generation()), (1, start), "{}", ended.text());
    assert!(ended.stderr.contains("--yes"), "{}", ended.stderr);
    assert_eq!(ended.stdout.matches("proceed?").count(), 1, "it asks once");

    for line in [format!("(echo y) | {enable}"), format!("(echo ' Y ') | {enable}")] {
        fresh_pair(&root, &site.scratch());
        let answered = shell(&line);
        assert_eq!(answered.code, 0, "{line}: {}", answered.text());
    }
    fresh_pair(&root, &site.scratch());
    // `yes` dies of a closed pipe, which is its own affair; ours must end well.
    let answered = shell(&format!("yes | {enable}; exit ${{PIPESTATUS[1]}}"));
    assert_eq!(answered.code, 0, "{}", answered.text());
    assert_eq!(generation(), start + 3);

    // A file that is not there is told before the question, its content after it.
    let missing = shell(&format!("'{MAAS}' config-tls enable /nowhere/key '{certificate}' </dev/null"));
    assert_eq!(missing.code, 2, "{}", missing.text());
    assert!(missing.stderr.contains("/nowhere/key") && !missing.stdout.contains("proceed?"), "{}", missing.text());
    let empty = site.scratch().join("empty");
    std::fs::write(&empty, "").unwrap();
    let asked = shell(&format!("(echo y) | '{MAAS}' config-tls enable '{}' '{certificate}'", empty.display()));
    assert_eq!(asked.code, 2, "{}", asked.text());
    assert!(asked.stdout.contains("proceed?"), "{}", asked.text());
}

/// Keys and certificates as two common ACME clients lay them down, with the renewal hooks that people have.
#[tokio::test]
async fn renewal_hooks_of_acme_clients_work_twice() {
    let bench = Bench::new();
    let live = bench.site.scratch().join("live");
    std::fs::create_dir_all(&live).unwrap();
    let port = bench.port();
    for turn in ["first", "renewed"] {
        let pair = bench.issuing.leaf().issue();
        lay_down(&live, &pair);
        let certbot = format!(
            "cd '{}' && yes | '{MAAS}' config-tls enable privkey.pem cert.pem --cacert chain.pem --port {port}; exit ${{PIPESTATUS[1]}}",
            live.display()
        );
        let acme_sh = format!(
            "cd '{}' && (echo y) | '{MAAS}' config-tls enable privkey.pem fullchain.pem --port {port}",
            live.display()
        );
        let mut told = String::new();
        for hook in [certbot, acme_sh] {
            let mut command = Command::new("bash");
            let ran = run(command.args(["-c", &hook]).env("MAAS_DATA", bench.site.data_dir()));
            assert_eq!(ran.code, 0, "{turn}: {hook}\n{}", ran.text());
            let _ = writeln!(told, "{}", ran.stdout);
            assert_eq!(bench.served().await, pair.fingerprint(), "{turn}");
        }
        assert!(told.contains("unchanged"), "the second hook found it done: {told}");
    }
}

fn lay_down(live: &Path, pair: &Pair) {
    for (name, text) in [
        ("privkey.pem", &pair.key),
        ("cert.pem", &pair.certificate),
        ("chain.pem", &pair.chain),
        ("fullchain.pem", &pair.full_chain()),
    ] {
        std::fs::write(live.join(name), text).unwrap();
    }
    run(Command::new("chmod").args(["600"]).arg(live.join("privkey.pem"))).ok();
}

fn fresh_pair(root: &Authority, dir: &Path) {
    root.leaf().issue().write(dir, "pair");
}
