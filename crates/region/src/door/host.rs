//! Hosts as clients write them: names and addresses, with or without a port.

use std::net::{IpAddr, SocketAddr};

/// A host that a client named.
pub(super) struct Host {
    name: String,
}

impl Host {
    /// `name`, `name:port`, `192.0.2.1:80`, `[2001:db8::1]:80`; nothing else, so that it can stand in a URL.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (inner, after) = rest.split_once(']')?;
                inner.parse::<std::net::Ipv6Addr>().ok()?;
                (inner, after.strip_prefix(':').or_else(|| after.is_empty().then_some("0"))?)
            }
            None => text.split_once(':').unwrap_or((text, "0")),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        let is_good = !name.is_empty() && name.len() <= 253 && name.chars().all(is_name) && port.parse::<u16>().is_ok();
        is_good.then(|| Self { name: name.trim_end_matches('.').to_ascii_lowercase() })
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.trim_start_matches('[').trim_end_matches([']', '.']))
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.name == "localhost" || self.name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }

    pub(super) fn is_address(&self, ip: IpAddr) -> bool {
        self.name.parse().is_ok_and(|own: IpAddr| own == ip.to_canonical())
    }
}

/// The host of a URL, without port.
pub(super) fn of_url(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(inner, _)| inner),
        None => host.split(':').next(),
    }
}

/// An address with or without port and brackets.
pub(super) fn parse_ip(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_and_bad_ones_refused() {
        for (text, name) in
            [("Maas.Example.:5443", "maas.example"), ("[2001:db8::1]:80", "2001:db8::1"), ("[::1]", "::1"), ("a", "a")]
        {
            assert_eq!(Host::parse(text).unwrap().name, name);
        }
        for bad in ["", ":80", "a b", "a/b", "a:port", "[x]", "[::1]x", "a@b", "a:1:2", "<script>"] {
            assert!(Host::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(of_url("https://[2001:db8::1]:5443/MAAS"), Some("2001:db8::1"));
        assert_eq!(of_url("http://maas.example:5240/MAAS/"), Some("maas.example"));
    }
}
