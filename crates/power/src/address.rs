//! Addresses as people write them.

use reqwest::Url;

use crate::PowerError;

/// An address for messages: without a user, password, query or fragment.
pub(crate) fn shown(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else { return address.to_owned() };
    if !url.has_host() {
        return address.to_owned();
    }
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.set_query(None);
    url.set_fragment(None);
    url.as_str().trim_end_matches('/').to_owned()
}

/// Host and port of an IPMI address: `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
pub(crate) fn host_and_port(address: &str, default_port: u16) -> Result<(String, u16), PowerError> {
    let wrong = |why: &str| PowerError::Settings { field: "power_address".into(), why: why.into() };
    if address.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok((address.to_owned(), default_port));
    }
    let (host, port) = match address.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((host, rest))) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, rest.strip_prefix(':')),
        Some(_) => return Err(wrong("an address in brackets must be IPv6")),
        None => address.split_once(':').map_or((address, None), |(host, port)| (host, Some(port))),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if host.is_empty() || host.starts_with('-') || !host.chars().all(is_name) {
        return Err(wrong("give a host name or an IP address, and a port if it is not the usual one"));
    }
    let port = port.map_or(Ok(default_port), str::parse).map_err(|_| wrong("the port must be a number up to 65535"))?;
    Ok((host.to_owned(), port))
}

/// The base of an HTTPS service: `https://` where no scheme is given.
pub(crate) fn https_base(address: &str) -> Result<Url, PowerError> {
    let wrong = || PowerError::Settings {
        field: "power_address".into(),
        why: "give a host name, an IP address or a URL that begins with https://".into(),
    };
    let bare_v6 = address.parse::<std::net::Ipv6Addr>().is_ok();
    let text = match (bare_v6, address.contains("://")) {
        (true, _) => format!("https://[{address}]"),
        (false, true) => address.to_owned(),
        (false, false) => format!("https://{address}"),
    };
    let url = Url::parse(&text).map_err(|_| wrong())?;
    let plain = url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain { Ok(url) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::{host_and_port, https_base, shown};

    #[test]
    fn hosts_and_ports_are_told_apart() {
        let read = |text| host_and_port(text, 623).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(read("10.0.0.9").unwrap(), "10.0.0.9 623");
        assert_eq!(read("bmc-9.example:9623").unwrap(), "bmc-9.example 9623");
        assert_eq!(read("fd00::9").unwrap(), "fd00::9 623");
        assert_eq!(read("[fd00::9]").unwrap(), "fd00::9 623");
        assert_eq!(read("[fd00::9]:9623").unwrap(), "fd00::9 9623");
        for bad in ["", "-oProxy", "host name", "host:70000", "[host]:1", "h;ls", "[fd00::9"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn services_are_encrypted_unless_told_otherwise() {
        let read = |text| https_base(text).map(|url| url.to_string());
        assert_eq!(read("bmc.example").unwrap(), "https://bmc.example/");
        assert_eq!(read("10.0.0.9:8443").unwrap(), "https://10.0.0.9:8443/");
        assert_eq!(read("fd00::9").unwrap(), "https://[fd00::9]/");
        assert_eq!(read("http://bmc.example").unwrap(), "http://bmc.example/");
        for bad in ["", "ftp://bmc", "https://me:word@bmc.example"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn shown_addresses_have_no_credentials() {
        assert_eq!(shown("https://me:word@bmc.example:8443/on?key=word#x"), "https://bmc.example:8443/on");
        assert_eq!(shown("bmc.example"), "bmc.example");
        assert_eq!(shown("qemu+ssh://root@host/system"), "qemu+ssh://host/system");
    }
}
