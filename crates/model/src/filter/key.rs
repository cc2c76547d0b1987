use std::{fmt, str::FromStr};

use super::{Criterion, DeploymentTarget, NetworkField, NetworkSpec, NumberField, Test, TextField, TextMatch};
use crate::{Architecture, MacAddress, PowerState, SimpleStatus, Status};

/// The words by which people filter nodes, in API 2.0 and in the search box.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FilterKey {
    Text(TextField),
    /// Annotations, of one key or of any.
    Workload(Option<String>),
    Status,
    SimpleStatus,
    PowerState,
    Number(NumberField),
    Network(NetworkField),
    DeploymentTarget,
    FreeText,
}

/// A value that does not do for its key; the text is for people, and what clients of API 2.0 know where they know one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(pub String);

impl FilterKey {
    /// All names with what they mean; of several names for one thing, the first is the one that is printed.
    pub const NAMES: [(&str, Self); 42] = [
        ("system_id", Self::Text(TextField::SystemId)),
        ("id", Self::Text(TextField::SystemId)),
        ("hostname", Self::Text(TextField::Hostname)),
        ("fqdn", Self::Text(TextField::Fqdn)),
        ("domain", Self::Text(TextField::Domain)),
        ("owner", Self::Text(TextField::Owner)),
        ("pool", Self::Text(TextField::Pool)),
        ("zone", Self::Text(TextField::Zone)),
        ("tags", Self::Text(TextField::Tag)),
        ("tag", Self::Text(TextField::Tag)),
        ("arch", Self::Text(TextField::Architecture)),
        ("architecture", Self::Text(TextField::Architecture)),
        ("agent_name", Self::Text(TextField::AgentName)),
        ("description", Self::Text(TextField::Description)),
        ("error_description", Self::Text(TextField::ErrorDescription)),
        ("osystem", Self::Text(TextField::OperatingSystem)),
        ("distro_series", Self::Text(TextField::Series)),
        ("power_type", Self::Text(TextField::PowerType)),
        ("mac_address", Self::Text(TextField::MacAddress)),
        ("pxe_mac", Self::Text(TextField::PxeMac)),
        ("ip_addresses", Self::Text(TextField::IpAddress)),
        ("ip", Self::Text(TextField::IpAddress)),
        ("fabric_classes", Self::Text(TextField::FabricClass)),
        ("fabric_name", Self::Text(TextField::FabricName)),
        ("spaces", Self::Text(TextField::Space)),
        ("parent", Self::Text(TextField::Parent)),
        ("workloads", Self::Workload(None)),
        ("status", Self::Status),
        ("simple_status", Self::SimpleStatus),
        ("power_state", Self::PowerState),
        ("power", Self::PowerState),
        ("cpu_count", Self::Number(NumberField::CpuCount)),
        ("cpu_speed", Self::Number(NumberField::CpuSpeed)),
        ("mem", Self::Number(NumberField::MemoryMib)),
        ("link_speed", Self::Number(NumberField::LinkSpeed)),
        ("physical_disk_count", Self::Number(NumberField::PhysicalDiskCount)),
        ("total_storage", Self::Number(NumberField::TotalStorageGb)),
        ("subnets", Self::Network(NetworkField::Subnet)),
        ("vlans", Self::Network(NetworkField::Vlan)),
        ("fabrics", Self::Network(NetworkField::Fabric)),
        ("deployment_target", Self::DeploymentTarget),
        ("free_text", Self::FreeText),
    ];

    /// What parts two values in one parameter of API 2.0.
    pub const fn separators(&self) -> &'static [char] {
        match self {
            Self::Text(TextField::Description | TextField::ErrorDescription | TextField::AgentName)
            | Self::Workload(_)
            | Self::FreeText => &[],
            Self::Text(TextField::Pool | TextField::Zone | TextField::FabricClass | TextField::FabricName)
            | Self::Text(TextField::Space)
            | Self::Network(_) => &[','],
            _ => &[',', ' ', '\t', '\n', '\r'],
        }
    }

    /// The conditions that stand for these values: for most keys one of the values has to match, for tags, subnets
    /// and free text all of them. Negated, none may match.
    ///
    /// # Errors
    ///
    /// A value that is no number, no known status, architecture, and so on.
    pub fn criteria(&self, negated: bool, values: Vec<TextMatch>) -> Result<Vec<Criterion>, FilterError> {
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let tests = match self {
            Self::Text(field) => text_tests(*field, negated, values)?,
            Self::Workload(key) => vec![Test::Workload { key: key.clone(), values }],
            Self::Status => vec![Test::Status(statuses(&values)?)],
            Self::SimpleStatus => vec![Test::Status(simple_statuses(&values)?)],
            Self::PowerState => vec![Test::PowerState(power_states(&values)?)],
            Self::Number(field) => number_tests(*field, &values)?,
            Self::Network(field) => network_tests(*field, negated, &values)?,
            Self::DeploymentTarget => vec![Test::DeploymentTarget(targets(&values)?)],
            Self::FreeText => values.into_iter().map(|value| Test::FreeText(value.text().to_owned())).collect(),
        };
        Ok(tests.into_iter().map(|test| Criterion { negated, test }).collect())
    }
}

impl fmt::Display for FilterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workload(Some(key)) => write!(f, "workload-{key}"),
            _ => f.write_str(Self::NAMES.iter().find(|(_, key)| key == self).map_or("", |(name, _)| name)),
        }
    }
}

impl FromStr for FilterKey {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        if let Some(key) = text.strip_prefix("workload-").filter(|key| !key.is_empty()) {
            return Ok(Self::Workload(Some(key.to_owned())));
        }
        Self::NAMES.into_iter().find(|(name, _)| *name == text).map(|(_, key)| key).ok_or_else(|| {
            // The name that is printed, once for each meaning.
            let names = Self::NAMES.into_iter().filter(|(name, key)| key.to_string() == *name).map(|(name, _)| name);
            let names: Vec<_> = names.collect();
            FilterError(format!("Unknown filter `{text}`: use one of {}.", names.join(", ")))
        })
    }
}

fn text_tests(field: TextField, negated: bool, mut values: Vec<TextMatch>) -> Result<Vec<Test>, FilterError> {
    match field {
        TextField::Architecture => {
            for value in &mut values {
                *value = architecture(value)?;
            }
        }
        TextField::Hostname | TextField::Fqdn | TextField::Domain | TextField::SystemId | TextField::Parent => {
            for value in &mut values {
                // These are kept in lower case.
                if let TextMatch::Is(text) = value {
                    text.make_ascii_lowercase();
                }
            }
        }
        TextField::MacAddress | TextField::PxeMac => {
            for value in &mut values {
                *value = mac_address(value)?;
            }
        }
        _ => {}
    }
    // A node has many tags: asked for two, it must have both; asked for none of two, one is too many.
    if field == TextField::Tag && !negated {
        return Ok(values.into_iter().map(|value| Test::Text(field, vec![value])).collect());
    }
    Ok(vec![Test::Text(field, values)])
}

/// `amd64` stands for all its flavours, `arm` for what is called `armhf`.
fn architecture(value: &TextMatch) -> Result<TextMatch, FilterError> {
    let TextMatch::Is(text) = value else { return Ok(value.clone()) };
    let text = text.to_lowercase();
    let text = if text == "arm" { "armhf" } else { &text };
    match text.parse::<Architecture>() {
        Ok(arch) if text.contains('/') => Ok(TextMatch::Is(arch.as_str().to_owned())),
        Ok(arch) => Ok(TextMatch::StartsWith(format!("{}/", arch.family()))),
        Err(_) => Err(FilterError("Architecture not recognised.".to_owned())),
    }
}

fn mac_address(value: &TextMatch) -> Result<TextMatch, FilterError> {
    match value {
        TextMatch::Is(text) => text
            .parse::<MacAddress>()
            .map(|mac| TextMatch::Is(mac.to_string()))
            .map_err(|_| FilterError(format!("Invalid MAC address(es): {text}"))),
        TextMatch::Contains(text) => Ok(TextMatch::Contains(text.replace('-', ":"))),
        TextMatch::StartsWith(text) => Ok(TextMatch::StartsWith(text.replace('-', ":"))),
    }
}

fn statuses(values: &[TextMatch]) -> Result<Vec<Status>, FilterError> {
    choices(values, &Status::ALL, |status| [status.as_str(), status.label()])
}

fn simple_statuses(values: &[TextMatch]) -> Result<Vec<Status>, FilterError> {
    let groups = choices(values, &SimpleStatus::ALL, |group| [group.as_str(), group.label()])?;
    Ok(Status::ALL.into_iter().filter(|status| groups.contains(&status.simple())).collect())
}

fn power_states(values: &[TextMatch]) -> Result<Vec<PowerState>, FilterError> {
    choices(values, &PowerState::ALL, |state| [state.as_str(); 2])
}

/// The choices of which the word or the label matches a value; every value has to match one.
fn choices<T: Copy>(
    values: &[TextMatch],
    all: &[T],
    words: impl Fn(T) -> [&'static str; 2],
) -> Result<Vec<T>, FilterError> {
    let asked = |value: &TextMatch, choice: T| {
        words(choice).iter().any(|word| match value {
            TextMatch::Is(text) => word.eq_ignore_ascii_case(text),
            _ => value.matches(word),
        })
    };
    for value in values {
        if !all.iter().any(|choice| asked(value, *choice)) {
            let known: Vec<_> = all.iter().map(|choice| words(*choice)[0]).collect();
            return Err(FilterError(format!(
                "'{}' is not a valid choice. It should be one of: {}.",
                value.text(),
                known.join(", ")
            )));
        }
    }
    Ok(all.iter().copied().filter(|choice| values.iter().any(|value| asked(value, *choice))).collect())
}

/// `4` means four or more for what one wants enough of; `=4` in the search box means four.
fn number_tests(field: NumberField, values: &[TextMatch]) -> Result<Vec<Test>, FilterError> {
    let mut exact = Vec::new();
    let mut least: Option<f64> = None;
    for value in values {
        let number = number(field, value.text())?;
        match value {
            TextMatch::Is(_) => exact.push(number),
            // Of several, all must hold.
            _ => least = Some(least.map_or(number, |least| least.max(number))),
        }
    }
    let mut tests = Vec::new();
    if let Some(least) = least {
        tests.push(Test::AtLeast(field, least));
    }
    if !exact.is_empty() {
        tests.push(Test::Equals(field, exact));
    }
    Ok(tests)
}

fn number(field: NumberField, text: &str) -> Result<f64, FilterError> {
    let (number, message) = match field {
        NumberField::CpuCount => (plain(text), "Invalid CPU count: number required."),
        NumberField::CpuSpeed => (plain(text), "Invalid CPU speed: number required."),
        NumberField::MemoryMib => (mebibytes(text), "Invalid memory: number of MiB required."),
        NumberField::LinkSpeed => (plain(text), "Invalid link speed: number required."),
        NumberField::PhysicalDiskCount => (plain(text), "Invalid number of disks: number required."),
        NumberField::TotalStorageGb => (plain(text), "Invalid storage: number of GB required."),
    };
    number.ok_or_else(|| FilterError(message.to_owned()))
}

fn plain(text: &str) -> Option<f64> {
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    Some(text.trim()).filter(|text| text.len() <= 24 && text.chars().all(digits))?.parse().ok()
}

/// `2048`, `2048.5`, `2G`, `2 GiB`: MiB unless it says otherwise; units are powers of 1024.
fn mebibytes(text: &str) -> Option<f64> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.to_ascii_uppercase().as_str() {
        "K" | "KB" | "KIB" => 1.0 / 1024.0,
        "" | "M" | "MB" | "MIB" => 1.0,
        "G" | "GB" | "GIB" => 1024.0,
        "T" | "TB" | "TIB" => 1024.0 * 1024.0,
        _ => return None,
    };
    Some(plain(number)? * factor)
}

fn network_tests(field: NetworkField, negated: bool, values: &[TextMatch]) -> Result<Vec<Test>, FilterError> {
    let specs: Vec<_> = values
        .iter()
        .map(|value| NetworkSpec::parse(field, value.text()).map_err(FilterError))
        .collect::<Result<_, _>>()?;
    if field == NetworkField::Subnet && !negated {
        return Ok(specs.into_iter().map(|spec| Test::Network(field, vec![spec])).collect());
    }
    Ok(vec![Test::Network(field, specs)])
}

fn targets(values: &[TextMatch]) -> Result<Vec<DeploymentTarget>, FilterError> {
    choices(values, &[DeploymentTarget::Disk, DeploymentTarget::Memory], |target| [target.as_str(); 2])
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{FilterKey, TextMatch};

    fn check(key: &str, negated: bool, values: &[&str], expected: &Expect) {
        let key: FilterKey = key.parse().unwrap();
        let values = values.iter().map(|value| match value.strip_prefix('~') {
            Some(part) => TextMatch::Contains(part.to_owned()),
            None => TextMatch::Is((*value).to_owned()),
        });
        let text = match key.criteria(negated, values.collect()) {
            Ok(criteria) => criteria
                .iter()
                .map(|criterion| format!("{}{:?}\n", if criterion.negated { "not " } else { "" }, criterion.test))
                .collect(),
            Err(error) => format!("error: {error}"),
        };
        expected.assert_eq(text.trim_end());
    }

    #[test]
    fn values_become_typed_conditions() {
        check(
            "tags",
            false,
            &["a", "b"],
            &expect![[r#"
            Text(Tag, [Is("a")])
            Text(Tag, [Is("b")])"#]],
        );
        check("tags", true, &["a", "b"], &expect![[r#"not Text(Tag, [Is("a"), Is("b")])"#]]);
        check(
            "arch",
            false,
            &["amd64", "arm", "arm64/generic"],
            &expect![[r#"Text(Architecture, [StartsWith("amd64/"), StartsWith("armhf/"), Is("arm64/generic")])"#]],
        );
        check("arch", false, &["vax"], &expect!["error: Architecture not recognised."]);
        check(
            "status",
            false,
            &["failed_testing", "~rescue"],
            &expect![
                "Status([RescueMode, EnteringRescueMode, FailedEnteringRescueMode, ExitingRescueMode, FailedExitingRescueMode, FailedTesting])"
            ],
        );
        check(
            "status",
            false,
            &["ready", "colour"],
            &expect![
                "error: 'colour' is not a valid choice. It should be one of: new, commissioning, failed_commissioning, missing, ready, reserved, deployed, retired, broken, deploying, allocated, failed_deployment, releasing, failed_releasing, disk_erasing, failed_disk_erasing, rescue_mode, entering_rescue_mode, failed_entering_rescue_mode, exiting_rescue_mode, failed_exiting_rescue_mode, testing, failed_testing."
            ],
        );
        check("simple_status", true, &["other"], &expect!["not Status([Missing, Reserved, Retired])"]);
        check("power", false, &["on"], &expect!["PowerState([On])"]);
        check("mem", false, &["~2GiB", "~4096.5"], &expect!["AtLeast(MemoryMib, 4096.5)"]);
        check("cpu_count", true, &["4"], &expect!["not Equals(CpuCount, [4.0])"]);
        check("mem", false, &["~much"], &expect!["error: Invalid memory: number of MiB required."]);
        check(
            "subnets",
            false,
            &["10.0.0.0/8", "space:dmz"],
            &expect![[r#"
            Network(Subnet, [Cidr(10.0.0.0/8)])
            Network(Subnet, [Space("dmz")])"#]],
        );
        check(
            "mac_address",
            false,
            &["52-54-00-AB-CD-EF", "~ab-cd"],
            &expect![[r#"Text(MacAddress, [Is("52:54:00:ab:cd:ef"), Contains("ab:cd")])"#]],
        );
        check("mac_address", false, &["x"], &expect!["error: Invalid MAC address(es): x"]);
        check("workload-app", false, &["db"], &expect![[r#"Workload { key: Some("app"), values: [Is("db")] }"#]]);
        check("deployment_target", false, &["memory"], &expect!["DeploymentTarget([Memory])"]);
    }

    #[test]
    fn names_come_back() {
        for (name, key) in FilterKey::NAMES {
            assert_eq!(name.parse::<FilterKey>(), Ok(key.clone()));
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        let error = "colour".parse::<FilterKey>().unwrap_err().to_string();
        assert!(error.starts_with("Unknown filter `colour`: use one of system_id, hostname,"), "{error}");
    }
}
