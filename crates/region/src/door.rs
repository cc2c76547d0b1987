//! What every door does first with a request: from where it came, and what it brought to show who it is.

use std::net::{IpAddr, SocketAddr};

use data_encoding::HEXLOWER;
use http::{HeaderMap, header};
use maas_authz::RequestInfo;
use maas_model::Endpoint;

use crate::{Region, auth::Credentials, site_key::fresh};

mod authorization;
mod host;

use host::Host;

/// The name of the session cookie, as in MAAS.
pub const SESSION_COOKIE: &str = "sessionid";
/// The name of the session cookie where only TLS is spoken.
pub const HOST_SESSION_COOKIE: &str = "__Host-sessionid";
/// The name of the CSRF cookie, as in MAAS.
pub const CSRF_COOKIE: &str = "csrftoken";
/// The header that carries the trace id, both ways.
pub const TRACE_HEADER: &str = "maas-trace-id";

/// Where a request came from. `X-Forwarded-*` counts only from a trusted proxy (default: none but loopback), and then the
/// right-most address that is not a proxy itself. A trace id is taken over only when it is 32 lower-case hex digits.
pub fn request_info(
    region: &Region,
    headers: &HeaderMap,
    peer: SocketAddr,
    is_tls: bool,
    endpoint: Endpoint,
) -> RequestInfo {
    let is_trusted = |ip: IpAddr| is_trusted(region, ip);
    RequestInfo {
        trace_id: trace_id(headers),
        ip: Some(client(headers, peer.ip(), is_trusted)),
        user_agent: text(headers, header::USER_AGENT.as_str()).chars().take(256).collect(),
        endpoint,
        is_secure: is_tls || (is_trusted(peer.ip()) && last(headers, "x-forwarded-proto") == "https"),
    }
}

/// What the request brought: a session cookie goes before an `Authorization` header. Incomplete OAuth counts as nothing.
pub fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    let session = cookie(headers, HOST_SESSION_COOKIE).or_else(|| cookie(headers, SESSION_COOKIE));
    match session {
        Some(key) => Some(Credentials::Session(key.to_owned().into())),
        None => authorization::parse(headers.get(header::AUTHORIZATION)?.to_str().ok()?),
    }
}

/// The value of a cookie, if it is sent and not empty.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.trim_matches('"')).find(|value| !value.is_empty())
}

/// `https://host:port` as the client addressed us, if the host is one of this site's names or addresses (or loopback,
/// or the address the connection came in on); else the reason. Over HTTP/2 the caller puts `:authority` into `Host`.
///
/// # Errors
/// One line for a 400.
pub fn base_url(
    region: &Region,
    headers: &HeaderMap,
    peer: SocketAddr,
    local: SocketAddr,
    is_tls: bool,
) -> Result<String, String> {
    let is_proxied = is_trusted(region, peer.ip());
    let forwarded = last(headers, "x-forwarded-host");
    let given = if is_proxied && !forwarded.is_empty() { forwarded } else { text(headers, header::HOST.as_str()) };
    let is_secure = is_tls || (is_proxied && last(headers, "x-forwarded-proto") == "https");
    let scheme = if is_secure { "https" } else { "http" };
    if given.is_empty() {
        return Ok(format!("{scheme}://{local}"));
    }
    let host = Host::parse(given).ok_or("The header `Host` is malformed.")?;
    let config = region.config();
    let names = config.names.iter().map(String::as_str).chain([config.region_name.as_str()]);
    let url_host = config.maas_url.as_deref().and_then(host::of_url);
    if host.is_loopback() || host.is_address(local.ip()) || names.chain(url_host).any(|name| host.is(name)) {
        return Ok(format!("{scheme}://{given}"));
    }
    Err("The header `Host` names no host of this site. Add the name to `maas_url` or `names` in its configuration."
        .to_owned())
}

fn is_trusted(region: &Region, ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || region.config().trusted_proxies.iter().any(|net| net.contains(&ip))
}

fn client(headers: &HeaderMap, peer: IpAddr, is_trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        let Some(ip) = host::parse_ip(hop) else { break };
        client = ip.to_canonical();
        if !is_trusted(client) {
            break;
        }
    }
    client
}

fn trace_id(headers: &HeaderMap) -> String {
    let given = text(headers, TRACE_HEADER);
    let is_good = given.len() == 32 && given.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if is_good { given.to_owned() } else { HEXLOWER.encode(&fresh(16)) }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The last element of a list header: what the nearest proxy said.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let line = headers.get_all(name).iter().next_back().and_then(|value| value.to_str().ok()).unwrap_or_default();
    line.rsplit(',').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn forwarded_addresses_count_only_from_proxies() {
        let proxy = |ip: IpAddr| ip.is_loopback() || ip == IpAddr::from([10, 0, 0, 1]);
        let forwarded = headers(&[("x-forwarded-for", "6.6.6.6, 192.0.2.7"), ("x-forwarded-for", "10.0.0.1")]);
        for (headers, peer, wanted) in [
            (&forwarded, "127.0.0.1", "192.0.2.7"),
            (&forwarded, "::ffff:10.0.0.1", "192.0.2.7"),
            (&forwarded, "198.51.100.9", "198.51.100.9"),
            (&headers(&[("x-forwarded-for", "nonsense")]), "127.0.0.1", "127.0.0.1"),
            (&headers(&[("x-forwarded-for", "[2001:db8::7]:99")]), "127.0.0.1", "2001:db8::7"),
            (&headers(&[("x-forwarded-for", "192.0.2.7:5555")]), "127.0.0.1", "192.0.2.7"),
            (&HeaderMap::new(), "127.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(client(headers, peer.parse().unwrap(), proxy), wanted.parse::<IpAddr>().unwrap(), "{headers:?}");
        }
    }

    #[test]
    fn trace_ids_are_taken_over_only_when_well_formed() {
        let good = "0123456789abcdef0123456789abcdef";
        assert_eq!(trace_id(&headers(&[(TRACE_HEADER, good)])), good);
        for bad in ["0123456789ABCDEF0123456789ABCDEF", "x", "0123456789abcdef0123456789abcdef0"] {
            let made = trace_id(&headers(&[(TRACE_HEADER, bad)]));
            assert!(made.len() == 32 && made != bad);
        }
    }

    #[test]
    fn a_session_goes_before_a_key() {
        let both = headers(&[("cookie", "csrftoken=c; sessionid=abc"), ("authorization", "Bearer maas_pat_x")]);
        assert!(matches!(credentials(&both), Some(Credentials::Session(key)) if key.expose() == "abc"));
        let empty = headers(&[("cookie", "sessionid="), ("authorization", "bearer  maas_pat_x")]);
        assert!(matches!(credentials(&empty), Some(Credentials::Bearer(value)) if value.expose() == "maas_pat_x"));
        assert!(credentials(&HeaderMap::new()).is_none());
    }
}
