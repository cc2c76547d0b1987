//! Whom a driver sends a password to.

use maas_power::{Driver, PowerError, PowerState, Target, query};
use maas_testkit::{Bmc, BmcKind, sha256_of_pem};

use crate::{CANARY, block_on, clean, target, with};

#[track_caller]
fn refused(target: &Target) -> String {
    let error = clean(block_on(query(Driver::Redfish, target)).unwrap_err());
    assert!(matches!(&error, PowerError::Settings { field, .. } if field == "power_fingerprint"), "{error:?}");
    error.to_string()
}

#[test]
fn a_certificate_is_verified_pinned_or_knowingly_ignored() {
    let Some(bmc) = Bmc::start(BmcKind::Sushy, CANARY) else { return };
    let plain = target(
        Driver::Redfish,
        &[("power_address", &bmc.address), ("power_user", bmc.user), ("power_pass", &bmc.password)],
    );
    let (pem, pin) = (bmc.certificate().unwrap(), sha256_of_pem(&bmc.certificate().unwrap()));

    let said = refused(&plain);
    assert!(said.contains(&pin), "it shows what to pin: {said} {pin}");
    assert!(refused(&with(plain.clone(), "power_fingerprint", &"ab".repeat(32))).contains("is not the pinned one"));
    for (name, value) in [("power_fingerprint", pin.as_str()), ("power_ca", &pem)] {
        let trusting = with(plain.clone(), name, value);
        Driver::Redfish.check(&trusting.parameters).unwrap();
        let reading = block_on(query(Driver::Redfish, &trusting)).unwrap();
        assert_eq!((reading.state, reading.warnings.len()), (PowerState::Off, 0), "{name}");
    }
    let blind = block_on(query(Driver::Redfish, &with(plain.clone(), "power_verify_ssl", "n"))).unwrap();
    assert!(blind.warnings[0].contains("certificate is not checked"), "{blind:?}");

    let pinned = with(plain, "power_fingerprint", &pin);
    let nowhere = block_on(query(Driver::Redfish, &with(pinned.clone(), "node_id", "nowhere"))).unwrap_err();
    assert!(clean(nowhere).to_string().contains("404"));
    let not_tls = with(pinned, "power_address", &format!("http://{}", bmc.address));
    assert!(block_on(query(Driver::Redfish, &not_tls)).is_err());
}
