//! How many connections there are, in all and from each address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// The count. An IPv6 client has a /64 to choose addresses from, so the /64 counts as one.
#[derive(Debug)]
pub(super) struct Caps {
    total: AtomicUsize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    most: usize,
    most_per_address: usize,
    /// Said once each time the table fills up.
    is_full: AtomicBool,
}

/// A place in the table, given back when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    caps: Arc<Caps>,
    address: IpAddr,
}

impl Caps {
    pub(super) fn new(most: usize, most_per_address: usize) -> Arc<Self> {
        let by_address = Mutex::default();
        Arc::new(Self {
            total: AtomicUsize::new(0),
            by_address,
            most,
            most_per_address,
            is_full: AtomicBool::new(false),
        })
    }

    /// A place for one more connection from `address`, if there is one.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Permit> {
        let address = network(address);
        if self.total.fetch_add(1, Ordering::Relaxed) >= self.most {
            self.total.fetch_sub(1, Ordering::Relaxed);
            if !self.is_full.swap(true, Ordering::Relaxed) {
                tracing::warn!(connections = self.most, "too many connections: new ones are closed until others end");
            }
            return None;
        }
        let mut table = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = table.entry(address).or_default();
        if *count >= self.most_per_address {
            drop(table);
            self.total.fetch_sub(1, Ordering::Relaxed);
            tracing::debug!(%address, "too many connections from one address");
            return None;
        }
        *count += 1;
        drop(table);
        Some(Permit { caps: self.clone(), address })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let caps = &self.caps;
        let mut table = caps.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = table.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                table.remove(&self.address);
            }
        }
        drop(table);
        let before = caps.total.fetch_sub(1, Ordering::Relaxed);
        if before < caps.most && caps.is_full.load(Ordering::Relaxed) {
            caps.is_full.store(false, Ordering::Relaxed);
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::Caps;

    #[test]
    fn places_are_counted_and_given_back() {
        let caps = Caps::new(3, 2);
        let at = |text: &str| text.parse().unwrap();
        let first = caps.admit(at("192.0.2.1")).unwrap();
        let _second = caps.admit(at("::ffff:192.0.2.1")).unwrap();
        assert!(caps.admit(at("192.0.2.1")).is_none(), "two from one address");
        let third = caps.admit(at("2001:db8::1")).unwrap();
        assert!(caps.admit(at("192.0.2.9")).is_none(), "three in all");
        drop(first);
        let _fourth = caps.admit(at("2001:db8::ffff")).unwrap();
        drop(third);
        let fifth = caps.admit(at("2001:db8::2"));
        assert!(fifth.is_some());
        assert!(caps.admit(at("2001:db8:0:0:1::3")).is_none(), "one /64 is one client");
        drop((_second, _fourth, fifth));
        assert!(caps.by_address.lock().unwrap().is_empty());
    }
}
