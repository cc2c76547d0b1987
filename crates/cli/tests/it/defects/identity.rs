//! Holes around who somebody is.

use std::net::IpAddr;

use maas_testkit::{Auth, Database, PASSWORD, Site};
use reqwest::Method;

use crate::{MAAS, estate::Estate};

/// 3: a login by macaroon takes over the local account of the same name.
#[tokio::test]
async fn a_name_from_elsewhere_is_no_account_here() {
    let site = Site::start(MAAS);
    let nobody = site.api(Auth::Nobody);
    // A macaroon that declares a name, as a header and as a cookie, proves nothing: nobody is signed in.
    let macaroon = "W3siaWRlbnRpZmllciI6ICJkZWNsYXJlZCB1c2VybmFtZSBhZG1pbiJ9XQ==";
    for (name, value) in [("macaroons", macaroon.to_owned()), ("cookie", format!("macaroon-maas={macaroon}"))] {
        for path in ["users/?op=whoami", "users/", "machines/"] {
            let request = nobody.request(Method::GET, path).header(name, &value);
            assert_eq!(nobody.send(request).await.status, 401, "{name} {path}");
        }
    }
    // An identity is (realm, subject): a second account of the same name, however written, is refused.
    let admin = site.admin().await;
    admin.create_user("alice", false).await;
    for name in ["alice", "ALICE", "admin"] {
        let form = [("username", name), ("email", "x@example.org"), ("password", PASSWORD), ("is_superuser", "0")];
        assert_eq!(admin.post("users/", &form).await.status, 400, "{name}");
    }
}

/// 4: a login by OpenID Connect finds the account by a part of its e-mail address.
#[tokio::test]
async fn an_email_address_or_a_part_of_it_opens_no_account() {
    let site = Site::start(MAAS);
    let admin = site.admin().await;
    admin.create_user("alice", false).await;
    let names =
        ["alice@example.org", "lice@example.org", "alice@", "@example.org", "%", "a%", "alice@example.org.evil"];
    for (place, name) in (1..).zip(names) {
        // From an address of its own, since one that guesses is slowed down.
        let nobody = site.api_from(IpAddr::from([127, 0, 2, place]), Auth::Nobody);
        let form = [("username", name), ("password", PASSWORD)];
        nobody.post("/MAAS/accounts/login/", &form).await.expect(400);
        nobody.post("/MAAS/accounts/authenticate/", &form).await.expect(403);
    }
    site.api(Auth::Nobody).log_in("alice", PASSWORD).await;
    let paths = maas_api::routes().iter().map(|route| route.path).chain(maas_web::pages().iter().map(|page| page.path));
    let foreign: Vec<_> =
        paths.filter(|path| ["oidc", "oauth", "callback", "sso"].iter().any(|word| path.contains(word))).collect();
    assert!(foreign.is_empty(), "there is no login by OpenID Connect yet, whose test belongs here: {foreign:?}");
}

/// 10: bearer tokens and refresh tokens outlive the account's deactivation.
#[tokio::test]
async fn a_bearer_token_ends_with_its_account() {
    let estate = Estate::new(Database::Sqlite).await;
    let uma = estate.api("uma");
    let token = estate.admin.speaking_as(Auth::Bearer(uma.bearer("to the end").await));
    token.get("users/?op=whoami").await.ok();
    estate.admin.post("users/uma/?op=disable", &[]).await.ok();
    let refused = token.get("users/?op=whoami").await;
    assert!([401, 403].contains(&refused.status.as_u16()), "{} {}", refused.status, refused.body);
    estate.admin.delete("users/uma/").await.expect(204);
    token.get("users/?op=whoami").await.expect(401);
    // Nothing can be traded for a new one.
    for path in ["/MAAS/a/v3/auth/access_token", "/MAAS/a/v3/auth/refresh", "/MAAS/a/v3/auth/login"] {
        token.post(path, &[]).await.expect(404);
    }
}

/// 16: `/accounts/discharge-request/` fails when the macaroon comes only as a cookie.
#[tokio::test]
async fn discharge_requests_are_not_there_however_they_come() {
    let site = Site::start(MAAS);
    let nobody = site.api(Auth::Nobody);
    let path = "/MAAS/accounts/discharge-request/";
    let plain = nobody.get(path).await;
    let request = nobody.request(Method::GET, path).header("cookie", "macaroon-maas=W10=");
    let with_cookie = nobody.send(request).await;
    let request = nobody.request(Method::POST, path).header("macaroons", "W10=").body("[]");
    let with_header = nobody.send(request).await;
    for reply in [plain, with_cookie, with_header] {
        assert_eq!(reply.status, 404, "{}", reply.body);
        assert!(reply.header("set-cookie").is_empty());
    }
}

/// 17: API keys never end and hold everything that their owner holds.
#[tokio::test]
async fn tokens_end_and_hold_less_than_their_owner() {
    let estate = Estate::new(Database::Sqlite).await;
    let ada = estate.api("ada");
    let made = ada.post("tokens/", &[("name", "by default")]).await.ok().json();
    assert!(made["expires"].as_str().is_some_and(|end| !end.is_empty()), "{made}");
    assert_eq!(made["scope"], "read-only", "{made}");
    for end in ["never", "400d", "2020-01-01"] {
        ada.post("tokens/", &[("name", "too long"), ("expires", end)]).await.expect(400);
    }
    let form = [("name", "narrow"), ("scope", "all"), ("role", "user"), ("pools", crate::estate::POOL)];
    let made = ada.post("tokens/", &form).await.ok().json();
    let narrow = estate.admin.speaking_as(Auth::Bearer(made["value"].as_str().unwrap().to_owned()));
    narrow.get("machines/").await.ok();
    narrow.post("resourcepools/", &[("name", "more")]).await.expect(403);
    narrow.get("maas/?op=get_config&name=http_proxy").await.expect(403);
    narrow.post("users/", &[("username", "x"), ("password", PASSWORD)]).await.expect(403);
    let form = [("name", "elsewhere"), ("scope", "all"), ("networks", "192.0.2.0/24")];
    let made = ada.post("tokens/", &form).await.ok().json();
    let elsewhere = estate.admin.speaking_as(Auth::Bearer(made["value"].as_str().unwrap().to_owned()));
    elsewhere.get("machines/").await.expect(401);
    // A key in three parts may have an end too.
    let made = ada.post("account/?op=create_authorisation_token", &[("name", "k"), ("expires", "2020-01-01")]).await;
    assert_eq!(made.status, 400, "{}", made.body);
}
