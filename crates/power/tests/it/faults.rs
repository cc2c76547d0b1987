//! BMCs that refuse, are not there, or say nothing: each is one clear error, soon.

use std::{
    net::{TcpListener, UdpSocket},
    time::{Duration, Instant},
};

use maas_power::{Driver, Limits, PowerAction, PowerError, PowerState, Target, act, query};
use maas_testkit::{Bmc, BmcKind, WebhookService, have, installed};
use tokio::net::TcpSocket;

use crate::{CANARY, block_on, bmc_target, clean, target, webhook_target, with};

#[track_caller]
fn is_auth(driver: Driver, target: &Target, hint: &str) {
    let error = clean(block_on(act(driver, PowerAction::On, target)).unwrap_err());
    assert!(matches!(error, PowerError::Auth { .. }), "{error:?}");
    assert!(error.to_string().contains(hint), "{error}");
    assert!(!error.may_pass());
}

#[test]
fn a_wrong_login_is_told_from_everything_else() {
    for kind in [BmcKind::Pyghmi, BmcKind::IpmiSim, BmcKind::Sushy] {
        let Some(bmc) = Bmc::start(kind, CANARY) else { continue };
        let (driver, target) = bmc_target(kind, &bmc);
        let is_ipmi = kind != BmcKind::Sushy;
        is_auth(driver, &with(target.clone(), "power_pass", "canary-Zb41-not"), "correct `power_");
        if is_ipmi {
            is_auth(driver, &with(target.clone(), "power_user", "nobody"), "correct `power_user`");
        }
        if kind == BmcKind::IpmiSim {
            is_auth(driver, &with(target.clone(), "privilege_level", "USER"), "correct `privilege_level`");
            let old = with(target.clone(), "power_driver", "LAN");
            let reading = block_on(query(driver, &old)).unwrap();
            assert!(reading.warnings[0].contains("does not encrypt"), "{reading:?}");
            is_auth(driver, &with(old, "power_pass", "canary-Zb41-no"), "correct `power_user` and `power_pass`");
            let only_17 = block_on(query(driver, &with(target, "cipher_suite_id", "17"))).unwrap_err();
            assert!(matches!(&only_17, PowerError::Settings { field, .. } if field == "cipher_suite_id"), "{only_17}");
        }
        assert_eq!(bmc.machine_pid(), None);
    }
    let service = WebhookService::start("Bearer of something else");
    is_auth(Driver::Webhook, &webhook_target(&service), "correct `power_token`");
}

#[test]
fn a_bmc_with_a_second_key_wants_it() {
    let Some(bmc) = Bmc::start_with_key(CANARY, "canary-Zb41-key") else { return };
    let (driver, target) = bmc_target(BmcKind::IpmiSim, &bmc);
    is_auth(driver, &target, "correct `k_g`");
    let keyed = |key: &str| {
        let mut keyed = target.clone();
        keyed.parameters.secret.insert("k_g".into(), key.to_owned().into());
        keyed
    };
    is_auth(driver, &keyed("canary-Zb41-other"), "correct `k_g`");
    for right in ["canary-Zb41-key", "0x63616e6172792d5a6234312d6b6579"] {
        assert_eq!(block_on(query(driver, &keyed(right))).unwrap().state, PowerState::Off);
    }
}

/// One target for each driver that goes over the network to this address.
fn everyone(address: &str) -> Vec<(Driver, Target)> {
    let uri = format!("http://{address}/power");
    let login = [("power_user", "admin"), ("power_pass", CANARY)];
    let at = [login.as_slice(), &[("power_address", address)]].concat();
    let hook = [("power_on_uri", uri.as_str()), ("power_off_uri", &uri), ("power_query_uri", &uri)];
    let mut all = vec![
        (Driver::Redfish, target(Driver::Redfish, &at)),
        (Driver::Webhook, target(Driver::Webhook, &[login.as_slice(), &hook].concat())),
    ];
    if have("ipmitool", installed("ipmitool")) {
        all.push((Driver::Ipmi, target(Driver::Ipmi, &at)));
    }
    all
}

#[test]
fn nobody_at_the_address_is_unreachable() {
    // Bound and never listened to, so that nobody else gets the port meanwhile.
    let held = TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = held.local_addr().unwrap().to_string();
    for (driver, target) in everyone(&address) {
        let error = clean(block_on(query(driver, &target)).unwrap_err());
        assert!(matches!(error, PowerError::Unreachable { .. }), "{driver}: {error:?}");
        assert!(error.to_string().contains(&address), "{error}");
        assert!(error.may_pass());
    }
    for (driver, host) in [(Driver::Redfish, "https://no.such.host.invalid"), (Driver::Ipmi, "no.such.host.invalid")] {
        let Some((_, target)) = everyone(host).into_iter().find(|(other, _)| *other == driver) else { continue };
        let error = clean(block_on(query(driver, &target)).unwrap_err());
        assert!(matches!(error, PowerError::Unreachable { .. }), "{driver}: {error:?}");
    }
}

#[test]
fn silence_ends_at_the_limit() {
    let (tcp, udp) = pair_of_sockets();
    let address = tcp.local_addr().unwrap().to_string();
    for (driver, mut target) in everyone(&address) {
        target.limits = Limits { query: Duration::from_millis(300), act: Duration::from_millis(300), ..target.limits };
        let start = Instant::now();
        for error in [block_on(query(driver, &target)), block_on(act(driver, PowerAction::Off, &target))] {
            let error = clean(error.unwrap_err());
            assert!(matches!(error, PowerError::Timeout { .. }), "{driver}: {error:?}");
            assert!(error.to_string().contains("did not answer within 0.3 s"), "{error}");
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{driver}");
    }
    drop(udp);
}

/// One port, on which TCP connections are taken and datagrams kept, and nothing is ever said.
fn pair_of_sockets() -> (TcpListener, UdpSocket) {
    for _ in 0..100 {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()) {
            return (tcp, udp);
        }
    }
    panic!("no port is free for both");
}
