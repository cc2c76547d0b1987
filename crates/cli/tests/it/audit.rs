//! The log is a chain: whole it verifies, and one changed byte is named.

use maas_testkit::{Database, Options, Site};
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use crate::MAAS;

#[tokio::test]
async fn one_changed_byte_is_named() {
    for database in Database::available() {
        let mut site = Site::with(MAAS, Options { database, ..Options::default() });
        let admin = site.admin().await;
        for name in ["ann", "ben", "cat"] {
            admin.create_user(name, false).await;
        }
        let whole = site.maas(&["audit", "verify", "--json"]).ok().json();
        assert_eq!(whole["ok"], true, "{whole}");
        let rows = whole["rows"].as_u64().unwrap();
        assert!(rows >= 6, "{whole}");
        site.stop();

        let mut connection = connect(&site).await;
        let victim = event_of(&mut connection, "%ben%").await;
        for change in [
            format!("update event set description = replace(description, 'ben', 'bem') where event_id = {victim}"),
            format!("update event set ip = '192.0.2.99' where event_id = {victim}"),
            format!("update event set created_us = created_us + 1 where event_id = {victim}"),
            format!("update event set outcome = 'failed' where event_id = {victim}"),
            format!("delete from event where event_id = {victim}"),
        ] {
            let kept = keep(&mut connection).await;
            sqlx::raw_sql(AssertSqlSafe(change.clone())).execute(&mut connection).await.unwrap();
            let broken = site.maas(&["audit", "verify", "--json"]);
            assert_ne!(broken.code, 0, "{change} was not seen ({database:?})");
            // A removed row is noticed at the next one.
            let named = broken.json()["row"].as_i64().unwrap();
            assert!(
                named == victim || (change.starts_with("delete") && named == victim + 1),
                "{change}: {}",
                broken.text()
            );
            restore(&mut connection, &kept).await;
            site.maas(&["audit", "verify"]).ok();
        }
        // The newest row cut off: nothing before it tells, the head does.
        let last: (i64,) = sqlx::query_as("select max(event_id) from event").fetch_one(&mut connection).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("delete from event where event_id = {}", last.0)))
            .execute(&mut connection)
            .await
            .unwrap();
        assert_ne!(site.maas(&["audit", "verify"]).code, 0);
    }
}

#[tokio::test]
async fn denied_and_failed_attempts_are_rows_too() {
    let site = Site::start(MAAS);
    let admin = site.admin().await;
    let bob = admin.create_user("bob", false).await;
    let as_bob = admin.speaking_as(maas_testkit::Auth::Key(bob.key));
    as_bob.delete("users/admin/").await.expect(403);
    let nobody = admin.speaking_as(maas_testkit::Auth::Nobody);
    nobody.post("/MAAS/accounts/login/", &[("username", "bob"), ("password", "not-this-one")]).await.expect(400);
    let log = site.maas(&["audit", "export"]).ok().stdout;
    let rows: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let find = |outcome: &str, text: &str| {
        let found =
            rows.iter().find(|row| row["outcome"] == outcome && row["description"].as_str().unwrap().contains(text));
        found.unwrap_or_else(|| panic!("no {outcome} row about {text} in {log}"))
    };
    assert_eq!(find("denied", "DELETE /MAAS/api/2.0/users/admin/")["user"], "bob");
    assert_eq!(find("failed", "bob")["ip"], "127.0.0.1");
    assert_eq!(find("success", "Created user 'bob'.")["user"], "admin");
    site.maas(&["audit", "verify"]).ok();
}

async fn connect(site: &Site) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&site.database_url()).await.unwrap()
}

async fn event_of(connection: &mut AnyConnection, pattern: &str) -> i64 {
    let sql = "select min(event_id) from event where description like $1";
    let (id,): (i64,) = sqlx::query_as(sql).bind(pattern).fetch_one(connection).await.unwrap();
    id
}

/// The whole table, set aside.
async fn keep(connection: &mut AnyConnection) -> String {
    let copy = "event_kept";
    sqlx::raw_sql(AssertSqlSafe(format!("create table {copy} as select * from event")))
        .execute(connection)
        .await
        .unwrap();
    copy.to_owned()
}

async fn restore(connection: &mut AnyConnection, copy: &str) {
    for sql in [
        "delete from event".to_owned(),
        format!("insert into event select * from {copy}"),
        format!("drop table {copy}"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.unwrap();
    }
}
