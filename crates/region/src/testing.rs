//! A region of its own for each test of use cases, on SQLite and, where there is a server, on PostgreSQL.

pub(crate) mod carrier;

use std::sync::Arc;

use maas_authz::{Access, Actor, AuthMethod, OpCtx, UserActor, action::EditIdentities};
use maas_model::{Role, UserId};
use maas_store::{
    event::{EventFilter, EventRow},
    machine::testing::Machine,
    testing::{TestDb, on_each, request},
    user::{self, NewUser},
};

use crate::{PasswordCost, Region, RegionConfig};

/// A region with three users: `admin`, `bob` and `eve`, of whom the first administers the site.
pub(crate) struct TestRegion {
    pub(crate) region: Region,
    pub(crate) db: TestDb,
}

impl TestRegion {
    /// Opens a region on the database of another (or of itself, a second time), as another host would.
    pub(crate) async fn open(db: &TestDb, name: &str) -> Region {
        let config = &db.config;
        let mut config = RegionConfig {
            database_password: config.password.clone(),
            database_sslmode: config.sslmode.clone(),
            password_cost: PasswordCost::CHEAP,
            ..RegionConfig::new(db.dir.path(), &config.uri, name)
        };
        config.names = vec!["host1.example".to_owned()];
        Region::open(config, db.clock.clone()).await.unwrap_or_else(|error| panic!("the region opens: {error:?}"))
    }

    async fn new(db: TestDb) -> Self {
        let region = Self::open(&db, "host1").await;
        let ctx = region.job_ctx("test");
        let mut tx = region.store().begin(&ctx).await.unwrap();
        for (name, role) in [("admin", Role::Administrator), ("bob", Role::User), ("eve", Role::User)] {
            let grant = ctx.grant::<EditIdentities>().unwrap();
            let new = NewUser {
                username: name,
                username_folded: name,
                email: None,
                full_name: "",
                password_hash: None,
                role: role.as_str(),
                is_system: false,
            };
            user::insert(&mut tx, &grant, &new).await.unwrap();
        }
        tx.commit_quietly().await.unwrap();
        Self { region, db }
    }

    /// The id of a user.
    pub(crate) async fn id(&self, name: &str) -> UserId {
        let found = user::find(&mut self.region.store().reader().await.unwrap(), name).await.unwrap();
        UserId(found.unwrap().user_id)
    }

    /// The context of one of the users.
    pub(crate) async fn ctx(&self, name: &str) -> OpCtx {
        let id = self.id(name).await;
        let mut reader = self.region.store().reader().await.unwrap();
        let method = AuthMethod::Password;
        let held = crate::access::load(&self.region, &mut reader, id, method).await.unwrap();
        let actor = UserActor { id, username: name.to_owned(), access: Arc::new(held.access), method };
        OpCtx { actor: Actor::User(actor), request: request(), clock: self.db.clock.clone() }
    }

    /// The same user with other rights.
    pub(crate) fn holding(&self, ctx: &OpCtx, access: Access) -> OpCtx {
        let mut ctx = ctx.clone();
        if let Actor::User(user) = &mut ctx.actor {
            user.access = Arc::new(access);
        }
        ctx
    }

    /// Adds a machine and says its system id.
    pub(crate) async fn machine(&self, machine: Machine, hostname: &str) -> String {
        let mut tx = self.region.store().begin(&self.region.job_ctx("test")).await.unwrap();
        let system_id = machine.insert(&mut tx, hostname).await;
        tx.commit_nodes(Vec::new()).await.unwrap();
        system_id
    }

    /// The latest rows of the audit log, newest first.
    pub(crate) async fn events(&self) -> Vec<EventRow> {
        let filter = EventFilter { level_to: 99, limit: 20, ..EventFilter::default() };
        maas_store::event::list(&mut self.region.store().reader().await.unwrap(), &filter).await.unwrap()
    }

    /// Action and description of the latest row of the audit log.
    pub(crate) async fn last_event(&self) -> (String, String) {
        self.events().await.into_iter().next().map(|row| (row.action, row.description)).unwrap_or_default()
    }
}

/// Runs a test with a region on each database.
pub(crate) async fn with_region(test: impl AsyncFn(&TestRegion)) {
    on_each(async |db| {
        let site = TestRegion::new(db).await;
        test(&site).await;
        site.region.shutdown().await;
    })
    .await;
}
