//! What a machine to be allocated must be like.

use crate::filter::NodeFilter;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// The part that a list can be narrowed by.
    pub filter: NodeFilter,
}
