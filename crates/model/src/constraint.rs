//! What API 2.0 asks of machines: the filters of lists and the constraints of allocation.
//!
//! What SQL can say ends in a [`NodeFilter`]; disks, interfaces and devices are matched against [`Facts`] of one machine.

mod assign;
mod devices;
mod facts;
mod interfaces;
mod storage;

pub use devices::DeviceConstraint;
pub use facts::{DeviceFacts, DiskFacts, Facts, InterfaceFacts, Link, PartitionFacts, StorageId, VlanFacts};
pub use interfaces::{InterfaceCondition, InterfaceConstraint, InterfaceTest};
pub use storage::StorageConstraint;

use std::collections::BTreeMap;

use crate::{
    InterfaceId, NodeFilter,
    filter::{Criterion, FilterError, FilterKey, NumberField, Test, TextField, TextMatch},
};

/// Parameters of `allocate` that say how to allocate, not which machine.
pub const ALLOCATE_OPTIONS: [&str; 8] =
    ["agent_name", "comment", "bridge_all", "bridge_type", "bridge_stp", "bridge_fd", "dry_run", "verbose"];

/// Options of old clients that are refused when they are true.
pub const REMOVED_OPTIONS: [&str; 3] = ["install_rackd", "install_kvm", "register_vmhost"];

/// What was asked for. All of it must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    pub filter: NodeFilter,
    /// The first is the root disk.
    pub storage: Vec<StorageConstraint>,
    pub interfaces: Vec<InterfaceConstraint>,
    pub devices: Vec<DeviceConstraint>,
    /// The constraints as understood, by name, for messages.
    resolved: BTreeMap<String, Vec<String>>,
    /// The parameters as given, by name, for messages.
    given: BTreeMap<String, Vec<String>>,
}

/// Messages by parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(|(field, texts)| format!("{field}: {}", texts.join(" "))).collect::<Vec<_>>().join("; "))]
pub struct ConstraintErrors(pub BTreeMap<String, Vec<String>>);

/// What of a machine fulfils which constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// Label to disks or partitions, in the order of the constraints.
    pub storage: Vec<(String, Vec<StorageId>)>,
    /// Label to interfaces, in the order of the constraints.
    pub interfaces: Vec<(String, Vec<InterfaceId>)>,
}

impl Constraints {
    /// Reads the filters of a list. Unknown parameters mean nothing, as do empty ones.
    ///
    /// # Errors
    ///
    /// By parameter, what is wrong with its values.
    pub fn for_list<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ConstraintErrors> {
        Self::read(pairs, false)
    }

    /// Reads the constraints of an allocation: the same, `name`, and without what is an option there.
    ///
    /// # Errors
    ///
    /// By parameter, what is wrong with its values.
    pub fn for_allocation<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ConstraintErrors> {
        Self::read(pairs, true)
    }

    fn read<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        allocation: bool,
    ) -> Result<Self, ConstraintErrors> {
        let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs.into_iter().filter(|(name, _)| *name != "op") {
            given.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        let mut constraints = Self { given, ..Self::default() };
        let mut errors = ConstraintErrors::default();
        for (name, values) in constraints.given.clone() {
            let is_option = allocation && ALLOCATE_OPTIONS.contains(&name.as_str());
            if is_option || values.iter().all(|value| value.trim().is_empty()) {
                continue;
            }
            match constraints.add(&name, &values, allocation) {
                Ok(Some(resolved)) => _ = constraints.resolved.insert(name, resolved),
                Ok(None) => {}
                Err(FilterError(message)) => errors.0.entry(name).or_default().push(message),
            }
        }
        if errors.0.is_empty() { Ok(constraints) } else { Err(errors) }
    }

    /// The values as understood; nothing if it is no constraint.
    fn add(&mut self, name: &str, values: &[String], allocation: bool) -> Result<Option<Vec<String>>, FilterError> {
        match name {
            "name" if allocation => {
                let names = split(values, &[',', ' ']);
                self.filter.criteria.extend(names.iter().flat_map(|name| by_name(name)));
                return Ok(Some(names));
            }
            "storage" => {
                self.storage = storage::parse(values)?;
                return Ok(Some(self.storage.iter().map(ToString::to_string).collect()));
            }
            "interfaces" => {
                self.interfaces = interfaces::parse(values)?;
                return Ok(Some(values.to_vec()));
            }
            "devices" => {
                self.devices = devices::parse(values)?;
                return Ok(Some(values.to_vec()));
            }
            _ => {}
        }
        let Some((key, negated)) = key(name) else { return Ok(None) };
        let values = split(values, key.separators());
        let criteria = key.criteria(negated, values.iter().map(|value| matching(&key, value)).collect())?;
        let resolved = criteria.iter().find_map(resolved_number).map_or(values, |number| vec![number]);
        self.filter.criteria.extend(criteria);
        Ok(Some(resolved))
    }

    /// Whether the machine has the disks, interfaces and devices that are asked for, and which they are.
    pub fn matches(&self, facts: &Facts) -> Option<Matches> {
        if !self.devices.iter().all(|constraint| facts.devices.iter().any(|device| constraint.matches(device))) {
            return None;
        }
        Some(Matches {
            storage: storage::matches(&self.storage, &facts.disks)?,
            interfaces: interfaces::matches(&self.interfaces, facts)?,
        })
    }

    /// Whether [`Constraints::matches`] has anything to look at.
    pub fn needs_facts(&self) -> bool {
        !(self.storage.is_empty() && self.interfaces.is_empty() && self.devices.is_empty())
    }

    /// The constraints as understood: `cpu_count=4.0 mem=1024.0`.
    pub fn describe(&self) -> String {
        let parts: Vec<_> = self.resolved.iter().map(|(name, values)| format!("{name}={}", values.join(","))).collect();
        parts.join(" ")
    }

    /// What to answer when no machine matches; the texts are what clients of API 2.0 know.
    pub fn no_match(&self) -> String {
        let mut resolved = self.resolved.iter();
        match (resolved.next(), resolved.next()) {
            (None, _) => "No machine available.".to_owned(),
            (Some((name, values)), None) if name == "system_id" => {
                format!("No machine with system ID {} available.", values.join(", "))
            }
            _ => {
                let given: Vec<_> = self.given.iter().map(|(name, values)| python_pair(name, values)).collect();
                format!(
                    "No available machine matches constraints: [{}] (resolved to \"{}\")",
                    given.join(", "),
                    self.describe()
                )
            }
        }
    }
}

/// How dear a machine is: among those that match, the cheapest is taken.
pub fn cost(cpu_count: i64, memory_mib: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no machine has 2^53 processors")]
    let (cpu_count, memory_mib) = (cpu_count as f64, memory_mib as f64);
    cpu_count + memory_mib / 1024.0
}

/// The refused option of old clients among the parameters, if there is one, as a message.
pub fn removed_option<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let is_true = |value: &str| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "on" | "yes");
    let (name, _) = pairs.into_iter().find(|(name, value)| REMOVED_OPTIONS.contains(name) && is_true(value))?;
    Some(format!("Support for {name} allocation parameter has been removed."))
}

/// The key of a parameter, and whether it excludes.
fn key(name: &str) -> Option<(FilterKey, bool)> {
    let (plain, negated) = match name {
        "not_in_zone" => ("zone", true),
        "not_in_pool" => ("pool", true),
        _ => name.strip_prefix("not_").map_or((name, false), |plain| (plain, true)),
    };
    plain.parse().ok().map(|key| (key, negated))
}

/// How a value of API 2.0 has to match.
fn matching(key: &FilterKey, value: &str) -> TextMatch {
    match key {
        // Of what one can have enough of, more will do.
        FilterKey::Number(
            NumberField::CpuCount | NumberField::CpuSpeed | NumberField::MemoryMib | NumberField::LinkSpeed,
        )
        | FilterKey::Text(TextField::Description | TextField::ErrorDescription)
        | FilterKey::FreeText => TextMatch::Contains(value.to_owned()),
        _ => TextMatch::Is(value.to_owned()),
    }
}

/// A host name, or both parts of a full one.
fn by_name(name: &str) -> Vec<Criterion> {
    let test =
        |field, text: &str| Criterion { negated: false, test: Test::Text(field, vec![TextMatch::Is(text.to_owned())]) };
    match name.split_once('.') {
        Some((host, domain)) => vec![test(TextField::Hostname, host), test(TextField::Domain, domain)],
        None => vec![test(TextField::Hostname, name)],
    }
}

fn resolved_number(criterion: &Criterion) -> Option<String> {
    match &criterion.test {
        Test::AtLeast(_, number) => Some(format!("{number:?}")),
        _ => None,
    }
}

fn split(values: &[String], separators: &[char]) -> Vec<String> {
    let parts = values.iter().flat_map(|value| value.split(separators));
    parts.map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect()
}

/// As Python prints a pair of a name and its values, which is how MAAS shows them.
fn python_pair(name: &str, values: &[String]) -> String {
    let values: Vec<_> = values.iter().map(|value| python_text(value)).collect();
    format!("({}, [{}])", python_text(name), values.join(", "))
}

fn python_text(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests;
