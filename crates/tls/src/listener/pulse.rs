//! Signs of life of one connection, and the verdict on it.
//!
//! hyper's own header time-out also ends connections that are merely kept alive, and sets a timer for each request. Here
//! counters are raised as things happen, and a connection is looked at a few times in each span.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::Limits;

/// What happens on a connection, counted.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Requests that have come, and those whose answer is not yet out of our hands.
    requests: AtomicU32,
    in_flight: AtomicU32,
    reads: AtomicU32,
    /// `reads` when the last request ended: more than that is the beginning of another.
    reads_at_end: AtomicU32,
    writes: AtomicU32,
    is_write_blocked: AtomicBool,
}

impl Pulse {
    pub(super) fn has_read(&self) {
        self.reads.fetch_add(1, Relaxed);
    }

    pub(super) fn has_written(&self) {
        self.writes.fetch_add(1, Relaxed);
        self.is_write_blocked.store(false, Relaxed);
    }

    pub(super) fn cannot_write(&self) {
        self.is_write_blocked.store(true, Relaxed);
    }

    /// A request has come; it is under way until the returned value is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.requests.fetch_add(1, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        UnderWay(self.clone())
    }
}

/// A request under way, its answer's body included.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Pulse>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.reads_at_end.store(self.0.reads.load(Relaxed), Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// Kept alive long enough; ask it to go.
    Idle,
    /// A head that does not come to its end, or a client that does not read: cut it off.
    Stuck,
}

/// What was seen when a connection was looked at last.
#[derive(Debug)]
pub(super) struct Watch {
    /// HTTP/2 has traffic of its own between requests, which says nothing.
    is_http2: bool,
    requests: u32,
    writes: u32,
    quiet_since: Instant,
    head_since: Option<Instant>,
    written_at: Instant,
}

impl Watch {
    pub(super) fn new(is_http2: bool, now: Instant) -> Self {
        Self { is_http2, requests: 0, writes: 0, quiet_since: now, head_since: Some(now), written_at: now }
    }

    /// How often to look.
    pub(super) fn period(limits: &Limits) -> Duration {
        (limits.header_read.min(limits.keep_alive) / 4).max(Duration::from_millis(5))
    }

    pub(super) fn look(&mut self, pulse: &Pulse, limits: &Limits, now: Instant) -> Verdict {
        let writes = pulse.writes.load(Relaxed);
        if writes != self.writes || !pulse.is_write_blocked.load(Relaxed) {
            (self.writes, self.written_at) = (writes, now);
        } else if now - self.written_at >= limits.keep_alive {
            return Verdict::Stuck;
        }
        let requests = pulse.requests.load(Relaxed);
        let in_flight = pulse.in_flight.load(Relaxed);
        if requests != self.requests || in_flight > 0 {
            self.requests = requests;
            self.quiet_since = now;
            self.head_since = None;
        }
        if in_flight > 0 {
            return Verdict::Fine;
        }
        let is_in_head = !self.is_http2 && pulse.reads.load(Relaxed) != pulse.reads_at_end.load(Relaxed);
        if requests == 0 || is_in_head {
            let since = *self.head_since.get_or_insert(now);
            return if now - since >= limits.header_read { Verdict::Stuck } else { Verdict::Fine };
        }
        if now - self.quiet_since >= limits.keep_alive { Verdict::Idle } else { Verdict::Fine }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::time::Instant;

    use super::{Pulse, Verdict, Watch};
    use crate::Limits;

    /// A connection that is looked at every second.
    struct Bench {
        pulse: Arc<Pulse>,
        watch: Watch,
        now: Instant,
    }

    impl Bench {
        fn new(is_http2: bool) -> Self {
            let now = Instant::now();
            Self { pulse: Arc::default(), watch: Watch::new(is_http2, now), now }
        }

        /// The second after which the verdict is not `Fine`, and the verdict.
        fn wait(&mut self, mut each_second: impl FnMut(&Pulse)) -> (u64, Verdict) {
            for second in 1..1000 {
                each_second(&self.pulse);
                self.now += Duration::from_secs(1);
                match self.watch.look(&self.pulse, &Limits::default(), self.now) {
                    Verdict::Fine => {}
                    verdict => return (second, verdict),
                }
            }
            (1000, Verdict::Fine)
        }
    }

    #[test]
    fn a_first_request_must_come_in_time_however_it_dribbles() {
        assert_eq!(Bench::new(false).wait(|_| {}), (10, Verdict::Stuck));
        assert_eq!(Bench::new(false).wait(Pulse::has_read), (10, Verdict::Stuck));
        assert_eq!(Bench::new(true).wait(Pulse::has_read), (10, Verdict::Stuck));
    }

    #[test]
    fn a_kept_alive_connection_may_be_idle_for_longer() {
        for is_http2 in [false, true] {
            let mut bench = Bench::new(is_http2);
            bench.pulse.has_read();
            drop(bench.pulse.begin());
            assert_eq!(bench.wait(|_| {}), (121, Verdict::Idle));
        }
    }

    #[test]
    fn a_later_head_must_come_in_time_too() {
        let mut bench = Bench::new(false);
        drop(bench.pulse.begin());
        bench.pulse.has_read();
        assert_eq!(bench.wait(|_| {}), (11, Verdict::Stuck));
        let mut bench = Bench::new(true);
        drop(bench.pulse.begin());
        assert_eq!(bench.wait(Pulse::has_read), (121, Verdict::Idle), "pings are no heads");
    }

    #[test]
    fn a_request_under_way_takes_its_time_but_must_be_read() {
        let mut bench = Bench::new(false);
        let _request = bench.pulse.begin();
        assert_eq!(bench.wait(|_| {}).1, Verdict::Fine);
        bench.pulse.cannot_write();
        assert_eq!(bench.wait(|_| {}), (120, Verdict::Stuck));
        let busy = |pulse: &Pulse| {
            pulse.has_written();
            pulse.cannot_write();
        };
        assert_eq!(bench.wait(busy).1, Verdict::Fine);
    }
}
