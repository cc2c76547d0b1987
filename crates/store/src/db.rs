//! Where the two databases differ: how to connect, begin, lock and tell others.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use maas_model::Secret;
use sqlx::{
    AnyPool, ConnectOptions, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
    postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode},
    sqlite::SqliteConnectOptions,
};

use crate::{Result, StoreError};

mod preflight;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// As shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

impl Backend {
    /// Which database a connection goes to.
    pub(crate) fn of(connection: &sqlx::AnyConnection) -> Self {
        if connection.backend_name() == "PostgreSQL" { Self::Postgres } else { Self::Sqlite }
    }

    /// What makes texts sort by their bytes, as SQLite does anyway.
    pub(crate) const fn by_bytes(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " collate \"C\"",
        }
    }

    /// The members of a JSON object as rows `key, value`: what stands around the object.
    pub(crate) const fn json_members(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlite => ("json_each(", ")"),
            Self::Postgres => ("jsonb_each_text((", ")::jsonb)"),
        }
    }
}

/// How to reach the database.
#[derive(Clone, Debug, Default)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://USER@HOST:PORT/NAME`; never with a password.
    pub uri: String,
    pub password: Option<Secret<String>>,
    /// `disable`, `require`, `verify-ca`, `verify-full`; none means `verify-full` off loopback.
    pub sslmode: Option<String>,
    pub sslrootcert: Option<PathBuf>,
    pub sslcert: Option<PathBuf>,
    pub sslkey: Option<PathBuf>,
}

/// Connections: SQLite has one that writes and some that read.
pub(crate) struct Pools {
    pub(crate) backend: Backend,
    pub(crate) write: AnyPool,
    pub(crate) read: AnyPool,
    /// For `listen`; PostgreSQL only.
    pub(crate) listen: Option<PgPool>,
}

pub(crate) async fn connect(config: &StoreConfig) -> Result<Pools> {
    sqlx::any::install_default_drivers();
    match config.uri.split_once(':') {
        Some(("sqlite", path)) => connect_sqlite(Path::new(path.strip_prefix("//").unwrap_or(path))).await,
        Some(("postgres" | "postgresql", _)) => connect_postgres(config).await,
        _ => Err(StoreError::Config("the database URI must start with `sqlite:` or `postgres://`".to_owned())),
    }
}

/// SQLite keeps the journal's mode like the file's, so creating the file closed keeps everything closed.
/// `synchronous = full`: what was answered, and the audit row of it, must survive a power cut; a commit costs one fsync.
async fn connect_sqlite(path: &Path) -> Result<Pools> {
    let path = std::path::absolute(path).map_err(|error| file_error(path, &error))?;
    create_private(&path).map_err(|error| file_error(&path, &error))?;
    let options = any_options(SqliteConnectOptions::new().filename(&path).to_url_lossy().as_str())?;
    let write = pool(
        1,
        "pragma busy_timeout = 10000; pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on",
    )
    .connect_with(options.clone())
    .await?;
    let read = pool(4, "pragma busy_timeout = 10000; pragma query_only = on").connect_lazy_with(options);
    Ok(Pools { backend: Backend::Sqlite, write, read, listen: None })
}

async fn connect_postgres(config: &StoreConfig) -> Result<Pools> {
    let options = postgres_options(config)?;
    preflight::check(&options).await?;
    let any = any_options(&postgres_url(&options, config))?;
    // Connections are tried before use, so that a restart of the server is noticed here and not in a use case.
    let pool = || pool(10, "set application_name = 'maas'").test_before_acquire(true);
    let write = pool().connect_with(any.clone()).await?;
    preflight::check_afterwards(&write).await?;
    let listen = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    // Two pools, since somebody who writes may also read: one pool could be full of those who wait for each other.
    Ok(Pools { backend: Backend::Postgres, read: pool().connect_lazy_with(any), write, listen: Some(listen) })
}

fn pool(size: u32, setup: &'static str) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(Duration::from_secs(10))
        .max_lifetime(None)
        .idle_timeout(None)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move { connection.execute(sqlx::raw_sql(setup)).await.map(|_| ()) })
        })
}

fn any_options(url: &str) -> Result<AnyConnectOptions> {
    Ok(AnyConnectOptions::from_str(url)?.disable_statement_logging())
}

/// The options as one address. sqlx writes certificate files into it as `file: PATH`, which it does not read back.
fn postgres_url(options: &PgConnectOptions, config: &StoreConfig) -> String {
    let mut url = options.to_url_lossy();
    let files = [("sslrootcert", &config.sslrootcert), ("sslcert", &config.sslcert), ("sslkey", &config.sslkey)];
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| files.iter().all(|(file, _)| name != file))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(others);
    for (name, path) in files.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?))) {
        url.query_pairs_mut().append_pair(name, &path.to_string_lossy());
    }
    url.into()
}

/// The address without a word of what is secret; the password joins it here and nowhere else.
fn postgres_options(config: &StoreConfig) -> Result<PgConnectOptions> {
    let bad = |why: &str| StoreError::Config(format!("the database URI is not usable: {why}"));
    if has_password(&config.uri) {
        return Err(bad("it holds a password; put that into a file and name it with `database_pass_file`"));
    }
    if !config.uri.contains('@') {
        return Err(bad("it names no user; write `postgres://USER@HOST/NAME`"));
    }
    if config.uri.contains('?') {
        return Err(bad("it has parameters; use the settings `database_sslmode` and so on"));
    }
    let mut options =
        PgConnectOptions::from_str(&config.uri).map_err(|_| bad("write `postgres://USER@HOST:PORT/NAME`"))?;
    if let Some(password) = &config.password {
        options = options.password(password.expose());
    }
    let is_local = options.get_socket().is_some() || is_loopback(options.get_host());
    options = options.ssl_mode(ssl_mode(config.sslmode.as_deref(), is_local)?);
    if let Some(path) = &config.sslrootcert {
        options = options.ssl_root_cert(path);
    }
    if let Some(path) = &config.sslcert {
        options = options.ssl_client_cert(path);
    }
    if let Some(path) = &config.sslkey {
        options = options.ssl_client_key(path);
    }
    Ok(options)
}

fn has_password(uri: &str) -> bool {
    let authority = uri.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.starts_with('/') || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn ssl_mode(wanted: Option<&str>, is_local: bool) -> Result<PgSslMode> {
    match wanted {
        None if is_local => Ok(PgSslMode::Prefer),
        None | Some("verify-full") => Ok(PgSslMode::VerifyFull),
        Some("verify-ca") => Ok(PgSslMode::VerifyCa),
        Some("require") => Ok(PgSslMode::Require),
        Some("disable") => Ok(PgSslMode::Disable),
        Some(other) => Err(StoreError::Config(format!(
            "unknown `database_sslmode` `{other}`: use `disable`, `require`, `verify-ca` or `verify-full`"
        ))),
    }
}

fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(|_| ()),
    }
}

fn file_error(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Config(format!("cannot create the database `{}`: {error}", path.display()))
}

impl Backend {
    /// How a writing transaction begins: SQLite takes its one write lock at once, so that nobody waits inside.
    pub(crate) const fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "begin immediate",
            Self::Postgres => "begin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_stay_out_of_uris() {
        assert!(has_password("postgres://u:p@h/d"));
        assert!(!has_password("postgres://u@h:5432/d"));
        let config = StoreConfig { uri: "postgres://u:hunter2@h/d".into(), ..StoreConfig::default() };
        let error = postgres_options(&config).unwrap_err().to_string();
        assert!(error.contains("database_pass_file") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn certificate_files_survive_the_address() {
        let config = StoreConfig {
            uri: "postgres://u@db.example/d".into(),
            sslrootcert: Some("/etc/ssl/a b&c.pem".into()),
            ..StoreConfig::default()
        };
        let options = postgres_options(&config).unwrap();
        let url = postgres_url(&options, &config);
        let read = PgConnectOptions::from_str(&url).unwrap();
        assert_eq!(format!("{options:?}"), format!("{read:?}"), "{url}");
    }

    #[test]
    fn tls_is_verified_off_loopback() {
        for (host, wanted) in [("db.example", "VerifyFull"), ("127.0.0.1", "Prefer"), ("[::1]", "Prefer")] {
            let config = StoreConfig { uri: format!("postgres://u@{host}/d"), ..StoreConfig::default() };
            assert_eq!(format!("{:?}", postgres_options(&config).unwrap().get_ssl_mode()), wanted, "{host}");
        }
        assert!(ssl_mode(Some("prefer"), false).is_err());
    }
}
