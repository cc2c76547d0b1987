//! Keys, tokens, sessions, and passwords traded for them.

use super::*;

#[tokio::test]
async fn whoami_by_key_token_and_session() {
    let door = Door::open().await;
    let bob = door.key("bob").await;
    let me = json!({
        "is_superuser": false,
        "username": "bob",
        "email": "bob@example.org",
        "is_local": true,
        "resource_uri": "/MAAS/api/2.0/users/bob/",
    });
    let path = format!("{API}/users/?op=whoami");
    assert_eq!(door.get(&path, Some(&bob)).await.json(), me);
    assert_eq!(door.get(&format!("{API}/users/op-whoami"), Some(&bob)).await.json(), me);
    assert_eq!(door.get(&path, None).await.line(), "401 Forbidden");
    let wrong = Key { secret: "x".repeat(32), ..door.key("bob").await };
    let seen = door.get(&path, Some(&wrong)).await;
    assert_eq!(seen.line(), "401 Authorization Error: 'Invalid signature.'");
    assert_eq!(seen.header("www-authenticate"), "OAuth realm=\"OAuth\"");
    assert_eq!(seen.header("x-maas-api-hash"), "");

    let token = door.post(&format!("{API}/tokens/"), Some(&bob), "name=ci").await;
    assert_eq!(token.status, StatusCode::CREATED, "{}", token.body);
    let value = token.json()["value"].as_str().unwrap().to_owned();
    let bearer = |method: &str, path: &str| {
        let mut request = request(method, path, None, "", "");
        request.headers_mut().insert("authorization", format!("Bearer {value}").parse().unwrap());
        request
    };
    assert_eq!(door.call(bearer("GET", &path)).await.json(), me);
    let seen = door.call(bearer("POST", &format!("{API}/account/?op=create_authorisation_token"))).await;
    assert!(seen.line().ends_with("\nThis token may only read. Use a token of scope `all`, or sign in."));
    assert_eq!(seen.header("x-maas-error-code"), "ReadOnlyToken");
}

#[tokio::test]
async fn a_key_that_is_revoked_while_the_body_arrives_does_nothing() {
    let door = Door::open().await;
    let bob = door.key("bob").await;
    let (region, host, token) = (door.region.clone(), door.host_ctx(), bob.token.clone());
    let slow = Body::from_stream(futures_util::stream::once(async move {
        keys::delete(&region, &host, &token).await.unwrap();
        Ok::<_, std::convert::Infallible>("name=late")
    }));
    let mut late = request("POST", &format!("{API}/account/?op=create_authorisation_token"), Some(&bob), FORM, "");
    *late.body_mut() = slow;
    assert_eq!(door.call(late).await.line(), "401 Forbidden");
    assert!(keys::list_of(&door.region, &door.host_ctx(), "bob").await.unwrap().is_empty());
}

#[tokio::test]
async fn nuls_and_invented_methods_are_turned_away() {
    let door = Door::open().await;
    let root = door.key("root").await;
    let seen = door.post("/MAAS/accounts/login/", None, "username=a%00b&password=x").await;
    assert_eq!(seen.line(), "400 Null characters are not allowed.");
    let seen = door.get(&format!("{API}/events/?op=query&owner=%00"), Some(&root)).await;
    assert_eq!(seen.line(), "400 Null characters are not allowed.");
    assert_eq!(door.get(&format!("{API}/users/a%00b/"), Some(&root)).await.status, StatusCode::NOT_FOUND);
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let config = ApiConfig { metrics: Some(handle.clone()), ..ApiConfig::default() };
    let app = crate::router(door.region.clone(), config);
    let _guard = metrics::set_default_local_recorder(&recorder);
    assert_eq!(see(&app, request("BREW1", "/MAAS/rpc/", None, "", ""), true).await.status.as_u16(), 405);
    let text = handle.render();
    assert!(text.contains("method=\"other\"") && !text.contains("BREW1"), "{text}");
}

#[tokio::test]
async fn a_browser_signs_in_and_out() {
    let door = Door::open().await;
    let seen = door.post("/MAAS/accounts/login/", None, "username=bob").await;
    assert_eq!(seen.json(), json!({"password": ["This field is required."]}));
    let seen = door.post("/MAAS/accounts/login/", None, "username=bob&password=no").await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(seen.body.contains("Please enter a correct username and password."));

    let seen = door.log_in("bob").await;
    assert_eq!(seen.line(), "204 ");
    let lines: Vec<_> = seen.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(lines.iter().all(|line| line.contains("; Secure") && line.contains("; SameSite=Lax")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("sessionid=") && line.contains("; HttpOnly")));
    let (session, token) = (seen.cookie("sessionid"), seen.cookie("csrftoken"));
    let token = token.strip_prefix("csrftoken=").unwrap().to_owned();
    let with = |method: &str, path: &str, headers: &[(&'static str, &str)]| {
        let mut request = request(method, path, None, "", "");
        request.headers_mut().insert("cookie", session.parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        request
    };
    let state = door.call(with("GET", "/MAAS/accounts/login/", &[])).await;
    assert_eq!(state.json(), json!({"authenticated": true, "external_auth_url": null, "no_users": false}));
    let masked = door.call(with("POST", "/MAAS/account/csrf/", &[])).await.json()["csrf"].as_str().unwrap().to_owned();
    assert_eq!(masked.len(), 64);

    let path = format!("{API}/account/?op=create_authorisation_token");
    let check = async |headers: &[(&'static str, &str)], status: u16| {
        let seen = door.call(with("POST", &path, headers)).await;
        assert_eq!(seen.status.as_u16(), status, "{headers:?} {}", seen.body);
    };
    check(&[], 403).await;
    check(&[("x-csrftoken", "x")], 403).await;
    check(&[("x-csrftoken", &token)], 200).await;
    check(&[("x-csrftoken", &masked)], 200).await;
    check(&[("x-csrftoken", &token), ("origin", "https://maas.example:5443")], 200).await;
    check(&[("x-csrftoken", &token), ("origin", "https://evil.example")], 403).await;
    check(&[("x-csrftoken", &token), ("origin", "null")], 403).await;
    check(&[("x-csrftoken", &token), ("sec-fetch-site", "same-site")], 403).await;

    assert_eq!(door.call(with("POST", "/MAAS/accounts/logout/", &[])).await.status, StatusCode::FORBIDDEN);
    let seen = door.call(with("POST", "/MAAS/accounts/logout/", &[("x-csrftoken", &token)])).await;
    assert_eq!((seen.line().as_str(), seen.cookie("sessionid").as_str()), ("204 ", "sessionid="));
    assert_eq!(door.call(with("GET", &format!("{API}/users/"), &[])).await.line(), "401 Forbidden");
}

#[tokio::test]
async fn a_foreign_page_cannot_sign_somebody_in() {
    let door = Door::open().await;
    let body = format!("username=bob&password={PASSWORD}");
    let mut foreign = request("POST", "/MAAS/accounts/login/", None, FORM, &body);
    foreign.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    let seen = door.call(foreign).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN);
    assert!(seen.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn libmaas_trades_a_password_for_a_key() {
    let door = Door::open().await;
    let path = "/MAAS/accounts/authenticate/";
    let seen = door.post(path, None, &format!("username=bob&password={PASSWORD}&consumer=a@b")).await;
    let body = seen.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    assert_eq!(text("name"), "a@b");
    let key = Key {
        consumer: text("consumer_key"),
        token: text("token_key"),
        secret: text("token_secret"),
        clock: door.clock.clone(),
    };
    assert_eq!(door.get(&format!("{API}/users/?op=whoami"), Some(&key)).await.status, StatusCode::OK);
    assert_eq!(door.post(path, None, "username=bob&password=no").await.line(), "403 ");
    let seen = door.get(path, None).await;
    assert_eq!((seen.status.as_u16(), seen.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn while_tls_is_on_nobody_signs_in_without_it() {
    let door = Door::open().await;
    door.switch_tls_on().await;
    let body = format!("username=bob&password={PASSWORD}");
    for path in ["/MAAS/accounts/login/", "/MAAS/accounts/authenticate/"] {
        let seen = see(&door.app, request("POST", path, None, FORM, &body), false).await;
        assert_eq!(seen.line(), "403 Sign in over HTTPS: TLS is on.");
        assert!(seen.headers.get("set-cookie").is_none());
    }
    let root = door.key("root").await;
    let shown = door.get(&format!("{API}/tls/"), Some(&root)).await.json();
    assert_eq!((&shown["enabled"], &shown["port"], &shown["site_issued"]), (&json!(true), &json!(5443), &json!(true)));
    let certificate = door.get(&format!("{API}/tls/certificate/"), Some(&root)).await.json();
    assert_eq!(certificate["fingerprint"], shown["certificate"]["fingerprint"]);
}
