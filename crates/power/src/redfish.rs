//! placeholder
use crate::{PowerAction, PowerError, Reading, Target};
pub(crate) async fn query(_target: &Target) -> Result<Reading, PowerError> {
    Err(PowerError::Unsupported { driver: "redfish" })
}
pub(crate) async fn act(_action: PowerAction, _target: &Target) -> Result<Reading, PowerError> {
    Err(PowerError::Unsupported { driver: "redfish" })
}
