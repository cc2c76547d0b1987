//! A look at how a PostgreSQL server wants passwords, before it gets ours: in clear and as MD5 they are refused, since
//! whoever listens, or plays the server, could use them. Over TLS the server is asked afterwards instead.

use std::{io, time::Duration};

use sqlx::{
    AnyPool, Row,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::{Result, StoreError};

/// Refuses a server that would get the password in clear, or as good as that, over a connection without TLS. A server that
/// does not answer is left for the connection itself to complain about.
pub(super) async fn check(options: &PgConnectOptions) -> Result<()> {
    if !matches!(options.get_ssl_mode(), PgSslMode::Disable | PgSslMode::Prefer) {
        return Ok(());
    }
    match timeout(PATIENCE, wanted(options)).await {
        Ok(Ok(Some(method))) => refuse(method),
        _ => Ok(()),
    }
}

/// Refuses a server that took the password by such a method; servers before version 16 do not tell.
pub(super) async fn check_afterwards(pool: &AnyPool) -> Result<()> {
    let version = "select current_setting('server_version_num')::bigint as version";
    if sqlx::query(version).fetch_one(pool).await?.try_get::<i64, _>("version")? < 160_000 {
        return Ok(());
    }
    let row = sqlx::query("select system_user::text as method").fetch_one(pool).await?;
    let method: Option<String> = row.try_get("method")?;
    match method.as_deref().and_then(|method| method.split(':').next()) {
        Some("password") => refuse("password"),
        Some("md5") => refuse("md5"),
        _ => Ok(()),
    }
}

fn refuse(method: &str) -> Result<()> {
    Err(StoreError::Config(format!(
        "the database server asks for the password by `{method}`, which gives it away: use `scram-sha-256` in its \
         `pg_hba.conf`, with `password_encryption = scram-sha-256`, and set the password anew"
    )))
}

/// The method, if it is one of the bad ones; nothing when the connection will be TLS.
async fn wanted(options: &PgConnectOptions) -> io::Result<Option<&'static str>> {
    if options.get_socket().is_some() {
        let path = options.get_socket().map(|dir| dir.join(format!(".s.PGSQL.{}", options.get_port())));
        return ask(UnixStream::connect(path.unwrap_or_default()).await?, options).await;
    }
    let address = (options.get_host(), options.get_port());
    if matches!(options.get_ssl_mode(), PgSslMode::Prefer) && speaks_tls(TcpStream::connect(address).await?).await? {
        return Ok(None);
    }
    ask(TcpStream::connect(address).await?, options).await
}

async fn speaks_tls(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<bool> {
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await?;
    Ok(stream.read_u8().await? == b'S')
}

/// Starts up as far as the server's question, and hangs up.
async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    options: &PgConnectOptions,
) -> io::Result<Option<&'static str>> {
    let database = options.get_database().unwrap_or(options.get_username());
    let body = format!("user\0{}\0database\0{database}\0\0", options.get_username());
    let length = u32::try_from(body.len() + 8).map_err(io::Error::other)?;
    stream.write_u32(length).await?;
    stream.write_u32(PROTOCOL_3).await?;
    stream.write_all(body.as_bytes()).await?;
    let (kind, _) = (stream.read_u8().await?, stream.read_u32().await?);
    Ok(match (kind, stream.read_u32().await?) {
        (b'R', 3) => Some("password"),
        (b'R', 5) => Some("md5"),
        _ => None,
    })
}

const PROTOCOL_3: u32 = 3 << 16;
const PATIENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A server that asks by this method (5 is MD5, 3 is clear, 10 is SCRAM), whoever comes.
    async fn answer_of(method: u8) -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(listener.local_addr().unwrap().port())
            .username("maas")
            .ssl_mode(PgSslMode::Disable);
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut greeting = [0; 8];
            stream.read_exact(&mut greeting).await.unwrap();
            stream.write_all(&[b'R', 0, 0, 0, 12, 0, 0, 0, method, 1, 2, 3, 4]).await.unwrap();
            stream
        };
        tokio::join!(check(&options), serve).0
    }

    #[tokio::test]
    async fn passwords_in_clear_or_as_md5_are_refused() {
        for (method, name) in [(3, "`password`"), (5, "`md5`")] {
            assert!(answer_of(method).await.unwrap_err().to_string().contains(name));
        }
        answer_of(10).await.unwrap();
    }
}
