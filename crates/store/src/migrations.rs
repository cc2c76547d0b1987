//! The schema, forward only. To add to it, put a file into `migrations/` and a line into [`ALL`], and renew the golden
//! schemas with `UPDATE_EXPECT=1 cargo test -p maas-store schema` (with a PostgreSQL server at hand).

use sqlx::{AssertSqlSafe, Row};

use crate::{Backend, Result, StoreError, Tx};

/// One step of the schema.
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// The same text for both databases.
macro_rules! both {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/", $name, ".sql")),
        }
    };
}

/// All steps, in order.
#[rustfmt::skip]
pub const ALL: &[Migration] = &[
    both!(1, "0001_event"),
    both!(2, "0002_account"),
    both!(10, "0010_setting"),
    both!(11, "0011_tls"),
    both!(12, "0012_notification"),
    both!(13, "0013_user_key"),
    both!(20, "0020_access"),
    both!(21, "0021_node"),
    both!(22, "0022_job"),
    both!(23, "0023_machine_cost"),
    both!(25, "0025_tag"),
    both!(26, "0026_script_hardware"),
];

/// The schema that this program knows.
pub fn latest() -> i64 {
    ALL.last().map_or(0, |migration| migration.version)
}

impl Migration {
    fn text(&self, backend: Backend) -> &'static str {
        match backend {
            Backend::Sqlite => self.sqlite,
            Backend::Postgres => self.postgres,
        }
    }
}

/// Brings the schema from where it is to [`latest`], inside one transaction.
///
/// # Errors
/// [`StoreError::Newer`] when a newer program was here.
pub(crate) async fn run(tx: &mut Tx, now_us: i64) -> Result<()> {
    tx.lock("migrate").await?;
    let created = "create table if not exists schema_migration (
        version bigint primary key, name text not null, applied_us bigint not null)";
    sqlx::query(created).execute(&mut **tx).await?;
    let found = version(tx).await?;
    if found > latest() {
        return Err(StoreError::Newer { found, known: latest() });
    }
    for migration in ALL.iter().filter(|migration| migration.version > found) {
        sqlx::raw_sql(AssertSqlSafe(migration.text(tx.backend()))).execute(&mut **tx).await?;
        sqlx::query("insert into schema_migration (version, name, applied_us) values ($1, $2, $3)")
            .bind(migration.version)
            .bind(migration.name)
            .bind(now_us)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// The schema that the database has.
///
/// # Errors
/// Those of the database.
pub async fn version(connection: &mut crate::Connection) -> Result<i64> {
    let row =
        sqlx::query("select coalesce(max(version), 0) as version from schema_migration").fetch_one(connection).await?;
    Ok(row.try_get("version")?)
}
