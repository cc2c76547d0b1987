//! What a driver is told about a machine.

use std::collections::BTreeMap;

use maas_model::Secret;

use crate::Limits;

/// A machine to ask or to act on.
#[derive(Clone, Debug, Default)]
pub struct Target {
    pub system_id: String,
    pub parameters: Parameters,
    pub limits: Limits,
}

impl Target {
    /// A machine with its parameters, and the limits that suit real BMCs.
    pub fn new(system_id: impl Into<String>, parameters: Parameters) -> Self {
        Self { system_id: system_id.into(), parameters, limits: Limits::default() }
    }
}

/// The values of a machine's power parameters by their names, those that must not be shown apart from the others.
/// [`Driver::split`](crate::Driver::split) tells which is which.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    pub plain: BTreeMap<String, String>,
    pub secret: BTreeMap<String, Secret<String>>,
}

impl Parameters {
    /// A plain value; nothing when it is absent or empty.
    pub fn plain(&self, name: &str) -> Option<&str> {
        self.plain.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A secret value; nothing when it is absent or empty.
    pub fn secret(&self, name: &str) -> Option<&str> {
        self.secret.get(name).map(|value| value.expose().as_str()).filter(|value| !value.is_empty())
    }

    /// Whether either part has a value of that name.
    pub fn has(&self, name: &str) -> bool {
        self.plain(name).is_some() || self.secret(name).is_some()
    }

    /// These values, with `newer` ones laid over them.
    #[must_use]
    pub fn with(mut self, newer: Self) -> Self {
        self.plain.extend(newer.plain);
        self.secret.extend(newer.secret);
        self
    }
}
