use super::Status;
use Status::{
    Allocated, Broken, Commissioning, Deployed, Deploying, DiskErasing, EnteringRescueMode, ExitingRescueMode,
    FailedCommissioning, FailedTesting, Missing, New, Ready, Releasing, RescueMode, Reserved, Retired, Testing,
};

/// A thing that happens to a machine and moves it to another status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LifecycleEvent {
    StartCommissioning,
    /// Every script passed, and no tests follow.
    CommissioningPassed,
    CommissioningFailed,
    /// A machine that introduced itself has told all about itself; it waits for someone to accept it.
    Enlisted,
    StartTesting,
    /// Every test passed. `deployed`: there is an operating system on its disks.
    TestingPassed {
        deployed: bool,
    },
    TestingFailed,
    /// Someone takes the failed tests on themselves. `deployed`: there is an operating system on its disks.
    OverrideFailedTesting {
        deployed: bool,
    },
    Allocate,
    StartDeployment,
    /// A system that runs from memory is brought anew, as at each power-on.
    EphemeralBoot,
    Deployed,
    DeploymentFailed,
    StartRelease,
    StartErase,
    /// The disks are wiped; the release goes on.
    Erased,
    EraseFailed,
    /// The machine is off and free. `commissioned`: its last commissioning passed.
    Released {
        commissioned: bool,
    },
    ReleaseFailed,
    MarkBroken,
    MarkFixed,
    EnterRescue,
    RescueEntered,
    RescueEntryFailed,
    ExitRescue,
    RescueExited,
    RescueExitFailed,
    /// Someone stops what is going on.
    Abort,
    /// What is going on takes longer than it may.
    TimedOut,
}

impl LifecycleEvent {
    /// All events, those with a flag twice.
    pub const ALL: [Self; 32] = [
        Self::StartCommissioning,
        Self::CommissioningPassed,
        Self::CommissioningFailed,
        Self::Enlisted,
        Self::StartTesting,
        Self::TestingPassed { deployed: false },
        Self::TestingPassed { deployed: true },
        Self::TestingFailed,
        Self::OverrideFailedTesting { deployed: false },
        Self::OverrideFailedTesting { deployed: true },
        Self::Allocate,
        Self::StartDeployment,
        Self::EphemeralBoot,
        Self::Deployed,
        Self::DeploymentFailed,
        Self::StartRelease,
        Self::StartErase,
        Self::Erased,
        Self::EraseFailed,
        Self::Released { commissioned: false },
        Self::Released { commissioned: true },
        Self::ReleaseFailed,
        Self::MarkBroken,
        Self::MarkFixed,
        Self::EnterRescue,
        Self::RescueEntered,
        Self::RescueEntryFailed,
        Self::ExitRescue,
        Self::RescueExited,
        Self::RescueExitFailed,
        Self::Abort,
        Self::TimedOut,
    ];

    /// The name in logs and messages: `start-deployment`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StartCommissioning => "start-commissioning",
            Self::CommissioningPassed => "commissioning-passed",
            Self::CommissioningFailed => "commissioning-failed",
            Self::Enlisted => "enlisted",
            Self::StartTesting => "start-testing",
            Self::TestingPassed { .. } => "testing-passed",
            Self::TestingFailed => "testing-failed",
            Self::OverrideFailedTesting { .. } => "override-failed-testing",
            Self::Allocate => "allocate",
            Self::StartDeployment => "start-deployment",
            Self::EphemeralBoot => "ephemeral-boot",
            Self::Deployed => "deployed",
            Self::DeploymentFailed => "deployment-failed",
            Self::StartRelease => "start-release",
            Self::StartErase => "start-erase",
            Self::Erased => "erased",
            Self::EraseFailed => "erase-failed",
            Self::Released { .. } => "released",
            Self::ReleaseFailed => "release-failed",
            Self::MarkBroken => "mark-broken",
            Self::MarkFixed => "mark-fixed",
            Self::EnterRescue => "enter-rescue",
            Self::RescueEntered => "rescue-entered",
            Self::RescueEntryFailed => "rescue-entry-failed",
            Self::ExitRescue => "exit-rescue",
            Self::RescueExited => "rescue-exited",
            Self::RescueExitFailed => "rescue-exit-failed",
            Self::Abort => "abort",
            Self::TimedOut => "timed-out",
        }
    }

    /// For a report of failure, the status in which the thing that failed goes on; any active one for a time-out.
    fn fails(self, from: Status) -> Option<Status> {
        match self {
            Self::CommissioningFailed => Some(Commissioning),
            Self::TestingFailed => Some(Testing),
            Self::DeploymentFailed => Some(Deploying),
            Self::EraseFailed => Some(DiskErasing),
            Self::ReleaseFailed => Some(Releasing),
            Self::RescueEntryFailed => Some(EnteringRescueMode),
            Self::RescueExitFailed => Some(ExitingRescueMode),
            Self::TimedOut => Some(from),
            _ => None,
        }
    }
}

/// Why a machine does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// The event cannot happen to a machine in this status.
    #[error("Invalid transition: `{event}` does not apply to a machine that is in the '{from}' state.", event = event.as_str())]
    Refused { from: Status, event: LifecycleEvent },
    /// A report of failure about a machine that is new or has failed already: nothing to do.
    #[error("`{event}` changes nothing for a machine that is in the '{from}' state.", event = event.as_str())]
    NoChange { from: Status, event: LifecycleEvent },
}

/// The status that a machine goes to when `event` happens to it. This is the only place that decides it.
///
/// `previous` is what [`previous_after`] gave at the last move: the status to come back to.
///
/// # Errors
///
/// `Refused` if the event cannot happen in this status, `NoChange` for a failure of what has failed already.
pub fn transition(from: Status, previous: Status, event: LifecycleEvent) -> Result<Status, TransitionError> {
    match target(from, previous, event) {
        Some(to) if from.may_become(to) => Ok(to),
        _ if event.fails(from).is_some() && (from == New || from.is_failed()) => {
            Err(TransitionError::NoChange { from, event })
        }
        _ => Err(TransitionError::Refused { from, event }),
    }
}

/// What `previous` is after a move. Rescue mode is a detour: all through it, the status before it is kept.
pub fn previous_after(from: Status, previous: Status) -> Status {
    if from.is_rescue() { previous } else { from }
}

fn target(from: Status, previous: Status, event: LifecycleEvent) -> Option<Status> {
    use LifecycleEvent as E;
    if let Some(active) = event.fails(from) {
        return (from == active).then(|| from.failed()).flatten();
    }
    match (event, from) {
        (E::StartCommissioning, New | FailedCommissioning | Ready | Broken | Missing | FailedTesting) => {
            Some(Commissioning)
        }
        (E::CommissioningPassed, Commissioning) => Some(Ready),
        (E::Enlisted, Commissioning) => Some(New),
        (E::StartTesting, _) => Some(Testing),
        (E::TestingPassed { deployed }, Testing) => Some(after_testing(previous, deployed)),
        (E::OverrideFailedTesting { deployed }, FailedTesting) => Some(if deployed { Deployed } else { Ready }),
        (E::Allocate, Ready | Reserved) => Some(Allocated),
        (E::StartDeployment, Allocated) | (E::EphemeralBoot, Deployed) => Some(Deploying),
        (E::Deployed, Deploying) => Some(Deployed),
        (E::StartRelease, _) if from.is_releasable() => Some(Releasing),
        (E::StartErase, _) if from.is_releasable() => Some(DiskErasing),
        (E::Erased, DiskErasing) => Some(Releasing),
        (E::Released { commissioned }, Releasing) => Some(if commissioned { Ready } else { New }),
        (E::MarkBroken, _) => Some(Broken),
        (E::MarkFixed, Broken) => Some(if previous == Deployed { Deployed } else { Ready }),
        (E::EnterRescue, _) => Some(EnteringRescueMode),
        (E::RescueEntered, EnteringRescueMode) => Some(RescueMode),
        (E::ExitRescue, _) => Some(ExitingRescueMode),
        (E::RescueExited, ExitingRescueMode) => Some(previous),
        (E::Abort, _) => after_abort(from, previous),
        _ => None,
    }
}

/// Passed tests make a machine usable that was not in use. They give back nothing and wipe no disk, so a machine that
/// someone owns goes back to where it was, failed or not.
fn after_testing(previous: Status, deployed: bool) -> Status {
    match previous {
        FailedCommissioning => New,
        New | Commissioning | Broken | Missing | Retired => Ready,
        FailedTesting => {
            if deployed {
                Deployed
            } else {
                Ready
            }
        }
        other => other,
    }
}

fn after_abort(from: Status, previous: Status) -> Option<Status> {
    match (from, previous) {
        (Commissioning, _) => Some(New),
        (Deploying, _) => Some(Allocated),
        (DiskErasing, _) => from.failed(),
        (Testing, Commissioning) => Some(Ready),
        (Testing, FailedCommissioning) => Some(New),
        (Testing, _) => Some(previous),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
