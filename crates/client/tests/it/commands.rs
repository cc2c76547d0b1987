//! What commands send, and what they make of the answers.

use expect_test::expect;

use crate::recorder::{Answer, Asked, Home, Recorder, run};

/// Method and path, then the parts of the body.
fn shape(asked: &Asked) -> String {
    let body = String::from_utf8_lossy(&asked.body);
    let parts = body.split("Content-Disposition: form-data; ").skip(1).map(|part| {
        let (head, value) = part.split_once("\r\n\r\n").unwrap();
        let value = value.rsplit_once("\r\n--").map_or(value, |(value, _)| value);
        format!("\n  {}: {value}", head.replace("\r\n", "; "))
    });
    format!("{}{}", asked.line, parts.collect::<String>())
}

#[tokio::test]
async fn requests_are_those_that_maas_sends() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let profile = home.log_in(&recorder.serve().await).await;
    let key = home.directory.path().join("id.pub");
    std::fs::write(&key, "ssh-ed25519 AAAA al@x\n").unwrap();
    let key = format!("key@={}", key.display());
    recorder.asked();
    let mut seen = String::new();
    for words in [
        &["users", "create", "username=bob", "email=b@x.org", "password=s3cret", "is_superuser=0"][..],
        &["users", "whoami"],
        &["user", "read", "bob"],
        &["user", "delete", "bob", "transfer_resources_to=al"],
        &["account", "create-authorisation-token", "name=ci"],
        &["account", "list-authorisation-tokens"],
        &["account", "delete-authorisation-token", "token_key=K"],
        &["sshkeys", "create", "key=ssh-ed25519 AAAA"],
        &["sshkeys", "create", &key],
        &["sshkeys", "import", "lp:foo"],
        &["maas", "set-config", "name=session_length", "value=3600"],
        &["maas", "get-config", "name=session_length"],
        &["events", "query", "level=AUDIT", "limit=5"],
        &["user-group", "add-member", "3", "username=bob"],
        &["files", "create", "filename=a", &key.replace("key@", "file@")],
    ] {
        let (code, out, err) = run(&profile, words).await;
        assert_eq!((code, out.as_str(), err.as_str()), (0, "null", ""), "{words:?}");
        let asked = recorder.asked();
        assert_eq!(asked.len(), 1);
        assert!(asked[0].authorization.starts_with("OAuth oauth_version=\"1.0\""), "{}", asked[0].authorization);
        assert!(asked[0].authorization.contains("oauth_signature=\"%26ts\""));
        seen.push_str(&shape(&asked[0]));
        seen.push('\n');
    }
    expect![[r#"
        POST /MAAS/api/2.0/users/
          name="username": bob
          name="email": b@x.org
          name="password": s3cret
          name="is_superuser": 0
        GET /MAAS/api/2.0/users/?op=whoami
        GET /MAAS/api/2.0/users/bob/
        DELETE /MAAS/api/2.0/users/bob/?transfer_resources_to=al
        POST /MAAS/api/2.0/account/?op=create_authorisation_token
          name="name": ci
        GET /MAAS/api/2.0/account/?op=list_authorisation_tokens
        POST /MAAS/api/2.0/account/?op=delete_authorisation_token
          name="token_key": K
        POST /MAAS/api/2.0/account/prefs/sshkeys/
          name="key": ssh-ed25519 AAAA
        POST /MAAS/api/2.0/account/prefs/sshkeys/
          name="key": ssh-ed25519 AAAA al@x

        POST /MAAS/api/2.0/account/prefs/sshkeys/?op=import
          name="keysource": lp:foo
        POST /MAAS/api/2.0/maas/?op=set_config
          name="name": session_length
          name="value": 3600
        GET /MAAS/api/2.0/maas/?op=get_config&name=session_length
        GET /MAAS/api/2.0/events/?op=query&level=AUDIT&limit=5
        POST /MAAS/api/2.0/groups/3/?op=add_member
          name="username": bob
        POST /MAAS/api/2.0/files/
          name="filename": a
          name="file"; filename="file"; Content-Type: application/octet-stream: ssh-ed25519 AAAA al@x

    "#]]
    .assert_eq(&seen);
}

#[tokio::test]
async fn an_action_without_values_has_no_body() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let profile = home.log_in(&recorder.serve().await).await;
    recorder.asked();
    run(&profile, &["account", "create-authorisation-token"]).await;
    let asked = recorder.asked();
    assert_eq!((asked[0].content_type.as_deref(), asked[0].body.len()), (None, 0));
}

#[tokio::test]
async fn every_signature_is_new() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let profile = home.log_in(&recorder.serve().await).await;
    recorder.asked();
    run(&profile, &["users", "whoami"]).await;
    run(&profile, &["users", "whoami"]).await;
    let asked = recorder.asked();
    assert_ne!(asked[0].authorization, asked[1].authorization);
}

#[tokio::test]
async fn a_refusal_is_printed_and_counts_as_two() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let profile = home.log_in(&recorder.serve().await).await;
    recorder.answer("/MAAS/api/2.0/users/bob/", Answer::new(404, "text/plain", "No User matches the given query."));
    let (code, out, err) = run(&profile, &["user", "read", "bob"]).await;
    assert_eq!((code, out.as_str(), err.as_str()), (2, "No User matches the given query.", ""));
}

#[tokio::test]
async fn a_changed_api_is_told_on_stderr() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let url = recorder.serve().await;
    let profile = home.log_in(&url).await;
    let changed = Answer::new(200, "application/json", "[]").with("X-MAAS-API-Hash", "other");
    recorder.answer("/MAAS/api/2.0/users/", changed);
    let (code, out, err) = run(&profile, &["users", "read"]).await;
    assert_eq!((code, out.as_str()), (0, "[]"));
    expect![[r#"
        warning: the API of this server has changed since its description was read:
          URL/api/2.0/
        Commands may be missing, or fail although the server could carry them out.
        Read the description of every profile anew with:
          maas refresh
    "#]]
    .assert_eq(&err.replace(&url, "URL"));
}

#[tokio::test]
async fn a_key_does_not_follow_a_redirect() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let (elsewhere, url) = (Recorder::new(), recorder.serve().await);
    let profile = home.log_in(&url).await;
    let target = format!("{}/api/2.0/users/", elsewhere.serve().await);
    recorder.answer("/MAAS/api/2.0/users/", Answer::new(308, "text/plain", "").with("Location", &target));
    let (code, _, err) = run(&profile, &["users", "read"]).await;
    assert_eq!(code, 2);
    assert!(err.contains("log in again with that address: maas login PROFILE http://"), "{err}");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn debugging_shows_headers_but_no_key() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let url = recorder.serve().await;
    let profile = home.log_in(&url).await;
    let (code, out, err) = run(&profile, &["users", "read", "-d"]).await;
    assert_eq!((code, out.as_str()), (0, "null"));
    assert!(err.contains("status: 200 OK") && err.contains("  x-maas-api-hash: 8c3b"), "{err}");
    assert!(!err.contains("ts") || !err.to_lowercase().contains("authorization"), "{err}");
}

#[tokio::test]
async fn a_refused_key_says_how_to_get_another() {
    let (recorder, home) = (Recorder::new(), Home::new());
    let profile = home.log_in(&recorder.serve().await).await;
    recorder.answer("/MAAS/api/2.0/users/", Answer::new(401, "text/plain", "Authorization Error: Invalid API key."));
    let (code, out, err) = run(&profile, &["users", "read"]).await;
    assert_eq!((code, out.as_str()), (2, "Authorization Error: Invalid API key."));
    assert!(err.starts_with("hint: the server does not accept the key of this profile"), "{err}");
}
