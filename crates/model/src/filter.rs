//! The one typed filter over nodes. Lists, allocation and the search box all end in it, so that the store has one way to
//! turn what people ask for into SQL.

mod key;
mod network;

pub use key::{FilterError, FilterKey};
pub(crate) use network::parse_vid;
pub use network::{NetworkField, NetworkSpec};

use crate::{PowerState, Status};

/// Conditions that all must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeFilter {
    pub criteria: Vec<Criterion>,
}

/// One condition, or its opposite.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// Take the nodes for which the test does **not** hold.
    pub negated: bool,
    pub test: Test,
}

/// What is asked of a node. For a field with many values (tags, addresses, ..) it holds if it holds for one of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// The field matches one of these.
    Text(TextField, Vec<TextMatch>),
    /// The value of a workload annotation matches one of these; without a key, of any annotation.
    Workload { key: Option<String>, values: Vec<TextMatch> },
    /// One of these. Never empty.
    Status(Vec<Status>),
    /// One of these. Never empty.
    PowerState(Vec<PowerState>),
    /// The number is this or more.
    AtLeast(NumberField, f64),
    /// The number is one of these.
    Equals(NumberField, Vec<f64>),
    /// An interface is in one of these networks.
    Network(NetworkField, Vec<NetworkSpec>),
    /// To be deployed to one of these: `memory` is an ephemeral deployment. Never empty.
    DeploymentTarget(Vec<DeploymentTarget>),
    /// Somewhere in the texts that people see of a node: names, description, addresses, tags, pool, zone, owner.
    FreeText(String),
}

/// How a text has to match. Names are exact; for parts of texts the case of ASCII letters does not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextMatch {
    Is(String),
    Contains(String),
    StartsWith(String),
}

impl TextMatch {
    /// The text to look for.
    pub fn text(&self) -> &str {
        match self {
            Self::Is(text) | Self::Contains(text) | Self::StartsWith(text) => text,
        }
    }

    /// Whether `value` matches. SQL has to say the same.
    pub fn matches(&self, value: &str) -> bool {
        match self {
            Self::Is(text) => value == text,
            Self::Contains(text) => value.to_ascii_lowercase().contains(&text.to_ascii_lowercase()),
            Self::StartsWith(text) => value.to_ascii_lowercase().starts_with(&text.to_ascii_lowercase()),
        }
    }
}

/// Fields that hold text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextField {
    SystemId,
    Hostname,
    /// Host name, dot, domain.
    Fqdn,
    Domain,
    Owner,
    Pool,
    Zone,
    Tag,
    /// `amd64/generic`
    Architecture,
    AgentName,
    Description,
    ErrorDescription,
    /// `ubuntu`; empty if none is on it.
    OperatingSystem,
    /// `noble`; empty if none is on it.
    Series,
    PowerType,
    /// Of any interface.
    MacAddress,
    /// Of the boot interface.
    PxeMac,
    /// Of any interface.
    IpAddress,
    /// The class of the fabric of any interface.
    FabricClass,
    /// The name of the fabric of any interface.
    FabricName,
    /// The name of the space of any interface.
    Space,
    /// The system id of the node that this one is part of.
    Parent,
}

/// Fields that hold a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberField {
    CpuCount,
    /// In MHz.
    CpuSpeed,
    MemoryMib,
    /// In Mbit/s, of any interface.
    LinkSpeed,
    PhysicalDiskCount,
    /// Sum of the physical disks, in GB (10⁹).
    TotalStorageGb,
}

/// Where an operating system was deployed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeploymentTarget {
    Disk,
    Memory,
}

impl DeploymentTarget {
    /// The word in filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disk => "disk",
            Self::Memory => "memory",
        }
    }
}

impl Test {
    /// How many values it compares with.
    const fn size(&self) -> usize {
        match self {
            Self::Text(_, values) | Self::Workload { values, .. } => values.len(),
            Self::Status(values) => values.len(),
            Self::PowerState(values) => values.len(),
            Self::AtLeast(..) | Self::FreeText(_) => 1,
            Self::Equals(_, values) => values.len(),
            Self::Network(_, values) => values.len(),
            Self::DeploymentTarget(values) => values.len(),
        }
    }
}

const MOST_VALUES: usize = 5000;
const MOST_CRITERIA: usize = 200;

impl NodeFilter {
    /// Adds a condition.
    pub fn require(&mut self, test: Test) {
        self.criteria.push(Criterion { negated: false, test });
    }

    /// Whether it lets every node through.
    pub fn is_empty(&self) -> bool {
        self.criteria.is_empty()
    }

    /// Refuses more than a database can be asked for at once.
    ///
    /// # Errors
    ///
    /// What there may be at most.
    pub fn check_size(&self) -> Result<(), FilterError> {
        let values: usize = self.criteria.iter().map(|criterion| criterion.test.size()).sum();
        if self.criteria.len() > MOST_CRITERIA || values > MOST_VALUES {
            let most = format!("Ask for at most {MOST_VALUES} values in {MOST_CRITERIA} conditions at once.");
            return Err(FilterError(most));
        }
        Ok(())
    }

    /// The exact names that are asked for, or excluded, in a field: to be checked against what there is.
    pub fn names(&self, field: TextField) -> impl Iterator<Item = &str> {
        self.criteria
            .iter()
            .filter_map(move |criterion| match &criterion.test {
                Test::Text(of, values) if *of == field => Some(values),
                _ => None,
            })
            .flatten()
            .filter_map(|value| match value {
                TextMatch::Is(name) => Some(name.as_str()),
                _ => None,
            })
    }

    /// The networks that are asked for, or excluded, in a field: to be resolved against what there is.
    pub fn networks(&self, field: NetworkField) -> impl Iterator<Item = &NetworkSpec> {
        self.criteria
            .iter()
            .filter_map(move |criterion| match &criterion.test {
                Test::Network(of, specs) if *of == field => Some(specs),
                _ => None,
            })
            .flatten()
    }
}

/// What to say of names that do not exist; for fields whose names are checked.
pub fn unknown_names(field: TextField, names: &[&str]) -> String {
    let what = match field {
        TextField::Tag => "tag(s)",
        TextField::Zone => "zone(s)",
        TextField::Pool => "pool(s)",
        TextField::Domain => "domain(s)",
        _ => "value(s)",
    };
    let names: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("No such {what}: {}.", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{NodeFilter, Test, TextField, TextMatch, unknown_names};

    #[test]
    fn parts_of_texts_match_without_regard_to_case() {
        assert!(TextMatch::Is("Web".into()).matches("Web"));
        assert!(!TextMatch::Is("Web".into()).matches("web"));
        assert!(!TextMatch::Is("web".into()).matches("web1"));
        assert!(TextMatch::Contains("EB".into()).matches("web1"));
        assert!(TextMatch::StartsWith("amd64/".into()).matches("amd64/generic"));
    }

    #[test]
    fn names_to_check_are_the_exact_ones() {
        let mut filter = NodeFilter::default();
        let names = vec![TextMatch::Is("gpu".into()), TextMatch::Contains("x".into())];
        filter.require(Test::Text(TextField::Tag, names));
        assert_eq!(filter.names(TextField::Tag).collect::<Vec<_>>(), ["gpu"]);
        assert_eq!(filter.names(TextField::Zone).count(), 0);
        assert_eq!(unknown_names(TextField::Tag, &["x"]), "No such tag(s): 'x'.");
    }
}
