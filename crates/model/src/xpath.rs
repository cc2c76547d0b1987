//! Expressions over hardware facts, by which tags choose machines: XPath 1.0 over what `lshw` and `lldp` print.
//!
//! All of XPath 1.0 but variables, the `namespace` axis, and the functions `id()` and `lang()`. Comments and processing
//! instructions are not kept, so asking for them finds nothing. As in MAAS, elements of `lshw` are there twice: plain, from
//! the root on (`//node[@id="display"]`), and once more with the prefix `lshw:`; those of `lldp` have the prefix `lldp:`.
//! Whatever an expression yields is turned into yes or no by the rules of `boolean()`: a set of nodes is yes if there is one.
//!
//! Reading is bounded by the length of the text and the depth of its brackets, evaluation by a number of steps, so that no
//! definition can hold up a region.

mod axis;
mod compare;
mod evaluate;
mod expr;
mod function;
mod lexer;
mod parser;
mod tree;
mod value;

pub use tree::{HardwareTree, TreeError};

use std::{fmt, str::FromStr};

/// An expression that was read and found well-formed.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    root: expr::Expr,
}

/// Steps that [`Expression::matches`] takes at most unless told otherwise; a second's work, and far more than sane expressions
/// need on the largest machines.
pub const USUAL_STEPS: u64 = 5_000_000;

/// Why an expression cannot be used; the beginning of the text is what clients of API 2.0 know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XpathError {
    #[error("Invalid xpath expression: {0}")]
    Invalid(String),
    /// Evaluation went on for longer than allowed.
    #[error(
        "Invalid xpath expression: it takes too many steps; look for nodes by a shorter way than `//` inside of []"
    )]
    TooManySteps,
}

impl Expression {
    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the machine with these facts is meant.
    ///
    /// # Errors
    ///
    /// `TooManySteps` if it takes more than `steps`.
    pub fn matches(&self, facts: &HardwareTree, steps: u64) -> Result<bool, XpathError> {
        Ok(self.value(facts, steps)?.to_boolean())
    }

    /// What the expression yields, as text.
    ///
    /// # Errors
    ///
    /// `TooManySteps` if it takes more than `steps`.
    pub fn text_of(&self, facts: &HardwareTree, steps: u64) -> Result<String, XpathError> {
        Ok(self.value(facts, steps)?.to_text(facts))
    }

    fn value(&self, facts: &HardwareTree, steps: u64) -> Result<value::Value, XpathError> {
        evaluate::evaluate(&self.root, facts, steps).map_err(|evaluate::OutOfSteps| XpathError::TooManySteps)
    }
}

impl FromStr for Expression {
    type Err = XpathError;

    fn from_str(text: &str) -> Result<Self, XpathError> {
        let tokens = lexer::tokens(text).map_err(XpathError::Invalid)?;
        let root = parser::parse(&tokens).map_err(XpathError::Invalid)?;
        Ok(Self { text: text.to_owned(), root })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests;
