//! One running region: what its use cases share.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwapOption;
use ipnet::IpNet;
use maas_authz::{Action, Actor, Clock, NodeFacts, OpCtx, decide, machine::decide_node};
use maas_model::{MachineAction, Secret};
use maas_store::{Store, StoreConfig};
use tokio::sync::{broadcast, watch};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    Error, Result, auth::Gate, carriers::Carriers, jobs::engine::Engine, nodes::Catalog, site::Site, site_key::SiteKey,
    ssh_keys::ImportUrls, tasks::Tasks, users::Users,
};

/// What a region needs to know before it opens its database.
#[derive(Clone, Debug)]
pub struct RegionConfig {
    /// Where `secret`, `keys/`, `ca.pem` and, with SQLite, `region.db` lie.
    pub data_dir: PathBuf,
    /// `sqlite:PATH` or `postgres://USER@HOST:PORT/NAME`; never with a password.
    pub database_uri: String,
    /// The password for the database, from its own file.
    pub database_password: Option<Secret<String>>,
    /// `disable`, `require`, `verify-ca`, `verify-full`; none means `verify-full` off loopback.
    pub database_sslmode: Option<String>,
    pub database_sslrootcert: Option<PathBuf>,
    pub database_sslcert: Option<PathBuf>,
    pub database_sslkey: Option<PathBuf>,
    /// This process's name among regions; the host name.
    pub region_name: String,
    /// The URL under which clients know the site; its host is one of the site's names.
    pub maas_url: Option<String>,
    /// More names and addresses of this host.
    pub names: Vec<String>,
    /// Proxies whose `X-Forwarded-*` headers count, besides loopback.
    pub trusted_proxies: Vec<IpNet>,
    pub password_cost: PasswordCost,
    /// Where SSH keys are imported from.
    pub ssh_import: ImportUrls,
}

/// What one password hash costs (argon2id).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    pub memory_kib: u32,
    pub passes: u32,
}

impl PasswordCost {
    /// For real sites: 64 MiB, three passes.
    pub const FULL: Self = Self { memory_kib: 64 * 1024, passes: 3 };
    /// For tests that are not about passwords.
    pub const CHEAP: Self = Self { memory_kib: 64, passes: 1 };
}

impl RegionConfig {
    /// A configuration with the defaults of a real site.
    pub fn new(data_dir: impl Into<PathBuf>, database_uri: impl Into<String>, region_name: impl Into<String>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_uri: database_uri.into(),
            database_password: None,
            database_sslmode: None,
            database_sslrootcert: None,
            database_sslcert: None,
            database_sslkey: None,
            region_name: region_name.into(),
            maas_url: None,
            names: Vec::new(),
            trusted_proxies: Vec::new(),
            password_cost: PasswordCost::FULL,
            ssh_import: ImportUrls::default(),
        }
    }

    fn store(&self) -> StoreConfig {
        StoreConfig {
            uri: self.database_uri.clone(),
            password: self.database_password.clone(),
            sslmode: self.database_sslmode.clone(),
            sslrootcert: self.database_sslrootcert.clone(),
            sslcert: self.database_sslcert.clone(),
            sslkey: self.database_sslkey.clone(),
        }
    }
}

/// A handle on the running region; cheap to clone.
#[derive(Clone)]
pub struct Region(Arc<Inner>);

struct Inner {
    config: RegionConfig,
    clock: Clock,
    store: Store,
    site_key: SiteKey,
    site: Site,
    gate: Gate,
    users: Users,
    catalog: ArcSwapOption<Catalog>,
    carriers: Carriers,
    engine: Engine,
    process_name: String,
    nudges: broadcast::Sender<&'static str>,
    notices: broadcast::Sender<Notice>,
    tasks: Tasks,
}

/// Something that open pages want to hear of: the MAAS envelope's `name`, `action` and `data`.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `notification`, `user`, `sshkey`, `token`, `event`, `tls`...
    pub name: &'static str,
    /// `create`, `update` or `delete`.
    pub action: &'static str,
    /// The id, or the object.
    pub data: serde_json::Value,
    /// Who may hear it: a user's id, administrators, or everybody signed in.
    pub audience: Audience,
}

/// Who may hear a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    User(maas_model::UserId),
    /// Those who may know of a pool.
    Pool(maas_model::PoolId),
    /// Those who hold an action somewhere it counts.
    Holders(maas_authz::Action),
    /// Those who may see a node: as it is now, none when it has gone, and as it was before. For those who saw it and do
    /// not any more, it has gone.
    Node {
        now: Option<NodeFacts>,
        before: Option<NodeFacts>,
    },
    Administrators,
    Everyone,
}

impl Notice {
    /// What somebody hears of it: an action and the data; nothing when it is not for them.
    pub fn heard_by(&self, actor: &Actor) -> Option<(&'static str, &serde_json::Value)> {
        let as_told = Some((self.action, &self.data));
        match self.audience {
            Audience::Everyone => as_told,
            Audience::Administrators => as_told.filter(|_| decide(actor, Action::ViewNotifications).is_ok()),
            Audience::User(id) => as_told.filter(|_| actor.user().is_some_and(|user| user.id == id)),
            Audience::Pool(id) => {
                as_told.filter(|_| actor.user().is_some_and(|user| user.access.visible_pools().has(id)))
            }
            Audience::Holders(action) => as_told.filter(|_| decide(actor, action).is_ok()),
            Audience::Node { now, before } => {
                let sees = |facts: Option<NodeFacts>| {
                    facts.is_some_and(|f| decide_node(actor, MachineAction::View, &f).is_ok())
                };
                match (sees(before), sees(now)) {
                    (true, true) => as_told,
                    (false, true) => Some(("create", &self.data)),
                    (true, false) => Some(("delete", self.data.get("system_id").unwrap_or(&self.data))),
                    (false, false) => None,
                }
            }
        }
    }
}

impl Region {
    /// Opens the database (migrating it forward), the sealing key and the caches.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] when the database does not answer; `BadRequest` when the configuration does not do.
    pub async fn open(config: RegionConfig, clock: Clock) -> Result<Self> {
        let store = Store::open(&config.store(), &clock).await?;
        let site_key = SiteKey::open(&config.data_dir, &store, &clock).await?;
        let site = Site::open(&config.data_dir, &store, &clock).await?;
        let gate = Gate::new(&site_key, &config)?;
        let notices = broadcast::Sender::new(NOTICES);
        let process_name = process_name(&config.region_name);
        let region = Self(Arc::new(Inner {
            config,
            clock,
            store,
            site_key,
            site,
            gate,
            users: Users::default(),
            catalog: ArcSwapOption::empty(),
            carriers: Carriers::default(),
            engine: Engine::default(),
            process_name,
            nudges: broadcast::Sender::new(NOTICES),
            notices,
            tasks: Tasks::default(),
        }));
        region.seed().await?;
        let feed = crate::nodes::Feed::from_here(&region).await?;
        region.spawn_background(feed);
        Ok(region)
    }

    async fn seed(&self) -> Result<()> {
        crate::users::seed_system_users(self).await
    }

    fn spawn_background(&self, feed: crate::nodes::Feed) {
        let region = self.clone();
        self.tasks().spawn_until_shutdown("node-feed", async move { feed.run(&region).await });
        let store = self.0.store.clone();
        self.tasks().spawn_until_shutdown("follow", async move { store.follow().await });
        let region = self.clone();
        self.tasks().spawn_until_shutdown("last-use", async move { crate::auth::run_last_use(&region).await });
        let region = self.clone();
        self.tasks().spawn_until_shutdown("audit-checkpoint", async move {
            crate::events::checkpoint::run(&region).await;
        });
        let region = self.clone();
        self.tasks().spawn_until_shutdown("tags", async move { crate::tags::run(&region).await });
    }

    /// Notices for open pages.
    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.0.notices.subscribe()
    }

    /// Rises with every committed change of machines and devices, by this process or another.
    pub fn node_changes(&self) -> watch::Receiver<u64> {
        self.0.store.node_changes()
    }

    /// Rises with every other committed change, by this process or another; caches and open streams look again when it does.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.store.changes()
    }

    /// The count of changes that this process knows of, for a later comparison.
    pub fn change_count(&self) -> u64 {
        self.0.store.change_count()
    }

    /// Who carries out what needs a rack.
    pub fn carriers(&self) -> &Carriers {
        &self.0.carriers
    }

    /// Wakes a job of this process; others find out by the database.
    pub(crate) fn nudge(&self, job: &'static str) {
        let _ = self.0.nudges.send(job);
    }

    pub(crate) fn nudges(&self) -> broadcast::Receiver<&'static str> {
        self.0.nudges.subscribe()
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// This process among all that there have been: what leases are held by.
    pub(crate) fn process_name(&self) -> &str {
        &self.0.process_name
    }

    /// The clock of this region.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// What it was opened with.
    pub fn config(&self) -> &RegionConfig {
        &self.0.config
    }

    /// The tasks of this region; everything that runs beside a request is spawned here.
    pub fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// Ends the background tasks, waits for use cases that still run, and closes the database.
    pub async fn shutdown(&self) {
        self.0.tasks.shutdown().await;
        DETACHED.close();
        DETACHED.wait().await;
        DETACHED.reopen();
        crate::auth::write_last_use(self).await;
        self.0.store.close().await;
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// The key for keyed hashes; derive a subkey for each purpose.
    pub fn site_key(&self) -> &SiteKey {
        &self.0.site_key
    }

    pub(crate) fn site(&self) -> &Site {
        &self.0.site
    }

    pub(crate) fn users(&self) -> &Users {
        &self.0.users
    }

    pub(crate) fn catalog(&self) -> &ArcSwapOption<Catalog> {
        &self.0.catalog
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// The context of one of the site's own jobs.
    pub(crate) fn job_ctx(&self, name: &'static str) -> OpCtx {
        OpCtx::job(name, self.0.clock.clone())
    }

    /// Tells open pages; nobody listening is fine.
    pub(crate) fn announce(
        &self,
        name: &'static str,
        action: &'static str,
        data: serde_json::Value,
        audience: Audience,
    ) {
        let _ = self.0.notices.send(Notice { name, action, data, audience });
    }
}

/// Runs a changing use case to its end even when the client leaves, since the server drops the handler then.
///
/// # Errors
/// Those of the use case; `Internal` when it panicked.
pub async fn detach<T, F>(ctx: &OpCtx, work: F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let span = tracing::Span::current();
    tracing::trace!(request.id = ctx.request.trace_id, "detached");
    DETACHED.spawn(work.instrument(span)).await.map_err(|error| Error::Internal(error.into()))?
}

fn process_name(region: &str) -> String {
    let random = data_encoding::HEXLOWER.encode(maas_secrets::fresh_bytes(4).expose());
    format!("{region}/{}/{random}", std::process::id())
}

/// Use cases that run to their end whatever their client does; the process waits for them before it leaves.
static DETACHED: std::sync::LazyLock<TaskTracker> = std::sync::LazyLock::new(TaskTracker::new);

/// How many notices a slow page may lag behind before it has to look at everything again.
const NOTICES: usize = 256;
