//! TLS connections made by hand, where a test wants to see the handshake itself.

use std::{net::SocketAddr, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A connection after its handshake.
pub type TlsStream = tokio_rustls::client::TlsStream<TcpStream>;

/// A store of exactly these roots.
pub fn roots_from_pem(pems: &[&str]) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for pem in pems {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.expect("a certificate in PEM")).expect("a certificate that can be a root");
        }
    }
    Arc::new(roots)
}

/// Connects to `localhost` on a port, verifying name and chain; offers HTTP/1.1 alone.
///
/// # Errors
/// Refused, reset, not trusted.
pub async fn connect_tls(port: u16, roots: Arc<RootCertStore>) -> std::io::Result<TlsStream> {
    connect_tls_at(SocketAddr::from(([127, 0, 0, 1], port)), roots).await
}

/// The same to whatever listens at an address; it must still show a certificate for `localhost`.
///
/// # Errors
/// Those of the connection and of the handshake.
pub async fn connect_tls_at(address: SocketAddr, roots: Arc<RootCertStore>) -> std::io::Result<TlsStream> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// The fingerprint of the certificate that a new handshake shows, verified against the roots.
///
/// # Errors
/// As [`connect_tls`].
pub async fn served_fingerprint(port: u16, roots: Arc<RootCertStore>) -> std::io::Result<String> {
    let stream = connect_tls(port, roots).await?;
    let certificates = stream.get_ref().1.peer_certificates().expect("a server shows its certificate");
    Ok(crate::certificates::sha256(&certificates[0]))
}
