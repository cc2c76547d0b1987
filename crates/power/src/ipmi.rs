//! IPMI over the network, by `ipmitool`. The password goes to the child's stdin and K_g into its environment, so that
//! neither is among the arguments that every user of the computer can read.

mod explain;

use maas_model::Secret;

use self::explain::{explain, refuses_suite, unknown_command};
use crate::{
    PowerAction, PowerError, PowerState, Reading, Target,
    action::{Powered, settle},
    address::host_and_port,
    program::{Call, Output, Program},
};

pub(crate) const PROGRAM: Program = Program { name: "ipmitool", package: "ipmitool" };

/// Whether it could be tried with these values.
pub(crate) fn check(target: &Target) -> Result<(), PowerError> {
    Session::new(target).map(drop)
}

pub(crate) async fn query(target: &Target) -> Result<Reading, PowerError> {
    let mut session = Session::new(target)?;
    let state = session.state().await?;
    Ok(session.reading(state))
}

pub(crate) async fn act(action: PowerAction, target: &Target) -> Result<Reading, PowerError> {
    let mut session = Session::new(target)?;
    let soft = target.parameters.plain("power_off_mode") == Some("soft");
    let action = if soft && action == PowerAction::Off { PowerAction::SoftOff } else { action };
    match action {
        PowerAction::On | PowerAction::Cycle => session.start().await?,
        PowerAction::Off => session.off().await?,
        PowerAction::SoftOff => session.run(&["chassis", "power", "soft"]).await.map(drop)?,
    }
    let state = settle(action, &target.limits, &mut session).await?;
    Ok(session.reading(state))
}

/// One BMC and how to talk to it.
struct Session<'a> {
    target: &'a Target,
    host: String,
    port: u16,
    /// Version 2.0 of the protocol, which encrypts.
    is_v2: bool,
    /// The cipher suites that are left to try, the one in use first.
    suites: &'static [&'static str],
    secrets: Secrets,
}

struct Secrets {
    password: Secret<String>,
    key: Option<Secret<Vec<u8>>>,
}

impl<'a> Session<'a> {
    fn new(target: &'a Target) -> Result<Self, PowerError> {
        let parameters = &target.parameters;
        let address = parameters.plain("power_address").ok_or_else(|| settings("power_address", "it is not set"))?;
        let (host, port) = host_and_port(address, DEFAULT_PORT)?;
        let is_v2 = parameters.plain("power_driver") != Some("LAN");
        let suites = match parameters.plain("cipher_suite_id") {
            None => SUITES,
            Some(one) => SINGLE_SUITES
                .iter()
                .find(|suite| suite[0] == one)
                .copied()
                .ok_or_else(|| settings("cipher_suite_id", "use 17, 3, 8 or 12, or leave it empty"))?,
        };
        Ok(Self { target, host, port, is_v2, suites, secrets: Secrets::new(target, is_v2)? })
    }

    /// Boots from the network once: a machine that is on starts again.
    async fn start(&mut self) -> Result<(), PowerError> {
        let state = self.state().await?;
        let efi = self.target.parameters.plain("power_boot_type") == Some("efi");
        let boot: &[&str] = if efi { &["options=efiboot"] } else { &[] };
        self.run(&[&["chassis", "bootdev", "pxe"], boot].concat()).await?;
        if state != PowerState::On {
            return self.run(&["chassis", "power", "on"]).await.map(drop);
        }
        let output = self.try_run(&["chassis", "power", "cycle"]).await?;
        if output.succeeded {
            return Ok(());
        }
        if !unknown_command(&output) {
            return Err(self.explain(&output));
        }
        self.off().await?;
        settle(PowerAction::Off, &self.target.limits, self).await?;
        self.run(&["chassis", "power", "on"]).await.map(drop)
    }

    async fn off(&mut self) -> Result<(), PowerError> {
        self.run(&["chassis", "power", "off"]).await.map(drop)
    }

    /// What a command that succeeds says.
    async fn run(&mut self, command: &[&str]) -> Result<String, PowerError> {
        let output = self.try_run(command).await?;
        if output.succeeded { Ok(output.stdout) } else { Err(self.explain(&output)) }
    }

    /// Runs a command, with the next cipher suite where the BMC does not know the one before.
    async fn try_run(&mut self, command: &[&str]) -> Result<Output, PowerError> {
        loop {
            let output = PROGRAM.run(self.call(command), &self.target.limits).await?;
            match self.suites {
                [_, rest @ ..] if self.is_v2 && !rest.is_empty() && refuses_suite(&output) => self.suites = rest,
                _ => return Ok(output),
            }
        }
    }

    fn call(&self, command: &[&str]) -> Call {
        let parameters = &self.target.parameters;
        let mut arguments: Vec<String> = Vec::new();
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
        // Without -v a wrong password looks like a BMC that is not there. More than one would print keys.
        add(&["-v", "-I", if self.is_v2 { "lanplus" } else { "lan" }, "-N", "1", "-R", &self.tries().to_string()]);
        add(&["-H", &self.host, "-p", &self.port.to_string(), "-f", "/dev/stdin"]);
        if let Some(user) = parameters.plain("power_user") {
            add(&["-U", user]);
        }
        add(&["-L", privilege(parameters.plain("privilege_level"))]);
        if self.is_v2 {
            add(&["-C", self.suites[0]]);
            if self.secrets.key.is_some() {
                add(&["-K"]);
            }
        }
        if parameters
            .plain("workaround_flags")
            .is_some_and(|flags| flags.split(',').any(|flag| flag.trim() == "intel20"))
        {
            add(&["-o", "intelplus"]);
        }
        add(command);
        let environment = self.secrets.key.iter().map(|key| ("IPMI_KGKEY", key.clone())).collect();
        Call { arguments, environment, stdin: Some(self.secrets.password.clone()) }
    }

    /// Each waits a second longer than the one before.
    fn tries(&self) -> u64 {
        (self.target.limits.connect.as_secs() / 3).clamp(1, 4)
    }

    fn explain(&self, output: &Output) -> PowerError {
        explain(output, self.address(), self.suites[0])
    }

    fn reading(&self, state: PowerState) -> Reading {
        let weak = match (self.is_v2, self.suites[0]) {
            (false, _) => Some("IPMI 1.5, which does not encrypt: set `power_driver` to LAN_2_0".to_owned()),
            (true, "17") => None,
            (true, suite) => Some(format!(
                "cipher suite {suite}: newer firmware may know 17, which is tried when `cipher_suite_id` is empty"
            )),
        };
        let warnings = weak.map(|what| format!("{} uses {what}", self.address())).into_iter().collect();
        Reading { state, warnings }
    }
}

impl Powered for Session<'_> {
    fn address(&self) -> String {
        format!("the BMC {}", self.target.parameters.plain("power_address").unwrap_or_default())
    }

    async fn state(&mut self) -> Result<PowerState, PowerError> {
        let said = self.run(&["chassis", "power", "status"]).await?;
        match said.lines().find_map(|line| line.strip_prefix("Chassis Power is ")).map(str::trim) {
            Some("on") => Ok(PowerState::On),
            Some("off") => Ok(PowerState::Off),
            _ => Err(PowerError::Failed {
                address: self.address(),
                message: "`ipmitool` did not say whether the power is on".into(),
            }),
        }
    }
}

impl Secrets {
    fn new(target: &Target, is_v2: bool) -> Result<Self, PowerError> {
        let password = target.parameters.secret("power_pass").unwrap_or_default();
        let longest = if is_v2 { 20 } else { 16 };
        if password.len() > longest {
            return Err(settings(
                "power_pass",
                &format!("this version of IPMI knows passwords of up to {longest} bytes"),
            ));
        }
        let key = target.parameters.secret("k_g").map(key_bytes).transpose()?;
        Ok(Self { password: Secret::new(password.to_owned()), key })
    }
}

/// K_g as text, or as hexadecimal digits after `0x`.
fn key_bytes(text: &str) -> Result<Secret<Vec<u8>>, PowerError> {
    let bytes = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        None => Some(text.as_bytes().to_vec()),
        Some(digits) if digits.len() % 2 == 0 && digits.is_ascii() => {
            (0..digits.len() / 2).map(|place| u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).ok()).collect()
        }
        Some(_) => None,
    };
    match bytes {
        None => Err(settings("k_g", "after `0x` there must be pairs of hexadecimal digits")),
        Some(bytes) if bytes.len() > 20 => Err(settings("k_g", "it has at most 20 bytes")),
        Some(bytes) if bytes.contains(&0) => Err(settings("k_g", "`ipmitool` takes no key with a zero byte in it")),
        Some(bytes) => Ok(Secret::new(bytes)),
    }
}

fn privilege(level: Option<&str>) -> &'static str {
    match level {
        Some("USER") => "USER",
        Some("ADMIN") => "ADMINISTRATOR",
        _ => "OPERATOR",
    }
}

fn settings(field: &str, why: &str) -> PowerError {
    PowerError::Settings { field: field.to_owned(), why: why.to_owned() }
}

const DEFAULT_PORT: u16 = 623;
/// SHA-256 first; the one of 2004 for BMCs that know no better.
const SUITES: &[&str] = &["17", "3"];
const SINGLE_SUITES: &[&[&str]] = &[&["17"], &["3"], &["8"], &["12"]];

#[cfg(test)]
mod tests {
    use maas_model::Secret;

    use super::{Session, key_bytes};
    use crate::{Driver, Parameters, Target};

    fn target(given: &[(&str, &str)]) -> Target {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Target::new("4y3h7n", Driver::Ipmi.split(given))
    }

    fn arguments(given: &[(&str, &str)]) -> String {
        let target = target(given);
        Session::new(&target).unwrap().call(&["chassis", "power", "status"]).arguments.join(" ")
    }

    #[test]
    fn no_secret_is_an_argument() {
        let given = [
            ("power_address", "10.0.0.9"),
            ("power_user", "maas"),
            ("power_pass", "canary"),
            ("k_g", "0x63616e617279"),
        ];
        expect_test::expect![[
            "-v -I lanplus -N 1 -R 3 -H 10.0.0.9 -p 623 -f /dev/stdin -U maas -L OPERATOR -C 17 -K chassis power status"
        ]]
        .assert_eq(&arguments(&given));
        let target = target(&given);
        let call = Session::new(&target).unwrap().call(&[]);
        assert_eq!(call.stdin.as_ref().map(Secret::expose).unwrap(), "canary");
        assert_eq!(call.environment[0].1.expose(), b"canary");
        assert!(!format!("{call:?}{target:?}").contains("canary"));
    }

    #[test]
    fn parameters_choose_protocol_suite_and_privilege() {
        let given = [
            ("power_address", "[fd00::9]:9623"),
            ("cipher_suite_id", "3"),
            ("privilege_level", "ADMIN"),
            ("workaround_flags", "opensesspriv,intel20"),
        ];
        expect_test::expect![[
            "-v -I lanplus -N 1 -R 3 -H fd00::9 -p 9623 -f /dev/stdin -L ADMINISTRATOR -C 3 -o intelplus chassis power status"
        ]]
        .assert_eq(&arguments(&given));
        expect_test::expect!["-v -I lan -N 1 -R 3 -H bmc -p 623 -f /dev/stdin -L OPERATOR chassis power status"]
            .assert_eq(&arguments(&[("power_address", "bmc"), ("power_driver", "LAN")]));
    }

    #[test]
    fn impossible_values_are_refused_before_anything_is_sent() {
        let long = "x".repeat(21);
        let cases: [(&[(&str, &str)], &str); 4] = [
            (&[], "power parameter `power_address`: it is not set"),
            (
                &[("power_address", "bmc"), ("power_pass", &long)],
                "power parameter `power_pass`: this version of IPMI knows passwords of up to 20 bytes",
            ),
            (&[("power_address", "bmc"), ("k_g", &long)], "power parameter `k_g`: it has at most 20 bytes"),
            (
                &[("power_address", "bmc"), ("cipher_suite_id", "1")],
                "power parameter `cipher_suite_id`: use 17, 3, 8 or 12, or leave it empty",
            ),
        ];
        for (given, expected) in cases {
            let target = target(given);
            assert_eq!(Session::new(&target).err().unwrap().to_string(), expected);
        }
        assert!(key_bytes("0x0").is_err());
        assert!(key_bytes("0x00").is_err());
        assert!(key_bytes("0xzz").is_err());
        assert_eq!(Parameters::default().plain("x"), None);
    }
}
