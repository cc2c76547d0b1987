//! BMCs of other makes, each with a machine behind it: a QEMU process that is there while the machine is on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{have, installed, process::run};

/// Whose BMC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BmcKind {
    /// pyghmi's, in Python: IPMI 2.0 with cipher suite 3, without power cycle.
    Pyghmi,
    /// OpenIPMI's simulator: IPMI 1.5 and 2.0 with cipher suite 3.
    IpmiSim,
    /// sushy-tools' emulator: Redfish over TLS with a certificate of its own issue.
    Sushy,
}

impl BmcKind {
    fn name(self) -> &'static str {
        match self {
            Self::Pyghmi => "pyghmi",
            Self::IpmiSim => "ipmi_sim",
            Self::Sushy => "sushy",
        }
    }

    fn is_here(self) -> bool {
        let python = std::env::var_os("MAAS_TEST_PYTHON").map(PathBuf::from);
        let beside = |name: &str| python.as_ref().is_some_and(|python| python.with_file_name(name).is_file());
        have("qemu-system-x86_64", installed("qemu-system-x86_64"))
            && match self {
                Self::Pyghmi => have("ipmitool", installed("ipmitool")) && have("pyghmi", beside("pyghmiutil")),
                Self::IpmiSim => have("ipmitool", installed("ipmitool")) && have("ipmi_sim", installed("ipmi_sim")),
                Self::Sushy => have("sushy-emulator", beside("sushy-emulator")),
            }
    }
}

/// A running BMC. Both it and its machine end with this value.
#[derive(Debug)]
pub struct Bmc {
    kind: BmcKind,
    dir: TempDir,
    /// `127.0.0.1` and a port.
    pub address: String,
    pub user: &'static str,
    pub password: String,
}

impl Bmc {
    /// Starts one whose machine is off; nothing where its program is missing.
    pub fn start(kind: BmcKind, password: &str) -> Option<Self> {
        Self::start_with(kind, password, "")
    }

    /// OpenIPMI's simulator with a second key, K_g, that logins must know.
    pub fn start_with_key(password: &str, key: &str) -> Option<Self> {
        Self::start_with(BmcKind::IpmiSim, password, key)
    }

    fn start_with(kind: BmcKind, password: &str, key: &str) -> Option<Self> {
        if !kind.is_here() {
            return None;
        }
        let dir = TempDir::with_prefix("maas-test-bmc.").expect("a temporary directory");
        let user = "admin";
        let mut command = script();
        command
            .args(["up", kind.name()])
            .arg(dir.path())
            .env("BMC_USER", user)
            .env("BMC_PASSWORD", password)
            .env("BMC_KEY", key);
        // Held before it runs, so that a start that fails half-way is taken down too.
        let mut bmc = Self { kind, dir, address: String::new(), user, password: password.to_owned() };
        run(&mut command).ok();
        bmc.address = bmc.read("address").expect("the script writes it");
        Some(bmc)
    }

    /// The process of the machine, while it is on.
    pub fn machine_pid(&self) -> Option<u32> {
        let pid = self.read("machine.pid")?.parse().ok()?;
        is_alive(pid).then_some(pid)
    }

    /// The device that the BMC was told to boot from, in its own word.
    pub fn boot_device(&self) -> Option<String> {
        self.read("boot")
    }

    /// The certificate that it shows, as PEM.
    pub fn certificate(&self) -> Option<String> {
        self.read("certificate.pem")
    }

    fn read(&self, name: &str) -> Option<String> {
        let text = fs::read_to_string(self.dir.path().join(name)).ok()?;
        Some(text.trim().to_owned())
    }
}

impl Drop for Bmc {
    fn drop(&mut self) {
        let _ = run(script().args(["down", self.kind.name()]).arg(self.dir.path()));
    }
}

/// A process that has ended stays listed until its parent asks for it.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn script() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/servers/bmc.sh"))
}
