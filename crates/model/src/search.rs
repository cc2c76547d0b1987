//! The language of the search box: free words, and `key:(=exact,part)`, `key:(!=exact)`, `key:value`.

mod parse;

use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

use crate::{
    NodeFilter,
    filter::{FilterError, FilterKey, NumberField, TextMatch},
};

/// What someone typed, understood. All terms must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pub terms: Vec<Term>,
}

/// One word or `key:(..)`. One of the values has to match (of tags and subnets, all); negated, none may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// `FreeText` for a word of its own.
    pub key: FilterKey,
    pub negated: bool,
    pub values: Vec<Value>,
}

/// A value to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The whole field, not a part of it. For numbers: this one, not this or more.
    pub exact: bool,
    pub text: String,
}

/// Longer texts are refused.
pub const LONGEST: usize = 2000;

impl Search {
    /// The typed filter that the terms stand for.
    ///
    /// # Errors
    ///
    /// A value that does not do for its key: `cpu_count:(many)`.
    pub fn filter(&self) -> Result<NodeFilter, FilterError> {
        let mut filter = NodeFilter::default();
        for term in &self.terms {
            let values = term.values.iter().map(|value| value.matching(&term.key)).collect();
            let criteria = term.key.criteria(term.negated, values);
            filter.criteria.extend(criteria.map_err(|FilterError(text)| FilterError(format!("{}: {text}", term.key)))?);
        }
        Ok(filter)
    }
}

impl Value {
    fn matching(&self, key: &FilterKey) -> TextMatch {
        let counted = FilterKey::Number(NumberField::PhysicalDiskCount);
        if self.exact || *key == counted {
            TextMatch::Is(self.text.clone())
        } else {
            TextMatch::Contains(self.text.clone())
        }
    }
}

impl FromStr for Search {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        parse::parse(text)
    }
}

impl fmt::Display for Search {
    /// The canonical form; it reads back as the same search.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            if i > 0 {
                f.write_char(' ')?;
            }
            write!(f, "{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.negated { "!" } else { "" };
        if let (FilterKey::FreeText, [Value { exact: false, text }]) = (&self.key, self.values.as_slice()) {
            return write!(f, "{mark}{}", quoted(text, parse::is_plain_word(text)));
        }
        write!(f, "{}:(", self.key)?;
        for (i, value) in self.values.iter().enumerate() {
            let separator = if i > 0 { "," } else { "" };
            let exact = if value.exact { "=" } else { "" };
            write!(f, "{separator}{mark}{exact}{}", quoted(&value.text, parse::is_plain_value(&value.text)))?;
        }
        f.write_char(')')
    }
}

fn quoted(text: &str, is_plain: bool) -> String {
    if is_plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests;
