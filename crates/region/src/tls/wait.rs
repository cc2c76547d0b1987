//! Waiting for every region's word on a generation.

use std::time::Duration;

use maas_model::Timestamp;
use maas_store::{
    region_seen::{self, RegionSeenRow},
    tls_generation::{self, AppliedRow, StateRow},
};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::Applied;
use crate::{Error, Region, Result};

/// How long after its last sign a region counts as running.
pub(crate) const ALIVE: Duration = Duration::from_secs(15);

/// Whether a region has given a sign of life lately.
pub(crate) fn is_alive(seen: &RegionSeenRow, now: Timestamp) -> bool {
    now.since(Timestamp::from_micros(seen.last_seen_us)) <= ALIVE
}

/// Waits until every running region has said how it went; a region that says nothing in time is named with that as its error.
///
/// # Errors
/// `Unavailable` when the generation was taken back.
pub(super) async fn for_regions(region: &Region, generation: i64, wait: Duration) -> Result<Vec<Applied>> {
    if wait.is_zero() {
        return Ok(Vec::new());
    }
    let deadline = Instant::now() + wait;
    let mut changes = region.changes();
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let words = Words::read(region, generation).await?;
        if words.state.current.generation != generation {
            return moved_on(region, generation, words).await;
        }
        if words.are_complete() {
            return Ok(words.said);
        }
        let woken = async {
            tokio::select! {
                _ = changes.changed() => {}
                _ = tick.tick() => {}
            }
        };
        if timeout_at(deadline, woken).await.is_err() {
            return Ok(words.with_silent(wait));
        }
    }
}

/// What the regions have said so far.
struct Words {
    state: StateRow,
    generation: i64,
    said: Vec<Applied>,
    silent: Vec<String>,
}

impl Words {
    async fn read(region: &Region, generation: i64) -> Result<Self> {
        let now = region.clock().now();
        let mut reader = region.store().reader().await?;
        let state = tls_generation::state(&mut reader).await?;
        let mut words = tls_generation::applied(&mut reader).await?;
        let alive = region_seen::list(&mut reader).await?.into_iter().filter(|seen| is_alive(seen, now));
        words.retain(|word: &AppliedRow| word.generation == generation);
        let silent = alive.map(|seen| seen.region).filter(|name| !words.iter().any(|word| word.region == *name));
        let silent = silent.collect();
        Ok(Self { state, generation, said: words.into_iter().map(Applied::from).collect(), silent })
    }

    /// A failed word on a generation that nobody has confirmed is followed by its being taken back; that is worth waiting for.
    fn are_complete(&self) -> bool {
        let is_final = self.state.current.confirmed_us.is_some();
        self.silent.is_empty() && (is_final || self.said.iter().all(|word| word.error.is_none()))
    }

    fn with_silent(self, wait: Duration) -> Vec<Applied> {
        let mut out = self.said;
        out.extend(self.silent.into_iter().map(|region| Applied {
            region,
            generation: self.generation,
            fingerprint: None,
            error: Some(format!("no word within {} s", wait.as_secs())),
            at: None,
        }));
        out
    }
}

async fn moved_on(region: &Region, generation: i64, words: Words) -> Result<Vec<Applied>> {
    let row = tls_generation::find(&mut *region.store().reader().await?, generation).await?;
    match row.and_then(|row| row.failure) {
        Some(why) => Err(Error::Unavailable {
            what: format!("the new state of TLS ({why}; the state before it holds again)"),
            retry_after: Duration::from_secs(30),
        }),
        None => Ok(words.said),
    }
}

/// How often to look without being told of a change.
const LOOK: Duration = Duration::from_millis(500);
