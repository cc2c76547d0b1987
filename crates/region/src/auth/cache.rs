//! Credentials that were checked already, so that a request with one of them costs no SQL. What is here holds for one
//! value of the change counter: any commit anywhere, such as a revoked key or a disabled user, makes it worthless.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use ipnet::IpNet;
use maas_authz::UserActor;
use maas_model::{ApiKeyId, SessionId, Timestamp, TokenId};

/// Checked credentials, by keyed hash.
#[derive(Default)]
pub(crate) struct Cache {
    known: RwLock<HashMap<[u8; 32], (u64, Entry)>>,
    uses: Mutex<HashMap<UseOf, Arc<Use>>>,
}

/// One checked credential.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) actor: UserActor,
    pub(crate) ends: Option<Timestamp>,
    /// When one of the roles ends, so that the rest must be looked up again.
    pub(crate) rights_end: Option<Timestamp>,
    /// From where it may be used; everywhere if empty.
    pub(crate) networks: Arc<[IpNet]>,
    /// Ends when it is not used for so long.
    pub(crate) idle: Option<Duration>,
    pub(crate) last_use: Arc<Use>,
}

/// What was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum UseOf {
    Session(SessionId),
    ApiKey(ApiKeyId),
    Token(TokenId),
}

/// When and from where something was last used; written to the database now and then.
#[derive(Debug, Default)]
pub(crate) struct Use {
    at_us: AtomicI64,
    written_us: AtomicI64,
    ip: Mutex<Option<IpAddr>>,
}

impl Cache {
    /// The credential, if it was checked under this value of the change counter.
    pub(crate) fn find(&self, change: u64, key: &[u8; 32]) -> Option<Entry> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(key).filter(|(at, _)| *at == change).map(|(_, entry)| entry.clone())
    }

    /// Whether the credential was right when it was last checked, which may be long ago.
    pub(crate) fn was_good(&self, key: &[u8; 32]) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }

    /// Remembers a credential that was checked against what the database said at `change` or later.
    pub(crate) fn insert(&self, change: u64, key: [u8; 32], entry: Entry) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_ENTRIES {
            known.retain(|_, (at, _)| *at == change);
        }
        if known.len() >= MOST_ENTRIES {
            known.clear();
        }
        known.insert(key, (change, entry));
    }

    /// Forgets a credential that turned out to be good no more.
    pub(crate) fn remove(&self, key: &[u8; 32]) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// The last use of something, which outlives changes; `stored` is what the database says of it.
    pub(crate) fn use_of(&self, what: UseOf, stored: Option<Timestamp>) -> Arc<Use> {
        let found = self.uses().entry(what).or_default().clone();
        if let Some(stored) = stored {
            found.at_us.fetch_max(stored.micros(), Ordering::Relaxed);
            found.written_us.fetch_max(stored.micros(), Ordering::Relaxed);
        }
        found
    }

    /// What was used since it was last written; forgets what was not used for ten minutes.
    pub(crate) fn take_unwritten(&self, now: Timestamp) -> Vec<(UseOf, Timestamp, Option<IpAddr>)> {
        let mut uses = self.uses();
        let mut found = Vec::new();
        for (what, last) in uses.iter() {
            let at = last.at_us.load(Ordering::Relaxed);
            if last.written_us.fetch_max(at, Ordering::Relaxed) < at {
                found.push((*what, Timestamp::from_micros(at), *last.ip()));
            }
        }
        let old = now.minus(FORGOTTEN_AFTER);
        uses.retain(|_, last| last.at() > old || Arc::strong_count(last) > 1);
        found
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<UseOf, Arc<Use>>> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Whether what was remembered may still be used, rather than looked up again.
    pub(crate) fn is_fresh(&self, now: Timestamp) -> bool {
        self.is_good(now) && self.rights_end.is_none_or(|ends| now < ends)
    }

    /// Whether it is still good at this time.
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        self.ends.is_none_or(|ends| now < ends) && self.idle.is_none_or(|idle| now.since(self.last_use.at()) < idle)
    }
}

impl Use {
    /// It is used now.
    pub(crate) fn note(&self, now: Timestamp, ip: Option<IpAddr>) {
        self.at_us.fetch_max(now.micros(), Ordering::Relaxed);
        *self.ip() = ip;
    }

    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.at_us.load(Ordering::Relaxed))
    }

    fn ip(&self) -> MutexGuard<'_, Option<IpAddr>> {
        self.ip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MOST_ENTRIES: usize = 20_000;
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use maas_authz::{Access, AuthMethod};
    use maas_model::UserId;

    use super::*;

    fn entry(cache: &Cache) -> Entry {
        let method = AuthMethod::ApiKey(ApiKeyId(1));
        let actor = UserActor { id: UserId(1), username: "bob".into(), access: Arc::new(Access::own_only()), method };
        Entry {
            actor,
            ends: None,
            rights_end: None,
            networks: Arc::default(),
            idle: None,
            last_use: cache.use_of(UseOf::ApiKey(ApiKeyId(1)), None),
        }
    }

    #[test]
    fn what_was_checked_holds_until_the_next_change() {
        let cache = Cache::default();
        cache.insert(1, [1; 32], entry(&cache));
        assert!(cache.find(1, &[1; 32]).is_some());
        assert!(cache.find(2, &[1; 32]).is_none());
        assert!(cache.was_good(&[1; 32]));
        cache.remove(&[1; 32]);
        assert!(!cache.was_good(&[1; 32]));
    }

    #[test]
    fn uses_are_written_once() {
        let cache = Cache::default();
        let now = Timestamp::from_secs(1000);
        entry(&cache).last_use.note(now, None);
        assert_eq!(cache.take_unwritten(now).len(), 1);
        assert!(cache.take_unwritten(now).is_empty());
        assert!(cache.take_unwritten(now.plus(FORGOTTEN_AFTER)).is_empty());
        assert!(cache.uses().is_empty());
    }
}
