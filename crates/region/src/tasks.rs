//! The background tasks of a region: each ends when the region shuts down, and none can fail unnoticed.

use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

/// The tasks of one region.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stopping: CancellationToken,
    broken: CancellationToken,
}

impl Tasks {
    /// Runs `work` beside everything else. It should look at [`Tasks::stopping`] and end.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let broken = self.broken.clone();
        let span = tracing::info_span!("task", name);
        #[expect(clippy::disallowed_methods, reason = "this is `Tasks`; the inner task is awaited right here")]
        self.tracker.spawn(async move {
            // A task that was cancelled met the end of the process, which is nobody's failure.
            if let Err(error) = tokio::spawn(work.instrument(span)).await
                && error.is_panic()
            {
                tracing::error!(task.name = name, error = &error as &dyn std::error::Error, "a background task failed");
                broken.cancel();
            }
        });
    }

    /// Runs `work` until it ends or the region shuts down; it may be dropped at any await.
    pub fn spawn_until_shutdown(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        self.spawn(name, async move {
            stopping.run_until_cancelled(work).await;
        });
    }

    /// Cancelled when the region shuts down.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Cancelled when a task panicked: the process should say so and leave.
    pub fn broken(&self) -> CancellationToken {
        self.broken.clone()
    }

    /// Asks all tasks to end and waits for them.
    pub async fn shutdown(&self) {
        self.stopping.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::Tasks;

    #[tokio::test]
    async fn a_panic_is_told_and_shutdown_ends_the_rest() {
        let tasks = Tasks::default();
        tasks.spawn_until_shutdown("sleeper", std::future::pending());
        tasks.spawn("bad", async { panic!("on purpose") });
        tasks.broken().cancelled().await;
        tasks.shutdown().await;
    }
}
