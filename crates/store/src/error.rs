//! What can go wrong with the database, by what the caller can do about it.

use sqlx::postgres::PgDatabaseError;

/// Shorthand for this room.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is such a row already; `column` is `table.column` on both databases.
    #[error("`{column}` has that value already")]
    Unique { column: String },
    /// A row that this one points to is missing, or a row still points to this one.
    #[error("a row refers to another that is missing or still needed")]
    Reference(#[source] sqlx::Error),
    /// The database does not answer now.
    #[error("the database is not available now")]
    Unavailable(#[source] sqlx::Error),
    /// The configuration does not do; one line that says what to change.
    #[error("{0}")]
    Config(String),
    /// A newer program has been here.
    #[error("the database has schema {found}, this program knows {known}: run the newer program")]
    Newer { found: i64, known: i64 },
    /// A stored value that this program cannot read.
    #[error("`{column}` holds `{value}`, which this program does not know")]
    Value { column: &'static str, value: String },
    /// Our mistake.
    #[error("the database refused a statement")]
    Sql(#[source] sqlx::Error),
}

impl StoreError {
    /// Whether it is the unique column `table.column` that refused.
    pub fn is_unique(&self, wanted: &str) -> bool {
        matches!(self, Self::Unique { column } if column == wanted)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                unique_column(inner.as_ref()).map_or(Self::Sql(error), |column| Self::Unique { column })
            }
            sqlx::Error::Database(inner) if inner.is_foreign_key_violation() => Self::Reference(error),
            sqlx::Error::Database(inner) if is_away(inner.code().as_deref().unwrap_or_default()) => {
                Self::Unavailable(error)
            }
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                Self::Unavailable(error)
            }
            _ => Self::Sql(error),
        }
    }
}

/// Classes 08 (connection), 53 (resources) and 57 (shutting down) of PostgreSQL; 5 and 6 are SQLite's busy and locked.
fn is_away(code: &str) -> bool {
    code == "5" || code == "6" || (code.len() == 5 && ["08", "53", "57"].iter().any(|class| code.starts_with(class)))
}

/// SQLite names the column in its message, PostgreSQL in the detail of its error.
fn unique_column(error: &(dyn sqlx::error::DatabaseError + 'static)) -> Option<String> {
    if let Some(pg) = error.try_downcast_ref::<PgDatabaseError>() {
        let columns = pg.detail()?.strip_prefix("Key (")?.split_once(")=")?.0;
        return Some(format!("{}.{}", pg.table()?, columns.split(',').next()?.trim()));
    }
    let columns = error.message().strip_prefix("UNIQUE constraint failed: ")?;
    columns.split(',').next().map(|column| column.trim().to_owned())
}
