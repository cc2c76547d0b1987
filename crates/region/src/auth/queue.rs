//! The queue before the password hash. A hash takes a tenth of a second and 64 MiB, so only two run at a time, and who
//! waits is served by merit and not by patience: a source that guesses stands behind everybody who does not, and among
//! equals the newest goes first, since whoever floods the queue is most of it.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// The queue.
#[derive(Clone, Default)]
pub(crate) struct HashQueue(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    running: Vec<Who>,
    waiting: Vec<Waiter>,
    arrivals: u64,
}

/// Whose hash it is, as far as limits go.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Who {
    pub(crate) source: Option<IpAddr>,
    pub(crate) account: Option<String>,
}

/// How well somebody stands; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Standing {
    pub(crate) is_stranger: bool,
    pub(crate) source_misses: u32,
    pub(crate) account_misses: u32,
}

struct Waiter {
    who: Who,
    rank: (Standing, std::cmp::Reverse<u64>),
    turn: oneshot::Sender<Permit>,
}

/// The right to run one hash, until dropped. Move it to where the hash runs.
pub(crate) struct Permit {
    queue: HashQueue,
    who: Who,
}

/// The queue is too full for somebody of this standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl HashQueue {
    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Full`] at once when others of the same source or account wait already and stand no worse, or later when somebody
    /// better needs the place.
    pub(crate) async fn turn(&self, who: Who, standing: Standing) -> Result<Permit, Full> {
        let turn = {
            let mut state = self.state();
            if state.running.len() < RUNNING && state.waiting.is_empty() && state.fits(&who) {
                state.running.push(who.clone());
                return Ok(Permit { queue: self.clone(), who });
            }
            state.wait(who, standing)?
        };
        turn.await.map_err(|_| Full)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands free places to the best who still wait.
    fn serve(&self) {
        loop {
            let mut state = self.state();
            let best = (0..state.waiting.len()).min_by_key(|index| state.waiting[*index].rank);
            let Some(best) = best.filter(|_| state.running.len() < RUNNING) else { return };
            let waiter = state.waiting.swap_remove(best);
            state.running.push(waiter.who.clone());
            drop(state);
            // Whoever left meanwhile drops the permit, which comes back here.
            let _ = waiter.turn.send(Permit { queue: self.clone(), who: waiter.who });
        }
    }
}

impl State {
    fn fits(&self, who: &Who) -> bool {
        let all = || self.running.iter().chain(self.waiting.iter().map(|waiter| &waiter.who));
        let same_source = all().filter(|other| who.source.is_some() && other.source == who.source).count();
        let same_account = all().filter(|other| who.account.is_some() && other.account == who.account).count();
        same_source < PER_SOURCE && same_account < PER_ACCOUNT && self.waiting.len() < WAITING
    }

    fn wait(&mut self, who: Who, standing: Standing) -> Result<oneshot::Receiver<Permit>, Full> {
        self.waiting.retain(|waiter| !waiter.turn.is_closed());
        self.arrivals += 1;
        let rank = (standing, std::cmp::Reverse(self.arrivals));
        while !self.fits(&who) {
            self.make_room(&who, standing)?;
        }
        let (turn, wait) = oneshot::channel();
        self.waiting.push(Waiter { who, rank, turn });
        Ok(wait)
    }

    /// Sends away the worst who stands in the way of `who`, if they stand worse than `standing`.
    fn make_room(&mut self, who: &Who, standing: Standing) -> Result<(), Full> {
        let is_full = self.waiting.len() >= WAITING;
        let in_the_way = |other: &Who| {
            is_full
                || (who.source.is_some() && other.source == who.source)
                || (who.account.is_some() && other.account == who.account)
        };
        let worst = (0..self.waiting.len())
            .filter(|index| in_the_way(&self.waiting[*index].who))
            .max_by_key(|index| self.waiting[*index].rank)
            .filter(|index| self.waiting[*index].rank.0 > standing)
            .ok_or(Full)?;
        self.waiting.swap_remove(worst);
        Ok(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        if let Some(index) = state.running.iter().position(|who| *who == self.who) {
            state.running.swap_remove(index);
        }
        drop(state);
        self.queue.serve();
    }
}

/// Two hashes use 128 MiB and two cores.
const RUNNING: usize = 2;
const PER_SOURCE: usize = 4;
const PER_ACCOUNT: usize = 4;
const WAITING: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn who(number: u8) -> Who {
        Who { source: Some([192, 0, 2, number].into()), account: Some(format!("user{number}")) }
    }

    fn guesser(misses: u32) -> Standing {
        Standing { source_misses: misses, ..Standing::default() }
    }

    #[tokio::test]
    async fn a_newcomer_passes_those_who_guess() {
        let queue = HashQueue::default();
        let running = [
            queue.turn(who(1), Standing::default()).await.unwrap(),
            queue.turn(who(2), Standing::default()).await.unwrap(),
        ];
        let mut waiting = Vec::new();
        for number in 3..100 {
            waiting.push(queue.state().wait(who(number), guesser(1)).unwrap());
        }
        let newcomer = queue.state().wait(who(200), guesser(0)).unwrap();
        drop(running);
        let permit = newcomer.await.unwrap();
        assert_eq!(permit.who, who(200));
        // The other free place went to the newest of the rest, and all get their turn in the end.
        assert!(waiting.last_mut().unwrap().try_recv().is_ok());
        drop(permit);
        for mut turn in waiting.into_iter().rev().skip(1) {
            drop(turn.try_recv().unwrap());
        }
        assert!(queue.state().running.is_empty());
    }

    #[tokio::test]
    async fn one_source_or_account_cannot_fill_it() {
        let queue = HashQueue::default();
        let mut held = Vec::new();
        for _ in 0..2 {
            held.push(queue.turn(who(1), guesser(3)).await.unwrap());
        }
        let mut waiting: Vec<_> = (0..2).map(|_| queue.state().wait(who(1), guesser(3)).unwrap()).collect();
        assert!(queue.turn(who(1), guesser(3)).await.is_err());
        // The owner, from an address that never guessed, takes the place of one of them.
        let owner = Who { source: Some([198, 51, 100, 1].into()), ..who(1) };
        let turn = queue.state().wait(owner, guesser(0)).unwrap();
        assert_eq!(
            waiting
                .iter_mut()
                .filter_map(|turn| turn.try_recv().err())
                .filter(|e| *e == oneshot::error::TryRecvError::Closed)
                .count(),
            1
        );
        drop(held);
        assert!(turn.await.is_ok());
    }
}
