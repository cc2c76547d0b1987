//! How long to wait for a BMC, and where the programs that talk to one are found.

use std::{path::PathBuf, time::Duration};

/// Every wait of a driver. The defaults suit real BMCs, which are slow; tests give shorter ones.
#[derive(Clone, Debug)]
pub struct Limits {
    /// A whole query.
    pub query: Duration,
    /// A whole action, the wait for its effect included.
    pub act: Duration,
    /// Opening one connection.
    pub connect: Duration,
    /// Between two looks at the state after an action.
    pub poll: Duration,
    /// A directory that is searched for programs before the search path.
    pub programs: Option<PathBuf>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            query: Duration::from_secs(30),
            act: Duration::from_secs(90),
            connect: Duration::from_secs(10),
            poll: Duration::from_secs(2),
            programs: None,
        }
    }
}
