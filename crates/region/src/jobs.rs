//! Background work: reconcilers that re-read what is intended, compare and act.
//!
//! Each takes no input, may run on several regions at once and may be run again at any time.

pub(crate) mod engine;
pub(crate) mod expiry;
pub(crate) mod heartbeat;
pub(crate) mod monitor;
pub(crate) mod power;
pub(crate) mod power_poll;
pub(crate) mod renew;
mod status;
pub(crate) mod steps;
#[cfg(test)]
mod tests;
pub(crate) mod tls;

use std::time::Duration;

use engine::{Job, Place};
use maas_tls::listener::Bound;
pub use status::{JobStatus, status};
use tokio::sync::watch;

use crate::Region;

/// The jobs that the engine runs. Those that serve one region alone (`tls`, `heartbeat`) have tasks of their own and only
/// report here.
pub(crate) const JOBS: &[Job] = &[
    Job {
        name: "power",
        about: "switches machines on and off as was wished",
        period: Duration::from_secs(2),
        place: Place::EveryRegion,
        follows_nodes: true,
        run: |region| Box::pin(async move { power::run(&region).await }),
    },
    Job {
        name: "power-poll",
        about: "asks machines for their power, each every five minutes",
        period: Duration::from_secs(15),
        place: Place::OneRegion,
        follows_nodes: false,
        run: |region| Box::pin(async move { power_poll::run(&region).await }),
    },
    Job {
        name: "status-monitor",
        about: "gives up what takes longer than it may",
        period: Duration::from_secs(60),
        place: Place::OneRegion,
        follows_nodes: false,
        run: |region| Box::pin(async move { monitor::run(&region).await }),
    },
    Job {
        name: "steps",
        about: "looks after what racks carry out",
        period: Duration::from_secs(5),
        place: Place::EveryRegion,
        follows_nodes: true,
        run: |region| Box::pin(async move { steps::run(&region).await }),
    },
];

impl Region {
    /// Starts the jobs of a region that serves; `bound` is what its listeners say of themselves.
    pub fn start_jobs(&self, bound: watch::Receiver<Bound>) {
        self.site().tls.set_bound(bound);
        let region = self.clone();
        self.tasks().spawn("heartbeat", async move { heartbeat::run(&region).await });
        let region = self.clone();
        self.tasks().spawn_until_shutdown("tls", async move { tls::run(&region).await });
        let region = self.clone();
        self.tasks().spawn_until_shutdown("certificate-expiry", async move { expiry::run(&region).await });
        for job in JOBS {
            self.tasks().spawn_until_shutdown(job.name, engine::follow(self.clone(), *job));
        }
    }
}
