//! Where a password could be read while a driver works.

use std::{fs, net::UdpSocket, time::Duration};

use maas_power::{Driver, Limits, PowerError, query};
use maas_testkit::{have, installed};
use tokio::time::{interval, timeout};

use crate::{CANARY, block_on, target};

/// Ids and arguments of all processes of this computer.
fn processes() -> Vec<(String, String)> {
    let read = |entry: fs::DirEntry| {
        let arguments = fs::read(entry.path().join("cmdline")).ok()?;
        Some((entry.file_name().into_string().ok()?, String::from_utf8_lossy(&arguments).replace('\0', " ")))
    };
    fs::read_dir("/proc").unwrap().flatten().filter_map(read).collect()
}

#[test]
fn no_password_is_among_a_childs_arguments_and_no_child_outlives_its_query() {
    if !have("ipmitool", installed("ipmitool")) {
        return;
    }
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let address = format!("127.0.0.1:{port}");
    let given =
        [("power_address", address.as_str()), ("power_user", "admin"), ("power_pass", CANARY), ("k_g", "canary-Kg")];
    let mut target = target(Driver::Ipmi, &given);
    target.limits = Limits { query: Duration::from_secs(2), connect: Duration::from_secs(20), ..target.limits };
    let children =
        || processes().into_iter().filter(|(_, arguments)| arguments.contains(&format!("-p {port} "))).collect();
    let seen = block_on(async {
        let watch = async {
            let mut tick = interval(Duration::from_millis(10));
            loop {
                tick.tick().await;
                let found: Vec<(String, String)> = children();
                if let Some(found) = found.into_iter().find(|(_, arguments)| arguments.contains("ipmitool")) {
                    return found;
                }
            }
        };
        let (answer, seen) = tokio::join!(query(Driver::Ipmi, &target), timeout(Duration::from_secs(10), watch));
        assert!(matches!(answer, Err(PowerError::Timeout { .. })), "{answer:?}");
        seen.expect("the child was seen")
    });
    assert!(seen.1.contains("-f /dev/stdin") && !seen.1.contains("canary"), "{}", seen.1);
    block_on(async {
        let mut tick = interval(Duration::from_millis(10));
        let gone = timeout(Duration::from_secs(10), async {
            while !children().is_empty() {
                tick.tick().await;
            }
        });
        gone.await.expect("the child ends with its query");
    });
    assert!(!format!("{target:?}").contains("canary"));
}
