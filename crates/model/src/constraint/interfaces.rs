use std::net::IpAddr;

use ipnet::IpNet;

use super::facts::{Facts, InterfaceFacts, VlanFacts};
use crate::{
    InterfaceId, InterfaceType,
    filter::{FilterError, NetworkField, NetworkSpec, parse_vid},
};

/// Interfaces that a machine must have at least one of: all conditions hold for it.
#[derive(Clone, Debug, PartialEq)]
pub struct InterfaceConstraint {
    pub label: String,
    pub conditions: Vec<InterfaceCondition>,
}

/// One of the tests holds; negated, none.
#[derive(Clone, Debug, PartialEq)]
pub struct InterfaceCondition {
    pub negated: bool,
    pub tests: Vec<InterfaceTest>,
}

/// What is asked of an interface.
#[derive(Clone, Debug, PartialEq)]
pub enum InterfaceTest {
    Id(InterfaceId),
    Fabric(NetworkSpec),
    FabricClass(String),
    /// Has this address.
    Ip(IpAddr),
    /// Has no link at all.
    Unconfigured,
    Name(String),
    /// Belongs to the machine of this name.
    Hostname(String),
    Subnet(NetworkSpec),
    Space(String),
    SubnetCidr(IpNet),
    Type(InterfaceType),
    Vlan(NetworkSpec),
    Vid(u16),
    Tag(String),
    /// At least, in Mbit/s.
    LinkSpeed(u64),
}

/// More than any machine has.
const MOST: usize = 64;

/// Reads `label:key=value,key=value;label2:..`.
pub(super) fn parse(values: &[String]) -> Result<Vec<InterfaceConstraint>, FilterError> {
    let parts = values.iter().flat_map(|value| value.split(';')).map(str::trim).filter(|part| !part.is_empty());
    let mut constraints: Vec<InterfaceConstraint> = Vec::new();
    for part in parts {
        let constraint = parse_one(part)?;
        if constraints.iter().any(|other| other.label == constraint.label) {
            return Err(FilterError(format!("Duplicate label '{}' in interfaces constraint.", constraint.label)));
        }
        constraints.push(constraint);
    }
    if constraints.len() > MOST {
        return Err(FilterError(format!("Too many interfaces constraints: at most {MOST}.")));
    }
    Ok(constraints)
}

fn parse_one(text: &str) -> Result<InterfaceConstraint, FilterError> {
    let malformed =
        || FilterError(format!("Malformed interfaces constraint, \"{text}\": use label:key=value,key=value;.."));
    let (label, pairs) = text.split_once(':').ok_or_else(malformed)?;
    let label = label.trim();
    if label.is_empty() || label.contains(['=', ',']) || label.len() > 64 {
        return Err(malformed());
    }
    let mut groups: Vec<(&str, InterfaceCondition)> = Vec::new();
    for pair in pairs.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(malformed)?;
        let (key, test) = (key.trim(), value.trim());
        let (plain, negated) = key.strip_prefix("not_").map_or((key, false), |plain| (plain, true));
        let test = parse_test(plain, test)?;
        // Tags are all wanted; of other things that are asked for twice, either will do.
        match groups.iter_mut().find(|(other, _)| *other == key && key != "tag") {
            Some((_, condition)) => condition.tests.push(test),
            None => groups.push((key, InterfaceCondition { negated, tests: vec![test] })),
        }
    }
    if groups.is_empty() {
        return Err(malformed());
    }
    let conditions = groups.into_iter().map(|(_, condition)| condition).collect();
    Ok(InterfaceConstraint { label: label.to_owned(), conditions })
}

fn parse_test(key: &str, value: &str) -> Result<InterfaceTest, FilterError> {
    use InterfaceTest as T;
    let spec = |field| NetworkSpec::parse(field, value).map_err(FilterError);
    let invalid = || FilterError(format!("Invalid value '{value}' for '{key}' in interfaces constraint."));
    let test = match key {
        "id" => value.parse().ok().map(T::Id),
        "fabric" => Some(T::Fabric(spec(NetworkField::Fabric)?)),
        "fabric_class" => Some(T::FabricClass(value.to_owned())),
        "ip" => value.parse().ok().map(T::Ip),
        "mode" => (value == "unconfigured").then_some(T::Unconfigured),
        "name" => Some(T::Name(value.to_owned())),
        "hostname" => Some(T::Hostname(value.to_lowercase())),
        "subnet" => Some(T::Subnet(spec(NetworkField::Subnet)?)),
        "space" => Some(T::Space(value.to_owned())),
        "subnet_cidr" => value.parse::<IpNet>().ok().map(|cidr| T::SubnetCidr(cidr.trunc())),
        "type" => value.parse().ok().map(T::Type),
        "vlan" => Some(T::Vlan(spec(NetworkField::Vlan)?)),
        "vid" => parse_vid(value).map(T::Vid),
        "tag" => Some(T::Tag(value.to_owned())),
        "link_speed" => value.parse().ok().map(T::LinkSpeed),
        _ => {
            return Err(FilterError(format!(
                "Unknown key '{key}' in interfaces constraint: use one of {}, or not_ and one of these.",
                KEYS.join(", ")
            )));
        }
    };
    test.filter(|_| !value.is_empty()).ok_or_else(invalid)
}

const KEYS: [&str; 15] = [
    "id",
    "fabric",
    "fabric_class",
    "ip",
    "mode",
    "name",
    "hostname",
    "subnet",
    "space",
    "subnet_cidr",
    "type",
    "vlan",
    "vid",
    "tag",
    "link_speed",
];

/// For each constraint, by label, all interfaces that fulfil it; nothing if one has none.
pub(super) fn matches(constraints: &[InterfaceConstraint], facts: &Facts) -> Option<Vec<(String, Vec<InterfaceId>)>> {
    let fulfil = |constraint: &InterfaceConstraint| {
        let ids = facts.interfaces.iter().filter(|interface| constraint.holds(interface, &facts.hostname));
        let ids: Vec<_> = ids.map(|interface| interface.id).collect();
        (!ids.is_empty()).then(|| (constraint.label.clone(), ids))
    };
    constraints.iter().map(fulfil).collect()
}

impl InterfaceConstraint {
    fn holds(&self, interface: &InterfaceFacts, hostname: &str) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.negated != condition.tests.iter().any(|test| test.holds(interface, hostname)))
    }
}

impl InterfaceTest {
    fn holds(&self, interface: &InterfaceFacts, hostname: &str) -> bool {
        let vlan = |test: &dyn Fn(&VlanFacts) -> bool| interface.vlan.as_ref().is_some_and(test);
        match self {
            Self::Id(id) => interface.id == *id,
            Self::Fabric(spec) => vlan(&|vlan| spec.is_fabric(vlan)),
            Self::FabricClass(class) => vlan(&|vlan| vlan.fabric_class.as_ref() == Some(class)),
            Self::Ip(ip) => interface.links.iter().any(|link| link.ip == Some(*ip)),
            Self::Unconfigured => interface.links.is_empty(),
            Self::Name(name) => interface.name == *name,
            Self::Hostname(name) => hostname.eq_ignore_ascii_case(name),
            Self::Subnet(spec) => spec.is_subnet_of(interface),
            Self::Space(name) => vlan(&|vlan| vlan.space.as_ref() == Some(name)),
            Self::SubnetCidr(cidr) => interface.links.iter().any(|link| link.cidr == *cidr),
            Self::Type(kind) => interface.kind == *kind,
            Self::Vlan(spec) => spec.is_vlan_of(interface),
            Self::Vid(vid) => vlan(&|vlan| vlan.vid == *vid),
            Self::Tag(tag) => interface.tags.contains(tag),
            Self::LinkSpeed(speed) => interface.link_speed >= *speed,
        }
    }
}

impl NetworkSpec {
    fn is_fabric(&self, vlan: &VlanFacts) -> bool {
        match self {
            Self::Id(id) => vlan.fabric_id == *id,
            Self::Name(name) | Self::Fabric(name) => named(name, vlan.fabric_id, &vlan.fabric),
            Self::Class(class) => vlan.fabric_class.as_ref() == Some(class),
            Self::Vlan(name) => named(name, vlan.id, &vlan.name),
            Self::Vid(vid) => vlan.vid == *vid,
            Self::Space(name) => vlan.space.as_ref() == Some(name),
            Self::Cidr(_) | Self::Ip(_) | Self::Subnet(_) => false,
        }
    }

    fn is_vlan_of(&self, interface: &InterfaceFacts) -> bool {
        let Some(vlan) = &interface.vlan else { return false };
        match self {
            Self::Id(id) => vlan.id == *id,
            Self::Name(name) | Self::Vlan(name) => vlan.name == *name,
            Self::Subnet(_) | Self::Cidr(_) | Self::Ip(_) => self.is_subnet_of(interface),
            _ => self.is_fabric(vlan),
        }
    }

    fn is_subnet_of(&self, interface: &InterfaceFacts) -> bool {
        let links = &interface.links;
        match self {
            Self::Id(id) => links.iter().any(|link| link.subnet_id == *id),
            Self::Name(name) => links.iter().any(|link| link.subnet == *name),
            Self::Subnet(name) => links.iter().any(|link| {
                named(name, link.subnet_id, &link.subnet) || name.parse::<IpNet>().is_ok_and(|cidr| link.cidr == cidr)
            }),
            Self::Cidr(cidr) => links.iter().any(|link| link.cidr == *cidr),
            Self::Ip(ip) => links.iter().any(|link| link.cidr.contains(ip)),
            _ => !links.is_empty() && interface.vlan.as_ref().is_some_and(|vlan| self.is_fabric(vlan)),
        }
    }
}

/// Whether `text` is the name, or the id.
fn named(text: &str, id: i64, name: &str) -> bool {
    text == name || text.parse() == Ok(id)
}

#[cfg(test)]
mod tests {
    use super::{Facts, InterfaceFacts, VlanFacts, matches, parse};
    use crate::{InterfaceId, InterfaceType, constraint::Link};

    fn facts() -> Facts {
        let vlan = VlanFacts {
            id: 5001,
            name: "storage".into(),
            vid: 12,
            fabric_id: 3,
            fabric: "fabric-3".into(),
            fabric_class: Some("10g".into()),
            space: Some("dmz".into()),
        };
        let link = Link {
            subnet_id: 7,
            subnet: "left".into(),
            cidr: "10.1.0.0/16".parse().unwrap(),
            ip: Some("10.1.0.9".parse().unwrap()),
        };
        let eth0 = InterfaceFacts {
            id: InterfaceId(1),
            kind: InterfaceType::Physical,
            name: "eth0".into(),
            tags: vec!["sriov".into(), "fast".into()],
            link_speed: 10_000,
            vlan: Some(vlan),
            links: vec![link],
        };
        let eth1 = InterfaceFacts {
            id: InterfaceId(2),
            name: "eth1".into(),
            tags: vec!["sriov".into()],
            link_speed: 1000,
            vlan: None,
            links: Vec::new(),
            ..eth0
        };
        Facts { hostname: "fast-newt".into(), interfaces: vec![eth0, eth1], ..Facts::default() }
    }

    #[test]
    fn interfaces_are_found_by_what_is_known_of_them() {
        for (text, expected) in [
            ("a:id=2", "a=2"),
            ("a:fabric=fabric-3", "a=1"),
            ("a:fabric=3", "a=1"),
            ("a:not_fabric=3", "a=2"),
            ("a:fabric_class=10g", "a=1"),
            ("a:ip=10.1.0.9", "a=1"),
            ("a:mode=unconfigured", "a=2"),
            ("a:name=eth0,name=eth1", "a=1,2"),
            ("a:name=eth0;b:name=eth1", "a=1 b=2"),
            ("a:hostname=fast-newt", "a=1,2"),
            ("a:subnet=7", "a=1"),
            ("a:subnet=space:dmz", "a=1"),
            ("a:subnet=ip:10.1.7.7", "a=1"),
            ("a:subnet=vlan:storage", "a=1"),
            ("a:space=dmz", "a=1"),
            ("a:not_space=dmz", "a=2"),
            ("a:subnet_cidr=10.1.0.0/16", "a=1"),
            ("a:type=physical", "a=1,2"),
            ("a:vlan=5001", "a=1"),
            ("a:vlan=vid:12", "a=1"),
            ("a:vid=12", "a=1"),
            ("a:tag=sriov,tag=fast", "a=1"),
            ("a:tag=sriov,not_tag=fast", "a=2"),
            ("a:link_speed=2000", "a=1"),
            ("a:type=bond", "-"),
            ("a:name=eth0,space=x", "-"),
            ("a:name=eth0;b:type=bridge", "-"),
        ] {
            let shown = match matches(&parse(&[text.to_owned()]).unwrap(), &facts()) {
                None => "-".to_owned(),
                Some(found) => {
                    let pairs = found.iter().map(|(label, ids)| {
                        format!("{label}={}", ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
                    });
                    pairs.collect::<Vec<_>>().join(" ")
                }
            };
            assert_eq!(shown, expected, "{text}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        for (text, start) in [
            ("eth0", "Malformed interfaces constraint"),
            (":id=1", "Malformed interfaces constraint"),
            ("a:", "Malformed interfaces constraint"),
            ("a:id", "Malformed interfaces constraint"),
            ("a:colour=red", "Unknown key 'colour' in interfaces constraint: use one of id, fabric,"),
            ("a:id=x", "Invalid value 'x' for 'id'"),
            ("a:mode=auto", "Invalid value 'auto' for 'mode'"),
            ("a:name=", "Invalid value '' for 'name'"),
            ("a:subnet=ip:x", "Invalid specifier: 'ip:x'."),
            ("a:id=1;a:id=2", "Duplicate label 'a'"),
        ] {
            let error = parse(&[text.to_owned()]).unwrap_err().to_string();
            assert!(error.starts_with(start), "{text}: {error}");
        }
    }
}
