//! The drivers against BMCs of other makes, with real machine processes behind them.

mod faults;
mod programs;
mod redfish;
mod secrets;
mod suite;
mod trust;

use std::{future::Future, time::Duration};

use maas_power::{Driver, Limits, PowerError, Target};
use maas_testkit::{Bmc, BmcKind, WebhookService};

/// The password of every BMC; nothing that anybody may read holds it.
const CANARY: &str = "canary-Zb41";

/// A target with these parameters and limits that suit a test.
fn target(driver: Driver, given: &[(&str, &str)]) -> Target {
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let limits = Limits { connect: Duration::from_secs(2), poll: Duration::from_millis(100), ..Limits::default() };
    Target { system_id: "4y3h7n".into(), parameters: driver.split(given), limits }
}

fn bmc_target(kind: BmcKind, bmc: &Bmc) -> (Driver, Target) {
    let common = [("power_address", bmc.address.as_str()), ("power_user", bmc.user), ("power_pass", &bmc.password)];
    if kind != BmcKind::Sushy {
        return (Driver::Ipmi, target(Driver::Ipmi, &common));
    }
    let pin = maas_testkit::sha256_of_pem(&bmc.certificate().unwrap());
    let pinned = [common.as_slice(), &[("power_fingerprint", &pin)]].concat();
    (Driver::Redfish, target(Driver::Redfish, &pinned))
}

fn webhook_target(service: &WebhookService) -> Target {
    let [on, off, query] = ["on", "off", "query"].map(|path| format!("{}/{path}", service.url()));
    let given = [
        ("power_on_uri", on.as_str()),
        ("power_off_uri", &off),
        ("power_query_uri", &query),
        ("power_user", "admin"),
        ("power_token", CANARY),
    ];
    target(Driver::Webhook, &given)
}

fn with(mut target: Target, name: &str, value: &str) -> Target {
    if let Some(secret) = target.parameters.secret.get_mut(name) {
        *secret = value.to_owned().into();
    } else {
        target.parameters.plain.insert(name.into(), value.into());
    }
    target
}

/// What went wrong, which holds no secret.
#[track_caller]
fn clean(error: PowerError) -> PowerError {
    let all = format!("{error} {error:?}");
    assert!(!all.contains(CANARY), "{all}");
    assert!(!error.to_string().contains('\n'), "{error}");
    error
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
