//! Nonces of OAuth headers, so that none is accepted twice. They are kept in two generations that move on after ten
//! minutes, since a header counts for five minutes either way, or when one is full.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use maas_model::Timestamp;

/// Nonces seen lately.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    new: HashSet<u64>,
    old: HashSet<u64>,
    since: Option<Timestamp>,
}

impl Nonces {
    /// Notes a nonce by the hash of key and nonce; says whether it is a new one. Only for requests whose signature is right,
    /// or strangers could use up other people's nonces.
    pub(crate) fn note(&self, now: Timestamp, hash: &[u8; 32]) -> bool {
        let short = u64::from_le_bytes(hash.first_chunk::<8>().copied().unwrap_or_default());
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *generations.since.get_or_insert(now);
        if now.since(since) >= LIFE || generations.new.len() >= MOST {
            generations.old = std::mem::take(&mut generations.new);
            generations.since = Some(now);
        }
        !generations.old.contains(&short) && generations.new.insert(short)
    }
}

const LIFE: Duration = Duration::from_secs(600);
const MOST: usize = 200_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: u64) -> [u8; 32] {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_le_bytes());
        hash
    }

    #[test]
    fn a_nonce_is_good_once() {
        let nonces = Nonces::default();
        let now = Timestamp::from_secs(0);
        assert!(nonces.note(now, &hash(1)));
        assert!(!nonces.note(now, &hash(1)));
        assert!(!nonces.note(now.plus(LIFE), &hash(1)));
        assert!(nonces.note(now.plus(LIFE * 2), &hash(1)));
    }

    #[test]
    fn memory_is_bounded() {
        let nonces = Nonces::default();
        for number in 0..1_000_000 {
            assert!(nonces.note(Timestamp::from_secs(0), &hash(number)));
        }
        let generations = nonces.0.lock().unwrap();
        assert!(generations.new.len() + generations.old.len() <= 2 * MOST);
    }
}
