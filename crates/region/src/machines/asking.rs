//! Questions to BMCs that people wait for: one at a time for each machine, and so many at once in all.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use maas_model::PowerState;
use tokio::{
    sync::{OnceCell, Semaphore},
    time::timeout,
};

use crate::{Error, Result};

/// What the driver said, or why it said nothing.
pub(crate) type Said = Result<PowerState, String>;

/// What is being asked now.
#[derive(Debug)]
pub(crate) struct Asking {
    slots: Semaphore,
    turn: Duration,
    running: Mutex<HashMap<i64, Weak<OnceCell<Said>>>>,
}

impl Default for Asking {
    fn default() -> Self {
        Self { slots: Semaphore::new(AT_ONCE), turn: TURN, running: Mutex::default() }
    }
}

impl Asking {
    /// Asks by `ask`, or waits for the answer that somebody else waits for already.
    ///
    /// # Errors
    /// `Unavailable` when too much is being asked; those of `ask`.
    pub(super) async fn ask(&self, node_id: i64, ask: impl Future<Output = Result<Said>>) -> Result<Said> {
        let cell = self.cell(node_id);
        let said = cell.get_or_try_init(async || {
            let busy =
                || Error::Unavailable { what: "The check of power".to_owned(), retry_after: Duration::from_secs(5) };
            let turn = timeout(self.turn, self.slots.acquire()).await;
            let _slot = turn.ok().and_then(Result::ok).ok_or_else(busy)?;
            ask.await
        });
        said.await.cloned()
    }

    fn cell(&self, node_id: i64) -> Arc<OnceCell<Said>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = running.get(&node_id).and_then(Weak::upgrade).filter(|cell| !cell.initialized()) {
            return cell;
        }
        running.retain(|_, cell| cell.strong_count() > 0);
        let cell = Arc::default();
        running.insert(node_id, Arc::downgrade(&cell));
        cell
    }
}

/// How many are asked at once.
const AT_ONCE: usize = 64;
/// How long to wait for one of them to end.
const TURN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;

    use super::*;

    /// What a slow BMC is asked.
    #[derive(Clone)]
    struct Bmc {
        asking: Arc<Asking>,
        asked: Arc<AtomicUsize>,
        answers: Arc<Semaphore>,
    }

    impl Bmc {
        async fn query(self, node_id: i64) -> Result<Said> {
            let slow = async {
                self.asked.fetch_add(1, Ordering::Relaxed);
                self.answers.acquire().await.unwrap().forget();
                Ok(Ok(PowerState::On))
            };
            self.asking.ask(node_id, slow).await
        }
    }

    #[tokio::test]
    async fn a_flood_of_queries_does_not_become_a_flood_of_connections() {
        let asking = Arc::new(Asking { turn: Duration::from_millis(10), ..Asking::default() });
        let bmc = Bmc { asking, asked: Arc::default(), answers: Arc::new(Semaphore::new(0)) };
        let mut same: JoinSet<_> = (0..1000).map(|_| bmc.clone().query(1)).collect();
        while bmc.asking.running.lock().unwrap().get(&1).is_none_or(|cell| cell.strong_count() < 1000) {
            tokio::task::yield_now().await;
        }
        bmc.answers.add_permits(1);
        while let Some(said) = same.join_next().await {
            assert_eq!(said.unwrap().unwrap(), Ok(PowerState::On));
        }
        assert_eq!(bmc.asked.swap(0, Ordering::Relaxed), 1);
        bmc.answers.add_permits(1);
        bmc.clone().query(1).await.unwrap().unwrap();
        assert_eq!(bmc.asked.swap(0, Ordering::Relaxed), 1, "an old answer is no answer");
        let mut all: JoinSet<_> = (0..100).map(|id| bmc.clone().query(id)).collect();
        for _ in AT_ONCE..100 {
            let refused = all.join_next().await.unwrap().unwrap();
            assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
        }
        assert_eq!(bmc.asked.load(Ordering::Relaxed), AT_ONCE);
    }
}
