//! Checks of values. The messages are those that clients of API 2.0 know, where there is one.

use std::net::IpAddr;

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
        "" | "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
        _ => Err("Enter true or false.".to_owned()),
    }
}

pub(super) fn integer(text: &str, min: i64, max: i64) -> Result<i64, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(REQUIRED.to_owned());
    }
    let number: i64 = text.parse().map_err(|_| "Enter a whole number.".to_owned())?;
    if number < min {
        Err(format!("Ensure this value is greater than or equal to {min}."))
    } else if number > max {
        Err(format!("Ensure this value is less than or equal to {max}."))
    } else {
        Ok(number)
    }
}

pub(super) fn no_choice(text: &str) -> String {
    format!("Select a valid choice. {text} is not one of the available choices.")
}

pub(super) fn choices(text: &str, choices: &[&str]) -> Result<String, String> {
    let words: Vec<&str> = words(text).collect();
    match words.iter().find(|word| !choices.contains(word)) {
        Some(word) => Err(no_choice(word)),
        None => Ok(words.join(" ")),
    }
}

pub(super) fn length(text: &str, max: usize) -> Result<(), String> {
    let count = text.chars().count();
    if count > max {
        return Err(format!("Ensure this value has at most {max} characters (it has {count})."));
    }
    if text.chars().any(|c| c == '\0') {
        return Err("Null characters are not allowed.".to_owned());
    }
    Ok(())
}

pub(super) fn any(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

pub(super) fn required(text: &str) -> Result<String, String> {
    if text.is_empty() { Err(REQUIRED.to_owned()) } else { Ok(text.to_owned()) }
}

/// An `http` or `https` URL, or nothing.
pub(super) fn url(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let bad = || "Enter a valid URL.".to_owned();
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).ok_or_else(bad)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = split_port(host).ok_or_else(bad)?;
    let is_printable = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if is_printable && is_host(name) && port.is_none_or(|port| port > 0) { Ok(text.to_owned()) } else { Err(bad()) }
}

/// Host names and addresses, parted by blanks or commas.
pub(super) fn hosts(text: &str) -> Result<String, String> {
    listed(text, |word| is_host(word).then(|| word.to_owned()), |word| format!("Invalid hostname: {word}."))
}

/// One host name or address, or nothing.
pub(super) fn host(text: &str) -> Result<String, String> {
    if text.is_empty() || is_host(text) { Ok(text.to_owned()) } else { Err(format!("Invalid hostname: {text}.")) }
}

pub(super) fn addresses(text: &str) -> Result<String, String> {
    listed(
        text,
        |word| word.parse::<IpAddr>().ok().map(|address| address.to_string()),
        |word| format!("Invalid IP address: {word}; provide a list of space-separated IP addresses"),
    )
}

/// Addresses, networks and names of access lists.
pub(super) fn access_list(text: &str) -> Result<String, String> {
    let is_entry = |word: &str| word.parse::<IpAddr>().is_ok() || word.parse::<ipnet::IpNet>().is_ok() || is_host(word);
    listed(
        text,
        |word| is_entry(word).then(|| word.to_owned()),
        |word| format!("Invalid IP address, network or access list name: {word}."),
    )
}

pub(super) fn domain(text: &str) -> Result<String, String> {
    let is_domain = !text.is_empty() && text.parse::<IpAddr>().is_err() && is_host(text);
    if is_domain { Ok(text.to_owned()) } else { Err("Enter a valid domain name.".to_owned()) }
}

/// `host[:port]`; port 514 is added.
pub(super) fn syslog_host(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let bad = || "Enter a host name or address, and a port if it is not 514.".to_owned();
    if let Ok(IpAddr::V6(address)) = text.parse() {
        return Ok(format!("[{address}]:514"));
    }
    match split_port(text) {
        Some((host, None)) if is_host(host) => Ok(format!("{text}:514")),
        Some((host, Some(port))) if is_host(host) && port > 0 => Ok(text.to_owned()),
        _ => Err(bad()),
    }
}

/// A port for a service of ours that operators may choose.
pub(super) fn service_port(text: &str, except: Option<i64>) -> Result<i64, String> {
    let port = integer(text, 1024, 65535)?;
    if (5239..=5284).contains(&port) && Some(port) != except {
        return Err("Ensure this value is not between 5239 and 5284, which the site keeps for itself.".to_owned());
    }
    Ok(port)
}

/// Spans of time as systemd writes them: `15m`, `1h 30m`.
pub(super) fn interval(text: &str) -> Result<String, String> {
    let bad = || "Enter a time span such as 15m or 1h 30m.".to_owned();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(REQUIRED.to_owned());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|end| *end > 0).ok_or_else(bad)?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        if !TIME_UNITS.contains(&&rest[..letters]) {
            return Err(bad());
        }
        rest = rest[letters..].trim_start();
    }
    Ok(text.trim().to_owned())
}

/// The IPMI K_g key: 20 characters, or `0x` and 40 hex digits, or nothing.
pub(super) fn kg_key(text: &str) -> Result<String, String> {
    let is_hex = text
        .strip_prefix("0x")
        .is_some_and(|digits| digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if text.is_empty() || is_hex || text.chars().count() == 20 {
        Ok(text.to_owned())
    } else {
        Err("The K_g key must be 20 characters long or 40 hexadecimal digits long (prefixed by 0x).".to_owned())
    }
}

/// Names of kernels: `ga-24.04`, `hwe-22.04-edge`, or nothing.
pub(super) fn kernel(text: &str) -> Result<String, String> {
    let is_version =
        |text: &str| text.len() == 5 && text.as_bytes()[2] == b'.' && text.replace('.', "").parse::<u16>().is_ok();
    let mut parts = text.splitn(3, '-');
    let is_kernel = matches!(parts.next(), Some("ga" | "hwe"))
        && parts.next().is_some_and(is_version)
        && matches!(parts.next(), None | Some("edge" | "lowlatency" | "lowlatency-edge"));
    if text.is_empty() || is_kernel { Ok(text.to_owned()) } else { Err(no_choice(text)) }
}

/// The text with the password of a URL in it replaced.
pub(super) fn without_password(text: &str, replacement: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some((user, host)) = rest[..end].rsplit_once('@') else { return text.to_owned() };
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}:{replacement}@{host}{}", &rest[end..]),
        None => text.to_owned(),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty())
}

fn listed(
    text: &str,
    canonical: impl Fn(&str) -> Option<String>,
    complaint: impl Fn(&str) -> String,
) -> Result<String, String> {
    let all: Result<Vec<String>, String> =
        words(text).map(|word| canonical(word).ok_or_else(|| complaint(word))).collect();
    all.map(|words| words.join(" "))
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match text.split_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((text, None)),
    }
}

/// An address, or a host name of labels of letters, digits, `-` and `_`.
fn is_host(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let name = text.strip_suffix('.').unwrap_or(text);
    (1..=253).contains(&name.len()) && name.split('.').all(is_label)
}

const REQUIRED: &str = "This field is required.";
const TIME_UNITS: [&str; 13] =
    ["s", "sec", "second", "seconds", "m", "min", "minute", "minutes", "h", "hr", "hour", "hours", "d"];
