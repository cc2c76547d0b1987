//! Proof of the chain, row by row.

use sqlx::Row;

use super::EventRow;
use crate::{Connection, Result};

/// A whole chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub rows: u64,
    pub first: i64,
    pub last: i64,
    pub head: String,
}

/// The first row that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub at: i64,
    pub why: String,
}

/// Walks the chain from its first row to its head.
///
/// # Errors
/// Those of the database; a broken chain is an answer.
pub async fn verify(connection: &mut Connection) -> Result<Result<Chain, Broken>> {
    let (mut id, mut hash) = (0, String::new());
    let mut known_head = None;
    loop {
        if let Err(broken) = walk(connection, &mut id, &mut hash).await? {
            return Ok(Err(broken));
        }
        let head = head(connection).await?;
        // Rows may have come since the last page: then there is more to walk, else they are missing.
        if head.0 > id && known_head.as_ref() != Some(&head) {
            known_head = Some(head);
            continue;
        }
        let chain = Chain { rows: id.unsigned_abs(), first: i64::from(id > 0), last: id, head: head.1.clone() };
        return Ok(ends(id, &hash, head.0, &head.1).map(|()| chain));
    }
}

/// Goes on from a row to the last one there is.
async fn walk(connection: &mut Connection, id: &mut i64, hash: &mut String) -> Result<Result<(), Broken>> {
    loop {
        let rows = page(connection, *id).await?;
        if rows.is_empty() {
            return Ok(Ok(()));
        }
        for row in rows {
            if let Err(broken) = fits(&row, *id, hash) {
                return Ok(Err(broken));
            }
            *id = row.event_id;
            *hash = row.hash;
        }
    }
}

/// The last row's id and hash, as the head has them.
///
/// # Errors
/// Those of the database.
pub async fn head(connection: &mut Connection) -> Result<(i64, String)> {
    let row =
        sqlx::query("select last_event_id, last_hash from event_head where head_id = 1").fetch_one(connection).await?;
    Ok((row.try_get("last_event_id")?, row.try_get("last_hash")?))
}

/// The hash of one row, if it is there.
///
/// # Errors
/// Those of the database.
pub async fn hash_of(connection: &mut Connection, id: i64) -> Result<Option<String>> {
    let row = sqlx::query("select hash from event where event_id = $1").bind(id).fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get("hash")).transpose()?)
}

async fn page(connection: &mut Connection, after: i64) -> Result<Vec<EventRow>> {
    let rows = sqlx::query("select * from event where event_id > $1 order by event_id limit 1000")
        .bind(after)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(EventRow::try_from).collect()
}

fn fits(row: &EventRow, previous: i64, hash: &str) -> Result<(), Broken> {
    let wanted = previous + 1;
    if row.event_id != wanted {
        return Err(Broken { at: wanted, why: format!("row {wanted} is missing; the next one is {}", row.event_id) });
    }
    if row.hash_after(hash) != row.hash {
        let why = format!("row {wanted} was changed, or it is not the row that was written after row {previous}");
        return Err(Broken { at: wanted, why });
    }
    Ok(())
}

fn ends(id: i64, hash: &str, last: i64, head: &str) -> Result<(), Broken> {
    let why = if id < last {
        format!("rows {} to {last} are missing at the end", id + 1)
    } else if id > last {
        format!("row {} was added behind the head", last + 1)
    } else if hash != head {
        format!("the head does not fit row {last}")
    } else {
        return Ok(());
    };
    Err(Broken { at: if id < last { id + 1 } else { last + i64::from(id > last) }, why })
}

#[cfg(test)]
mod tests {
    use maas_model::EventType;
    use serde_json::json;

    use super::*;
    use crate::{
        Audit,
        testing::{TestDb, on_each},
    };

    async fn filled(db: &TestDb) -> crate::Store {
        let store = db.open().await;
        for number in 0..5 {
            let audit = Audit::new(EventType::Settings, "test.change", format!("Changed {number}. \0 100%"))
                .object("setting", number)
                .details(json!({"b": 1, "a": "ż"}));
            store.begin(&db.ctx()).await.unwrap().commit(audit).await.unwrap();
        }
        store
    }

    async fn tampered(sql: &'static str) -> Vec<Broken> {
        let found = std::cell::RefCell::new(Vec::new());
        on_each(async |db| {
            let store = filled(&db).await;
            let mut tx = store.begin(&db.ctx()).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap();
            tx.commit_quietly().await.unwrap();
            let answer = verify(&mut store.reader().await.unwrap()).await.unwrap();
            found.borrow_mut().push(answer.unwrap_err());
        })
        .await;
        found.into_inner()
    }

    #[tokio::test]
    async fn an_untouched_chain_is_whole() {
        on_each(async |db| {
            let store = filled(&db).await;
            let chain = verify(&mut store.reader().await.unwrap()).await.unwrap().unwrap();
            assert_eq!((chain.rows, chain.first, chain.last), (5, 1, 5));
        })
        .await;
    }

    #[tokio::test]
    async fn rows_that_come_meanwhile_break_nothing() {
        on_each(async |db| {
            let store = filled(&db).await;
            let write = async {
                for _ in 0..100 {
                    let audit = Audit::new(EventType::Settings, "test.change", "More.");
                    store.begin(&db.ctx()).await.unwrap().commit(audit).await.unwrap();
                }
            };
            let read = async {
                for _ in 0..30 {
                    verify(&mut store.reader().await.unwrap()).await.unwrap().unwrap();
                }
            };
            tokio::join!(write, read);
        })
        .await;
    }

    #[tokio::test]
    async fn the_first_bad_row_is_named() {
        for (sql, at, why) in [
            ("update event set description = 'Changed 2. \u{fffd} 101%' where event_id = 3", 3, "row 3 was changed"),
            ("update event set user_id = null where event_id = 2", 2, "row 2 was changed"),
            ("update event set hash = 'x' where event_id = 4", 4, "row 4 was changed"),
            ("delete from event where event_id = 2", 2, "row 2 is missing"),
            ("delete from event where event_id >= 4", 4, "rows 4 to 5 are missing"),
            ("delete from event", 1, "rows 1 to 5 are missing"),
            (
                "update event set event_id = 9 where event_id = 2; update event set event_id = 2 where event_id = 3;
                 update event set event_id = 3 where event_id = 9",
                2,
                "row 2 was changed",
            ),
            ("update event_head set last_event_id = 4", 5, "row 5 was added"),
            ("update event_head set last_hash = ''", 5, "the head does not fit row 5"),
        ] {
            for broken in tampered(sql).await {
                assert_eq!(broken.at, at, "{sql}");
                assert!(broken.why.starts_with(why), "{sql}: {}", broken.why);
            }
        }
    }
}
