//! A database of its own for each test: SQLite always, PostgreSQL where `MAAS_TEST_POSTGRES_URI` names a server and a
//! role that may create databases.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use maas_authz::{Access, Actor, AuthMethod, Clock, OpCtx, RequestInfo, UserActor, action::EditIdentities};
use maas_model::{Endpoint, Secret, Timestamp, UserId};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};

use crate::{
    Backend, Store, StoreConfig, Tx,
    user::{self, NewUser},
};

mod node;

pub use node::{Dice, TestNode, add_pools, add_users};

/// A database that goes away with this value.
pub struct TestDb {
    pub config: StoreConfig,
    pub backend: Backend,
    pub clock: Clock,
    /// A directory that goes away too, for what else the test needs.
    pub dir: tempfile::TempDir,
    dropped: Option<(String, String)>,
}

impl TestDb {
    /// An empty SQLite database.
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("the temporary directory can be written");
        let uri = format!("sqlite:{}", dir.path().join("region.db").display());
        Self::new(Backend::Sqlite, StoreConfig { uri, ..StoreConfig::default() }, dir, None)
    }

    /// An empty PostgreSQL database, if there is a server.
    pub async fn postgres() -> Option<Self> {
        let server = std::env::var("MAAS_TEST_POSTGRES_URI").ok().filter(|uri| !uri.is_empty())?;
        let name = format!("maas_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        run(&server, format!("drop database if exists {name}")).await;
        run(&server, format!("create database {name}")).await;
        let options: PgConnectOptions = server.parse().expect("MAAS_TEST_POSTGRES_URI is a URI");
        let url = options.to_url_lossy();
        let password = password_of(&server).map(|text| Secret::new(text.to_owned()));
        let uri = format!(
            "postgres://{}@{}:{}/{name}",
            url.username(),
            url.host_str().unwrap_or("127.0.0.1"),
            options.get_port()
        );
        let config = StoreConfig { uri, password, sslmode: Some("disable".into()), ..StoreConfig::default() };
        let dir = tempfile::tempdir().expect("the temporary directory can be written");
        Some(Self::new(Backend::Postgres, config, dir, Some((server, name))))
    }

    fn new(backend: Backend, config: StoreConfig, dir: tempfile::TempDir, dropped: Option<(String, String)>) -> Self {
        let clock = Clock::manual(Timestamp::from_secs(1_700_000_000));
        Self { config, backend, clock, dir, dropped }
    }

    /// Opens it.
    pub async fn open(&self) -> Store {
        Store::open(&self.config, &self.clock).await.expect("the test database opens")
    }

    /// A context of an administrator.
    pub fn ctx(&self) -> OpCtx {
        let actor = UserActor {
            id: UserId(1),
            username: "admin".into(),
            access: Arc::new(Access::everything()),
            method: AuthMethod::Password,
        };
        OpCtx { actor: Actor::User(actor), request: request(), clock: self.clock.clone() }
    }

    /// Adds a user who is in the group of all users.
    pub async fn user(&self, tx: &mut Tx, name: &str) -> UserId {
        let may = self.ctx().grant::<EditIdentities>().expect("the test's context may do everything");
        let new = NewUser {
            username: name,
            username_folded: name,
            email: None,
            full_name: "",
            password_hash: None,
            role: "user",
            is_system: false,
        };
        user::insert(tx, &may, &new).await.expect("the name is free")
    }
}

/// A request from a documentation address.
pub fn request() -> RequestInfo {
    RequestInfo {
        trace_id: "0123456789abcdef0123456789abcdef".into(),
        ip: Some([192, 0, 2, 7].into()),
        user_agent: "test/1".into(),
        endpoint: Endpoint::Api,
        is_secure: true,
    }
}

/// The password as it stands in the URI; what a parsed URL gives back is escaped.
fn password_of(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}

/// Runs a test on SQLite and, where there is a server, on PostgreSQL.
pub async fn on_each(test: impl AsyncFn(TestDb)) {
    test(TestDb::sqlite()).await;
    if let Some(db) = TestDb::postgres().await {
        test(db).await;
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let Some((server, name)) = self.dropped.take() else { return };
        // A test's runtime cannot wait here, so a thread with a runtime of its own does.
        let ended = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(run(&server, format!("drop database {name} with (force)")));
        });
        let _ = ended.join();
    }
}

async fn run(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.expect("MAAS_TEST_POSTGRES_URI answers");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("the test role may create databases");
}

static NEXT: AtomicU32 = AtomicU32::new(0);
