//! Small words that several pages share: times, ages, counts, and paths of our own.

use std::net::IpAddr;

use maas_model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// An instant twice: to the second for machines and tooltips, and as people say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct When {
    pub(crate) iso: String,
    pub(crate) full: String,
    pub(crate) short: String,
}

impl When {
    /// `at`, as said at `now`.
    pub(crate) fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { iso: at.iso(), full: at.human(), short: relative(at, now) }
    }
}

/// `5 minutes ago`, `in 3 days`, `just now`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let (seconds, is_past) = if at <= now { (now.since(at).as_secs(), true) } else { (at.since(now).as_secs(), false) };
    let span = match seconds {
        0..60 => return if is_past { "just now".to_owned() } else { "in less than a minute".to_owned() },
        60..3600 => count(seconds / 60, "minute"),
        3600..86_400 => count(seconds / 3600, "hour"),
        86_400..5_184_000 => count(seconds / 86_400, "day"),
        5_184_000..63_072_000 => count(seconds / 2_592_000, "month"),
        _ => count(seconds / 31_536_000, "year"),
    };
    if is_past { format!("{span} ago") } else { format!("in {span}") }
}

/// `1 key`, `3 keys`.
pub(crate) fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// `12,345`
pub(crate) fn grouped(number: &i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if *number < 0 { format!("-{out}") } else { out }
}

/// An address, or a dash.
pub(crate) fn address(ip: Option<IpAddr>) -> String {
    ip.map_or_else(|| "–".to_owned(), |ip| ip.to_string())
}

/// One segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Where to go after a login: a page of ours, or the first page. Whatever could lead to another host is not ours.
pub(crate) fn local_path(asked: &str) -> &str {
    let is_plain = asked.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    let is_ours = asked.starts_with("/MAAS/r/") && !asked.starts_with("/MAAS/r/login") && asked.len() <= 2000;
    if is_plain && is_ours && !asked.contains("/..") && !asked.contains("//") { asked } else { HOME }
}

/// The browser and system of a user agent, roughly: `Firefox on Linux`.
pub(crate) fn browser(agent: &str) -> String {
    let find =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    let program = find(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
        ("python", "Python"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (program, system) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.is_empty() => "unknown program".to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

/// The first page.
pub(crate) const HOME: &str = "/MAAS/r/machines";

const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@').remove(b'+');

/// A message in pieces: what stands in backticks is code.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = (&str, bool)> {
    text.split('`').enumerate().map(|(number, piece)| (piece, number % 2 == 1))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use maas_model::Timestamp;

    use super::{HOME, browser, local_path, relative, segment};

    #[test]
    fn only_our_own_pages_follow_a_login() {
        assert_eq!(local_path("/MAAS/r/audit?user=bob"), "/MAAS/r/audit?user=bob");
        for foreign in [
            "",
            "https://evil.example/",
            "//evil.example/MAAS/r/",
            "/\\evil.example",
            "/MAAS/r/\\..\\x",
            "/MAAS/r/../../evil",
            "/MAAS/r//evil.example",
            "/MAAS/api/2.0/",
            "/MAAS/r/login?next=/MAAS/r/login",
            "javascript:alert(1)",
            "/MAAS/r/a\r\nSet-Cookie: x=1",
        ] {
            assert_eq!(local_path(foreign), HOME, "{foreign}");
        }
    }

    #[test]
    fn times_are_said_plainly() {
        let now = Timestamp::from_secs(1_000_000_000);
        let at = |secs| Duration::from_secs(secs);
        assert_eq!(relative(now, now), "just now");
        assert_eq!(relative(now.minus(at(60)), now), "1 minute ago");
        assert_eq!(relative(now.minus(at(86_400 * 3)), now), "3 days ago");
        assert_eq!(relative(now.plus(at(7200)), now), "in 2 hours");
        assert_eq!(relative(now.plus(at(86_400 * 400)), now), "in 13 months");
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!([0, 999, 1000, 1_234_567].map(|number| super::grouped(&number)), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn names_become_one_segment() {
        assert_eq!(segment("a/b?c"), "a%2Fb%3Fc");
        assert_eq!(segment("bob+x@y.z"), "bob+x@y.z");
    }

    #[test]
    fn agents_have_short_names() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(browser(agent), "Firefox on Linux");
        assert_eq!(browser(""), "unknown program");
    }
}
