//! The plain port while TLS is on.

use super::*;

#[tokio::test]
async fn the_plain_port_redirects_and_takes_no_credential() {
    let door = Door::open().await;
    let root = door.key("root").await;
    door.switch_tls_on().await;
    let plain = async |request: Request<Body>| see(&door.plain, request, false).await;
    for row in routes() {
        let path = sample(row);
        let seen = plain(request(row.method, &path, None, "", "")).await;
        match row.path {
            "/MAAS/rpc/" => assert_eq!(seen.line(), "200 {\"eventloops\": {}}"),
            _ => {
                assert_eq!(seen.status, StatusCode::PERMANENT_REDIRECT, "{path}");
                assert_eq!(seen.header("location"), format!("https://maas.example:5443{path}"));
                assert_eq!(seen.header("cache-control"), "no-store");
            }
        }
        let seen = plain(request(row.method, &path, Some(&root), "", "")).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}");
        assert!(seen.body.contains(&format!("https://maas.example:5443{path}")), "{}", seen.body);
    }
    let mut foreign = request("GET", "/MAAS/r/", None, "", "");
    foreign.headers_mut().insert("host", "evil.example".parse().unwrap());
    assert_eq!(plain(foreign).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(plain(request("GET", "/other", None, "", "")).await.status, StatusCode::NOT_FOUND);
    let mut cookie = request("GET", "/MAAS/r/", None, "", "");
    cookie.headers_mut().insert("cookie", "sessionid=abc".parse().unwrap());
    let seen = plain(cookie).await;
    assert_eq!((seen.status, seen.cookie("sessionid").as_str()), (StatusCode::FORBIDDEN, "sessionid="));
}
