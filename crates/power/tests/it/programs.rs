//! What children are told, where nothing real can be asked: stand-ins that write down their arguments.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use maas_power::{Driver, PowerAction, PowerError, PowerState, Target, act, query};
use tempfile::TempDir;

use crate::{CANARY, block_on, clean, target};

/// A directory with one program in it. `$dir` is the directory, and `log` notes the arguments.
fn stand_in(name: &str, script: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let path: PathBuf = dir.path().join(name);
    let text = format!("#!/bin/sh\ndir='{}'\necho \"$*\" >>\"$dir/log\"\n{script}\n", dir.path().display());
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

fn told(dir: &Path) -> String {
    let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
    let _ = fs::remove_file(dir.join("log"));
    log
}

fn beside(dir: &TempDir, driver: Driver, given: &[(&str, &str)]) -> Target {
    let mut target = target(driver, given);
    target.limits.programs = Some(dir.path().to_owned());
    target
}

const VIRSH: &str = r#"
case "$*" in
  *lost*) echo "error: failed to get domain 'lost'" >&2; exit 1 ;;
  *stranger*) echo "error: authentication failed" >&2; exit 1 ;;
  *domstate*) cat "$dir/state" 2>/dev/null || echo "shut off" ;;
  *start*) echo running >"$dir/state" ;;
  *destroy*|*shutdown*) echo "shut off" >"$dir/state" ;;
esac"#;

#[test]
fn virsh_is_told_what_to_do_with_one_machine() {
    let dir = stand_in("virsh", VIRSH);
    let uri = ("power_address", "qemu+ssh://root@host/system");
    let machine = beside(&dir, Driver::Virsh, &[uri, ("power_id", "m1")]);
    for (action, state) in [
        (PowerAction::On, PowerState::On),
        (PowerAction::Cycle, PowerState::On),
        (PowerAction::Off, PowerState::Off),
        (PowerAction::On, PowerState::On),
        (PowerAction::SoftOff, PowerState::Off),
    ] {
        assert_eq!(block_on(act(Driver::Virsh, action, &machine)).unwrap().state, state);
    }
    let commands: Vec<String> = told(dir.path())
        .lines()
        .map(|line| line.strip_prefix("-q -c qemu+ssh://root@host/system ").unwrap())
        .map(|line| line.strip_suffix(" --domain m1").unwrap().to_owned())
        .filter(|command| command != "domstate")
        .collect();
    assert_eq!(commands, ["start", "destroy", "start", "destroy", "start", "shutdown"]);

    let lost = block_on(query(Driver::Virsh, &beside(&dir, Driver::Virsh, &[uri, ("power_id", "lost")]))).unwrap_err();
    assert!(matches!(clean(lost), PowerError::Settings { field, .. } if field == "power_id"));
    let stranger = beside(&dir, Driver::Virsh, &[uri, ("power_id", "stranger")]);
    assert!(matches!(block_on(query(Driver::Virsh, &stranger)).unwrap_err(), PowerError::Auth { .. }));
    told(dir.path());
    for (name, value) in [("power_pass", CANARY), ("power_id", "--all")] {
        let given = [uri, ("power_id", "m1"), (name, value)];
        let refused = clean(block_on(query(Driver::Virsh, &beside(&dir, Driver::Virsh, &given))).unwrap_err());
        assert!(matches!(refused, PowerError::Settings { field, .. } if field == name));
    }
    assert_eq!(told(dir.path()), "");
}

const IPMITOOL: &str = r#"
password=$(cat)
[ "$password" = canary-Zb41 ] || exit 1
[ "$IPMI_KGKEY" = key ] || exit 1
case "$*" in
  *status*) echo "Chassis Power is $(cat "$dir/state" 2>/dev/null || echo off)" ;;
  *"power on"*) echo on >"$dir/state" ;;
  *"power off"*|*"power soft"*) echo off >"$dir/state" ;;
esac"#;

#[test]
fn a_bmc_of_today_is_asked_with_suite_17() {
    let dir = stand_in("ipmitool", IPMITOOL);
    let given = [
        ("power_address", "10.0.0.9"),
        ("power_user", "maas"),
        ("power_pass", CANARY),
        ("k_g", "key"),
        ("power_boot_type", "efi"),
        ("power_off_mode", "soft"),
    ];
    let machine = beside(&dir, Driver::Ipmi, &given);
    let on = block_on(act(Driver::Ipmi, PowerAction::On, &machine)).unwrap();
    assert_eq!((on.state, on.warnings.len()), (PowerState::On, 0));
    let off = block_on(act(Driver::Ipmi, PowerAction::Off, &machine)).unwrap();
    assert_eq!(off.state, PowerState::Off);
    let common = "-v -I lanplus -N 1 -R 1 -H 10.0.0.9 -p 623 -f /dev/stdin -U maas -L OPERATOR -C 17 -K chassis ";
    let commands: Vec<String> = told(dir.path()).lines().map(|line| line.replace(common, "")).collect();
    assert_eq!(
        commands,
        ["power status", "bootdev pxe options=efiboot", "power on", "power status", "power soft", "power status"]
    );
}
