//! What is spoken on the ports, and what is not.

use std::process::Stdio;

use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioExecutor;
use rustls::NamedGroup;
use tokio::process::Command;

use super::*;

#[tokio::test]
async fn http2_is_spoken_when_asked_for() {
    let mut site = Site::start(with_tls(1), Limits::default()).await;
    let mut config = trusting();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = connect(site.https(), config).await;
    let session = stream.get_ref().1;
    assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(session.negotiated_key_exchange_group().map(|group| group.name()), Some(NamedGroup::X25519MLKEM768));
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let mut background = JoinSet::new();
    background.spawn(connection);
    for (path, status, expected) in [("/", 200, "full"), ("/panic", 500, "internal error\n"), ("/", 200, "full")] {
        let request =
            http::Request::get(format!("https://localhost{path}")).body(Empty::<bytes::Bytes>::new()).unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), expected);
    }
    site.stop.cancel();
    assert!(background.join_next().await.unwrap().unwrap().is_ok(), "ends with a goodbye");
    site.stopped().await;
}

#[tokio::test]
async fn plain_http_on_the_tls_port_is_told_where_to_go() {
    let site = Site::start(with_tls(1), Limits::default()).await;
    let address = site.https();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (status, text) = ask(&mut stream, "/MAAS/").await;
    assert_eq!(status, 400);
    let expected = format!("this port speaks HTTPS: use https://{address}/ with the name or address that you called\n");
    assert_eq!(text, expected);
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn tls_on_the_plain_port_is_understood_while_tls_is_on() {
    let mut site = Site::start(with_tls(1), Limits::default()).await;
    let mut stream = connect(site.http(), trusting()).await;
    assert_eq!(ask(&mut stream, "/").await, (200, "full".to_owned()));
    site.change(|now| now.tls = None).await;
    let socket = TcpStream::connect(site.http()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    assert!(TlsConnector::from(Arc::new(trusting())).connect(name, socket).await.is_err());
}

#[tokio::test]
async fn trust_is_what_was_given() {
    let site = Site::start(with_tls(1), Limits::default()).await;
    let leaf = site.listening.borrow().tls.clone().unwrap().bundle.info.clone();
    let other = SiteCa::generate("Other", real_now()).unwrap();
    let roots = |pem: &str| Trust::Roots { pem: pem.to_owned(), with_system: false };
    for (trust, is_trusted) in [
        (roots(CA.certificate_pem()), true),
        (roots(&leaf.pem), true),
        (roots(other.certificate_pem()), false),
        (Trust::Pinned(leaf.sha256.clone()), true),
        (Trust::Pinned(CA.fingerprint()), false),
        (Trust::Insecure, true),
    ] {
        let socket = TcpStream::connect(site.https()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connected = TlsConnector::from(Arc::new(client_config(&trust).unwrap())).connect(name, socket).await;
        assert_eq!(connected.is_ok(), is_trusted, "{trust:?}");
    }
    let wrong = ServerName::try_from("elsewhere").unwrap();
    let socket = TcpStream::connect(site.https()).await.unwrap();
    let config = client_config(&roots(&leaf.pem)).unwrap();
    assert!(TlsConnector::from(Arc::new(config)).connect(wrong, socket).await.is_err(), "another name");
}

/// Another implementation's word on what is accepted.
#[tokio::test]
async fn only_modern_tls_is_spoken() {
    let rsa = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let pem = params.self_signed(&rsa).unwrap().pem();
    let rsa = CertBundle::from_stored(&pem, &maas_model::Secret::new(rsa.serialize_pem())).unwrap();
    for bundle in [bundle(), Arc::new(rsa)] {
        let tls = Some(TlsListening { port: 0, bundle, generation: 1 });
        let site = Site::start(Listening { tls, ..with_tls(1) }, Limits::default()).await;
        for (args, is_spoken) in [
            ("-tls1_3", true),
            ("-tls1_3 -groups X25519", true),
            ("-tls1_3 -groups P-256", true),
            ("-tls1_3 -groups P-384", true),
            ("-tls1_3 -groups P-521", false),
            ("-tls1_2", true),
            ("-tls1_2 -cipher ECDHE+AESGCM", true),
            ("-tls1_2 -cipher ECDHE+CHACHA20", true),
            ("-tls1_2 -cipher ECDHE+AES:!AESGCM:!AESCCM:@SECLEVEL=0", false),
            ("-tls1_2 -cipher kRSA:@SECLEVEL=0", false),
            ("-tls1_2 -cipher DHE:@SECLEVEL=0", false),
            ("-tls1_1 -cipher ALL:@SECLEVEL=0", false),
            ("-tls1 -cipher ALL:@SECLEVEL=0", false),
        ] {
            assert_eq!(s_client(site.https(), args).await, is_spoken, "{args}");
        }
    }
}

async fn s_client(address: SocketAddr, args: &str) -> bool {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address.to_string()]).args(args.split(' '));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    timeout(SOON, command.status()).await.unwrap().unwrap().success()
}
