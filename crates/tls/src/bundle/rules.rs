//! What must hold, and what should, of the certificates that are to be served.

use std::{net::IpAddr, time::Duration};

use maas_model::Timestamp;
use x509_parser::{certificate::X509Certificate, extensions::GeneralName};

use super::{
    CheckOptions, Problems,
    chain::{Chain, is_self_signed, is_sha1},
};
use crate::info::{address, name_text};

/// A certificate and what to call it in messages.
pub(super) struct Named<'a, 'b> {
    pub(super) certificate: &'a X509Certificate<'b>,
    pub(super) file: &'a str,
}

/// The rules for the leaf alone.
pub(super) fn check_leaf(leaf: &Named<'_, '_>, options: &CheckOptions, problems: &mut Problems) {
    let certificate = leaf.certificate;
    let file = leaf.file;
    let is_self_signed = is_self_signed(certificate);
    if certificate.is_ca() && !(is_self_signed && options.allow_self_signed_ca) {
        let what = if is_self_signed { "a self-signed CA's" } else { "a CA's" };
        let way = if is_self_signed { " or allow it with `--allow-self-signed-ca`" } else { "" };
        let text = format!("the certificate in `{file}` is {what}, not a server's; issue one for the server{way}");
        problems.error("tls/leaf-is-ca", text);
    }
    if let Ok(Some(usage)) = certificate.extended_key_usage()
        && !usage.value.server_auth
    {
        let text = format!(
            "the certificate in `{file}` is not for servers: issue one whose extended key usage has serverAuth"
        );
        problems.error("tls/eku", text);
    }
    check_names(leaf, &options.hosts, problems);
    if is_self_signed {
        let text = format!("the certificate in `{file}` is self-signed: every client must be told to trust it");
        problems.warning("tls/self-signed", text);
    }
    check_span(leaf, options, problems);
}

/// The rules for each certificate that is served, and for those that have no place among them.
pub(super) fn check_chain(all: &[Named<'_, '_>], chain: &Chain, options: &CheckOptions, problems: &mut Problems) {
    for index in &chain.served {
        check_dates(&all[*index], options, problems);
        if is_sha1(all[*index].certificate) && !is_self_signed(all[*index].certificate) {
            let Named { certificate, file } = &all[*index];
            let subject = name_text(certificate.subject());
            let text =
                format!("`{subject}` in `{file}` is signed with SHA-1, which clients refuse; have it issued anew");
            problems.warning("tls/sha1", text);
        }
    }
    for index in chain.served.iter().skip(1).filter(|index| !all[**index].certificate.is_ca()) {
        let Named { certificate, file } = &all[*index];
        let subject = name_text(certificate.subject());
        let text = format!(
            "`{subject}` in `{file}` has issued a certificate but is no CA; leave it out and have the server's issued by a CA"
        );
        problems.error("tls/chain-broken", text);
    }
    let last = chain.served.last().map(|index| name_text(all[*index].certificate.issuer())).unwrap_or_default();
    for Named { certificate, file } in chain.unrelated.iter().map(|index| &all[*index]) {
        let subject = name_text(certificate.subject());
        let text = format!(
            "`{subject}` in `{file}` is not part of the chain: leave it out, and give the certificate of `{last}` if it is missing"
        );
        problems.error("tls/chain-broken", text);
    }
}

fn check_dates(named: &Named<'_, '_>, options: &CheckOptions, problems: &mut Problems) {
    let Named { certificate, file } = named;
    let (begin, end) = span(certificate);
    let subject = name_text(certificate.subject());
    if options.now >= end && !options.allow_expired {
        let text = format!("`{subject}` in `{file}` ended on {}; have it renewed", end.human());
        problems.error("tls/cert-expired", text);
    }
    if options.now < begin {
        let text = format!(
            "`{subject}` in `{file}` begins on {}; wait until then, or check this machine's clock (it says {})",
            begin.human(),
            options.now.human()
        );
        problems.error("tls/cert-not-yet-valid", text);
    }
}

fn check_span(leaf: &Named<'_, '_>, options: &CheckOptions, problems: &mut Problems) {
    let (begin, end) = span(leaf.certificate);
    let days = end.since(begin).as_secs().div_ceil(DAY.as_secs());
    if days > LONGEST_DAYS {
        let text = format!(
            "the certificate in `{}` lives for {days} days: clients may refuse more than {LONGEST_DAYS}",
            leaf.file
        );
        problems.warning("tls/long-lived", text);
    }
    let left = (end.micros() - options.now.micros()).div_euclid(86_400_000_000);
    if options.now < end && left < options.reminder_days {
        let when = match left {
            0 => "today".to_owned(),
            1 => "in 1 day".to_owned(),
            days => format!("in {days} days"),
        };
        let text = format!("the certificate in `{}` ends {when} ({}); renew it soon", leaf.file, end.human());
        problems.warning("tls/expires-soon", text);
    }
}

fn check_names(leaf: &Named<'_, '_>, hosts: &[String], problems: &mut Problems) {
    let file = leaf.file;
    let extension = leaf.certificate.subject_alternative_name().ok().flatten();
    let names = extension.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let is_usable = |name: &GeneralName<'_>| matches!(name, GeneralName::DNSName(_) | GeneralName::IPAddress(_));
    if !names.iter().any(is_usable) {
        let text = format!(
            "the certificate in `{file}` has no subject alternative name: current clients ignore the common name and refuse it"
        );
        problems.warning("tls/no-san", text);
        return;
    }
    let missing: Vec<String> =
        hosts.iter().filter(|host| !is_covered(host, names)).map(|host| format!("`{host}`")).collect();
    if !missing.is_empty() {
        let text = format!(
            "the certificate in `{file}` does not name {}: clients that use it will refuse the certificate",
            missing.join(", ")
        );
        problems.warning("tls/host-not-covered", text);
    }
}

/// Whether one of the names is this host's; `*.` stands for one label.
fn is_covered(host: &str, names: &[GeneralName<'_>]) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    if let Ok(wanted) = host.parse::<IpAddr>() {
        return names
            .iter()
            .any(|name| matches!(name, GeneralName::IPAddress(bytes) if address(bytes) == Some(wanted)));
    }
    names.iter().any(|name| match name {
        GeneralName::DNSName(pattern) => match pattern.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
            None => pattern.trim_end_matches('.').eq_ignore_ascii_case(host),
        },
        _ => false,
    })
}

fn span(certificate: &X509Certificate<'_>) -> (Timestamp, Timestamp) {
    let validity = certificate.validity();
    (Timestamp::from_secs(validity.not_before.timestamp()), Timestamp::from_secs(validity.not_after.timestamp()))
}

const DAY: Duration = Duration::from_secs(86_400);
/// What browsers accept (CA/Browser Forum ballot SC31 and Apple's and Chrome's policies).
const LONGEST_DAYS: u64 = 398;

#[cfg(test)]
mod tests {
    use x509_parser::extensions::GeneralName;

    use super::is_covered;

    #[test]
    fn hosts_are_matched_as_clients_do() {
        let names = [
            GeneralName::DNSName("maas.example"),
            GeneralName::DNSName("*.Lab.example"),
            GeneralName::IPAddress(&[192, 0, 2, 1]),
        ];
        for (host, is_named) in [
            ("MAAS.example", true),
            ("maas.example.", true),
            ("a.lab.example", true),
            ("a.b.lab.example", false),
            ("lab.example", false),
            ("192.0.2.1", true),
            ("192.0.2.2", false),
            ("[::1]", false),
        ] {
            assert_eq!(is_covered(host, &names), is_named, "{host}");
        }
    }
}
