//! The drivers of power as clients' forms want to know them.

use maas_power::Driver;
use serde_json::Value;

/// Every driver that does something here, with its parameters.
pub fn describe() -> Vec<Value> {
    let drivers = Driver::ALL.into_iter().filter(|driver| driver.is_supported());
    drivers.filter_map(|driver| serde_json::to_value(driver.describe()).ok()).collect()
}
