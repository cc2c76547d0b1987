//! Every row of what is accepted, refused and warned of.

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::LazyLock,
    time::Duration,
};

use maas_model::{Secret, Timestamp};
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SignatureAlgorithm,
};
use time::OffsetDateTime;

use super::{CertBundle, CheckOptions, PairText, Problem, Severity, check};
use crate::pem;

const DAY: Duration = Duration::from_secs(86_400);

fn now() -> Timestamp {
    Timestamp::parse("2026-11-25T12:00:00Z").unwrap()
}

fn options() -> CheckOptions {
    CheckOptions {
        now: now(),
        allow_expired: false,
        allow_self_signed_ca: false,
        hosts: vec!["maas.internal".to_owned()],
        reminder_days: 30,
    }
}

/// A certificate to be made: a server's for `maas.internal`, from yesterday for 90 days.
struct Draft {
    params: CertificateParams,
    key: KeyPair,
}

impl Draft {
    fn new(name: &str, algorithm: &'static SignatureAlgorithm) -> Self {
        let mut params = CertificateParams::new(vec!["maas.internal".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        Self { params, key: KeyPair::generate_for(algorithm).unwrap() }.lasting(now().minus(DAY), now().plus(DAY * 89))
    }

    fn server() -> Self {
        Self::new("maas.internal", &rcgen::PKCS_ECDSA_P256_SHA256)
    }

    fn ca(name: &str) -> Self {
        let mut draft = Self::new(name, &rcgen::PKCS_ECDSA_P256_SHA256);
        draft.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        draft.params.subject_alt_names.clear();
        draft
    }

    fn lasting(mut self, from: Timestamp, to: Timestamp) -> Self {
        let moment = |at: Timestamp| OffsetDateTime::from_unix_timestamp(at.secs()).unwrap();
        (self.params.not_before, self.params.not_after) = (moment(from), moment(to));
        self
    }

    fn with(mut self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        change(&mut self.params);
        self
    }

    fn key(&self) -> String {
        self.key.serialize_pem()
    }

    fn self_signed(&self) -> String {
        self.params.self_signed(&self.key).unwrap().pem()
    }

    fn issued_by(&self, issuer: &Self) -> String {
        self.params.signed_by(&self.key, &Issuer::from_params(&issuer.params, &issuer.key)).unwrap().pem()
    }
}

/// Root, intermediate and server.
struct Site {
    root: Draft,
    middle: Draft,
    server: Draft,
}

impl Site {
    fn new() -> Self {
        Self { root: Draft::ca("Root"), middle: Draft::ca("Middle"), server: Draft::server() }
    }

    fn root_pem(&self) -> String {
        self.root.self_signed()
    }

    fn middle_pem(&self) -> String {
        self.middle.issued_by(&self.root)
    }

    fn server_pem(&self) -> String {
        self.server.issued_by(&self.middle)
    }
}

fn run(key: &str, certificate: &str, ca: Option<&str>, options: &CheckOptions) -> (Option<CertBundle>, Vec<Problem>) {
    let key = Secret::new(key.to_owned());
    check(PairText { key: &key, certificate, ca, names: ["key.pem", "cert.pem", "ca.pem"] }, options)
}

/// The codes of problems, warnings with a `?`.
fn codes(problems: &[Problem]) -> Vec<String> {
    let mark = |problem: &Problem| if problem.severity == Severity::Warning { "?" } else { "" };
    problems.iter().map(|problem| format!("{}{}", problem.code, mark(problem))).collect()
}

fn accept(key: &str, certificate: &str, ca: Option<&str>) -> CertBundle {
    let (bundle, problems) = run(key, certificate, ca, &options());
    assert_eq!(problems, []);
    bundle.unwrap()
}

#[track_caller]
fn refuse(key: &str, certificate: &str, ca: Option<&str>, expected: &[&str]) -> Vec<String> {
    let (bundle, problems) = run(key, certificate, ca, &options());
    assert!(bundle.is_none());
    assert_eq!(codes(&problems), expected, "{problems:#?}");
    for problem in &problems {
        assert!(!problem.text.contains('\n'), "{}", problem.text);
    }
    problems.into_iter().map(|problem| problem.text).collect()
}

fn openssl(args: &[&str], input: &str) -> String {
    let mut child = Command::new("openssl")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {args:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

static RSA: LazyLock<(Draft, Site)> =
    LazyLock::new(|| (Draft::new("maas.internal", &rcgen::PKCS_RSA_SHA256), Site::new()));

#[test]
fn every_kind_of_key_is_accepted_and_kept_as_pkcs8() {
    let site = Site::new();
    for (algorithm, name) in [
        (&rcgen::PKCS_RSA_SHA256, "RSA 2048"),
        (&rcgen::PKCS_ECDSA_P256_SHA256, "ECDSA P-256"),
        (&rcgen::PKCS_ECDSA_P384_SHA384, "ECDSA P-384"),
        (&rcgen::PKCS_ECDSA_P521_SHA512, "ECDSA P-521"),
        (&rcgen::PKCS_ED25519, "Ed25519"),
    ] {
        let server = Draft::new("maas.internal", algorithm);
        let bundle = accept(&server.key(), &server.issued_by(&site.middle), None);
        assert_eq!(bundle.info.key_type, name);
        assert!(bundle.key_pem.expose().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let again = CertBundle::from_stored(&bundle.chain_pem, &bundle.key_pem).unwrap();
        assert_eq!(again.info.sha256, bundle.info.sha256);
        assert_eq!(again.key_pem.expose(), bundle.key_pem.expose());
    }
}

#[test]
fn keys_in_the_old_formats_are_accepted() {
    let (rsa, site) = &*RSA;
    let pkcs1 = openssl(&["rsa", "-traditional"], &rsa.key());
    assert!(pkcs1.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    accept(&pkcs1, &rsa.issued_by(&site.middle), None);

    for curve in ["prime256v1", "secp384r1", "secp521r1"] {
        let sec1 = openssl(&["ecparam", "-name", curve, "-genkey"], "");
        assert!(sec1.contains("-----BEGIN EC PRIVATE KEY-----") && sec1.contains("-----BEGIN EC PARAMETERS-----"));
        let mut server = Draft::server();
        server.key = KeyPair::from_pem(&openssl(&["pkcs8", "-topk8", "-nocrypt"], &sec1)).unwrap();
        accept(&sec1, &server.issued_by(&site.middle), None);
    }
    let ed25519 = openssl(&["genpkey", "-algorithm", "ed25519"], "");
    let mut server = Draft::server();
    server.key = KeyPair::from_pkcs8_pem_and_sign_algo(&ed25519, &rcgen::PKCS_ED25519).unwrap();
    accept(&ed25519, &server.issued_by(&site.middle), None);
}

#[test]
fn arguments_may_be_swapped_or_one_combined_file() {
    let site = Site::new();
    let (key, certificate) = (site.server.key(), site.server_pem() + &site.middle_pem());
    let bundle = accept(&certificate, &key, None);
    assert_eq!(bundle.info.chain_length, 2);
    let combined = format!("Bag Attributes\r\n{key}{certificate}").replace('\n', "\r\n");
    assert_eq!(accept(&combined, &combined, None).info.sha256, bundle.info.sha256);
    assert_eq!(accept(&combined, &certificate, None).info.chain_length, 2);
}

#[test]
fn the_chain_is_kept_and_put_in_order_without_the_root() {
    let site = Site::new();
    let (server, middle, root) = (site.server_pem(), site.middle_pem(), site.root_pem());
    let key = site.server.key();
    let expected = accept(&key, &(server.clone() + &middle), None).chain_pem;
    assert_eq!(expected.matches("BEGIN CERTIFICATE").count(), 2);
    for (certificate, ca) in [
        (server.clone() + &middle + &root, None),
        (middle.clone() + &server, None),
        (root.clone() + &middle + &server, None),
        (server.clone() + &middle + &middle + &server, None),
        (server.clone(), Some(middle.clone())),
        (server.clone(), Some(root.clone() + &middle)),
        (server.clone() + &middle, Some(middle.clone() + &root)),
    ] {
        assert_eq!(accept(&key, &certificate, ca.as_deref()).chain_pem, expected);
    }
    assert_eq!(accept(&key, &server, None).info.chain_length, 1);
}

#[test]
fn a_cross_signed_root_is_served_and_its_twin_is_not() {
    let site = Site::new();
    let old = Draft::ca("Old root");
    let cross = site.root.issued_by(&old);
    let certificate = site.server_pem() + &site.middle_pem() + &cross;
    assert_eq!(accept(&site.server.key(), &certificate, Some(&site.root_pem())).info.chain_length, 3);
}

#[test]
fn what_is_unrelated_breaks_the_chain() {
    let site = Site::new();
    let key = site.server.key();
    let texts = refuse(&key, &site.server_pem(), Some(&Draft::ca("Other").self_signed()), &["tls/chain-broken"]);
    assert_eq!(
        texts[0],
        "`CN=Other` in `ca.pem` is not part of the chain: leave it out, and give the certificate of `CN=Middle` if it is missing"
    );
    // The right name, another key.
    let imposter = Draft::ca("Middle").issued_by(&site.root);
    refuse(&key, &(site.server_pem() + &imposter), None, &["tls/chain-broken"]);
    // A gap: the root's is there, the middle one is not.
    refuse(&key, &site.server_pem(), Some(&site.root_pem()), &["tls/chain-broken"]);
    // The issuer is no CA.
    let lay = Draft::server().with(|params| params.distinguished_name.push(DnType::CommonName, "Lay"));
    let certificate = site.server.issued_by(&lay) + &lay.issued_by(&site.root);
    refuse(&key, &certificate, None, &["tls/chain-broken"]);
}

#[test]
fn another_key_does_not_match_whatever_its_type() {
    let site = Site::new();
    let (rsa, _) = &*RSA;
    for key in [Draft::server().key(), rsa.key()] {
        let texts = refuse(&key, &site.server_pem(), None, &["tls/key-mismatch"]);
        assert!(texts[0].starts_with("Private and public keys don't match: `key.pem` "), "{}", texts[0]);
    }
    refuse(&site.server.key(), &rsa.issued_by(&site.middle), None, &["tls/key-mismatch"]);
}

#[test]
fn keys_with_a_passphrase_are_refused_in_both_formats() {
    let (rsa, site) = &*RSA;
    let old = openssl(&["rsa", "-traditional", "-aes128", "-passout", "pass:secret"], &rsa.key());
    let new = openssl(&["pkcs8", "-topk8", "-passout", "pass:secret"], &rsa.key());
    for key in [old, new] {
        let texts = refuse(&key, &rsa.issued_by(&site.middle), None, &["tls/key-encrypted"]);
        let expected = "Private key can't have a passphrase: `key.pem` is encrypted; take it off with `openssl pkey";
        assert!(texts[0].starts_with(expected), "{}", texts[0]);
    }
}

#[test]
fn keys_that_do_not_do_are_named() {
    let site = Site::new();
    let certificate = site.server_pem();
    let weak = openssl(&["genrsa", "1024"], "");
    let weak_old = openssl(&["genrsa", "-traditional", "1024"], "");
    let bitcoin = openssl(&["ecparam", "-name", "secp256k1", "-genkey", "-noout"], "");
    let bitcoin_new = openssl(&["pkcs8", "-topk8", "-nocrypt"], &bitcoin);
    let ed448 = openssl(&["genpkey", "-algorithm", "ed448"], "");
    let pss = openssl(&["genpkey", "-algorithm", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"], "");
    let cut = site.server.key().replacen("\n-----END", "\n!\n-----END", 1);
    let two = site.server.key() + &Draft::server().key();
    let request = site.server.params.serialize_request(&site.server.key).unwrap().pem().unwrap();
    let empty_block = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    for (key, expected) in [
        (weak.as_str(), "`key.pem` holds an RSA key of 1024 bits; use at least 2048, or ECDSA P-256"),
        (&weak_old, "`key.pem` holds an RSA key of 1024 bits; use at least 2048, or ECDSA P-256"),
        (&bitcoin, "`key.pem` holds an elliptic-curve key of another curve; use RSA"),
        (&bitcoin_new, "`key.pem` holds an elliptic-curve key of another curve; use RSA"),
        (&ed448, "`key.pem` holds an Ed448 key; use RSA"),
        (&pss, "`key.pem` holds an RSA key that is for PSS alone; use RSA"),
        (&cut, "`key.pem` has a private key at line 1 that is not base64; copy it again"),
        (&two, "`key.pem` has 2 private keys; leave only one"),
        (&request, "`key.pem` holds no private key; give the file that begins with"),
        (empty_block, "`key.pem` holds a private key that cannot be read"),
        (" \n", "`key.pem` is empty; it should hold the private key"),
        ("some text", "`key.pem` holds no private key"),
        ("0\u{fffd}\u{1}", "`key.pem` is binary (DER), not PEM; convert it with `openssl pkey -inform DER -in key.pem"),
    ] {
        let texts = refuse(key, &certificate, None, &["tls/key-parse"]);
        assert!(texts[0].starts_with(&format!("Invalid PEM material: {expected}")), "{}", texts[0]);
    }
}

#[test]
fn certificates_that_do_not_do_are_named() {
    let site = Site::new();
    let key = site.server.key();
    let request = site.server.params.serialize_request(&site.server.key).unwrap().pem().unwrap();
    let trusted = openssl(&["x509", "-trustout"], &site.server_pem());
    let der = String::from_utf8_lossy(&pem::blocks(&site.server_pem())[0].der.clone().unwrap()).into_owned();
    let cut = site.server_pem().replacen("\n-----END", "\nAA=A\n-----END", 1);
    let open = site.server_pem().replacen("-----END CERTIFICATE-----", "", 1);
    let garbage = "-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----\n";
    for (certificate, expected) in [
        (request.as_str(), "`cert.pem` is a request, not yet a certificate; give what the CA sent back"),
        (&trusted, "`cert.pem` is in OpenSSL's own format; convert it with `openssl x509 -in cert.pem"),
        (&der, "`cert.pem` is binary (DER), not PEM; convert it with `openssl x509 -inform DER -in cert.pem -out"),
        (&cut, "`cert.pem` has a certificate at line 1 that is not base64; copy it again"),
        (&open, "`cert.pem` has a certificate at line 1 that has no END line; copy it again"),
        (garbage, "`cert.pem` has a certificate at line 1 that cannot be read; copy it again"),
        ("", "`cert.pem` is empty; it should hold a certificate"),
        ("some text", "`cert.pem` holds no certificate; give the file that begins with"),
        ("-----BEGIN PKCS7-----\nAAAA\n-----END PKCS7-----\n", "`cert.pem` is PKCS#7; convert it with"),
    ] {
        let texts = refuse(&key, certificate, None, &["tls/cert-parse"]);
        assert!(texts[0].starts_with(&format!("Invalid PEM material: {expected}")), "{}", texts[0]);
    }
}

#[test]
fn a_chain_without_certificates_is_refused() {
    let site = Site::new();
    let (key, certificate) = (site.server.key(), site.server_pem());
    for ca in ["", "some text", &Draft::ca("X").key()] {
        let (bundle, problems) = run(&key, &certificate, Some(ca), &options());
        assert!(bundle.is_none());
        let error = problems.iter().find(|problem| problem.severity == Severity::Error).unwrap();
        assert!(error.text.starts_with("Invalid PEM material: `ca.pem` ") && error.text.ends_with(", or leave it out"));
    }
    let broken = site.middle_pem().replacen("\n-----END", "\n!\n-----END", 1);
    refuse(&key, &certificate, Some(&broken), &["tls/cert-parse"]);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let texts = refuse("nothing", "nothing", Some("nothing"), &["tls/key-parse", "tls/cert-parse", "tls/cert-parse"]);
    assert!(texts.iter().all(|text| text.starts_with("Invalid PEM material: ")));

    let old = Draft::ca("maas.internal").lasting(now().minus(DAY * 500), now().minus(DAY));
    let old = old.with(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    let (bundle, problems) = run(&Draft::server().key(), &old.self_signed(), None, &options());
    assert!(bundle.is_none());
    let expected = [
        "tls/key-mismatch",
        "tls/leaf-is-ca",
        "tls/eku",
        "tls/no-san?",
        "tls/self-signed?",
        "tls/long-lived?",
        "tls/cert-expired",
    ];
    assert_eq!(codes(&problems), expected);
}

#[test]
fn dates_are_checked_to_the_second() {
    let site = Site::new();
    let (begin, end) = (now().plus(DAY), now().plus(DAY * 60));
    let server = Draft::server().lasting(begin, end);
    let certificate = server.issued_by(&site.middle);
    let at = |now, allow_expired| {
        let options = CheckOptions { now, allow_expired, reminder_days: 0, ..options() };
        let (bundle, problems) = run(&server.key(), &certificate, None, &options);
        (bundle.is_some(), codes(&problems).concat())
    };
    let second = Duration::from_secs(1);
    assert_eq!(at(begin.minus(second), false), (false, "tls/cert-not-yet-valid".into()));
    assert_eq!(at(begin, false), (true, String::new()));
    assert_eq!(at(end.minus(second), false), (true, String::new()));
    assert_eq!(at(end, false), (false, "tls/cert-expired".into()));
    assert_eq!(at(end, true), (true, String::new()));
}

#[test]
fn an_ended_intermediate_is_an_error_and_an_ended_root_is_not_served() {
    let mut site = Site::new();
    site.root = site.root.lasting(now().minus(DAY * 9), now().minus(DAY));
    let certificate = site.server_pem() + &site.middle_pem() + &site.root_pem();
    accept(&site.server.key(), &certificate, None);
    site.middle = site.middle.lasting(now().minus(DAY * 9), now().minus(DAY));
    let certificate = site.server_pem() + &site.middle_pem();
    let texts = refuse(&site.server.key(), &certificate, None, &["tls/cert-expired"]);
    assert_eq!(texts[0], "`CN=Middle` in `cert.pem` ended on 2026-11-24 12:00:00 UTC; have it renewed");
}

#[test]
fn a_ca_as_server_needs_leave() {
    let own = Draft::ca("maas.internal").with(|params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("maas.internal".try_into().unwrap())];
    });
    let strict = run(&own.key(), &own.self_signed(), None, &options());
    assert_eq!(codes(&strict.1), ["tls/leaf-is-ca", "tls/self-signed?"]);
    assert!(strict.1[0].text.contains("--allow-self-signed-ca"));
    let lenient = CheckOptions { allow_self_signed_ca: true, ..options() };
    let (bundle, problems) = run(&own.key(), &own.self_signed(), None, &lenient);
    assert_eq!(codes(&problems), ["tls/self-signed?"]);
    assert_eq!(bundle.unwrap().info.chain_length, 1, "a self-signed leaf is served");
    let issued = own.issued_by(&Draft::ca("Root"));
    assert_eq!(codes(&run(&own.key(), &issued, None, &lenient).1), ["tls/leaf-is-ca"]);
}

#[test]
fn extended_key_usage_must_have_server_auth() {
    let root = Draft::ca("Root");
    for (usages, is_fine) in [
        (vec![], true),
        (vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth], true),
        (vec![ExtendedKeyUsagePurpose::ClientAuth], false),
        (vec![ExtendedKeyUsagePurpose::EmailProtection], false),
    ] {
        let server = Draft::server().with(|params| params.extended_key_usages = usages);
        let (_, problems) = run(&server.key(), &server.issued_by(&root), None, &options());
        assert_eq!(codes(&problems), if is_fine { vec![] } else { vec!["tls/eku"] });
    }
}

#[test]
fn warnings_warn_and_do_not_refuse() {
    let root = Draft::ca("Root");
    let warn = |server: &Draft, certificate: &str, expected: &[&str]| {
        let (bundle, problems) = run(&server.key(), certificate, None, &options());
        assert_eq!(codes(&problems), expected, "{problems:#?}");
        assert!(bundle.is_some());
        problems.into_iter().map(|problem| problem.text).collect::<Vec<_>>().join("\n")
    };
    let bare = Draft::server().with(|params| params.subject_alt_names.clear());
    warn(&bare, &bare.issued_by(&root), &["tls/no-san?"]);
    let other = Draft::server().with(|params| {
        params.subject_alt_names = vec![rcgen::SanType::DnsName("other.internal".try_into().unwrap())];
    });
    let text = warn(&other, &other.issued_by(&root), &["tls/host-not-covered?"]);
    assert!(text.contains("does not name `maas.internal`"), "{text}");
    let long = Draft::server().lasting(now().minus(DAY), now().plus(DAY * 398));
    warn(&long, &long.issued_by(&root), &["tls/long-lived?"]);
    let fitting = Draft::server().lasting(now().minus(DAY), now().plus(DAY * 397));
    warn(&fitting, &fitting.issued_by(&root), &[]);
    let own = Draft::server();
    warn(&own, &own.self_signed(), &["tls/self-signed?"]);
    for (left, expected) in [(DAY / 2, "ends today"), (DAY, "ends in 1 day "), (DAY * 29, "ends in 29 days ")] {
        let short = Draft::server().lasting(now().minus(DAY), now().plus(left));
        let text = warn(&short, &short.issued_by(&root), &["tls/expires-soon?"]);
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn sha1_is_warned_of_except_in_a_root() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (rsa, _) = &*RSA;
    std::fs::write(at("key"), rsa.key()).unwrap();
    let root = openssl(&["req", "-x509", "-sha1", "-key", &at("key"), "-subj", "/CN=Old", "-days", "3000"], "");
    std::fs::write(at("root"), &root).unwrap();
    let server = Draft::server();
    std::fs::write(at("request"), server.params.serialize_request(&server.key).unwrap().pem().unwrap()).unwrap();
    let san = at("san");
    std::fs::write(&san, "subjectAltName=DNS:maas.internal").unwrap();
    let sign = |hash: &str| {
        let (request, root, key) = (at("request"), at("root"), at("key"));
        let mut args = vec!["x509", "-req", "-in", &request, "-CA", &root, "-CAkey", &key, hash];
        args.extend(["-days", "90", "-extfile", &san, "-set_serial", "7"]);
        openssl(&args, "")
    };
    // The tool takes this machine's time.
    #[expect(clippy::disallowed_methods, reason = "openssl takes the machine's time too")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let options = CheckOptions { now: Timestamp::from_secs(0).plus(since + DAY), ..options() };
    let (bundle, problems) = run(&server.key(), &sign("-sha256"), Some(&root), &options);
    assert_eq!((bundle.is_some(), codes(&problems)), (true, vec![]));
    let (bundle, problems) = run(&server.key(), &sign("-sha1"), Some(&root), &options);
    assert_eq!((bundle.is_some(), codes(&problems)), (true, vec!["tls/sha1?".to_owned()]));
}

#[test]
fn names_of_files_cannot_break_the_line() {
    let key = Secret::new("x".to_owned());
    let (_, problems) =
        check(PairText { key: &key, certificate: "", ca: None, names: ["a\nb", "\u{1b}[31m", ""] }, &options());
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|problem| !problem.text.chars().any(char::is_control)));
}

#[test]
fn damaged_stored_pairs_are_one_line() {
    let site = Site::new();
    let key = Secret::new(site.server.key());
    for (chain, key) in [
        (String::new(), &key),
        ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_owned(), &key),
        (site.server_pem(), &Secret::new(String::new())),
        (site.middle_pem(), &key),
    ] {
        let why = CertBundle::from_stored(&chain, key).unwrap_err();
        assert!(why.starts_with("the stored ") && !why.contains('\n'), "{why}");
    }
}

static GOOD: LazyLock<(String, String)> = LazyLock::new(|| {
    let site = Site::new();
    (site.server.key(), site.server_pem() + &site.middle_pem() + &site.root_pem())
});

/// A pair whose DER has some bytes changed.
fn mutate(text: &str, changes: &[(usize, u8)]) -> String {
    let mutated = pem::blocks(text).into_iter().map(|block| {
        let mut der = block.der.unwrap();
        for (at, value) in changes {
            let length = der.len();
            der[at % length] ^= value;
        }
        pem::encode(&block.label, &der).to_string()
    });
    mutated.collect()
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(key: String, certificate: String, ca: Option<String>) {
        let (bundle, problems) = run(&key, &certificate, ca.as_deref(), &options());
        prop_assert!(bundle.is_none() && !problems.is_empty());
    }

    #[test]
    fn no_bytes_make_it_panic(key: Vec<u8>, certificate: Vec<u8>) {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "CERTIFICATE"] {
            let key = pem::encode(label, &key);
            let certificate = pem::encode("CERTIFICATE", &certificate);
            let (bundle, problems) = run(&key, &certificate, Some(&certificate), &options());
            prop_assert!(bundle.is_none() && !problems.is_empty());
        }
    }

    #[test]
    fn no_change_of_bytes_makes_it_panic(
        in_key in prop::collection::vec((any::<usize>(), any::<u8>()), 0..3),
        in_chain in prop::collection::vec((any::<usize>(), any::<u8>()), 0..3),
    ) {
        let (key, chain) = &*GOOD;
        let (bundle, problems) = run(&mutate(key, &in_key), &mutate(chain, &in_chain), None, &options());
        prop_assert_eq!(bundle.is_none(), problems.iter().any(|problem| problem.severity == Severity::Error));
        prop_assert!(problems.iter().all(|problem| !problem.text.chars().any(char::is_control)));
    }
}
