//! How a command ends badly: one line, perhaps a hint, and an exit code.

use std::fmt;

/// A command that did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// 1: the user's to mend; 2: refused or failed; 3: some region did not follow.
    pub code: u8,
    /// What, where and what to do, one line each.
    pub message: String,
    /// The next step, if it is known.
    pub hint: Option<String>,
}

impl Failure {
    /// Something for the user to mend: exit code 1.
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into(), hint: None }
    }

    /// Something that failed: exit code 2.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into(), hint: None }
    }

    /// With the next step.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<maas_region::Error> for Failure {
    fn from(error: maas_region::Error) -> Self {
        use maas_region::Error;
        match &error {
            Error::Internal(source) => Self::failed(format!("internal error: {}", chain(source.as_ref()))),
            Error::Denied(refusal) => Self::user(error.to_string()).hint(refusal.explain()),
            _ => Self::user(error.to_string()),
        }
    }
}

/// An error with its causes, outermost first, on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
