use std::{fmt, net::IpAddr};

use ipnet::IpNet;

/// Which layer of the network a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkField {
    Subnet,
    Vlan,
    Fabric,
}

/// How people name a subnet, a VLAN or a fabric.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NetworkSpec {
    Id(i64),
    Name(String),
    /// A subnet by its range.
    Cidr(IpNet),
    /// The most specific subnet that holds this address.
    Ip(IpAddr),
    /// Whatever is in this space.
    Space(String),
    /// Whatever is in this fabric; a name or an id.
    Fabric(String),
    /// Whatever has this VLAN tag.
    Vid(u16),
    /// Whatever is on this VLAN; a name or an id.
    Vlan(String),
    /// The VLAN that carries this subnet; a name, an id or a range.
    Subnet(String),
    /// A fabric by its class.
    Class(String),
}

impl NetworkSpec {
    /// Reads `name:storage`, `cidr:10.0.0.0/8`, `space:dmz`, a bare id, a bare range or a bare name.
    ///
    /// # Errors
    ///
    /// One line about what is wrong with the text.
    pub fn parse(field: NetworkField, text: &str) -> Result<Self, String> {
        if let Some((kind, value)) = text.split_once(':')
            && let Some(spec) = Self::parse_kind(field, kind.trim(), value.trim())
        {
            return spec.ok_or_else(|| format!("Invalid specifier: '{text}'."));
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        if field == NetworkField::Subnet
            && let Ok(cidr) = text.parse::<IpNet>()
        {
            return Ok(Self::Cidr(cidr.trunc()));
        }
        Ok(Self::Name(text.to_owned()))
    }

    /// Nothing if there is no such kind, so that the colon is part of a name or of an IPv6 range.
    fn parse_kind(field: NetworkField, kind: &str, value: &str) -> Option<Option<Self>> {
        use NetworkField::{Fabric, Subnet, Vlan};
        let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
        Some(match (kind, field) {
            ("id", _) => value.parse().ok().map(Self::Id),
            ("name", _) => text().map(Self::Name),
            ("cidr", Subnet) => value.parse::<IpNet>().ok().map(|cidr| Self::Cidr(cidr.trunc())),
            ("ip", Subnet) => value.parse().ok().map(Self::Ip),
            ("space", Subnet | Vlan) => text().map(Self::Space),
            ("fabric", Subnet | Vlan) => text().map(Self::Fabric),
            ("vid", Subnet | Vlan) => parse_vid(value).map(Self::Vid),
            ("vlan", Subnet | Fabric) => text().map(Self::Vlan),
            ("subnet", Vlan | Fabric) => text().map(Self::Subnet),
            ("class", Fabric) => text().map(Self::Class),
            _ => return None,
        })
    }
}

/// A VLAN tag, 0 (or `untagged`) to 4094.
pub(crate) fn parse_vid(text: &str) -> Option<u16> {
    if text == "untagged" {
        return Some(0);
    }
    text.parse().ok().filter(|vid| *vid < 4095)
}

impl fmt::Display for NetworkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => write!(f, "name:{name}"),
            Self::Cidr(cidr) => write!(f, "cidr:{cidr}"),
            Self::Ip(ip) => write!(f, "ip:{ip}"),
            Self::Space(name) => write!(f, "space:{name}"),
            Self::Fabric(name) => write!(f, "fabric:{name}"),
            Self::Vid(vid) => write!(f, "vid:{vid}"),
            Self::Vlan(name) => write!(f, "vlan:{name}"),
            Self::Subnet(name) => write!(f, "subnet:{name}"),
            Self::Class(name) => write!(f, "class:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NetworkField, NetworkSpec};

    fn check(field: NetworkField, text: &str, expected: Result<&str, &str>) {
        let spec = NetworkSpec::parse(field, text).map(|spec| spec.to_string());
        assert_eq!(spec.as_deref().map_err(String::as_str), expected, "{text}");
    }

    #[test]
    fn subnets_are_named_in_many_ways() {
        for (text, expected) in [
            ("7", "7"),
            ("id:7", "7"),
            ("10.1.2.3/8", "cidr:10.0.0.0/8"),
            ("2001:db8::/32", "cidr:2001:db8::/32"),
            ("cidr:2001:db8::/32", "cidr:2001:db8::/32"),
            ("ip:2001:db8::1", "ip:2001:db8::1"),
            ("dmz", "name:dmz"),
            ("name:7", "name:7"),
            ("space:a b", "space:a b"),
            ("vid:untagged", "vid:0"),
            ("class:x", "name:class:x"),
        ] {
            check(NetworkField::Subnet, text, Ok(expected));
        }
        for text in ["ip:x", "cidr:1", "vid:4095", "space:", "id:x"] {
            check(NetworkField::Subnet, text, Err(&format!("Invalid specifier: '{text}'.")));
        }
    }

    #[test]
    fn fabrics_and_vlans_have_kinds_of_their_own() {
        check(NetworkField::Fabric, "class:10g", Ok("class:10g"));
        check(NetworkField::Fabric, "fabric-0", Ok("name:fabric-0"));
        check(NetworkField::Vlan, "fabric:fabric-0", Ok("fabric:fabric-0"));
        check(NetworkField::Vlan, "vid:12", Ok("vid:12"));
    }
}
