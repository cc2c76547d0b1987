//! Slower and slower for whoever guesses passwords: per source address, per account, and per pair of the two. Attempts
//! that are refused here cost no hash and do not count, so nobody can keep an account shut for good by hammering on it.
//!
//! An account under attack from everywhere is slowed for strangers by thirty seconds at most, and not at all for an
//! address that its owner has used before, nor for commands on the host. All of it lies in memory and is forgotten.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use maas_model::Timestamp;

use super::queue::{Standing, Who};

/// What is remembered of failures.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    sources: HashMap<IpAddr, Misses>,
    accounts: HashMap<String, Misses>,
    pairs: HashMap<(Option<IpAddr>, String), Misses>,
    /// Where accounts were logged into rightly.
    known: HashMap<(Option<IpAddr>, String), Timestamp>,
}

#[derive(Clone, Copy)]
struct Misses {
    count: u32,
    last: Timestamp,
}

/// How long to wait after how many failures: `free` cost nothing, then the wait doubles with every `step`.
struct Scale {
    free: u32,
    step: u32,
    most: Duration,
}

impl Throttle {
    /// May this attempt be made now? Says how well it stands in the queue, or how long to wait.
    pub(crate) fn check(&self, now: Timestamp, who: &Who) -> Result<Standing, Duration> {
        let memory = self.memory();
        let account = who.account.clone().unwrap_or_default();
        let source = who.source.and_then(|source| memory.sources.get(&source));
        let pair = (who.source, account);
        let is_known = memory.known.contains_key(&pair);
        let waits = [
            source.map(|misses| misses.wait(now, &SOURCE)),
            memory.pairs.get(&pair).map(|misses| misses.wait(now, &PAIR)),
            memory.accounts.get(&pair.1).filter(|_| !is_known).map(|misses| misses.wait(now, &ACCOUNT)),
        ];
        match waits.into_iter().flatten().max() {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(Standing {
                is_stranger: !is_known,
                source_misses: source.map_or(0, |misses| misses.count_at(now)),
                account_misses: memory.accounts.get(&pair.1).map_or(0, |misses| misses.count_at(now)),
            }),
        }
    }

    /// A wrong password.
    pub(crate) fn miss(&self, now: Timestamp, who: &Who) {
        let mut memory = self.memory();
        let account = who.account.clone().unwrap_or_default();
        if let Some(source) = who.source {
            add(&mut memory.sources, source, now);
        }
        add(&mut memory.pairs, (who.source, account.clone()), now);
        add(&mut memory.accounts, account, now);
    }

    /// A right one. The source's own failures stay, or a guesser with an account would log in between guesses.
    pub(crate) fn hit(&self, now: Timestamp, who: &Who) {
        let mut memory = self.memory();
        let pair = (who.source, who.account.clone().unwrap_or_default());
        memory.pairs.remove(&pair);
        if memory.known.len() >= MOST_REMEMBERED {
            forget_half(&mut memory.known, |at| *at);
        }
        memory.known.insert(pair, now);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Misses {
    /// Half of them are forgotten every quarter of an hour.
    fn count_at(self, now: Timestamp) -> u32 {
        let halvings = now.since(self.last).as_secs() / HALF_LIFE.as_secs();
        self.count.checked_shr(halvings.try_into().unwrap_or(u32::MAX)).unwrap_or(0)
    }

    fn wait(self, now: Timestamp, scale: &Scale) -> Duration {
        let Some(over) = self.count_at(now).checked_sub(scale.free) else { return Duration::ZERO };
        let doublings = (over / scale.step).min(20);
        let wait = Duration::from_secs(1 << doublings).min(scale.most);
        wait.saturating_sub(now.since(self.last))
    }
}

fn add<K: Hash + Eq + Clone>(misses: &mut HashMap<K, Misses>, key: K, now: Timestamp) {
    if misses.len() >= MOST_REMEMBERED {
        forget_half(misses, |misses| misses.last);
    }
    let entry = misses.entry(key).or_insert(Misses { count: 0, last: now });
    *entry = Misses { count: entry.count_at(now).saturating_add(1), last: now };
}

/// Forgets the older half.
fn forget_half<K: Hash + Eq + Clone, V>(map: &mut HashMap<K, V>, at: impl Fn(&V) -> Timestamp) {
    let mut times: Vec<Timestamp> = map.values().map(&at).collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    map.retain(|_, value| at(value) > median);
}

/// The address that counts: an IPv6 host has a whole /64 to itself.
pub(crate) fn source_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        },
        v4 => v4,
    }
}

const SOURCE: Scale = Scale { free: 10, step: 1, most: Duration::from_secs(900) };
const PAIR: Scale = Scale { free: 5, step: 1, most: Duration::from_secs(900) };
const ACCOUNT: Scale = Scale { free: 20, step: 5, most: Duration::from_secs(30) };
const HALF_LIFE: Duration = Duration::from_secs(900);
const MOST_REMEMBERED: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn who(host: u8, account: &str) -> Who {
        Who { source: Some([192, 0, 2, host].into()), account: Some(account.to_owned()) }
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_700_000_000 + secs)
    }

    #[test]
    fn a_guesser_waits_longer_and_longer() {
        let throttle = Throttle::default();
        let mut now = at(0);
        let mut waits = Vec::new();
        for _ in 0..12 {
            match throttle.check(now, &who(1, "bob")) {
                Ok(_) => waits.push(0),
                Err(wait) => {
                    waits.push(wait.as_secs());
                    now = now.plus(wait);
                    throttle.check(now, &who(1, "bob")).unwrap();
                }
            }
            throttle.miss(now, &who(1, "bob"));
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64]);
        // Other people at other addresses notice nothing, and a refused attempt does not lengthen the wait.
        throttle.check(now, &who(2, "eve")).unwrap();
        let wait = throttle.check(now, &who(1, "bob")).unwrap_err();
        assert_eq!(throttle.check(now, &who(1, "bob")).unwrap_err(), wait);
        throttle.check(now.plus(Duration::from_secs(7200)), &who(1, "bob")).unwrap();
    }

    #[test]
    fn a_source_that_tries_many_accounts_waits_too() {
        let throttle = Throttle::default();
        for number in 0..11 {
            throttle.miss(at(0), &who(1, &format!("user{number}")));
        }
        assert!(throttle.check(at(0), &who(1, "fresh")).is_err());
        throttle.hit(at(0), &who(1, "mine"));
        assert!(throttle.check(at(0), &who(1, "fresh")).is_err(), "an account of one's own gives no free guesses");
    }

    #[test]
    fn an_account_under_attack_stays_open_to_its_owner() {
        let throttle = Throttle::default();
        throttle.hit(at(0), &who(200, "root"));
        for round in 0..1000_u32 {
            throttle.miss(at(1), &who(u8::try_from(round % 50).unwrap(), "root"));
        }
        assert!(throttle.check(at(1), &who(200, "root")).is_ok(), "from where the owner has been before");
        let wait = throttle.check(at(1), &who(201, "root")).unwrap_err();
        assert!(wait <= Duration::from_secs(30), "{wait:?}");
        throttle.check(at(1).plus(wait), &who(201, "root")).unwrap();
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let source = |text: &str| source_of(text.parse().unwrap());
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:2"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..120_000_u32 {
            let who = Who { source: Some(std::net::Ipv4Addr::from_bits(number).into()), account: None };
            throttle.miss(at(i64::from(number / 1000)), &who);
        }
        assert!(throttle.memory().sources.len() <= MOST_REMEMBERED);
    }
}
