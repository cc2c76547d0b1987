use std::{fmt, str::FromStr};

use super::Status;
use crate::{Hostname, SystemId};

/// Everything that can be done to a machine. Who may do it is the policy's part, when it makes sense is said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MachineAction {
    /// See the machine, its interfaces, disks and script results, in lists as well.
    View,
    /// Read the raw hardware facts (lshw, LLDP).
    ViewDetails,
    /// Read the power parameters with their secrets.
    ViewPowerParameters,
    /// Read what carries the machine's own credentials: installer configuration, user data, token.
    ViewUserData,
    /// Ask the BMC now.
    QueryPower,
    Allocate,
    Deploy,
    Release,
    PowerOn,
    PowerOff,
    PowerCycle,
    Lock,
    Unlock,
    /// Set workload annotations.
    Annotate,
    /// Mount, unmount and format disks and partitions that exist.
    Format,
    MarkBroken,
    MarkFixed,
    Abort,
    Commission,
    Test,
    OverrideFailedTesting,
    EnterRescueMode,
    ExitRescueMode,
    /// Change name, description, power and other settings.
    Edit,
    /// Change the storage layout; create and delete disks, partitions, RAIDs and volumes.
    EditStorage,
    /// Create, change, delete and link interfaces.
    EditNetwork,
    /// Add and remove tags that exist.
    Tag,
    SetZone,
    SetPool,
    /// Copy this machine's storage or network configuration to others.
    Clone,
    Delete,
    /// Add a machine, or accept one that introduced itself.
    Create,
    TransferOwnership,
}

impl MachineAction {
    /// All actions.
    pub const ALL: [Self; 33] = [
        Self::View,
        Self::ViewDetails,
        Self::ViewPowerParameters,
        Self::ViewUserData,
        Self::QueryPower,
        Self::Allocate,
        Self::Deploy,
        Self::Release,
        Self::PowerOn,
        Self::PowerOff,
        Self::PowerCycle,
        Self::Lock,
        Self::Unlock,
        Self::Annotate,
        Self::Format,
        Self::MarkBroken,
        Self::MarkFixed,
        Self::Abort,
        Self::Commission,
        Self::Test,
        Self::OverrideFailedTesting,
        Self::EnterRescueMode,
        Self::ExitRescueMode,
        Self::Edit,
        Self::EditStorage,
        Self::EditNetwork,
        Self::Tag,
        Self::SetZone,
        Self::SetPool,
        Self::Clone,
        Self::Delete,
        Self::Create,
        Self::TransferOwnership,
    ];

    /// The name in roles, URLs and logs; MAAS's where the UI has one: `rescue-mode`.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// As shown to people: `Enter rescue mode`.
    pub const fn title(self) -> &'static str {
        self.row().1
    }

    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::View => ("view", "View"),
            Self::ViewDetails => ("view-details", "View hardware details"),
            Self::ViewPowerParameters => ("view-power-parameters", "View power parameters"),
            Self::ViewUserData => ("view-user-data", "View user data"),
            Self::QueryPower => ("query-power", "Check power"),
            Self::Allocate => ("allocate", "Allocate"),
            Self::Deploy => ("deploy", "Deploy"),
            Self::Release => ("release", "Release"),
            Self::PowerOn => ("on", "Power on"),
            Self::PowerOff => ("off", "Power off"),
            Self::PowerCycle => ("cycle", "Power cycle"),
            Self::Lock => ("lock", "Lock"),
            Self::Unlock => ("unlock", "Unlock"),
            Self::Annotate => ("annotate", "Set workload annotations"),
            Self::Format => ("format", "Format and mount disks"),
            Self::MarkBroken => ("mark-broken", "Mark broken"),
            Self::MarkFixed => ("mark-fixed", "Mark fixed"),
            Self::Abort => ("abort", "Abort"),
            Self::Commission => ("commission", "Commission"),
            Self::Test => ("test", "Test"),
            Self::OverrideFailedTesting => ("override-failed-testing", "Override failed testing"),
            Self::EnterRescueMode => ("rescue-mode", "Enter rescue mode"),
            Self::ExitRescueMode => ("exit-rescue-mode", "Exit rescue mode"),
            Self::Edit => ("edit", "Edit"),
            Self::EditStorage => ("edit-storage", "Edit storage"),
            Self::EditNetwork => ("edit-network", "Edit network"),
            Self::Tag => ("tag", "Tag"),
            Self::SetZone => ("set-zone", "Set zone"),
            Self::SetPool => ("set-pool", "Set pool"),
            Self::Clone => ("clone", "Clone from"),
            Self::Delete => ("delete", "Delete"),
            Self::Create => ("create", "Add or accept"),
            Self::TransferOwnership => ("transfer-ownership", "Transfer ownership"),
        }
    }

    /// Whether it changes nothing about the machine.
    pub const fn is_read(self) -> bool {
        matches!(
            self,
            Self::View | Self::ViewDetails | Self::ViewPowerParameters | Self::ViewUserData | Self::QueryPower
        )
    }

    /// Whether it may be done to a locked machine.
    pub const fn works_while_locked(self) -> bool {
        self.is_read() || matches!(self, Self::Unlock)
    }

    /// Whether a rack has to carry it out. A release needs one only if it erases disks.
    pub const fn needs_rack(self) -> bool {
        matches!(self, Self::Commission | Self::Test | Self::Deploy | Self::EnterRescueMode)
    }

    /// Whether it makes sense for a machine in this status.
    pub fn starts_from(self, status: Status) -> bool {
        self.statuses().is_none_or(|statuses| statuses.contains(&status))
    }

    /// The statuses from which it makes sense; nothing if from all.
    pub const fn statuses(self) -> Option<&'static [Status]> {
        use Status as S;
        let statuses: &[Status] = match self {
            Self::Allocate => &[S::Ready],
            Self::Deploy => &[S::Ready, S::Allocated],
            Self::Release => &S::RELEASABLE,
            Self::PowerOn | Self::PowerCycle => &POWER_ON,
            Self::PowerOff => &INACTIVE,
            Self::Lock => &[S::Deployed, S::Deploying],
            Self::Format => &[S::Ready, S::Allocated],
            Self::MarkBroken => &MARK_BROKEN,
            Self::MarkFixed => &[S::Broken],
            Self::Abort => &[S::Commissioning, S::DiskErasing, S::Deploying, S::Testing],
            Self::Commission => &[S::New, S::FailedCommissioning, S::Ready, S::Broken],
            Self::Test => &TEST,
            Self::OverrideFailedTesting => &[S::FailedTesting],
            Self::EnterRescueMode => &ENTER_RESCUE_MODE,
            Self::ExitRescueMode => {
                &[S::RescueMode, S::EnteringRescueMode, S::FailedEnteringRescueMode, S::FailedExitingRescueMode]
            }
            Self::EditStorage | Self::EditNetwork => &[S::New, S::Ready, S::Allocated, S::Broken, S::FailedTesting],
            _ => return None,
        };
        Some(statuses)
    }

    /// What to answer when [`MachineAction::starts_from`] says no: MAAS's text where clients know one.
    pub fn refusal(self, status: Status, hostname: &Hostname, system_id: SystemId) -> String {
        match self {
            Self::Allocate => format!("No machine with system ID {system_id} available."),
            Self::Deploy => format!("Can't deploy a machine that is in the '{status}' state"),
            Self::Release => format!("Machine cannot be released in its current state ('{status}')."),
            Self::Abort => format!("Cannot abort in current state: node {system_id} is in state {status}."),
            Self::OverrideFailedTesting => {
                "Unable to override node status. Node is not in 'Failed testing' status.".to_owned()
            }
            Self::MarkFixed => "Can't mark a non-broken node as 'Ready'.".to_owned(),
            _ => format!(
                "{} is not possible for {hostname} while it is '{status}'{}.",
                self.title(),
                match self.statuses() {
                    Some(statuses) if statuses.len() <= 6 => format!(", only while it is {}", any_of(statuses)),
                    _ => String::new(),
                }
            ),
        }
    }
}

fn any_of(statuses: &[Status]) -> String {
    let labels: Vec<_> = statuses.iter().map(|status| format!("'{status}'")).collect();
    match labels.as_slice() {
        [most @ .., last] if !most.is_empty() => format!("{} or {last}", most.join(", ")),
        _ => labels.concat(),
    }
}

impl fmt::Display for MachineAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for MachineAction {
    type Err = String;

    /// Takes MAAS's `acquire` and `untag` as well.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "acquire" => Ok(Self::Allocate),
            "untag" => Ok(Self::Tag),
            _ => Self::ALL.into_iter().find(|action| action.as_str() == text).ok_or_else(|| {
                format!("unknown action `{text}`: use one of {}", Self::ALL.map(Self::as_str).join(", "))
            }),
        }
    }
}

/// All in which nothing goes on.
const INACTIVE: [Status; 16] = [
    Status::New,
    Status::FailedCommissioning,
    Status::Missing,
    Status::Ready,
    Status::Reserved,
    Status::Deployed,
    Status::Retired,
    Status::Broken,
    Status::Allocated,
    Status::FailedDeployment,
    Status::FailedReleasing,
    Status::FailedDiskErasing,
    Status::RescueMode,
    Status::FailedEnteringRescueMode,
    Status::FailedExitingRescueMode,
    Status::FailedTesting,
];

/// The same, and an installation that waits for a hand. Free machines too: whether their users may is a setting.
const POWER_ON: [Status; 17] = {
    let mut statuses = [Status::Deploying; 17];
    let mut i = 0;
    while i < INACTIVE.len() {
        statuses[i] = INACTIVE[i];
        i += 1;
    }
    statuses
};

const MARK_BROKEN: [Status; 16] = [
    Status::New,
    Status::Commissioning,
    Status::FailedCommissioning,
    Status::Ready,
    Status::Allocated,
    Status::Deploying,
    Status::FailedDeployment,
    Status::Deployed,
    Status::Releasing,
    Status::FailedReleasing,
    Status::DiskErasing,
    Status::FailedDiskErasing,
    Status::FailedEnteringRescueMode,
    Status::FailedExitingRescueMode,
    Status::Testing,
    Status::FailedTesting,
];

const TEST: [Status; 16] = INACTIVE;

/// Not from a failed way out: that machine is still in rescue mode, and the way is out again.
const ENTER_RESCUE_MODE: [Status; 13] = [
    Status::New,
    Status::FailedCommissioning,
    Status::Ready,
    Status::Reserved,
    Status::Allocated,
    Status::FailedDeployment,
    Status::Deployed,
    Status::Missing,
    Status::Retired,
    Status::Broken,
    Status::FailedDiskErasing,
    Status::FailedEnteringRescueMode,
    Status::FailedTesting,
];

#[cfg(test)]
mod tests {
    use super::{MachineAction, Status};
    use crate::machine::{LifecycleEvent, transition};

    #[test]
    fn names_come_back_and_are_all_different() {
        for action in MachineAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
        }
        assert_eq!("acquire".parse(), Ok(MachineAction::Allocate));
        assert!(
            "explode".parse::<MachineAction>().unwrap_err().starts_with("unknown action `explode`: use one of view,")
        );
    }

    #[test]
    fn what_may_be_started_moves_the_machine() {
        use LifecycleEvent as E;
        for (action, event) in [
            (MachineAction::Allocate, E::Allocate),
            (MachineAction::Release, E::StartRelease),
            (MachineAction::MarkBroken, E::MarkBroken),
            (MachineAction::MarkFixed, E::MarkFixed),
            (MachineAction::Abort, E::Abort),
            (MachineAction::Commission, E::StartCommissioning),
            (MachineAction::Test, E::StartTesting),
            (MachineAction::OverrideFailedTesting, E::OverrideFailedTesting { deployed: true }),
            (MachineAction::EnterRescueMode, E::EnterRescue),
            (MachineAction::ExitRescueMode, E::ExitRescue),
        ] {
            for status in Status::ALL.into_iter().filter(|status| action.starts_from(*status)) {
                assert!(transition(status, Status::Ready, event).is_ok(), "{action} from {status}");
            }
        }
    }

    #[test]
    fn power_off_waits_for_what_goes_on() {
        for status in Status::ALL {
            assert_eq!(MachineAction::PowerOff.starts_from(status), !status.is_active(), "{status}");
            let on = !status.is_active() || status == Status::Deploying;
            assert_eq!(MachineAction::PowerOn.starts_from(status), on, "{status}");
        }
    }

    #[test]
    fn refusals_say_what_and_why() {
        let (name, id) = ("fast-newt".parse().unwrap(), "4y3h7n".parse().unwrap());
        let text = |action: MachineAction, status| action.refusal(status, &name, id);
        assert_eq!(text(MachineAction::Deploy, Status::New), "Can't deploy a machine that is in the 'New' state");
        assert_eq!(
            text(MachineAction::Abort, Status::Ready),
            "Cannot abort in current state: node 4y3h7n is in state Ready."
        );
        assert_eq!(
            text(MachineAction::Commission, Status::Deployed),
            "Commission is not possible for fast-newt while it is 'Deployed', only while it is 'New', \
             'Failed commissioning', 'Ready' or 'Broken'."
        );
        assert_eq!(
            text(MachineAction::PowerOff, Status::Testing),
            "Power off is not possible for fast-newt while it is 'Testing'."
        );
    }

    #[test]
    fn only_reads_and_unlock_pass_a_lock() {
        let passing: Vec<_> = MachineAction::ALL.into_iter().filter(|action| action.works_while_locked()).collect();
        assert_eq!(passing.len(), 6);
        assert!(passing.contains(&MachineAction::Unlock));
    }
}
