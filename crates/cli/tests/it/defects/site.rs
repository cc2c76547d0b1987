//! Holes around routes, pools and groups.

use maas_api::Access;
use maas_testkit::{Auth, Database};
use reqwest::Method;

use crate::{
    estate::{Estate, SECOND_POOL, status},
    routes::filled,
};

/// 2: in MAAS routes that are guarded by entitlements are open to every user while an RBAC service is configured.
#[tokio::test]
async fn no_guarded_route_is_open_to_who_holds_nothing() {
    let estate = Estate::new(Database::Sqlite).await;
    let nora = estate.api("nora");
    let mut guarded = 0;
    for route in maas_api::routes() {
        let Access::Can(action) = route.access else { continue };
        if action.as_str().ends_with("_own") {
            continue;
        }
        let op = route.op.map(|op| format!("?op={op}")).unwrap_or_default();
        let path = filled(route.path) + &op;
        let method: Method = route.method.parse().unwrap();
        let reply = nora.send(nora.request(method, &path)).await;
        assert_eq!(reply.status, 403, "{} {path}: {}", route.method, reply.body);
        guarded += 1;
    }
    assert!(guarded > 30, "only {guarded} routes are guarded");
    for page in maas_web::pages() {
        let maas_web::Access::May(action) = page.access else { continue };
        if action.as_str().ends_with("_own") {
            continue;
        }
        let pages = estate.pages("nora");
        let reply = pages.send(pages.request(page.method.parse().unwrap(), &filled(page.path))).await;
        assert_eq!(reply.status, 403, "{} {}", page.method, page.path);
    }
}

/// 8: in MAAS every user lists all users and reads all settings.
#[tokio::test]
async fn a_user_sees_no_other_user_and_no_setting() {
    let estate = Estate::new(Database::Sqlite).await;
    for name in ["uma", "aude", "olga"] {
        let api = estate.api(name);
        let users = api.get("users/").await.ok().json();
        let names: Vec<_> = users.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
        assert_eq!(names, [name]);
        api.get("users/otto/").await.expect(404);
        for setting in ["http_proxy", "upstream_dns", "remote_syslog", "ntp_servers"] {
            let answer = api.get(&format!("maas/?op=get_config&name={setting}")).await;
            assert_eq!(answer.status, 403, "{setting}: {}", answer.body);
        }
        // What a client needs to work is told.
        api.get("maas/?op=get_config&name=maas_name").await.ok();
        estate.pages(name).get("/MAAS/r/settings/configuration/general").await.expect(403);
    }
}

/// 14: MAAS leaves the entitlements of a deleted pool behind, and lets the last group of administrators be deleted.
#[tokio::test]
async fn a_deleted_pool_leaves_no_rights_and_the_last_administrator_stays() {
    let mut estate = Estate::new(Database::Sqlite).await;
    let bindings = async |estate: &Estate| {
        let list = estate.admin.get("role-bindings/").await.ok().json();
        list.as_array().unwrap().iter().filter(|binding| binding["pool"] == SECOND_POOL).count()
    };
    assert_eq!(bindings(&estate).await, 1);
    let held = estate.machine("held", SECOND_POOL).await;
    estate.admin.delete(&format!("resourcepool/{}/", pool_id(&estate, SECOND_POOL).await)).await.expect(400);
    estate.admin.delete(&format!("machines/{held}/")).await.expect(204);
    estate.admin.delete(&format!("resourcepool/{}/", pool_id(&estate, SECOND_POOL).await)).await.expect(204);
    assert_eq!(bindings(&estate).await, 0);
    // A pool of the same name is another pool.
    estate.admin.post("resourcepools/", &[("name", SECOND_POOL)]).await.ok();
    let machine = estate.machine("fresh", SECOND_POOL).await;
    estate.sql(&format!("update node set status = {} where system_id = '{machine}'", status::READY)).await;
    estate.api("olga").get(&format!("machines/{machine}/")).await.expect(404);

    let groups = estate.admin.get("groups/").await.ok().json();
    let group = groups.as_array().unwrap().iter().find(|group| group["name"] == "Administrators").unwrap();
    let id = &group["id"];
    let kept = estate.admin.delete(&format!("groups/{id}/")).await;
    assert!([400, 403, 409].contains(&kept.status.as_u16()), "{} {}", kept.status, kept.body);
    let list = estate.admin.get("role-bindings/").await.ok().json();
    let last = list.as_array().unwrap().iter().find(|binding| binding["role"] == "administrator").unwrap();
    estate.admin.delete(&format!("role-bindings/{}/", last["id"])).await.expect(409);
    estate.admin.delete("users/ada/").await.expect(204);
    for reply in [
        estate.admin.post(&format!("groups/{id}/?op=remove_member"), &[("username", "admin")]).await,
        estate.admin.post("users/admin/?op=edit", &[("is_superuser", "0")]).await,
        estate.admin.post("users/admin/?op=disable", &[]).await,
        estate.admin.delete("users/admin/").await,
    ] {
        assert!([400, 403, 409].contains(&reply.status.as_u16()), "{} {}", reply.status, reply.body);
    }
    assert_eq!(estate.admin.get("users/?op=whoami").await.ok().json()["is_superuser"], true);
}

/// 11: with Candid and no group of administrators named, MAAS makes everybody an administrator.
#[tokio::test]
async fn who_is_in_no_group_and_has_no_role_administers_nothing() {
    let estate = Estate::new(Database::Sqlite).await;
    let nora = estate.api("nora");
    assert_eq!(nora.get("users/?op=whoami").await.ok().json()["is_superuser"], false);
    let held = estate.admin.get("access/?op=of&user=nora").await.ok().json();
    let site: Vec<_> = held["site"].as_array().unwrap().iter().filter_map(|action| action.as_str()).collect();
    assert!(site.iter().all(|action| action.ends_with("_own")), "{held}");
    for name in ["external_auth_admin_group", "candid_admin_group", "external_auth_url"] {
        let set = estate.admin.post("maas/?op=set_config", &[("name", name), ("value", "")]).await;
        assert_eq!(set.status, 400, "there is no such setting as {name}: {}", set.body);
    }
}

async fn pool_id(estate: &Estate, name: &str) -> i64 {
    let pools = estate.admin.get("resourcepools/").await.ok().json();
    let pool = pools.as_array().unwrap().iter().find(|pool| pool["name"] == name).expect("there is such a pool");
    pool["id"].as_i64().unwrap()
}

/// 12: after a failed check with an identity service MAAS does not check again for an hour.
#[tokio::test]
async fn whether_an_account_may_come_in_is_looked_at_every_time() {
    let estate = Estate::new(Database::Sqlite).await;
    let uma = estate.api("uma");
    uma.get("users/?op=whoami").await.ok();
    for _ in 0..3 {
        estate.admin.post("users/uma/?op=disable", &[]).await.ok();
        uma.get("users/?op=whoami").await.expect(403);
        let wrong = estate.admin.speaking_as(Auth::Nobody);
        let form = [("username", "uma"), ("password", maas_testkit::PASSWORD)];
        assert!(!wrong.post("/MAAS/accounts/login/", &form).await.status.is_success());
        estate.admin.post("users/uma/?op=enable", &[]).await.ok();
        estate.api("uma").get("users/?op=whoami").await.ok();
    }
}
