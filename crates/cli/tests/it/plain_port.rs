//! The plain port while TLS is on: an exact allow-list, a redirect for the rest, and no credential is taken.

use maas_testkit::{Auth, Site};
use reqwest::Method;

use crate::MAAS;

/// What answers by itself over plain HTTP: path and status.
const ALLOWED: [(&str, u16); 1] = [("/MAAS/rpc/", 200)];

#[tokio::test]
async fn every_route_redirects_but_the_allow_list() {
    let site = Site::start(MAAS);
    let plain = site.plain_api(Auth::Nobody);
    let https = format!("https://127.0.0.1:{}", site.ready.https_port.unwrap());
    for (method, path) in all_routes() {
        let reply = plain.send(plain.request(method.clone(), &path)).await;
        if ALLOWED.contains(&(path.as_str(), reply.status.as_u16())) {
            continue;
        }
        assert_eq!(reply.status, 308, "{method} {path}: {}", reply.body);
        assert_eq!(reply.header("location"), format!("{https}{path}"), "{method} {path}");
        assert_eq!(reply.header("cache-control"), "no-store", "{method} {path}");
        assert!(reply.headers.get("set-cookie").is_none(), "{method} {path}");
        assert!(reply.headers.get("strict-transport-security").is_none(), "{method} {path}");
    }
    // A prefix of what is allowed is not allowed, and what is not ours is nothing.
    for path in ["/MAAS/rpc", "/MAAS/rpc/x", "/MAAS/api/2.0/machinesfoo", "/MAAS/api/2.0/machines/abc123/"] {
        assert_eq!(plain.get(path).await.status, 308, "{path}");
    }
    for path in ["/etc/passwd", "/metadata", "/index.html"] {
        assert_eq!(plain.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn no_credential_is_taken_in_clear() {
    let site = Site::start(MAAS);
    let admin = site.admin().await;
    let session = admin.log_in("admin", maas_testkit::PASSWORD).await;
    let token = admin.bearer("probe").await;
    for auth in [admin.auth.clone(), Auth::Session(session), Auth::Bearer(token)] {
        for path in ["/MAAS/api/2.0/users/?op=whoami", "/MAAS/rpc/", "/MAAS/r/"] {
            let reply = site.plain_api(auth.clone()).get(path).await;
            assert_eq!(reply.status, 403, "{auth:?} {path}: {}", reply.body);
            assert!(reply.body.contains("https://"), "{}", reply.body);
        }
    }
    let login = [("username", "admin"), ("password", maas_testkit::PASSWORD)];
    let reply = site.plain_api(Auth::Nobody).post("/MAAS/accounts/login/", &login).await;
    assert_eq!(reply.status, 308);
    assert!(reply.headers.get("set-cookie").is_none());
    let audit = admin.get("events/?op=query&level=AUDIT").await.ok().body;
    assert!(audit.contains("Denied") || audit.contains("plain"), "{audit}");
}

#[tokio::test]
async fn a_foreign_host_is_not_redirected_to() {
    let site = Site::start(MAAS);
    let plain = site.plain_api(Auth::Nobody);
    let request = plain.request(Method::GET, "/MAAS/r/").header("host", "evil.example");
    let reply = plain.send(request).await;
    assert!(!reply.header("location").contains("evil.example"), "{}", reply.header("location"));
}

#[tokio::test]
async fn without_tls_the_plain_port_serves_everything() {
    let site = Site::with(MAAS, maas_testkit::Options { tls: false, ..maas_testkit::Options::default() });
    assert_eq!(site.ready.https_port, None);
    let me = site.admin().await.get("users/?op=whoami").await.ok().json();
    assert_eq!(me["username"], "admin");
}

/// Every route of both doors, variables filled in.
fn all_routes() -> Vec<(Method, String)> {
    let api = maas_api::routes().iter().map(|route| (route.method, route.path));
    let pages = maas_web::pages().iter().map(|page| (page.method, page.path));
    api.chain(pages).map(|(method, path)| (method.parse().unwrap(), crate::routes::filled(path))).collect()
}
