//! What runs the jobs: by the clock, and at once when there is something to do. A job of the site runs in one region at a
//! time, under a lease that a region which dies loses; a job of each region runs in all of them. How each run went is
//! kept, for whoever looks at the status.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use maas_store::{
    failpoint,
    job::{self, End},
};
use tokio::{
    sync::{Semaphore, broadcast::error::RecvError},
    time::{Instant, MissedTickBehavior, interval},
};

use crate::{Region, Result, machines::asking::Asking};

/// A job. It takes no input: it reads what is wanted, compares, acts, and may be dropped at any await.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) name: &'static str,
    /// What it does, for people.
    pub(crate) about: &'static str,
    /// How often, if nothing wakes it.
    pub(crate) period: Duration,
    pub(crate) place: Place,
    /// Whether a change of machines, by whichever region, may give it something to do.
    pub(crate) follows_nodes: bool,
    pub(crate) run: Run,
}

/// What a run does; says in a few words what it did, or nothing.
pub(crate) type Run = fn(Region) -> Pin<Box<dyn Future<Output = Result<String>> + Send>>;

/// Where a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In one region at a time.
    OneRegion,
    /// In each.
    EveryRegion,
}

/// What came of looking at a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    Ran,
    /// Its time has not come.
    Early,
    /// Another region runs it.
    Busy,
    /// The lease was lost meanwhile: another region thought that this one had died.
    Lost,
}

/// The state of the engine of one process.
#[derive(Debug)]
pub(crate) struct Engine {
    told: Mutex<HashMap<&'static str, Told>>,
    power_slots: Arc<Semaphore>,
    asking: Asking,
}

impl Default for Engine {
    fn default() -> Self {
        let power_slots = Arc::new(Semaphore::new(super::power::AT_ONCE));
        Self { told: Mutex::default(), power_slots, asking: Asking::default() }
    }
}

impl Engine {
    /// What people ask BMCs.
    pub(crate) const fn asking(&self) -> &Asking {
        &self.asking
    }

    /// Hands for power actions.
    pub(crate) fn power_slots(&self) -> Arc<Semaphore> {
        self.power_slots.clone()
    }
}

/// What was last written of a job that runs in each region.
#[derive(Clone, Debug)]
struct Told {
    at: Instant,
    message: String,
}

/// Looks after one job. Does not return.
pub(crate) async fn follow(region: Region, job: Job) {
    let mut nudges = region.nudges();
    let mut nodes = region.node_changes();
    let mut tick = interval(job.period.min(LOOK));
    let mut soon = interval(SOON);
    for each in [&mut tick, &mut soon] {
        each.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    let mut is_wanted = false;
    loop {
        let is_nudged = tokio::select! {
            _ = tick.tick() => is_wanted,
            _ = soon.tick(), if is_wanted => true,
            heard = nudges.recv() => match heard {
                Ok(name) if name != job.name => continue,
                Ok(_) | Err(RecvError::Lagged(_)) => true,
                Err(RecvError::Closed) => return,
            },
            changed = nodes.changed(), if job.follows_nodes => {
                if changed.is_err() {
                    return;
                }
                // Many changes come close together: they are looked at together, a moment later.
                is_wanted = true;
                continue;
            }
        };
        // Another region may have begun before what this one was woken for, so it looks again.
        is_wanted = match once(&region, &job, is_nudged).await {
            Ok(looked) => is_nudged && looked != Looked::Ran,
            Err(error) => {
                tracing::error!(job.name, error = &error as &dyn std::error::Error, "a job could not be looked after");
                false
            }
        };
    }
}

/// Runs a job if it is due, or at once if something wants it, unless another region is at it.
pub(crate) async fn once(region: &Region, job: &Job, is_wanted: bool) -> Result<Looked> {
    match job.place {
        Place::EveryRegion => {
            let started = Instant::now();
            let ended = (job.run)(region.clone()).await;
            report(region, job.name, started, &ended).await;
            Ok(Looked::Ran)
        }
        Place::OneRegion => leased(region, job, is_wanted).await,
    }
}

async fn leased(region: &Region, job: &Job, is_wanted: bool) -> Result<Looked> {
    let known = job::find(&mut *region.store().reader().await?, job.name).await?;
    let now = region.clock().now().micros();
    if let Some(known) = known {
        if known.holder.is_some() && known.lease_us.is_some_and(|until| until > now) {
            return Ok(Looked::Busy);
        }
        if !is_wanted && known.holder.is_none() && known.next_us > now {
            return Ok(Looked::Early);
        }
    }
    let holder = region.process_name();
    let mut tx = region.store().begin(&region.job_ctx(job.name)).await?;
    let until = tx.now_us() + micros(LEASE);
    if !job::take(&mut tx, job.name, holder, until).await? {
        return Ok(Looked::Busy);
    }
    tx.commit_quietly().await?;
    failpoint("job:taken");
    let started = Instant::now();
    let ended = tokio::select! {
        ended = (job.run)(region.clone()) => ended,
        () = keep(region, job, holder) => return Ok(Looked::Lost),
    };
    failpoint("job:ran");
    measure(job.name, started, &ended);
    let mut tx = region.store().begin(&region.job_ctx(job.name)).await?;
    let pause = if ended.is_ok() { job.period } else { job.period.min(AFTER_FAILURE) };
    let next_us = tx.now_us() + micros(pause);
    let message = message(&ended);
    let end = End { is_failure: ended.is_err(), message: &message, next_us };
    let is_ours = job::end(&mut tx, job.name, holder, &end).await?;
    tx.commit_quietly().await?;
    Ok(if is_ours { Looked::Ran } else { Looked::Lost })
}

/// Keeps the lease; returns when it was lost.
async fn keep(region: &Region, job: &Job, holder: &str) {
    let mut tick = interval(LEASE / 3);
    tick.tick().await;
    loop {
        tick.tick().await;
        let renewed = async {
            let mut tx = region.store().begin(&region.job_ctx(job.name)).await?;
            let until = tx.now_us() + micros(LEASE);
            let is_ours = job::renew(&mut tx, job.name, holder, until).await?;
            tx.commit_quietly().await?;
            Ok::<bool, crate::Error>(is_ours)
        };
        match renewed.await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(job.name, "another region has taken over a job that this one had begun");
                return;
            }
            Err(error) => {
                tracing::warn!(job.name, error = &error as &dyn std::error::Error, "could not keep a job's lease");
            }
        }
    }
}

/// The same for a job that has a task of its own.
pub(crate) async fn note(region: &Region, name: &'static str, started: Instant, ended: Result<()>) {
    report(region, name, started, &ended.map(|()| String::new())).await;
}

/// Notes how a run went that happens in each region: at once when it says something else than before, else once a minute.
pub(crate) async fn report(region: &Region, name: &'static str, started: Instant, ended: &Result<String>) {
    measure(name, started, ended);
    let message = message(ended);
    {
        let mut told = region.engine().told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |told: &Told| told.message == message && told.at.elapsed() < TELL;
        if told.get(name).is_some_and(is_known) {
            return;
        }
        told.insert(name, Told { at: Instant::now(), message: message.clone() });
    }
    let written = async {
        let row = format!("{name}@{}", region.config().region_name);
        let mut tx = region.store().begin(&region.job_ctx(name)).await?;
        // Nobody else runs this one, so whatever lease a former process left counts for nothing.
        let now = tx.now_us();
        job::take(&mut tx, &row, region.process_name(), now).await?;
        let end = End { is_failure: ended.is_err(), message: &message, next_us: 0 };
        job::end(&mut tx, &row, region.process_name(), &end).await?;
        Ok::<(), crate::Error>(tx.commit_quietly().await?)
    };
    if let Err(error) = written.await {
        tracing::warn!(job.name = name, error = &error as &dyn std::error::Error, "could not note how a job went");
    }
}

fn measure(name: &'static str, started: Instant, ended: &Result<String>) {
    let outcome = if ended.is_ok() { "ok" } else { "failed" };
    metrics::counter!("maas_job_runs_total", "job" => name, "outcome" => outcome).increment(1);
    metrics::histogram!("maas_job_seconds", "job" => name).record(started.elapsed().as_secs_f64());
    if let Err(error) = ended {
        tracing::error!(job.name = name, error = error as &dyn std::error::Error, "a job failed");
    }
}

/// What a run says of itself; of a failure only what anybody may read.
fn message(ended: &Result<String>) -> String {
    match ended {
        Ok(said) => said.clone(),
        Err(crate::Error::Internal(_)) => "internal error; the log of the region has the details".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 2)
}

/// How long a region is believed to be alive without a word.
pub(crate) const LEASE: Duration = Duration::from_secs(30);
/// How often to see whether a job is due.
const LOOK: Duration = Duration::from_secs(15);
/// How soon to look again at what is wanted.
const SOON: Duration = Duration::from_millis(250);
/// How long a failed job rests.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How often to note that nothing has changed.
const TELL: Duration = Duration::from_secs(60);
