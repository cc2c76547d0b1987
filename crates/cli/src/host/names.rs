//! The names and addresses by which this host is reached, for its certificate.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;

/// The host's name, or `localhost` where it has none.
pub(crate) fn host_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

/// Names and addresses: the host's name, `localhost`, every address of every interface that is up (link-local ones not), and `extra`.
pub(crate) fn host_names(extra: &[String]) -> Vec<String> {
    let mut names = vec![host_name(), "localhost".to_owned()];
    let addresses = getifaddrs().into_iter().flatten().filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    });
    names.extend(addresses.filter(|address| !is_link_local(*address)).map(|address| address.to_string()));
    names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
    names.extend(extra.iter().cloned());
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::host_names;

    #[test]
    fn loopback_is_always_there_and_nothing_twice() {
        let names = host_names(&["maas.internal".into(), "localhost".into()]);
        for name in ["localhost", "127.0.0.1", "::1", "maas.internal"] {
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name} in {names:?}");
        }
    }
}
