//! What `ipmitool` 1.8.19 means by what it says.

use crate::{PowerError, program::Output};

/// The BMC does not know the cipher suite that was asked for.
pub(super) fn refuses_suite(output: &Output) -> bool {
    let text = text(output);
    !output.succeeded && SUITE_REFUSED.iter().any(|phrase| text.contains(phrase))
}

/// The BMC does not know the command, or not its argument.
pub(super) fn unknown_command(output: &Output) -> bool {
    let text = text(output);
    text.lines().any(|line| UNKNOWN.iter().any(|phrase| line.ends_with(phrase) && line.contains(" failed: ")))
}

/// The error behind a run that failed.
pub(super) fn explain(output: &Output, address: String, suite: &str) -> PowerError {
    let text = text(output);
    if refuses_suite(output) {
        let why = format!("{address} does not accept cipher suite {suite}; leave it empty to have 17 and then 3 tried");
        return PowerError::Settings { field: "cipher_suite_id".into(), why };
    }
    if let Some((_, hint)) = REFUSALS.iter().find(|(phrase, _)| text.contains(phrase)) {
        return PowerError::Auth { address, hint: (*hint).to_owned() };
    }
    if text.contains("Address lookup for") {
        return PowerError::Unreachable { address, why: "its name cannot be resolved".into() };
    }
    if SILENCES.iter().any(|phrase| text.contains(phrase)) {
        return PowerError::Unreachable { address, why: "nothing speaks IPMI there".into() };
    }
    PowerError::Failed { address, message: said(&text) }
}

fn text(output: &Output) -> String {
    format!("{}\n{}", output.stderr, output.stdout)
}

/// The line that says most, fit for a log.
fn said(text: &str) -> String {
    let lines = || {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !NOISE.iter().any(|noise| line.starts_with(noise)))
    };
    let best = lines().find(|line| line.contains("failed")).or_else(|| lines().next());
    let clean: String =
        best.unwrap_or("`ipmitool` gave no reason").chars().filter(|c| !c.is_control()).take(200).collect();
    clean
}

const SUITE_REFUSED: &[&str] = &[
    "invalid authentication algorithm",
    "invalid integrity algorithm",
    "invalid confidentiality algorithm",
    "no matching authentication payload",
    "no matching integrity payload",
    "no cipher suite match",
    "is not what we requested",
    "Unsupported cipher suite ID",
];

const UNKNOWN: &[&str] = &["Invalid data field in request", "Invalid command", "Parameter out of range"];

const REFUSALS: &[(&str, &str)] = &[
    ("RAKP 2 HMAC is invalid", "the password is wrong; correct `power_pass`"),
    ("unauthorized name", "it knows no such user; correct `power_user`"),
    ("no response from RAKP 1", "it says nothing to this user; correct `power_user`"),
    ("invalid integrity check value", "the key is wrong; correct `k_g`"),
    ("no response from RAKP 3", "it says nothing to this login; correct `k_g` and `power_pass`"),
    ("unauthorized role requested", "the user has not this privilege; correct `privilege_level` or the user's rights"),
    ("invalid role", "it does not know this privilege; correct `privilege_level`"),
    (
        "failed: Insufficient privilege level",
        "the privilege is too low; correct `privilege_level` or the user's rights",
    ),
    (
        "Set Session Privilege Level to",
        "the user has not this privilege; correct `privilege_level` or the user's rights",
    ),
    ("Invalid user name", "it knows no such user; correct `power_user`"),
    ("Activate Session command failed", "the user or the password is wrong; correct `power_user` and `power_pass`"),
    ("Activate Session error", "the user or the password is wrong; correct `power_user` and `power_pass`"),
];

const SILENCES: &[&str] = &[
    "Get Auth Capabilities error",
    "Get Auth Capabilities command failed",
    "Error issuing Get Channel Authentication Capabilities request",
];

/// What `-v` says of runs that go well.
const NOISE: &[&str] = &[
    "Loading IANA PEN Registry",
    "Get HPM.x Capabilities",
    "Running Get VSO Capabilities",
    "Invalid completion code received",
    "Discovered IPMB address",
    "Error: Unable to establish",
];

#[cfg(test)]
mod tests {
    use super::{explain, refuses_suite, unknown_command};
    use crate::program::Output;

    fn failed(stderr: &str) -> Output {
        Output { succeeded: false, stdout: String::new(), stderr: format!("Loading IANA PEN Registry...\n{stderr}\n") }
    }

    #[test]
    fn every_refusal_says_what_to_correct() {
        let end = "Error: Unable to establish IPMI v2 / RMCP+ session";
        let said = |text: &str| explain(&failed(&format!("{text}\n{end}")), "the BMC b".into(), "17").to_string();
        let all = [
            "> RAKP 2 HMAC is invalid",
            "RAKP 2 message indicates an error : unauthorized name",
            "> RAKP 4 message has invalid integrity check value",
            "Set Chassis Power Control to Up/On failed: Insufficient privilege level",
            "Activate Session command failed",
            "Address lookup for nosuch failed\nCould not open socket!",
            "Get Auth Capabilities error\nError issuing Get Channel Authentication Capabilities request",
            "Authentication algorithm 0x01 is not what we requested 0x03",
            "Set Chassis Power Control to Cycle failed: Node busy",
            "",
        ]
        .map(said);
        expect_test::expect![[r#"
            the BMC b refused the credentials: the password is wrong; correct `power_pass`
            the BMC b refused the credentials: it knows no such user; correct `power_user`
            the BMC b refused the credentials: the key is wrong; correct `k_g`
            the BMC b refused the credentials: the privilege is too low; correct `privilege_level` or the user's rights
            the BMC b refused the credentials: the user or the password is wrong; correct `power_user` and `power_pass`
            the BMC b cannot be reached: its name cannot be resolved; check the address, the network and that the BMC has power
            the BMC b cannot be reached: nothing speaks IPMI there; check the address, the network and that the BMC has power
            power parameter `cipher_suite_id`: the BMC b does not accept cipher suite 17; leave it empty to have 17 and then 3 tried
            the BMC b failed: Set Chassis Power Control to Cycle failed: Node busy
            the BMC b failed: `ipmitool` gave no reason"#]].assert_eq(&all.join("\n"));
    }

    #[test]
    fn a_suite_that_is_not_known_is_told_from_a_wrong_password() {
        assert!(refuses_suite(&failed("Error in open session response message : invalid authentication algorithm")));
        assert!(!refuses_suite(&failed("> RAKP 2 HMAC is invalid")));
        assert!(unknown_command(&failed("Set Chassis Power Control to Cycle failed: Invalid data field in request")));
        assert!(!unknown_command(&failed("Invalid completion code received: Invalid command")));
    }
}
