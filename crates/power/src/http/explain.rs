//! Why a request got no answer.

use std::{error::Error as StdError, io};

use maas_tls::probe::served_fingerprint;
use reqwest::Url;
use rustls::CertificateError;
use tokio::net::lookup_host;

use super::{settings, shown};
use crate::{Limits, PowerError};

/// The error behind a request that failed. For a certificate that is not trusted, the one that is shown is fetched (by a
/// connection without credentials), so that it can be compared and pinned.
pub(super) async fn explain(url: &Url, error: &reqwest::Error, limits: &Limits) -> PowerError {
    let address = shown(url);
    if error.is_timeout() {
        return PowerError::Timeout { address, limit: limits.connect };
    }
    match tls_error(error) {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            let reason = certificate_reason(reason);
            let seen = match shown_fingerprint(url, limits).await {
                Some(print) => format!("if {print} is its SHA-256, set it here"),
                None => "set its SHA-256 here".to_owned(),
            };
            settings(
                "power_fingerprint",
                &format!("{address} shows a certificate that {reason}; {seen}, or give its CA in `power_ca`"),
            )
        }
        Some(rustls::Error::InvalidMessage(_)) => {
            PowerError::Unreachable { address, why: "it does not speak TLS on this port".into() }
        }
        Some(other) => PowerError::Unreachable { address, why: format!("TLS: {other}") },
        None => PowerError::Unreachable { address, why: innermost(error) },
    }
}

async fn shown_fingerprint(url: &Url, limits: &Limits) -> Option<String> {
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = lookup_host((bare, port)).await.ok()?.next()?;
    served_fingerprint(address, bare, limits.connect).await.ok()
}

fn certificate_reason(reason: &CertificateError) -> String {
    use CertificateError as Reason;
    match reason {
        Reason::UnknownIssuer => "nobody who is trusted here has issued".into(),
        Reason::Expired | Reason::ExpiredContext { .. } => "has expired".into(),
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => "is not valid yet (is the clock right?)".into(),
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => "is for another name".into(),
        Reason::ApplicationVerificationFailure => "is not the pinned one".into(),
        other => format!("is refused ({other})"),
    }
}

/// The first error of rustls among the causes; those inside an I/O error are not in its chain.
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}
