use super::facts::DeviceFacts;
use crate::filter::FilterError;

/// A PCI or USB device that a machine must have: all of these hold for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceConstraint {
    pub vendor_id: Option<String>,
    pub product_id: Option<String>,
    pub vendor_name: Option<String>,
    pub product_name: Option<String>,
    pub commissioning_driver: Option<String>,
}

impl DeviceConstraint {
    /// Whether a device does. Letter case does not count.
    pub fn matches(&self, device: &DeviceFacts) -> bool {
        let fits = |wanted: &Option<String>, have: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted.to_lowercase() == have.to_lowercase())
        };
        fits(&self.vendor_id, &device.vendor_id)
            && fits(&self.product_id, &device.product_id)
            && fits(&self.vendor_name, &device.vendor_name)
            && fits(&self.product_name, &device.product_name)
            && fits(&self.commissioning_driver, &device.commissioning_driver)
    }
}

/// Reads `key=value,..`; each value of the parameter is a device.
pub(super) fn parse(values: &[String]) -> Result<Vec<DeviceConstraint>, FilterError> {
    values.iter().filter(|value| !value.trim().is_empty()).map(|value| parse_one(value)).collect()
}

fn parse_one(text: &str) -> Result<DeviceConstraint, FilterError> {
    let mut constraint = DeviceConstraint::default();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            FilterError(format!("Malformed devices constraint, \"{text}\": use key=value,key=value."))
        })?;
        let place = match key.trim() {
            "vendor_id" => &mut constraint.vendor_id,
            "product_id" => &mut constraint.product_id,
            "vendor_name" => &mut constraint.vendor_name,
            "product_name" => &mut constraint.product_name,
            "commissioning_driver" => &mut constraint.commissioning_driver,
            other => {
                return Err(FilterError(format!(
                    "Unknown key '{other}' in devices constraint: use vendor_id, product_id, vendor_name, product_name \
                     or commissioning_driver."
                )));
            }
        };
        *place = Some(value.trim().to_owned());
    }
    Ok(constraint)
}

#[cfg(test)]
mod tests {
    use super::{DeviceFacts, parse};

    #[test]
    fn all_of_one_device_must_fit() {
        let device = DeviceFacts {
            vendor_id: "10de".into(),
            product_id: "20b0".into(),
            vendor_name: "NVIDIA Corporation".into(),
            ..DeviceFacts::default()
        };
        for (text, fits) in [
            ("vendor_id=10DE", true),
            ("vendor_id=10de,product_id=20b0", true),
            ("vendor_id=10de, product_id=ffff", false),
            ("vendor_name=nvidia corporation", true),
            ("commissioning_driver=nvidia", false),
        ] {
            assert_eq!(parse(&[text.to_owned()]).unwrap()[0].matches(&device), fits, "{text}");
        }
        assert!(parse(&["vendor_id".to_owned()]).is_err());
        assert!(parse(&["colour=red".to_owned()]).unwrap_err().to_string().starts_with("Unknown key 'colour'"));
    }
}
