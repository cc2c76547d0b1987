//! Paths, operations, hosts, the version.

use super::*;

#[tokio::test]
async fn the_version_is_for_everybody() {
    let door = Door::open().await;
    let seen = door.get(&format!("{API}/version/"), None).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(seen.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(seen.json().get("version"), Some(&json!("3.7.3")));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("vary", "Authorization"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(seen.header(name), value, "{name}");
    }
    assert_eq!(seen.header("maas-trace-id").len(), 32);
    let collapsed = door.get("/MAAS//api/2.0//version/", None).await;
    assert_eq!(collapsed.body, seen.body);
    let described = door.get(&format!("{API}/describe/"), None).await;
    assert_eq!(described.header("content-type"), "application/json");
    assert_eq!(described.json().get("hash"), Some(&json!(seen.header("x-maas-api-hash"))));
    assert!(described.body.contains("https://maas.example:5443/MAAS/api/2.0/users/"));
}

#[tokio::test]
async fn a_foreign_host_gets_no_description() {
    let door = Door::open().await;
    let mut asked = request("GET", &format!("{API}/describe/"), None, "", "");
    asked.headers_mut().insert("host", "evil.example".parse().unwrap());
    assert_eq!(door.call(asked).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn paths_and_operations_are_told_apart() {
    let door = Door::open().await;
    let root = door.key("root").await;
    let check = async |method: &str, path: &str, who: Option<&Key>, expected: &str| {
        let seen = door.call(request(method, path, who, "", "")).await;
        assert_eq!(seen.line(), expected, "{method} {path}");
        seen
    };
    check("GET", "/MAAS/api/2.0/nothing/", None, "404 Unknown API endpoint: /MAAS/api/2.0/nothing/.").await;
    check("GET", "/MAAS/api/2.0/users", Some(&root), "404 Unknown API endpoint: /MAAS/api/2.0/users.").await;
    check("GET", "/MAAS/api/2.0/account/", Some(&root), "400 Unrecognised signature: method=GET op=None").await;
    check("POST", "/MAAS/api/2.0/users/?op=x", Some(&root), "400 Unrecognised signature: method=POST op=x").await;
    check("POST", "/MAAS/api/2.0/users/?op=", Some(&root), "400 No provided username!").await;
    check("GET", "/MAAS/api/2.0/users/?format=xml", Some(&root), "400 Invalid output format specified 'xml'.").await;
    let seen = check("PUT", "/MAAS/api/2.0/users/bob/", Some(&root), "405 ").await;
    assert_eq!(seen.header("allow"), "GET, POST, DELETE");
    check("GET", "/MAAS/api/1.0/x", None, "410 The 1.0 API is no longer available. Please use API version 2.0.").await;
    check("GET", "/MAAS/api/version/", None, "200 2.0").await;
    let seen = check("GET", "/MAAS/accounts/login?next=a", None, "301 ").await;
    assert_eq!(seen.header("location"), "/MAAS/accounts/login/?next=a");
    for path in ["/", "/MAAS", "/MAAS/"] {
        assert_eq!(check("GET", path, None, "301 ").await.header("location"), "/MAAS/r/");
    }
    check("GET", "/MAAS/rpc/", None, "200 {\"eventloops\": {}}").await;
}

#[tokio::test]
async fn too_much_is_refused() {
    let door = Door::open().await;
    let root = door.key("root").await;
    let seen = door.post(&format!("{API}/users/"), Some(&root), &"x".repeat(crate::limits::BODY_BYTES + 1)).await;
    assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn every_route_asks_for_what_its_row_says() {
    let door = Door::open().await;
    let bob = door.key("bob").await;
    for row in routes() {
        let path = sample(row);
        let stranger = door.call(request(row.method, &path, None, "", "")).await;
        let user = door.call(request(row.method, &path, Some(&bob), "", "")).await;
        match row.access {
            Access::Public | Access::Anyone => assert_ne!(stranger.status, StatusCode::UNAUTHORIZED, "{path}"),
            Access::SignedIn => assert_eq!(stranger.line(), "401 Forbidden", "{path}"),
            Access::Can(action) => {
                assert_eq!(stranger.line(), "401 Forbidden", "{path}");
                let is_allowed = maas_authz::Access::of(maas_authz::role::BUILTIN[2].actions).allows(action);
                assert!(is_allowed || user.status == StatusCode::FORBIDDEN, "{} {path} {}", row.method, user.body);
            }
        }
        assert_ne!(user.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        if user.status == StatusCode::FORBIDDEN && row.path.starts_with(API) {
            let has_reason = user.body.lines().count() > 1 && !user.header("x-maas-error-code").is_empty();
            assert!(has_reason, "{} {path} explains nothing: {}", row.method, user.body);
        }
    }
}

#[tokio::test]
async fn metrics_are_for_those_who_may_see_the_status() {
    let door = Door::open().await;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let config = ApiConfig { metrics: Some(recorder.handle()), ..ApiConfig::default() };
    let app = crate::router(door.region.clone(), config);
    let asked = request("GET", "/MAAS/metrics", Some(&door.key("root").await), "", "");
    let seen = see(&app, asked, true).await;
    assert_eq!(
        (seen.status, seen.header("content-type")),
        (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8")
    );
    let asked = request("GET", "/MAAS/metrics", Some(&door.key("bob").await), "", "");
    assert_eq!(see(&app, asked, true).await.status, StatusCode::FORBIDDEN);
    assert_eq!(see(&app, request("GET", "/MAAS/metrics", None, "", ""), true).await.line(), "401 Forbidden");
}
