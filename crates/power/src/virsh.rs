//! Virtual machines of libvirt, by `virsh`.

use crate::{
    PowerAction, PowerError, PowerState, Reading, Target,
    action::{Powered, settle},
    address::shown,
    program::{Call, Program},
};

pub(crate) const PROGRAM: Program = Program { name: "virsh", package: "libvirt-clients" };

/// Whether it could be tried with these values.
pub(crate) fn check(target: &Target) -> Result<(), PowerError> {
    Domain::new(target).map(drop)
}

pub(crate) async fn query(target: &Target) -> Result<Reading, PowerError> {
    Domain::new(target)?.state().await.map(Reading::of)
}

pub(crate) async fn act(action: PowerAction, target: &Target) -> Result<Reading, PowerError> {
    let mut domain = Domain::new(target)?;
    let is_on = domain.state().await? == PowerState::On;
    match (action, is_on) {
        (PowerAction::On | PowerAction::Cycle, false) => domain.run("start").await.map(drop)?,
        (PowerAction::Cycle, true) => {
            domain.run("destroy").await?;
            domain.run("start").await.map(drop)?;
        }
        (PowerAction::Off, true) => domain.run("destroy").await.map(drop)?,
        (PowerAction::SoftOff, true) => domain.run("shutdown").await.map(drop)?,
        (PowerAction::On, true) | (PowerAction::Off | PowerAction::SoftOff, false) => {}
    }
    settle(action, &target.limits, &mut domain).await.map(Reading::of)
}

struct Domain<'a> {
    target: &'a Target,
    uri: &'a str,
    id: &'a str,
}

impl<'a> Domain<'a> {
    fn new(target: &'a Target) -> Result<Self, PowerError> {
        let required = |name: &str| {
            let value = target.parameters.plain(name).filter(|value| !value.starts_with('-'));
            value.ok_or_else(|| settings(name, "it is not set"))
        };
        let (uri, id) = (required("power_address")?, required("power_id")?);
        check_address(uri).map_err(|why| settings("power_address", why))?;
        if target.parameters.secret("power_pass").is_some() {
            let why = "a password cannot be given to `virsh` without showing it to others; use `qemu+ssh://` with an SSH key \
                       that needs none, and empty this";
            return Err(settings("power_pass", why));
        }
        Ok(Self { target, uri, id })
    }

    async fn run(&self, command: &str) -> Result<String, PowerError> {
        let arguments = ["-q", "-c", self.uri, command, "--domain", self.id].map(str::to_owned).to_vec();
        let call = Call { arguments, ..Call::default() };
        let output = PROGRAM.run(call, &self.target.limits).await?;
        if output.succeeded { Ok(output.stdout) } else { Err(self.explain(&output.stderr)) }
    }

    fn explain(&self, said: &str) -> PowerError {
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
        let address = self.address();
        if has(&["failed to get domain", "Domain not found"]) {
            return settings("power_id", &format!("{address} has no such machine; `virsh list --all` shows them"));
        }
        if has(&["Permission denied", "authentication failed", "Host key verification failed"]) {
            let hint = "let this computer's user log in there with an SSH key, and accept the host's key".into();
            return PowerError::Auth { address, hint };
        }
        if has(&[
            "Connection refused",
            "Could not resolve",
            "No route to host",
            "timed out",
            "Failed to connect socket",
        ]) {
            return PowerError::Unreachable { address, why: "libvirt does not answer there".into() };
        }
        let line = said
            .lines()
            .map(str::trim)
            .find_map(|line| line.strip_prefix("error: "))
            .unwrap_or("`virsh` gave no reason");
        PowerError::Failed { address, message: line.chars().filter(|c| !c.is_control()).take(200).collect() }
    }
}

impl Powered for Domain<'_> {
    fn address(&self) -> String {
        format!("libvirt at {}", shown(self.uri))
    }

    async fn state(&mut self) -> Result<PowerState, PowerError> {
        let said = self.run("domstate").await?;
        match said.trim() {
            "running" | "idle" | "paused" | "in shutdown" | "pmsuspended" => Ok(PowerState::On),
            "shut off" | "crashed" | "dying" => Ok(PowerState::Off),
            _ => Ok(PowerState::Unknown),
        }
    }
}

/// Whether libvirt can be let at this address. Other schemes, and what may come after a `?`, start programs and read
/// files of this computer; libvirt hands user and host to `ssh`, which would take a `-` for an option.
pub(crate) fn check_address(uri: &str) -> Result<(), &'static str> {
    let (scheme, rest) = uri.split_once("://").ok_or(WRONG_ADDRESS)?;
    let (authority, path) = rest.split_at(rest.find('/').ok_or(WRONG_ADDRESS)?);
    let (user, host) = authority.split_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let is_word = |text: &str, more: &[char]| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') || more.contains(&c);
        !text.starts_with('-') && text.chars().all(is_plain)
    };
    let is_user = user.is_none_or(|user| !user.is_empty() && is_word(user, &[]));
    let is_local = host.is_empty() && user.is_none() && scheme == "qemu";
    let is_host = is_local || !host.is_empty() && is_word(host, &[':', '[', ']']) && !host.starts_with(':');
    let is_known = SCHEMES.contains(&scheme) && ["/system", "/session"].contains(&path);
    if is_known && is_user && is_host { Ok(()) } else { Err(WRONG_ADDRESS) }
}

const SCHEMES: [&str; 3] = ["qemu", "qemu+ssh", "qemu+tls"];
const WRONG_ADDRESS: &str = "give `qemu:///system`, `qemu+ssh://USER@HOST/system` or `qemu+tls://HOST/system`; nothing \
                             may follow";

fn settings(field: &str, why: &str) -> PowerError {
    PowerError::Settings { field: field.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Domain, check_address};
    use crate::{Driver, Target};

    #[test]
    fn addresses_that_start_programs_or_read_files_never_reach_libvirt() {
        for good in [
            "qemu:///system",
            "qemu:///session",
            "qemu+ssh://root@host/system",
            "qemu+ssh://host.example:2222/system",
            "qemu+tls://[fd00::9]:16514/system",
            "qemu://host/system",
        ] {
            assert_eq!(check_address(good), Ok(()), "{good}");
        }
        for bad in [
            "qemu+ext://host/system?command=/tmp/evil",
            "qemu+ssh://host/system?command=/tmp/evil",
            "qemu+ssh://host/system?keyfile=/root/.ssh/id",
            "qemu+ssh://host/system?netcat=/tmp/evil",
            "qemu+unix:///system?socket=/tmp/evil",
            "qemu+libssh://host/system",
            "test:///etc/passwd",
            "esx://host/system",
            "qemu+ssh://-oProxyCommand=evil/system",
            "qemu+ssh://-oProxyCommand@host/system",
            "qemu+ssh://%2doProxyCommand=evil/system",
            "qemu+ssh://a@-b/system",
            "qemu+ssh://a@b@c/system",
            "qemu+ssh:///system",
            "qemu+ssh://:22/system",
            "qemu:///system#x",
            "qemu:///embed",
            "QEMU+EXT://host/system",
            "qemu+ssh://host\n/system",
            "/system",
            "",
        ] {
            assert!(check_address(bad).is_err(), "{bad}");
            // Nor does it where checking was skipped when it was stored.
            let given = [("power_address", bad), ("power_id", "m")];
            let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            assert!(Domain::new(&Target::new("", Driver::Virsh.split(given))).is_err(), "{bad}");
        }
    }
}
