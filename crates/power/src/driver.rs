//! The drivers by name.

mod schemas;

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::{
    FieldErrors, Parameters,
    check::{check, split},
    program::find_program,
    schema::{Description, Schema},
};

/// A way to reach a machine's power switch: the power types of MAAS. Those for which [`Driver::is_supported`] is false are
/// names alone, so that what other sites have stored can be read and the reason be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Driver {
    Manual,
    Ipmi,
    Redfish,
    Webhook,
    Virsh,
    Amt,
    Apc,
    Dli,
    Eaton,
    Hmc,
    Hmcz,
    Lxd,
    Moonshot,
    Mscm,
    Msftocs,
    Openbmc,
    Proxmox,
    Raritan,
    RecsBox,
    Sm15k,
    Ucsm,
    Vmware,
    Wedge,
}

impl Driver {
    /// All of them, those that work first.
    pub const ALL: [Self; 23] = [
        Self::Manual,
        Self::Ipmi,
        Self::Redfish,
        Self::Webhook,
        Self::Virsh,
        Self::Amt,
        Self::Apc,
        Self::Dli,
        Self::Eaton,
        Self::Hmc,
        Self::Hmcz,
        Self::Lxd,
        Self::Moonshot,
        Self::Mscm,
        Self::Msftocs,
        Self::Openbmc,
        Self::Proxmox,
        Self::Raritan,
        Self::RecsBox,
        Self::Sm15k,
        Self::Ucsm,
        Self::Vmware,
        Self::Wedge,
    ];

    /// What it is and what it wants to know.
    pub fn schema(self) -> &'static Schema {
        match self {
            Self::Manual => &schemas::MANUAL,
            Self::Ipmi => &schemas::IPMI,
            Self::Redfish => &schemas::REDFISH,
            Self::Webhook => &schemas::WEBHOOK,
            Self::Virsh => &schemas::VIRSH,
            Self::Amt => &schemas::AMT,
            Self::Apc => &schemas::APC,
            Self::Dli => &schemas::DLI,
            Self::Eaton => &schemas::EATON,
            Self::Hmc => &schemas::HMC,
            Self::Hmcz => &schemas::HMCZ,
            Self::Lxd => &schemas::LXD,
            Self::Moonshot => &schemas::MOONSHOT,
            Self::Mscm => &schemas::MSCM,
            Self::Msftocs => &schemas::MSFTOCS,
            Self::Openbmc => &schemas::OPENBMC,
            Self::Proxmox => &schemas::PROXMOX,
            Self::Raritan => &schemas::RARITAN,
            Self::RecsBox => &schemas::RECS_BOX,
            Self::Sm15k => &schemas::SM15K,
            Self::Ucsm => &schemas::UCSM,
            Self::Vmware => &schemas::VMWARE,
            Self::Wedge => &schemas::WEDGE,
        }
    }

    /// The name in the API and in stored rows.
    pub fn as_str(self) -> &'static str {
        self.schema().name
    }

    /// Whether it does anything here.
    pub fn is_supported(self) -> bool {
        matches!(self, Self::Manual | Self::Ipmi | Self::Redfish | Self::Webhook | Self::Virsh)
    }

    /// Packages that must be installed before it works on this computer.
    pub fn missing_packages(self) -> Vec<&'static str> {
        let needed = match self {
            Self::Ipmi => Some(crate::ipmi::PROGRAM),
            Self::Virsh => Some(crate::virsh::PROGRAM),
            _ => None,
        };
        needed
            .filter(|program| find_program(program.name, None).is_none())
            .map(|program| program.package)
            .into_iter()
            .collect()
    }

    /// The schema as `describe_power_types` shows it.
    pub fn describe(self) -> Description {
        Description { schema: self.schema(), missing_packages: self.missing_packages() }
    }

    /// Parts what must not be shown, which names unknown to the driver may be, from the rest. Nothing is checked.
    pub fn split(self, given: BTreeMap<String, String>) -> Parameters {
        split(self.schema(), given)
    }

    /// Whether the driver can work with these values: none missing, none of another driver, each of its kind.
    ///
    /// # Errors
    /// What is wrong, by parameter.
    pub fn check(self, parameters: &Parameters) -> Result<(), FieldErrors> {
        check(self, parameters)
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// There is no such power type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no power type; they are: {all}", all = names())]
pub struct UnknownDriver(pub String);

impl FromStr for Driver {
    type Err = UnknownDriver;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|driver| driver.as_str() == text).ok_or_else(|| UnknownDriver(text.to_owned()))
    }
}

fn names() -> String {
    Driver::ALL.map(Driver::as_str).join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Driver;
    use crate::schema::FieldType;

    #[test]
    fn names_are_read_back() {
        for driver in Driver::ALL {
            assert_eq!(driver.as_str().parse(), Ok(driver));
        }
        assert!(
            "nova".parse::<Driver>().unwrap_err().to_string().starts_with("`nova` is no power type; they are: manual,")
        );
    }

    #[test]
    fn schemas_agree_with_themselves() {
        for driver in Driver::ALL {
            let schema = driver.schema();
            let names: BTreeSet<_> = schema.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), schema.fields.len(), "{driver} names a field twice");
            for field in schema.fields {
                assert_eq!(field.secret, field.field_type == FieldType::Password, "{driver}: {}", field.name);
                let offered = field.choices.iter().any(|(value, _)| *value == field.default);
                assert!(field.choices.is_empty() || offered, "{driver}: the default of {} is no choice", field.name);
            }
        }
    }

    #[test]
    fn a_description_has_the_fields_that_clients_read() {
        let text = serde_json::to_value(Driver::Ipmi.describe()).unwrap();
        let field = &text["fields"][0];
        expect_test::expect![[r#"
            {
              "name": "power_driver",
              "label": "Power driver",
              "field_type": "choice",
              "default": "LAN_2_0",
              "required": true,
              "scope": "bmc",
              "secret": false,
              "choices": [
                [
                  "LAN",
                  "LAN [IPMI 1.5]"
                ],
                [
                  "LAN_2_0",
                  "LAN_2_0 [IPMI 2.0]"
                ]
              ]
            }"#]]
        .assert_eq(&serde_json::to_string_pretty(field).unwrap());
        assert_eq!(text["driver_type"], "power");
        assert!(text["missing_packages"].is_array());
    }
}
