//! placeholder
use crate::{PowerAction, PowerError, Reading, Target, program::Program};
pub(crate) const PROGRAM: Program = Program { name: "virsh", package: "libvirt-clients" };
pub(crate) async fn query(_target: &Target) -> Result<Reading, PowerError> {
    Err(PowerError::Unsupported { driver: "virsh" })
}
pub(crate) async fn act(_action: PowerAction, _target: &Target) -> Result<Reading, PowerError> {
    Err(PowerError::Unsupported { driver: "virsh" })
}
