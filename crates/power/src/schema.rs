//! What a driver wants to know about a machine, as forms and MAAS's `describe_power_types` show it.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// A driver for people and clients.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    pub name: &'static str,
    pub description: &'static str,
    /// Whether the state can be asked for.
    pub queryable: bool,
    /// Whether one BMC is shared by several machines.
    pub chassis: bool,
    /// Whether a chassis can be searched for its machines.
    pub can_probe: bool,
    pub fields: &'static [Field],
}

impl Schema {
    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// One parameter.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub field_type: FieldType,
    pub default: &'static str,
    pub required: bool,
    pub scope: Scope,
    pub secret: bool,
    /// Value and label of each allowed value; empty when any is.
    pub choices: &'static [(&'static str, &'static str)],
}

/// How a form asks for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    String,
    MacAddress,
    Choice,
    /// Several of the choices, separated by commas.
    MultipleChoice,
    Password,
    IpAddress,
    Url,
    VirshAddress,
    LxdAddress,
}

/// Whom a parameter describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The BMC, which machines may share.
    Bmc,
    /// The one machine.
    Node,
}

/// A schema with what holds on this computer now, in the shape of `describe_power_types`.
#[derive(Clone, Debug)]
pub struct Description {
    pub schema: &'static Schema,
    /// Packages to install before the driver works.
    pub missing_packages: Vec<&'static str>,
}

impl Serialize for Description {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("driver_type", "power")?;
        map.serialize_entry("name", self.schema.name)?;
        map.serialize_entry("description", self.schema.description)?;
        map.serialize_entry("fields", self.schema.fields)?;
        map.serialize_entry("queryable", &self.schema.queryable)?;
        map.serialize_entry("missing_packages", &self.missing_packages)?;
        map.serialize_entry("chassis", &self.schema.chassis)?;
        map.serialize_entry("can_probe", &self.schema.can_probe)?;
        map.end()
    }
}
