//! Words of scripts that run on machines: how a run stands, what it is for, and what hardware it looks at.

/// How one run of a script, or a set of them, stands. Codes and names are MAAS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScriptStatus {
    Pending = 0,
    Running = 1,
    Passed = 2,
    Failed = 3,
    TimedOut = 4,
    Aborted = 5,
    Degraded = 6,
    Installing = 7,
    FailedInstalling = 8,
    Skipped = 9,
    ApplyingNetwork = 10,
    FailedApplyingNetwork = 11,
}

/// What a set of scripts is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultType {
    Commissioning = 0,
    Installation = 1,
    Testing = 2,
    Release = 3,
    Deployment = 4,
}

/// What a script looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HardwareType {
    #[default]
    Node = 0,
    Cpu = 1,
    Memory = 2,
    Storage = 3,
    Network = 4,
    Gpu = 5,
}

impl ScriptStatus {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Pending,
        Self::Running,
        Self::Passed,
        Self::Failed,
        Self::TimedOut,
        Self::Aborted,
        Self::Degraded,
        Self::Installing,
        Self::FailedInstalling,
        Self::Skipped,
        Self::ApplyingNetwork,
        Self::FailedApplyingNetwork,
    ];

    /// As shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::TimedOut => "Timed out",
            Self::Aborted => "Aborted",
            Self::Degraded => "Degraded",
            Self::Installing => "Installing dependencies",
            Self::FailedInstalling => "Failed installing dependencies",
            Self::Skipped => "Skipped",
            Self::ApplyingNetwork => "Applying custom network configuration",
            Self::FailedApplyingNetwork => "Failed to apply custom network configuration",
        }
    }

    /// From the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| *status as i64 == code)
    }

    /// Whether it has not ended yet.
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Installing | Self::ApplyingNetwork)
    }

    /// Whether it ended badly.
    pub const fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Failed
                | Self::TimedOut
                | Self::Aborted
                | Self::Degraded
                | Self::FailedInstalling
                | Self::FailedApplyingNetwork
        )
    }

    /// How several stand together: what is still under way comes first, then the worst. None for none.
    pub fn summary(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        all.into_iter().min_by_key(|status| BY_WEIGHT.iter().position(|known| known == status))
    }
}

impl ResultType {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Commissioning, Self::Installation, Self::Testing, Self::Release, Self::Deployment];

    /// As shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commissioning => "Commissioning",
            Self::Installation => "Installation",
            Self::Testing => "Testing",
            Self::Release => "Release",
            Self::Deployment => "Deployment",
        }
    }

    /// As in addresses and filters: `commissioning`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commissioning => "commissioning",
            Self::Installation => "installation",
            Self::Testing => "testing",
            Self::Release => "release",
            Self::Deployment => "deployment",
        }
    }

    /// From the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == code)
    }
}

impl HardwareType {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Node, Self::Cpu, Self::Memory, Self::Storage, Self::Network, Self::Gpu];

    /// From the stored number.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == code)
    }

    /// The members of a machine that sum up tests of it: `cpu_test`.
    pub const fn test_kinds(self) -> &'static [&'static str] {
        match self {
            Self::Cpu => &["cpu_test"],
            Self::Memory => &["memory_test"],
            Self::Storage => &["storage_test"],
            Self::Network => &["network_test", "interface_test"],
            Self::Node | Self::Gpu => &["other_test"],
        }
    }
}

const BY_WEIGHT: [ScriptStatus; 12] = [
    ScriptStatus::Running,
    ScriptStatus::ApplyingNetwork,
    ScriptStatus::Installing,
    ScriptStatus::Pending,
    ScriptStatus::Aborted,
    ScriptStatus::Failed,
    ScriptStatus::FailedApplyingNetwork,
    ScriptStatus::FailedInstalling,
    ScriptStatus::TimedOut,
    ScriptStatus::Degraded,
    ScriptStatus::Passed,
    ScriptStatus::Skipped,
];

#[cfg(test)]
mod tests {
    use super::{
        BY_WEIGHT,
        ScriptStatus::{self, Aborted, Failed, Passed, Pending, Running, Skipped},
    };

    #[test]
    fn a_set_stands_as_its_worst() {
        for (all, together) in [
            (vec![], None),
            (vec![Passed, Skipped], Some(Passed)),
            (vec![Skipped], Some(Skipped)),
            (vec![Passed, Failed, Aborted], Some(Aborted)),
            (vec![Failed, Pending, Running], Some(Running)),
        ] {
            assert_eq!(ScriptStatus::summary(all), together);
        }
        assert!(ScriptStatus::ALL.iter().all(|status| BY_WEIGHT.contains(status)));
        for status in ScriptStatus::ALL {
            assert_eq!(ScriptStatus::from_code(status as i64), Some(status));
            let is_good = matches!(status, Passed | Skipped);
            assert_eq!(u8::from(status.is_under_way()) + u8::from(status.is_failure()) + u8::from(is_good), 1);
        }
    }
}
