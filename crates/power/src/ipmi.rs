//! placeholder
use crate::{PowerAction, PowerError, Reading, Target, program::Program};
pub(crate) const PROGRAM: Program = Program { name: "ipmitool", package: "ipmitool" };
pub(crate) async fn query(_target: &Target) -> Result<Reading, PowerError> {
    Err(PowerError::Unsupported { driver: "ipmi" })
}
pub(crate) async fn act(_action: PowerAction, _target: &Target) -> Result<Reading, PowerError> {
    Err(PowerError::Unsupported { driver: "ipmi" })
}
