//! Full TLS 1.3 handshakes, as many as a server takes: connect, shake hands, say goodbye, wait for the server to do so too.

use std::{
    cell::Cell,
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};
use tokio_rustls::TlsConnector;

use super::process;

/// What came of a run.
pub(crate) struct Handshakes {
    pub(crate) per_second: f64,
    /// Processor time that the server took for one, in microseconds.
    pub(crate) server_us: f64,
}

/// Which key exchange is offered. nginx of Debian 12 knows no hybrid one, so it is X25519 where the two are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load {
    X25519,
    Hybrid,
}

/// Shakes hands with a port of loopback, sixteen at a time.
pub(crate) async fn measure(port: u16, server: &[u32], load: Load, length: Duration) -> Handshakes {
    let connector = TlsConnector::from(Arc::new(config(load)));
    let (count, started, before) = (Rc::new(Cell::new(0_u32)), Instant::now(), process::processor_time(server));
    let tasks = LocalSet::new();
    for _ in 0..16 {
        let (connector, count) = (connector.clone(), Rc::clone(&count));
        tasks.spawn_local(async move {
            while started.elapsed() < length {
                shake(&connector, port).await.expect("the server shakes hands");
                count.set(count.get() + 1);
            }
        });
    }
    tasks.await;
    let spent = process::processor_time(server).saturating_sub(before);
    let count = f64::from(count.get());
    Handshakes { per_second: count / started.elapsed().as_secs_f64(), server_us: spent.as_secs_f64() * 1e6 / count }
}

async fn shake(connector: &TlsConnector, port: u16) -> std::io::Result<()> {
    let stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = connector.connect(name, stream).await?;
    stream.shutdown().await?;
    let mut rest = [0; 64];
    // The server may just hang up, which is an error to rustls and fine to us.
    while matches!(stream.read(&mut rest).await, Ok(1..)) {}
    Ok(())
}

fn config(load: Load) -> ClientConfig {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = match load {
        Load::X25519 => vec![aws_lc_rs::kx_group::X25519],
        Load::Hybrid => vec![aws_lc_rs::kx_group::X25519MLKEM768],
    };
    let provider = Arc::new(provider);
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider knows TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Unverified(provider)))
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// Saves the generator the work of verifying, so that it is not the slower one. Only here, only to measure.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
