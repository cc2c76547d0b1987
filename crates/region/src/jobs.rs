//! Background work: reconcilers that re-read what is intended, compare and act.
//!
//! Each takes no input, may run on several regions at once and may be run again at any time.

pub(crate) mod expiry;
pub(crate) mod heartbeat;
pub(crate) mod power;
pub(crate) mod renew;
pub(crate) mod tls;

use maas_tls::listener::Bound;
use tokio::sync::watch;

use crate::Region;

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
    }
}
