//! Holes through which secrets leave, and what guards cookies and redirects.

use maas_testkit::{Auth, PASSWORD, Site};
use reqwest::Method;

use crate::MAAS;

/// 9: MAAS returns the secret of an OpenID Connect client, and `configauth --json` a private key, in clear.
#[tokio::test]
async fn a_secret_once_given_is_told_to_nobody() {
    let site = Site::start(MAAS);
    let admin = site.admin().await;
    let secret = "Canary-setting-4711-plover";
    let name = "maas_auto_ipmi_k_g_bmc_key";
    let key = "0x0123456789abcdef0123456789abcdef01234567";
    let set = admin.post("maas/?op=set_config", &[("name", name), ("value", key)]).await;
    assert!(set.status.is_success() || set.status == 400, "{}", set.body);
    admin.post("maas/?op=set_config", &[("name", "omapi_key"), ("value", secret)]).await;
    for name in [name, "omapi_key", "rpc_shared_secret"] {
        let told = admin.get(&format!("maas/?op=get_config&name={name}")).await;
        assert!(!told.body.contains(secret) && !told.body.contains(key), "{name}: {}", told.body);
    }
    let session = admin.log_in("admin", PASSWORD).await;
    let page = admin.speaking_as(Auth::Session(session)).get("/MAAS/r/settings/configuration/general").await.ok();
    assert!(!page.body.contains(secret) && !page.body.contains(key));
    let told = site.maas(&["configauth", "--json"]);
    assert_ne!(told.code, 0, "there is no such command: {}", told.text());
}

/// 13: calls to the RBAC service have no time-out, and its address is cut wrongly.
#[tokio::test]
async fn no_identity_service_is_called_and_none_can_be_named() {
    let site = Site::start(MAAS);
    let admin = site.admin().await;
    for name in ["rbac_url", "external_auth_url", "external_auth_domain", "external_auth_user", "external_auth_key"] {
        let form = [("name", name), ("value", "https://auth.example/auth")];
        assert_eq!(admin.post("maas/?op=set_config", &form).await.status, 400, "{name}");
    }
    for words in [["configauth", "--rbac-url"], ["config", "--rbac-url"]] {
        assert_ne!(site.maas(&[words[0], words[1], "https://auth.example/auth"]).code, 0);
    }
}

/// 18: the cookie of an external login is not `Secure`, and the target of a redirect is not looked at.
#[tokio::test]
async fn cookies_are_secure_and_a_login_leads_nowhere_else() {
    let site = Site::start(MAAS);
    let nobody = site.api(Auth::Nobody);
    let form = [("username", "admin"), ("password", PASSWORD)];
    let reply = nobody.post("/MAAS/accounts/login/", &form).await.expect(204);
    let cookies: Vec<_> = reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(!cookies.is_empty());
    for cookie in &cookies {
        assert!(cookie.contains("; Secure") && cookie.contains("; SameSite="), "{cookie}");
    }
    assert!(cookies.iter().any(|cookie| cookie.contains("sessionid=") && cookie.contains("; HttpOnly")), "{cookies:?}");

    let session = nobody.log_in("admin", PASSWORD).await;
    let signed_in = nobody.speaking_as(Auth::Session(session));
    for target in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "https:evil.example",
        "/MAAS/r/../../..//evil.example",
        "javascript:alert(1)",
        "%2F%2Fevil.example",
    ] {
        let query = format!("/MAAS/r/login?next={}", encoded(target));
        let reply = signed_in.get(&query).await;
        let location = reply.header("location");
        let is_local = location.starts_with("/MAAS/") && !location.contains("//") && !location.contains('\\');
        assert!(reply.status == 303 && is_local, "{target}: {} {location}", reply.status);
        let shown = nobody.send(nobody.request(Method::GET, &query)).await.ok();
        assert!(!shown.body.contains("evil.example") || !shown.body.contains("name=\"next\""), "{target}");
    }
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
