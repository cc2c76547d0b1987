//! SQL, rows and migrations; the only room that knows sqlx.
