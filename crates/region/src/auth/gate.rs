//! What stands between a request and an actor: keys of keyed hashes, caches, the throttle and the queue.

use std::time::Duration;

use maas_model::{Secret, Timestamp};
use maas_store::{Tx, api_key, session, token};

use super::{
    cache::{Cache, UseOf},
    nonce::Nonces,
    password::{Hasher, Verdict},
    queue::{HashQueue, Permit},
    record::Budget,
    throttle::Throttle,
};
use crate::{
    Error, Region, RegionConfig, Result,
    site_key::{SiteKey, Subkey},
};

/// The gate of a region.
pub(crate) struct Gate {
    pub(crate) session_key: Subkey,
    pub(crate) api_key_key: Subkey,
    pub(crate) token_key: Subkey,
    pub(crate) csrf_key: Subkey,
    /// For names that are no account's, in the audit log.
    pub(crate) name_key: Subkey,
    pub(crate) cache_key: Subkey,
    pub(crate) cache: Cache,
    pub(crate) nonces: Nonces,
    pub(crate) throttle: Throttle,
    pub(crate) queue: HashQueue,
    pub(crate) rows: Budget,
    pub(crate) wrong_credentials: Budget,
    pub(crate) enlistments: Budget,
    hasher: Hasher,
}

impl Gate {
    pub(crate) fn new(site_key: &SiteKey, config: &RegionConfig) -> Result<Self> {
        Ok(Self {
            session_key: site_key.subkey("session"),
            api_key_key: site_key.subkey("api-key"),
            token_key: site_key.subkey("token"),
            csrf_key: site_key.subkey("csrf"),
            name_key: site_key.subkey("name"),
            cache_key: site_key.subkey("cache"),
            cache: Cache::default(),
            nonces: Nonces::default(),
            throttle: Throttle::default(),
            queue: HashQueue::default(),
            rows: Budget::rows(),
            wrong_credentials: Budget::wrong_credentials(),
            enlistments: Budget::enlistments(),
            hasher: Hasher::new(config.password_cost)?,
        })
    }

    /// Checks a password on a blocking thread, once the queue has given its permit.
    pub(crate) async fn verify(
        &self,
        permit: Permit,
        password: &Secret<String>,
        stored: Option<String>,
    ) -> Result<Verdict> {
        let (hasher, password) = (self.hasher.clone(), password.clone());
        let verdict = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            hasher.verify(password.expose().as_bytes(), stored.as_deref())
        });
        verdict.await.map_err(|error| Error::Internal(error.into()))
    }

    /// Makes the hash of a new password, ahead of everybody who only tries theirs.
    pub(crate) async fn hash(&self, password: &Secret<String>) -> Result<String> {
        let turn = self.queue.turn(Default::default(), Default::default());
        let permit = turn.await.map_err(|_| busy())?;
        let (hasher, password) = (self.hasher.clone(), password.clone());
        let hash = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            hasher.hash(password.expose().as_bytes())
        });
        hash.await.map_err(|error| Error::Internal(error.into()))?
    }
}

fn busy() -> Error {
    Error::Unavailable { what: "the check of passwords".to_owned(), retry_after: Duration::from_secs(2) }
}

/// Writes times of last use once a minute. Does not return.
pub(crate) async fn run_last_use(region: &Region) {
    let mut tick = tokio::time::interval(LAST_USE_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        tick.tick().await;
        write_last_use(region).await;
    }
}

/// Writes what was used since the last time.
pub(crate) async fn write_last_use(region: &Region) {
    let uses = region.gate().cache.take_unwritten(region.clock().now());
    if uses.is_empty() {
        return;
    }
    let written = async {
        let mut tx = region.store().begin(&region.job_ctx("last-use")).await?;
        for (what, at, ip) in uses {
            let ip = ip.map(|ip| ip.to_string());
            note_use(&mut tx, what, at, ip.as_deref()).await?;
        }
        tx.commit_quietly().await
    };
    if let Err(error) = written.await {
        tracing::warn!(error = &error as &dyn std::error::Error, "cannot write when keys and sessions were last used");
    }
}

async fn note_use(tx: &mut Tx, what: UseOf, at: Timestamp, ip: Option<&str>) -> maas_store::Result<()> {
    match what {
        UseOf::Session(id) => session::note_use(tx, id, at.micros()).await,
        UseOf::ApiKey(id) => api_key::note_use(tx, id, at.micros(), ip).await,
        UseOf::Token(id) => token::note_use(tx, id, at.micros(), ip).await,
    }
}

const LAST_USE_EVERY: Duration = Duration::from_secs(60);
