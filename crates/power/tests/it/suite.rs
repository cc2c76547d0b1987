//! One suite for every driver: on, query, cycle, off, query.

use maas_power::{Driver, PowerAction, PowerState, Reading, Target, act, query};
use maas_testkit::{Bmc, BmcKind, WebhookService};

use crate::{CANARY, block_on, bmc_target, webhook_target};

/// The machine as it is, whatever its BMC says: an identity while it is on.
trait Machine {
    fn running(&self) -> Option<u32>;
}

impl Machine for Bmc {
    fn running(&self) -> Option<u32> {
        self.machine_pid()
    }
}

impl Machine for WebhookService {
    fn running(&self) -> Option<u32> {
        self.is_on().then(|| u32::try_from(self.switched_on()).unwrap())
    }
}

async fn check(driver: Driver, target: &Target, machine: &impl Machine) -> Reading {
    let off = query(driver, target).await.unwrap();
    assert_eq!((off.state, machine.running()), (PowerState::Off, None));

    let on = act(driver, PowerAction::On, target).await.unwrap();
    assert_eq!(on.state, PowerState::On);
    let first = machine.running().expect("the machine runs");
    assert_eq!(query(driver, target).await.unwrap().state, PowerState::On);

    let again = act(driver, PowerAction::Cycle, target).await.unwrap();
    assert_eq!(again.state, PowerState::On);
    let second = machine.running().expect("the machine runs again");
    assert_ne!(first, second);

    let off = act(driver, PowerAction::Off, target).await.unwrap();
    assert_eq!((off.state, machine.running()), (PowerState::Off, None));
    assert_eq!(query(driver, target).await.unwrap().state, PowerState::Off);
    on
}

fn check_bmc(kind: BmcKind) -> Option<(Reading, String)> {
    let bmc = Bmc::start(kind, CANARY)?;
    let (driver, target) = bmc_target(kind, &bmc);
    driver.check(&target.parameters).unwrap();
    let reading = block_on(check(driver, &target, &bmc));
    Some((reading, bmc.boot_device().expect("it was told what to boot from")))
}

#[test]
fn pyghmi() {
    let Some((reading, boot)) = check_bmc(BmcKind::Pyghmi) else { return };
    assert_eq!(boot, "network");
    assert!(reading.warnings[0].contains("uses cipher suite 3"), "{reading:?}");
}

#[test]
fn ipmi_sim() {
    let Some((reading, boot)) = check_bmc(BmcKind::IpmiSim) else { return };
    assert_eq!(boot, "pxe");
    assert!(reading.warnings[0].contains("uses cipher suite 3"), "{reading:?}");
}

#[test]
fn sushy() {
    let Some((reading, boot)) = check_bmc(BmcKind::Sushy) else { return };
    assert_eq!(boot, "Pxe");
    assert_eq!(reading.warnings, [""; 0]);
}

#[test]
fn webhook() {
    let service = WebhookService::start(&format!("Bearer {CANARY}"));
    let target = webhook_target(&service);
    Driver::Webhook.check(&target.parameters).unwrap();
    let reading = block_on(check(Driver::Webhook, &target, &service));
    assert!(reading.warnings[0].contains("not encrypted"), "{reading:?}");
    assert_eq!(service.requests(), ["GET /query/ 4y3h7n", "POST /on/ 4y3h7n", "POST /off/ 4y3h7n"]);
}
