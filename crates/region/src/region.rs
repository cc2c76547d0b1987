//! One running region: what its use cases share.

use std::{path::PathBuf, sync::Arc};

use maas_authz::{Clock, OpCtx};
use maas_model::Secret;
use tokio::sync::{broadcast, watch};

use crate::Result;

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
}

/// A handle on the running region; cheap to clone.
#[derive(Clone)]
pub struct Region(Arc<Inner>);

struct Inner {
    // filled by the implementation: store, sealed secrets, caches, throttle, notices, listening state
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
    Administrators,
    Everyone,
}

impl Region {
    /// Opens the database (migrating it forward), the sealing key and the caches.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] when the database does not answer; `BadRequest` when the configuration does not do.
    pub async fn open(config: RegionConfig, clock: Clock) -> Result<Self> {
        let _ = (config, clock);
        unimplemented!("core")
    }

    /// Notices for open pages.
    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        unimplemented!("core")
    }

    /// Rises with every committed change, by this process or another; caches and open streams look again when it does.
    pub fn changes(&self) -> watch::Receiver<u64> {
        unimplemented!("core")
    }

    /// The clock of this region.
    pub fn clock(&self) -> &Clock {
        unimplemented!("core")
    }
}

/// Runs a changing use case to its end even when the client leaves, since the server drops the handler then.
pub async fn detach<T, F>(ctx: &OpCtx, work: F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let _ = (ctx, work);
    unimplemented!("core")
}
