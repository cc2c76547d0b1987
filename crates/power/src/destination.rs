//! Where secrets go.

use crate::{Driver, Parameters};

impl Driver {
    /// Whether secrets that were given with `before` would go somewhere else, or be told to somebody else, with `after`.
    /// Every parameter counts but those that cannot lead to that.
    pub fn leads_elsewhere(self, before: &Parameters, after: &Parameters) -> bool {
        let schema = self.schema();
        let mut names = before.plain.keys().chain(after.plain.keys()).filter(|name| !STAYS.contains(&name.as_str()));
        names.any(|name| {
            let default = schema.field(name).map_or("", |field| field.default);
            before.plain(name).unwrap_or(default) != after.plain(name).unwrap_or(default)
        })
    }
}

/// Parameters that say what is done at the other end, and how it is read.
const STAYS: [&str; 11] = [
    "power_user",
    "power_id",
    "node_id",
    "mac_address",
    "power_boot_type",
    "power_off_mode",
    "power_on_regex",
    "power_off_regex",
    "privilege_level",
    "workaround_flags",
    "cipher_suite_id",
];

#[cfg(test)]
mod tests {
    use crate::Driver;

    #[test]
    fn another_address_another_trust_and_weaker_protocols_lead_elsewhere() {
        let leads = |driver: Driver, before: &[(&str, &str)], after: &[(&str, &str)]| {
            let read = |given: &[(&str, &str)]| {
                driver.split(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
            };
            driver.leads_elsewhere(&read(before), &read(after))
        };
        for name in ["power_address", "power_verify_ssl", "power_fingerprint", "power_ca"] {
            assert!(leads(Driver::Redfish, &[], &[(name, "n")]), "{name}");
        }
        for name in ["power_on_uri", "power_off_uri", "power_query_uri", "power_verify_ssl", "power_ca"] {
            assert!(leads(Driver::Webhook, &[(name, "https://a/")], &[(name, "https://b/")]), "{name}");
        }
        assert!(leads(Driver::Ipmi, &[("power_driver", "LAN_2_0")], &[("power_driver", "LAN")]));
        assert!(leads(Driver::Redfish, &[("power_ca", "x")], &[]));
        assert!(!leads(Driver::Redfish, &[], &[("power_verify_ssl", "y"), ("node_id", "1"), ("power_user", "u")]));
        assert!(!leads(Driver::Ipmi, &[("power_address", "a")], &[("power_address", " a "), ("cipher_suite_id", "3")]));
    }
}
