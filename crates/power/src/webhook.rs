//! placeholder
use crate::{PowerAction, PowerError, Reading, Target};
pub(crate) async fn query(_target: &Target) -> Result<Reading, PowerError> {
    Err(PowerError::Unsupported { driver: "webhook" })
}
pub(crate) async fn act(_action: PowerAction, _target: &Target) -> Result<Reading, PowerError> {
    Err(PowerError::Unsupported { driver: "webhook" })
}
pub(crate) fn pattern(_p: &str) -> Result<regex::Regex, String> {
    regex::Regex::new("x").map_err(|_| String::new())
}
