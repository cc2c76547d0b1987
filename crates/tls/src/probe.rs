//! Looks at a listener from outside: which certificate does it show?

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::{client::Resumption, pki_types::ServerName};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use crate::{
    client::{Trust, client_config},
    info::fingerprint,
};

/// Connects, shakes hands without trusting anything, and returns the leaf's SHA-256 (upper-case hex pairs joined by `:`).
///
/// # Errors
/// One line: refused, timed out, no TLS.
pub async fn served_fingerprint(address: SocketAddr, server_name: &str, limit: Duration) -> Result<String, String> {
    let name = ServerName::try_from(server_name.to_owned()).map_err(|_| format!("`{server_name}` is no host name"))?;
    match timeout(limit, look(address, name)).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(format!("no TLS at {address}: {error}")),
        Err(_) => Err(format!("no TLS at {address}: no answer within {} s", limit.as_secs_f32())),
    }
}

async fn look(address: SocketAddr, name: ServerName<'static>) -> Result<String, String> {
    let mut config = client_config(&Trust::Insecure).map_err(|error| error.to_string())?;
    config.resumption = Resumption::disabled();
    let socket = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, socket).await;
    let mut stream = connected.map_err(|error| error.to_string())?;
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first()).map(|leaf| fingerprint(leaf));
    let _ = stream.shutdown().await;
    shown.ok_or_else(|| "it shows no certificate".to_owned())
}
