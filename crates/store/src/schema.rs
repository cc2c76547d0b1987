//! What the schema looks like, and how the queries that every request runs go about it.

use expect_test::expect_file;
use sqlx::{AssertSqlSafe, Row};

use crate::{
    Backend, Tx, access, api_key, node, session,
    testing::{TestDb, on_each},
    token, user,
};

#[tokio::test]
async fn the_schema_is_the_golden_one() {
    on_each(async |db| {
        let mut reader = db.open().await.reader().await.unwrap();
        let text = match db.backend {
            Backend::Sqlite => {
                "select sql as line from sqlite_master where sql is not null order by case type when 'table' then 0
                else 1 end, name"
            }
            Backend::Postgres => POSTGRES_SCHEMA,
        };
        let rows = sqlx::query(text).fetch_all(&mut *reader).await.unwrap();
        let lines: Vec<String> = rows.iter().map(|row| row.get::<String, _>("line") + "\n").collect();
        match db.backend {
            Backend::Sqlite => expect_file!["../golden/schema.sqlite.txt"].assert_eq(&lines.concat()),
            Backend::Postgres => expect_file!["../golden/schema.postgres.txt"].assert_eq(&lines.concat()),
        }
    })
    .await;
}

#[tokio::test]
async fn no_request_walks_a_whole_table() {
    on_each(async |db| {
        let store = db.open().await;
        let mut tx = store.begin(&db.ctx()).await.unwrap();
        if db.backend == Backend::Postgres {
            sqlx::query("set local enable_seqscan = off").execute(&mut *tx).await.unwrap();
        }
        for (name, text, values) in [
            ("session", session::FIND, TEXT),
            ("api key", api_key::FIND, TEXT),
            ("token", token::FIND, TEXT),
            ("what a token was narrowed to", access::NARROWING, &["7"]),
            ("user by name", user::BY_NAME, TEXT),
            ("user by id", user::BY_ID, &["7"]),
            ("changed nodes", node::CHANGED_SINCE, &["7"]),
        ] {
            let plan = explain(&db, &mut tx, text, values).await;
            assert!(!plan.contains("SCAN") && !plan.contains("Seq Scan"), "{name}:\n{plan}");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{name}:\n{plan}");
        }
    })
    .await;
}

/// The plan with the values written out, since one for unknown values may differ.
async fn explain(db: &TestDb, tx: &mut Tx, text: &str, values: &[&str]) -> String {
    let mut text = text.to_owned();
    for (index, value) in values.iter().enumerate().rev() {
        text = text.replace(&format!("${}", index + 1), value);
    }
    let prefix = if db.backend == Backend::Sqlite { "explain query plan" } else { "explain" };
    let rows = sqlx::query(AssertSqlSafe(format!("{prefix} {text}"))).fetch_all(&mut **tx).await.unwrap();
    let column = if db.backend == Backend::Sqlite { "detail" } else { "QUERY PLAN" };
    rows.iter().map(|row| row.get::<String, _>(column) + "\n").collect()
}

const TEXT: &[&str] = &["'x'"];
const POSTGRES_SCHEMA: &str = "
    select line from (
    select table_name || '.' || column_name || ' ' || data_type
        || case is_nullable when 'YES' then '' else ' not null' end as line
    from information_schema.columns where table_schema = 'public'
    union all
    select indexdef from pg_indexes where schemaname = 'public'
    union all
    select conrelid::regclass || ': ' || pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace and contype in ('f', 'c')
    ) as lines
    order by line collate \"C\"";
