use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::SimpleStatus;

/// Where a machine is in its life. Codes, words and labels are MAAS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Known, not yet looked into.
    New = 0,
    /// Its hardware is being looked into.
    Commissioning = 1,
    FailedCommissioning = 2,
    /// Not seen when it was expected. Nothing sets it; kept for what clients know.
    Missing = 3,
    /// Free for whoever may use its pool.
    Ready = 4,
    /// Kept for a named user. Nothing sets it; kept for what clients know.
    Reserved = 5,
    /// Runs its owner's operating system.
    Deployed = 6,
    /// Out of service for good. Nothing sets it; kept for what clients know.
    Retired = 7,
    /// Taken out of service until someone marks it fixed.
    Broken = 8,
    /// An operating system is being installed.
    Deploying = 9,
    /// Has an owner, has no operating system.
    Allocated = 10,
    FailedDeployment = 11,
    /// Given back; waits until it is off.
    Releasing = 12,
    FailedReleasing = 13,
    /// Given back; its disks are being wiped.
    DiskErasing = 14,
    FailedDiskErasing = 15,
    /// Runs the rescue system from memory.
    RescueMode = 16,
    EnteringRescueMode = 17,
    FailedEnteringRescueMode = 18,
    ExitingRescueMode = 19,
    FailedExitingRescueMode = 20,
    /// Its hardware is being tested.
    Testing = 21,
    FailedTesting = 22,
}

use Status::{
    Allocated, Broken, Commissioning, Deployed, Deploying, DiskErasing, EnteringRescueMode, ExitingRescueMode,
    FailedCommissioning, FailedDeployment, FailedDiskErasing, FailedEnteringRescueMode, FailedExitingRescueMode,
    FailedReleasing, FailedTesting, Missing, New, Ready, Releasing, RescueMode, Reserved, Retired, Testing,
};

impl Status {
    /// All statuses, by code.
    pub const ALL: [Self; 23] = [
        New,
        Commissioning,
        FailedCommissioning,
        Missing,
        Ready,
        Reserved,
        Deployed,
        Retired,
        Broken,
        Deploying,
        Allocated,
        FailedDeployment,
        Releasing,
        FailedReleasing,
        DiskErasing,
        FailedDiskErasing,
        RescueMode,
        EnteringRescueMode,
        FailedEnteringRescueMode,
        ExitingRescueMode,
        FailedExitingRescueMode,
        Testing,
        FailedTesting,
    ];

    /// In these a machine boots the system that runs from memory.
    pub const COMMISSIONING_LIKE: [Self; 7] =
        [New, Commissioning, DiskErasing, EnteringRescueMode, Releasing, RescueMode, Testing];

    /// From these a machine can be given back.
    pub const RELEASABLE: [Self; 8] =
        [Allocated, Reserved, Broken, Deploying, Deployed, FailedDeployment, FailedDiskErasing, FailedReleasing];

    /// In these a machine belongs to someone.
    pub const OWNED: [Self; 15] = [
        Allocated,
        Deploying,
        Deployed,
        FailedDeployment,
        Releasing,
        FailedReleasing,
        DiskErasing,
        FailedDiskErasing,
        EnteringRescueMode,
        RescueMode,
        FailedEnteringRescueMode,
        ExitingRescueMode,
        FailedExitingRescueMode,
        Testing,
        FailedTesting,
    ];

    /// In these something is going on that can fail or take too long.
    pub const ACTIVE: [Self; 7] =
        [Commissioning, Deploying, Releasing, DiskErasing, EnteringRescueMode, ExitingRescueMode, Testing];

    /// The number, as stored and as shown by API 2.0.
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// From the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        usize::try_from(code).ok().and_then(|code| Self::ALL.get(code).copied())
    }

    /// The word in filters: `failed_testing`.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// As shown: `Failed testing`.
    pub const fn label(self) -> &'static str {
        self.row().1
    }

    /// The group in which lists show it.
    pub const fn simple(self) -> SimpleStatus {
        self.row().2
    }

    const fn row(self) -> (&'static str, &'static str, SimpleStatus) {
        type S = SimpleStatus;
        match self {
            New => ("new", "New", S::New),
            Commissioning => ("commissioning", "Commissioning", S::Commissioning),
            FailedCommissioning => ("failed_commissioning", "Failed commissioning", S::Failed),
            Missing => ("missing", "Missing", S::Other),
            Ready => ("ready", "Ready", S::Ready),
            Reserved => ("reserved", "Reserved", S::Other),
            Deployed => ("deployed", "Deployed", S::Deployed),
            Retired => ("retired", "Retired", S::Other),
            Broken => ("broken", "Broken", S::Broken),
            Deploying => ("deploying", "Deploying", S::Deploying),
            Allocated => ("allocated", "Allocated", S::Allocated),
            FailedDeployment => ("failed_deployment", "Failed deployment", S::Failed),
            Releasing => ("releasing", "Releasing", S::Releasing),
            FailedReleasing => ("failed_releasing", "Releasing failed", S::Failed),
            DiskErasing => ("disk_erasing", "Disk erasing", S::Releasing),
            FailedDiskErasing => ("failed_disk_erasing", "Failed disk erasing", S::Failed),
            RescueMode => ("rescue_mode", "Rescue mode", S::RescueMode),
            EnteringRescueMode => ("entering_rescue_mode", "Entering rescue mode", S::RescueMode),
            FailedEnteringRescueMode => ("failed_entering_rescue_mode", "Failed to enter rescue mode", S::Failed),
            ExitingRescueMode => ("exiting_rescue_mode", "Exiting rescue mode", S::RescueMode),
            FailedExitingRescueMode => ("failed_exiting_rescue_mode", "Failed to exit rescue mode", S::Failed),
            Testing => ("testing", "Testing", S::Testing),
            FailedTesting => ("failed_testing", "Failed testing", S::Failed),
        }
    }

    /// Whether a machine can go from this status to that one at all.
    pub fn may_become(self, to: Self) -> bool {
        self.next().contains(&to)
    }

    /// Every status that a machine can go to from this one.
    pub const fn next(self) -> &'static [Self] {
        match self {
            New => &[Commissioning, Testing, Missing, Ready, Retired, Broken, EnteringRescueMode],
            Commissioning => &[FailedCommissioning, Ready, Retired, Missing, New, Broken, Testing],
            FailedCommissioning => &[Commissioning, Missing, Retired, Broken, EnteringRescueMode, Testing],
            Ready => &[EnteringRescueMode, Commissioning, Allocated, Reserved, Retired, Missing, Broken, Testing],
            Reserved => {
                &[Ready, Allocated, Retired, Missing, Broken, DiskErasing, Releasing, EnteringRescueMode, Testing]
            }
            Allocated => {
                &[Ready, Retired, Missing, Broken, Deploying, DiskErasing, Releasing, EnteringRescueMode, Testing]
            }
            Deploying => &[Allocated, Missing, Broken, FailedDeployment, Deployed, Ready, DiskErasing, Releasing],
            // Deploying again: a system that runs from memory is brought anew at each power-on.
            Deployed => {
                &[Allocated, Missing, Broken, Ready, DiskErasing, Releasing, EnteringRescueMode, Testing, Deploying]
            }
            FailedDeployment => {
                &[Allocated, Missing, Broken, Ready, DiskErasing, Releasing, EnteringRescueMode, Testing]
            }
            Releasing => &[
                New,
                Allocated,
                Reserved,
                Deployed,
                Ready,
                Broken,
                Missing,
                FailedDeployment,
                FailedDiskErasing,
                FailedReleasing,
            ],
            FailedReleasing => &[Releasing, DiskErasing, Ready, Broken, Testing],
            DiskErasing => &[Broken, DiskErasing, FailedDiskErasing, Ready, Releasing],
            FailedDiskErasing => &[DiskErasing, Releasing, Broken, Allocated, Ready, EnteringRescueMode, Testing],
            Missing => &[New, Ready, Allocated, Commissioning, Broken, EnteringRescueMode, Testing],
            Retired => &[New, Ready, Missing, Broken, EnteringRescueMode, Testing],
            Broken => &[Commissioning, Ready, DiskErasing, Releasing, EnteringRescueMode, Testing, Deployed],
            EnteringRescueMode => &[Ready, Broken, Deployed, RescueMode, FailedEnteringRescueMode, ExitingRescueMode],
            FailedEnteringRescueMode => &[Broken, EnteringRescueMode, ExitingRescueMode, Testing],
            RescueMode => &[Broken, ExitingRescueMode, Testing],
            ExitingRescueMode => &[
                New,
                Broken,
                FailedCommissioning,
                Ready,
                Reserved,
                Allocated,
                FailedDeployment,
                Deployed,
                Missing,
                Retired,
                FailedReleasing,
                FailedDiskErasing,
                RescueMode,
                FailedEnteringRescueMode,
                FailedExitingRescueMode,
                FailedTesting,
            ],
            FailedExitingRescueMode => &[Broken, ExitingRescueMode, Testing],
            Testing => &[
                New,
                Ready,
                Reserved,
                Allocated,
                Deployed,
                Broken,
                Commissioning,
                FailedDeployment,
                Missing,
                Retired,
                FailedReleasing,
                FailedDiskErasing,
                FailedEnteringRescueMode,
                FailedExitingRescueMode,
                FailedTesting,
            ],
            FailedTesting => &[Commissioning, Broken, Missing, EnteringRescueMode, Testing, Ready, Deployed],
        }
    }

    /// What becomes of a machine when the thing that goes on in this status fails; nothing goes on in the others.
    pub const fn failed(self) -> Option<Self> {
        match self {
            Commissioning => Some(FailedCommissioning),
            Deploying => Some(FailedDeployment),
            Releasing => Some(FailedReleasing),
            DiskErasing => Some(FailedDiskErasing),
            EnteringRescueMode => Some(FailedEnteringRescueMode),
            ExitingRescueMode => Some(FailedExitingRescueMode),
            Testing => Some(FailedTesting),
            _ => None,
        }
    }

    /// Whether something is going on that can fail or take too long.
    pub const fn is_active(self) -> bool {
        self.failed().is_some()
    }

    /// Whether the last thing that went on has failed.
    pub const fn is_failed(self) -> bool {
        matches!(self.simple(), SimpleStatus::Failed)
    }

    /// Whether a machine boots the system that runs from memory.
    pub fn is_commissioning_like(self) -> bool {
        Self::COMMISSIONING_LIKE.contains(&self)
    }

    /// Whether a machine can be given back.
    pub fn is_releasable(self) -> bool {
        Self::RELEASABLE.contains(&self)
    }

    /// Whether a machine belongs to someone.
    pub fn is_owned(self) -> bool {
        Self::OWNED.contains(&self)
    }

    /// Whether a machine is in rescue mode, on its way into or out of it, or stuck on that way.
    pub const fn is_rescue(self) -> bool {
        matches!(
            self,
            RescueMode | EnteringRescueMode | FailedEnteringRescueMode | ExitingRescueMode | FailedExitingRescueMode
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

impl FromStr for Status {
    type Err = String;

    /// From the word in filters.
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("unknown status `{text}`: use {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::Status;

    #[test]
    fn codes_are_places_and_words_come_back() {
        for (code, status) in (0..).zip(Status::ALL) {
            assert_eq!(status.code(), code);
            assert_eq!(Status::from_code(code), Some(status));
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{}\"", status.as_str()));
        }
        assert_eq!(Status::from_code(23), None);
        assert_eq!(Status::from_code(-1), None);
    }

    #[test]
    fn the_table_of_moves_is_the_one_that_clients_know() {
        let known: [&[i64]; 23] = [
            &[1, 21, 3, 4, 7, 8, 17],
            &[2, 4, 7, 3, 0, 8, 21],
            &[1, 3, 7, 8, 17, 21],
            &[0, 4, 10, 1, 8, 17, 21],
            &[17, 1, 10, 5, 7, 3, 8, 21],
            &[4, 10, 7, 3, 8, 14, 12, 17, 21],
            &[10, 3, 8, 4, 14, 12, 17, 21, 9],
            &[0, 4, 3, 8, 17, 21],
            &[1, 4, 14, 12, 17, 21, 6],
            &[10, 3, 8, 11, 6, 4, 14, 12],
            &[4, 7, 3, 8, 9, 14, 12, 17, 21],
            &[10, 3, 8, 4, 14, 12, 17, 21],
            &[0, 10, 5, 6, 4, 8, 3, 11, 15, 13],
            &[12, 14, 4, 8, 21],
            &[8, 14, 15, 4, 12],
            &[14, 12, 8, 10, 4, 17, 21],
            &[8, 19, 21],
            &[4, 8, 6, 16, 18, 19],
            &[8, 17, 19, 21],
            &[0, 8, 2, 4, 5, 10, 11, 6, 3, 7, 13, 15, 16, 18, 20, 22],
            &[8, 19, 21],
            &[0, 1, 3, 4, 5, 6, 7, 8, 10, 11, 13, 15, 18, 20, 22],
            &[1, 8, 3, 17, 21, 4, 6],
        ];
        for (status, known) in Status::ALL.into_iter().zip(known) {
            for to in Status::ALL {
                assert_eq!(status.may_become(to), known.contains(&to.code()), "{status} -> {to}");
            }
        }
    }

    #[test]
    fn the_sets_agree_with_each_other() {
        for status in Status::ALL {
            assert_eq!(status.is_active(), Status::ACTIVE.contains(&status), "{status}");
            if let Some(failed) = status.failed() {
                assert!(status.may_become(failed) && failed.is_failed(), "{status}");
            }
            if status.is_rescue() {
                assert!(status.is_owned(), "{status}");
            }
        }
    }
}
