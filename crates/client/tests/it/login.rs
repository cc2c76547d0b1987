//! Logging in: what is asked, what is kept, whom it trusts.

use expect_test::{Expect, expect};
use maas_client::{
    Error, ProfileFile,
    login::{Login, Proof, login, success_text},
    refresh::refresh,
};
use maas_tls::SiteCa;

use crate::recorder::{Answer, Home, Recorder, now, run, with_key};

#[tokio::test]
async fn a_login_keeps_url_key_and_description() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let url = recorder.serve().await;
    let profile = home.log_in(&url).await;
    let lines: Vec<String> = recorder.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, ["GET /MAAS/api/2.0/describe/", "GET /MAAS/api/2.0/users/?op=whoami"]);
    let kept = home.file.find("p").await.unwrap().unwrap();
    assert_eq!(kept.url, format!("{url}/api/2.0/"));
    assert_eq!(kept.hash(), "8c3b1f0c5a0d4b7e9f7d2a6e1c4b5a6978123456");
    expect![[r#"

        You are now logged in to the MAAS server at
        http://HOST/MAAS/api/2.0/ with the profile name 'p'.

        For help with the available commands, try:

          maas p --help

    "#]]
    .assert_eq(&success_text(&profile).replace(&url[7..], "HOST/MAAS"));
}

async fn refused(recorder: &Recorder, file: &ProfileFile, request: Login, code: u8, expected: Expect) {
    let host = request.url.clone();
    let error = login(file, request).await.unwrap_err();
    assert_eq!(error.exit_code(), code, "{error}");
    expected.assert_eq(&error.report().replace(&host, "URL"));
    assert!(!file.exists(), "nothing is kept");
    recorder.asked();
}

#[tokio::test]
async fn a_refused_login_keeps_nothing() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let url = recorder.serve().await;
    let whoami = "/MAAS/api/2.0/users/?op=whoami";
    recorder.answer(whoami, Answer::new(401, "text/plain", "Forbidden"));
    refused(
        &recorder,
        &home.file,
        with_key(&url),
        1,
        expect![[r#"
        The MAAS server rejected your API key.
        hint: copy the whole key, three parts joined by `:`, from the web UI or from `maas apikey` on the region
    "#]],
    )
    .await;
    recorder.answer(whoami, Answer::new(403, "text/plain", "no"));
    refused(
        &recorder,
        &home.file,
        with_key(&url),
        1,
        expect![[r#"
        The MAAS server gave an unexpected response: 403
    "#]],
    )
    .await;
    let describe = "/MAAS/api/2.0/describe/";
    recorder.answer(describe, Answer::new(200, "text/html", "<html>"));
    refused(
        &recorder,
        &home.file,
        with_key(&url),
        2,
        expect![[r#"
        error: URL/api/2.0/describe/ does not describe an API: expected application/json, got: text/html
        hint: the URL of a MAAS server ends in /MAAS, for example https://maas.example:5443/MAAS
    "#]],
    )
    .await;
    recorder.answer(describe, Answer::new(200, "application/json", "{"));
    refused(
        &recorder,
        &home.file,
        with_key(&url),
        2,
        expect![[r#"
        error: URL/api/2.0/describe/ does not describe an API: the answer is no JSON
        hint: the URL of a MAAS server ends in /MAAS, for example https://maas.example:5443/MAAS
    "#]],
    )
    .await;
    recorder
        .answer(describe, Answer::new(308, "text/plain", "").with("Location", "https://m:5443/MAAS/api/2.0/describe/"));
    refused(
        &recorder,
        &home.file,
        with_key(&url),
        1,
        expect![[r#"
        error: URL/api/2.0/describe/ sends its callers on to https://m:5443/MAAS/api/2.0/describe/
        hint: log in again with that address: maas login PROFILE https://m:5443/MAAS
    "#]],
    )
    .await;
    let both = Login { insecure: true, cacerts: Some("x".into()), ..with_key(&url) };
    refused(
        &recorder,
        &home.file,
        both,
        1,
        expect![[r#"
        You cannot use both cacerts and insecure arguments.
    "#]],
    )
    .await;
    let nobody = Login { url: "http://127.0.0.1:1/MAAS".into(), ..with_key(&url) };
    refused(
        &recorder,
        &home.file,
        nobody,
        2,
        expect![[r#"
        error: cannot talk to URL/api/2.0/describe/: Connection refused (os error 111)
    "#]],
    )
    .await;
}

#[tokio::test]
async fn a_redirect_gets_no_key() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let url = recorder.serve().await;
    let moved = Answer::new(308, "text/plain", "").with("Location", "https://m:5443/MAAS/api/2.0/describe/");
    recorder.answer("/MAAS/api/2.0/describe/", moved);
    login(&home.file, with_key(&url)).await.unwrap_err();
    assert!(recorder.asked().iter().all(|asked| asked.authorization.is_empty()));
}

#[tokio::test]
async fn a_password_is_traded_for_a_key() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let url = recorder.serve().await;
    let key = r#"{"consumer_key": "a", "name": "n", "token_key": "b", "token_secret": "c"}"#;
    recorder.answer("/MAAS/accounts/authenticate/", Answer::new(200, "application/json", key));
    let password = |text: &str| Login {
        proof: Proof::Password { username: "al".into(), password: text.to_owned().into(), consumer: "me@here".into() },
        ..with_key(&url)
    };
    let profile = login(&home.file, password("p&w")).await.unwrap();
    assert_eq!(profile.credentials.unwrap().clear_text(), "a:b:c");
    let asked = recorder.asked();
    assert_eq!(asked[1].line, "POST /MAAS/accounts/authenticate/");
    assert_eq!(String::from_utf8_lossy(&asked[1].body), "username=al&password=p%26w&consumer=me%40here");

    recorder.answer("/MAAS/accounts/authenticate/", Answer::new(403, "text/plain", ""));
    assert!(matches!(login(&home.file, password("x")).await.unwrap_err(), Error::PasswordRejected));
}

#[tokio::test]
async fn a_token_is_sent_as_bearer() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let url = recorder.serve().await;
    let request = Login { proof: Proof::Key("maas_pat_x".parse().unwrap()), ..with_key(&url) };
    login(&home.file, request).await.unwrap();
    assert_eq!(recorder.asked()[1].authorization, "Bearer maas_pat_x");
    let kept = home.file.find("p").await.unwrap().unwrap();
    run(&kept, &["users", "read"]).await;
    assert_eq!(recorder.asked()[0].authorization, "Bearer maas_pat_x");
}

#[tokio::test]
async fn anonymous_access_asks_for_the_description_alone() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let url = recorder.serve().await;
    login(&home.file, Login { proof: Proof::Anonymous, ..with_key(&url) }).await.unwrap();
    assert_eq!(recorder.asked().len(), 1);
    let kept = home.file.find("p").await.unwrap().unwrap();
    let (code, out, _) = run(&kept, &["--help"]).await;
    assert!(code == 0 && out.contains("version") && !out.contains("users"), "{out}");
}

#[tokio::test]
async fn a_private_ca_is_kept_and_used_everywhere() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let ca = SiteCa::generate("site", now()).unwrap();
    let (url, fingerprint) = recorder.serve_tls(&ca).await;
    let pem = home.directory.path().join(".maascli.certs/p.pem");

    let report = login(&home.file, with_key(&url)).await.unwrap_err().report();
    expect![[r#"
        Certificate verification failed, use --insecure/-k to disable the certificate check.
        the server's certificate was issued by an authority that is not trusted here
          Subject: CN=localhost
          Issuer: CN=site
          Fingerprint (SHA-256): AA:BB
        hint: get the site's CA from its administrator (DIR/ca.pem on the region) and pass it with --cacerts, or, once they confirm the fingerprint, pass --pin sha256:FINGERPRINT
    "#]].assert_eq(&report.replace(&fingerprint, "AA:BB"));
    assert!(!home.file.exists() && !pem.exists());
    assert!(recorder.asked().iter().all(|asked| asked.authorization.is_empty()));

    let trusting = Login { cacerts: Some(ca.certificate_pem().to_owned()), ..with_key(&url) };
    login(&home.file, trusting).await.unwrap();
    assert_eq!(std::fs::read_to_string(&pem).unwrap(), ca.certificate_pem());
    let kept = home.file.find("p").await.unwrap().unwrap();
    assert_eq!(run(&kept, &["users", "read"]).await.0, 0);
    let (_, _, err) = run(&kept, &["users", "read", "-d"]).await;
    assert!(
        err.contains("Subject: ") && err.contains("Issuer: CN=site") && err.contains("Fingerprint (SHA-256): "),
        "{err}"
    );
    refresh(&home.file, kept, false).await.unwrap();

    let other = SiteCa::generate("other", now()).unwrap();
    let wrong = Login { cacerts: Some(other.certificate_pem().to_owned()), ..with_key(&url) };
    assert!(matches!(login(&home.file, wrong).await.unwrap_err(), Error::Certificate(_)));
    let kept = home.file.find("p").await.unwrap().unwrap();
    assert_eq!(kept.cacerts.as_deref(), Some(ca.certificate_pem()), "a failed login changes nothing");
}

#[tokio::test]
async fn a_pin_names_one_certificate() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let ca = SiteCa::generate("site", now()).unwrap();
    let (url, fingerprint) = recorder.serve_tls(&ca).await;
    let pinned = |pin: &str| Login { pin: Some(pin.to_owned()), ..with_key(&url) };
    let error = login(&home.file, pinned(&format!("sha256:{}", "00".repeat(32)))).await.unwrap_err();
    assert!(matches!(error, Error::Certificate(_)), "{error}");
    assert!(matches!(login(&home.file, pinned("sha256:zz")).await.unwrap_err(), Error::Trust(_)));
    login(&home.file, pinned(&format!("sha256:{fingerprint}"))).await.unwrap();
    let kept = home.file.find("p").await.unwrap().unwrap();
    assert_eq!(run(&kept, &["users", "read"]).await.0, 0);
}

#[tokio::test]
async fn insecure_is_not_remembered() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let ca = SiteCa::generate("site", now()).unwrap();
    let (url, _) = recorder.serve_tls(&ca).await;
    login(&home.file, Login { insecure: true, ..with_key(&url) }).await.unwrap();
    let kept = home.file.find("p").await.unwrap().unwrap();
    let (code, _, err) = run(&kept, &["users", "read"]).await;
    assert_eq!(code, 1);
    assert!(err.starts_with("Certificate verification failed"), "{err}");
    assert_eq!(run(&kept, &["users", "read", "-k"]).await.0, 0);
}

#[tokio::test]
async fn a_refresh_reads_the_description_anew() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let profile = home.log_in(&recorder.serve().await).await;
    let answer = Answer::new(200, "application/json", r#"{"hash": "new", "resources": []}"#);
    recorder.answer("/MAAS/api/2.0/describe/", answer);
    refresh(&home.file, profile, false).await.unwrap();
    let kept = home.file.find("p").await.unwrap().unwrap();
    assert_eq!(kept.hash(), "new");
    assert_eq!(kept.credentials.unwrap().clear_text(), "ck:tk:ts");
}
