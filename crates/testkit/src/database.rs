//! The two databases, with a fresh one for each test.

use std::{
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{have, process::run};

/// Which database a site stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    /// Of the server that `MAAS_TEST_POSTGRES_URI` names.
    Postgres,
}

impl Database {
    /// Those that are there: SQLite always, PostgreSQL under `./scripts/test`.
    pub fn available() -> Vec<Self> {
        let postgres = std::env::var_os("MAAS_TEST_POSTGRES_URI").is_some();
        let mut all = vec![Self::Sqlite];
        if have("PostgreSQL (MAAS_TEST_POSTGRES_URI)", postgres) {
            all.push(Self::Postgres);
        }
        all
    }
}

/// A database of a test's own on the PostgreSQL server; dropped with this value.
#[derive(Debug)]
pub(crate) struct PostgresDatabase {
    name: String,
    server: String,
    /// Without a password and without a query.
    pub(crate) uri: String,
    /// The file with the server's CA.
    pub(crate) root_certificate: String,
    pub(crate) password: String,
    /// With the password, for `psql`, `pg_dump` and drivers.
    pub(crate) full_uri: String,
}

impl PostgresDatabase {
    pub(crate) fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("MAAS_TEST_POSTGRES_URI").expect("tests ask Database::available first");
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        run(Command::new("psql").args([&server, "-qXc", &format!("create database {name}")])).ok();
        let (before, query) = server.split_once('?').unwrap_or((&server, ""));
        let base = before.rsplit_once('/').expect("the address has a path").0;
        let full_uri = format!("{base}/{name}?{query}");
        let (scheme, rest) = full_uri.split_once("://").expect("a URI");
        let (user, rest) = rest.split_once('@').expect("a user in the address");
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let uri = format!("{scheme}://{user}@{}", rest.split('?').next().unwrap_or(rest));
        let root_certificate = query.split('&').find_map(|pair| pair.strip_prefix("sslrootcert=")).unwrap_or_default();
        Self {
            root_certificate: root_certificate.to_owned(),
            password: password.to_owned(),
            uri,
            full_uri,
            name,
            server,
        }
    }

    /// Everything in it as SQL text.
    pub(crate) fn dump(&self) -> String {
        run(Command::new("pg_dump").arg(&self.full_uri)).ok().stdout
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        let _ = run(Command::new("psql").args([&self.server, "-qXc", &drop]));
    }
}

/// The bytes of every file below a directory, with their names.
pub(crate) fn files_below(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path, bytes));
        }
    }
    found
}
