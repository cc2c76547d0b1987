//! How the TLS port speaks: 1.3 and 1.2, AEAD with forward secrecy, `h2` and `http/1.1`.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::Ticketer,
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use crate::{CertBundle, provider::provider};

/// The configuration for one bundle. Each has ticket keys of its own, so a session begun under an earlier certificate is
/// not resumed under this one: every handshake after a change is a full one and shows what is served now. The keys change
/// every six hours and are in memory only; nothing is kept per session.
///
/// # Errors
/// One line; only when the machine gives no randomness.
pub(super) fn server_config(bundle: &CertBundle) -> Result<Arc<ServerConfig>, String> {
    let failed = |error: rustls::Error| format!("could not prepare TLS: {error}");
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(failed)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shown(bundle.certified.clone())));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Every suite is a good one; scanners still ask for an order, so it is the server's.
    config.ignore_client_order = true;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.ticketer = Ticketer::new().map_err(failed)?;
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

/// One certificate for whatever name is asked for.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}
