//! What events are about. Names, levels and words are MAAS's, so that what reads its events reads ours.

use std::str::FromStr;

use super::Level;

macro_rules! kinds {
    ($($level:ident: $($name:ident = $word:literal $text:literal),+ $(,)?;)+) => {
        /// What an event is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType { $($(#[doc = $text] $name),+),+ }

        impl EventType {
            /// All types, those of the audit log first.
            pub const ALL: &'static [Self] = &[$($(Self::$name),+),+];

            /// As stored: `AUTHORISATION`.
            pub const fn as_str(self) -> &'static str {
                match self { $($(Self::$name => $word),+),+ }
            }

            /// As shown: `Authorisation`.
            pub const fn description(self) -> &'static str {
                match self { $($(Self::$name => $text),+),+ }
            }

            /// How grave such an event is.
            pub const fn level(self) -> Level {
                match self { $($(Self::$name)|+ => Level::$level),+ }
            }
        }
    };
}

kinds! {
    Audit:
    Authorisation = "AUTHORISATION" "Authorisation",
    Settings = "SETTINGS" "Settings",
    Node = "NODE" "Node",
    Images = "IMAGES" "Images",
    Pod = "POD" "Pod",
    Tag = "TAG" "Tag",
    Networking = "NETWORKING" "Networking",
    Zones = "ZONES" "Zones";

    // Power and boot.
    Debug:
    NodePoweredOn = "NODE_POWERED_ON" "Node powered on",
    NodePoweredOff = "NODE_POWERED_OFF" "Node powered off",
    NodeTftpRequest = "NODE_TFTP_REQUEST" "TFTP request",
    NodeHttpRequest = "NODE_HTTP_REQUEST" "HTTP request",
    NodePxeRequest = "NODE_PXE_REQUEST" "PXE request",
    NodeInstallationFinished = "NODE_INSTALLATION_FINISHED" "Installation complete",
    NodeChangedStatus = "NODE_CHANGED_STATUS" "Node changed status",
    NodeStatusEvent = "NODE_STATUS_EVENT" "Node status event",
    NodeCommissioningEvent = "NODE_COMMISSIONING_EVENT" "Node commissioning",
    NodeInstallEvent = "NODE_INSTALL_EVENT" "Node installation",
    NodeEnteringRescueModeEvent = "NODE_ENTERING_RESCUE_MODE_EVENT" "Node entering rescue mode",
    NodeExitingRescueModeEvent = "NODE_EXITING_RESCUE_MODE_EVENT" "Node exiting rescue mode",
    ScriptResultChangedStatus = "SCRIPT_RESULT_CHANGED_STATUS" "Script result",
    // What people asked for.
    RequestStartCommissioning = "REQUEST_NODE_START_COMMISSIONING" "User starting node commissioning",
    RequestAbortCommissioning = "REQUEST_NODE_ABORT_COMMISSIONING" "User aborting node commissioning",
    RequestStartTesting = "REQUEST_NODE_START_TESTING" "User starting node testing",
    RequestAbortTesting = "REQUEST_NODE_ABORT_TESTING" "User aborting node testing",
    RequestOverrideFailedTesting = "REQUEST_NODE_OVERRIDE_FAILED_TESTING" "User overrode 'Failed testing' status",
    RequestStartDeployment = "REQUEST_NODE_START_DEPLOYMENT" "User starting deployment",
    RequestAbortDeployment = "REQUEST_NODE_ABORT_DEPLOYMENT" "User aborting deployment",
    RequestAcquire = "REQUEST_NODE_ACQUIRE" "User acquiring node",
    RequestEraseDisk = "REQUEST_NODE_ERASE_DISK" "User erasing disk",
    RequestAbortEraseDisk = "REQUEST_NODE_ABORT_ERASE_DISK" "User aborting disk erase",
    RequestRelease = "REQUEST_NODE_RELEASE" "User releasing node",
    RequestMarkFailed = "REQUEST_NODE_MARK_FAILED" "User marking node failed",
    RequestMarkBroken = "REQUEST_NODE_MARK_BROKEN" "User marking node broken",
    RequestMarkFixed = "REQUEST_NODE_MARK_FIXED" "User marking node fixed",
    RequestLock = "REQUEST_NODE_LOCK" "User locking node",
    RequestUnlock = "REQUEST_NODE_UNLOCK" "User unlocking node",
    RequestStart = "REQUEST_NODE_START" "User powering up node",
    RequestStop = "REQUEST_NODE_STOP" "User powering down node",
    RequestStartRescueMode = "REQUEST_NODE_START_RESCUE_MODE" "User entering rescue mode",
    RequestStopRescueMode = "REQUEST_NODE_STOP_RESCUE_MODE" "User exiting rescue mode",
    RequestControllerRefresh = "REQUEST_CONTROLLER_REFRESH" "Starting refresh of controller hardware and networking information",
    RequestAddChassis = "REQUEST_RACK_CONTROLLER_ADD_CHASSIS" "Querying chassis and enlisting all machines";

    // What a machine's page says of it now.
    Info:
    New = "NEW" "New",
    Commissioning = "COMMISSIONING" "Commissioning",
    FailedCommissioning = "FAILED_COMMISSIONING" "Failed commissioning",
    Testing = "TESTING" "Testing",
    FailedTesting = "FAILED_TESTING" "Failed testing",
    Ready = "READY" "Ready",
    Allocated = "ALLOCATED" "Allocated",
    Broken = "BROKEN" "Broken",
    Deploying = "DEPLOYING" "Deploying",
    Deployed = "DEPLOYED" "Deployed",
    ImageDeployed = "IMAGE_DEPLOYED" "Image Deployed",
    Releasing = "RELEASING" "Releasing",
    Released = "RELEASED" "Released",
    DiskErasing = "DISK_ERASING" "Disk erasing",
    NodeDisksErased = "NODE_DISKS_ERASED" "Disks erased",
    NodeReleaseScriptsOk = "NODE_RELEASE_SCRIPTS_OK" "Release scripts OK",
    EnteringRescueMode = "ENTERING_RESCUE_MODE" "Entering rescue mode",
    RescueMode = "RESCUE_MODE" "Rescue mode",
    ExitingRescueMode = "EXITING_RESCUE_MODE" "Exiting rescue mode",
    FailedExitingRescueMode = "FAILED_EXITING_RESCUE_MODE" "Failed exiting rescue mode",
    ExitedRescueMode = "EXITED_RESCUE_MODE" "Exited rescue mode",
    GatheringInfo = "GATHERING_INFO" "Gathering information",
    RunningTest = "RUNNING_TEST" "Running test",
    ScriptDidNotComplete = "SCRIPT_DID_NOT_COMPLETE" "Script",
    PerformingPxeBoot = "PERFORMING_PXE_BOOT" "Performing PXE boot",
    LoadingEphemeral = "LOADING_EPHEMERAL" "Loading ephemeral",
    ConfiguringStorage = "CONFIGURING_STORAGE" "Configuring storage",
    InstallingOs = "INSTALLING_OS" "Installing OS",
    ConfiguringOs = "CONFIGURING_OS" "Configuring OS",
    Rebooting = "REBOOTING" "Rebooting",
    WaitingForPower = "WAITING_FOR_POWER" "Waiting for someone to switch the power",
    AbortedDiskErasing = "ABORTED_DISK_ERASING" "Aborted disk erasing",
    AbortedCommissioning = "ABORTED_COMMISSIONING" "Aborted commissioning",
    AbortedDeployment = "ABORTED_DEPLOYMENT" "Aborted deployment",
    AbortedTesting = "ABORTED_TESTING" "Aborted testing";

    Warning:
    NodePowerQueryFailed = "NODE_POWER_QUERY_FAILED" "Failed to query node's power";

    Error:
    NodePowerOnFailed = "NODE_POWER_ON_FAILED" "Failed to power on node",
    NodePowerOffFailed = "NODE_POWER_OFF_FAILED" "Failed to power off node",
    NodePowerCycleFailed = "NODE_POWER_CYCLE_FAILED" "Failed to power cycle node",
    NodeCommissioningEventFailed = "NODE_COMMISSIONING_EVENT_FAILED" "Node commissioning failure",
    NodeInstallEventFailed = "NODE_INSTALL_EVENT_FAILED" "Node installation failure",
    NodePostInstallEventFailed = "NODE_POST_INSTALL_EVENT_FAILED" "Node post-installation failure",
    NodeEnteringRescueModeEventFailed = "NODE_ENTERING_RESCUE_MODE_EVENT_FAILED" "Node failed to enter rescue mode",
    NodeExitingRescueModeEventFailed = "NODE_EXITING_RESCUE_MODE_EVENT_FAILED" "Node failed to exit rescue mode",
    MarkFailed = "REQUEST_NODE_MARK_FAILED_SYSTEM" "Marking node failed",
    ScriptResultError = "SCRIPT_RESULT_ERROR" "Script result lookup or storage error";
}

impl EventType {
    /// The types of the audit log.
    pub fn audit() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| kind.level() == Level::Audit)
    }
}

impl FromStr for EventType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("unknown event type `{text}`"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{EventType, Level};

    #[test]
    fn names_come_back_and_are_all_different() {
        let names: BTreeSet<_> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), EventType::ALL.len());
        for kind in EventType::ALL {
            assert_eq!(kind.as_str().to_lowercase().parse(), Ok(*kind));
        }
        assert_eq!(EventType::audit().count(), 8);
        assert_eq!(EventType::NodePowerOnFailed.level(), Level::Error);
    }
}
