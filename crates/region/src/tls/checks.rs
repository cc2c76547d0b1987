//! What is checked before a pair is taken: the pair itself, and the port.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
};

use maas_authz::OpCtx;
use maas_store::{region_seen, tls_generation::StateRow};
use maas_tls::{CertBundle, CheckOptions, PairText, Problem, Severity, bundle::check_port};

use super::{EnableOptions, PairPem};
use crate::{Error, FieldErrors, Region, Result, settings};

/// Checks pair and port; a bundle only when the pair itself has no error.
pub(super) async fn check(
    region: &Region,
    ctx: &OpCtx,
    pair: &PairPem,
    options: &EnableOptions,
    before: &StateRow,
    port: u16,
) -> Result<(Option<CertBundle>, Vec<Problem>)> {
    let rules = CheckOptions {
        now: ctx.clock.now(),
        allow_expired: options.allow_expired,
        allow_self_signed_ca: options.allow_self_signed_ca,
        hosts: hosts(region),
        reminder_days: settings::number(region, "tls_cert_expiration_notification_interval").await?,
    };
    let pair = pair.clone();
    let is_new_port = before.current.port != Some(i64::from(port));
    let work = move || {
        let [key, certificate, ca] = &pair.names;
        let text = PairText {
            key: &pair.key,
            certificate: &pair.certificate,
            ca: pair.ca.as_deref(),
            names: [key, certificate, ca],
        };
        let (bundle, mut problems) = maas_tls::check(text, &rules);
        if is_new_port {
            problems.extend(check_port(port).or_else(|| check_free(port)));
        }
        (bundle, problems)
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.into()))
}

/// The bundle, unless a problem refuses it: any error, and with `strict` any warning.
pub(super) fn accepted(bundle: Option<CertBundle>, problems: &[Problem], strict: bool) -> Result<CertBundle> {
    let mut refusing = FieldErrors::new();
    for problem in problems.iter().filter(|problem| strict || problem.severity == Severity::Error) {
        refusing.entry(problem.code.to_owned()).or_default().push(problem.text.clone());
    }
    match bundle {
        Some(bundle) if refusing.is_empty() => Ok(bundle),
        _ => Err(Error::Invalid(refusing)),
    }
}

/// A site may have been told to take any free port (0). The port that it became counts as the same.
pub(super) async fn same_port(region: &Region, before: &StateRow, wanted: u16) -> Result<u16> {
    if before.current.port != Some(0) {
        return Ok(wanted);
    }
    let seen = region_seen::list(&mut *region.store().reader().await?).await?;
    let is_same = seen.iter().any(|region| region.https_port == Some(i64::from(wanted)));
    Ok(if is_same { 0 } else { wanted })
}

/// The names under which clients reach the site.
fn hosts(region: &Region) -> Vec<String> {
    let config = region.config();
    let url: Option<http::Uri> = config.maas_url.as_deref().and_then(|url| url.parse().ok());
    let from_url = url.as_ref().and_then(http::Uri::host).map(|host| host.trim_matches(['[', ']']).to_owned());
    let mut hosts: Vec<String> = from_url.into_iter().chain([config.region_name.clone()]).collect();
    hosts.dedup();
    hosts
}

/// Whether another process has the port. Other reasons not to get it are for the region itself to find out.
fn check_free(port: u16) -> Option<Problem> {
    let addresses = [SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)), SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))];
    let is_taken =
        |address: &SocketAddr| TcpListener::bind(address).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse);
    addresses.iter().find(|address| is_taken(address)).map(|_| Problem {
        code: "tls/port",
        severity: Severity::Error,
        text: format!("port {port} is in use; see `ss -ltnp sport = :{port}`, or choose another"),
    })
}
