//! Every route as nobody, as a user, as an administrator and as a disabled user. The table is written down here, so that
//! a new route, or one that lets somebody else in, is a change of this file.

use std::{fmt::Write as _, net::IpAddr};

use expect_test::expect_file;
use maas_testkit::{Api, Auth, PASSWORD, Session, Site};
use reqwest::Method;

use crate::MAAS;

#[tokio::test]
async fn the_api_answers_each_role_as_the_table_says() {
    let site = Site::start(MAAS);
    let admin = site.admin().await;
    let user = admin.create_user("alice", false).await;
    let disabled = admin.create_user("mallory", true).await;
    admin.post("users/mallory/?op=disable", &[]).await.ok();
    let roles = [Auth::Nobody, Auth::Key(user.key), admin.auth.clone(), Auth::Key(disabled.key)];

    let mut table = String::from("# method path op: nobody user administrator disabled\n");
    let mut routes: Vec<_> = maas_api::routes().iter().collect();
    // What switches TLS off comes last, since nothing answers after it.
    routes.sort_by_key(|route| {
        (route.op == Some("disable") && route.path.contains("/tls/"), route.path, route.method, route.op)
    });
    for (index, route) in routes.into_iter().enumerate() {
        let path = match route.op {
            Some(op) => format!("{}?op={op}", filled(route.path)),
            None => filled(route.path),
        };
        let method: Method = route.method.parse().unwrap();
        let mut statuses = Vec::new();
        // From a new address now and then: whoever is refused all the time from one is made to wait.
        let source = IpAddr::from([127, 0, 0, 2 + u8::try_from(index / 25).unwrap()]);
        let from_there = site.api_from(source, Auth::Nobody);
        for auth in &roles {
            let api = from_there.speaking_as(auth.clone());
            statuses.push(api.send(api.request(method.clone(), &path)).await.status.as_u16());
        }
        check(route.access, &statuses, &format!("{method} {path}"));
        let _ = writeln!(table, "{method} {} {}: {}", route.path, route.op.unwrap_or("-"), line(&statuses));
    }
    expect_file!["routes-api.txt"].assert_eq(&table);
}

/// What no table may say otherwise.
fn check(access: maas_api::Access, statuses: &[u16], what: &str) {
    let [nobody, user, admin, disabled] = statuses else { unreachable!("four roles") };
    let is_refusal = |status: u16| [401, 403].contains(&status);
    match access {
        maas_api::Access::Public | maas_api::Access::Anyone => {}
        maas_api::Access::SignedIn => {
            assert_eq!((*nobody, *disabled), (401, 403), "{what}");
            assert!(!is_refusal(*admin), "{what}: {admin}");
        }
        maas_api::Access::Can(action) => {
            assert_eq!((*nobody, *disabled), (401, 403), "{what}");
            assert!(!is_refusal(*admin), "{what}: {admin}");
            let is_own = ["can_view_own", "can_edit_own"].contains(&action.as_str());
            // What is one's own may still be somebody else's, so that a refusal is right there too.
            assert!(is_own || *user == 403, "{what}: {user}");
        }
    }
}

#[tokio::test]
async fn pages_answer_each_role_as_the_table_says() {
    let site = Site::start(MAAS);
    let admin = site.admin().await;
    for (name, is_superuser) in [("alice", false), ("mallory", true), ("root", true)] {
        admin.create_user(name, is_superuser).await;
    }
    let mallory = admin.log_in("mallory", PASSWORD).await;
    admin.post("users/mallory/?op=disable", &[]).await.ok();

    let mut table = String::from("# method path: nobody user administrator disabled\n");
    let mut pages: Vec<_> = maas_web::pages().iter().collect();
    // What switches TLS off comes last, since nothing answers after it.
    pages.sort_by_key(|page| page.method == "POST" && page.path.ends_with("/security/disable"));
    for page in pages {
        let path = filled(page.path);
        let method: Method = page.method.parse().unwrap();
        let mut statuses = vec![call_page(&admin, Auth::Nobody, &method, &path).await];
        for role in ["alice", "root"] {
            // A session of its own for each, since some pages end it.
            let session = admin.log_in(role, PASSWORD).await;
            statuses.push(call_page(&admin, Auth::Session(session), &method, &path).await);
        }
        statuses.push(call_page(&admin, Auth::Session(mallory.clone()), &method, &path).await);
        if !matches!(page.access, maas_web::Access::Public) {
            assert_eq!(statuses[0], statuses[3], "{method} {path}: a disabled user is nobody");
            assert!([303, 401, 403].contains(&statuses[0]), "{method} {path}: {statuses:?}");
        }
        let _ = writeln!(table, "{method} {}: {}", page.path, line(&statuses));
    }
    expect_file!["routes-pages.txt"].assert_eq(&table);
}

#[tokio::test]
async fn a_form_without_its_token_or_from_elsewhere_is_refused() {
    let site = Site::start(MAAS);
    let api = site.api(Auth::Nobody);
    let session = api.log_in("admin", PASSWORD).await;
    let with = |session: &Session| api.speaking_as(Auth::Session(session.clone()));
    let path = "account/?op=create_authorisation_token";
    with(&session).post(path, &[]).await.ok();
    let mut without = session.clone();
    without.csrf_token = "x".repeat(32);
    with(&without).post(path, &[]).await.expect(403);
    let from_elsewhere = with(&session)
        .request(Method::POST, path)
        .headers([("origin".parse().unwrap(), "https://evil.example".parse().unwrap())].into_iter().collect());
    api.send(from_elsewhere).await.expect(403);
}

async fn call_page(api: &Api, auth: Auth, method: &Method, path: &str) -> u16 {
    let api = api.speaking_as(auth);
    api.send(api.request(method.clone(), path)).await.status.as_u16()
}

fn line(statuses: &[u16]) -> String {
    let words: Vec<String> = statuses.iter().map(u16::to_string).collect();
    words.join(" ")
}

/// A path with its variables filled with what is not there.
pub(crate) fn filled(path: &str) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (variable, after) = after.split_once('}').expect("a brace that closes");
        filled.push_str(before);
        filled.push_str(match variable {
            "id" => "999999",
            "*rest" => "somewhere/",
            _ => "nobody-of-this-name",
        });
        rest = after;
    }
    filled + rest
}
