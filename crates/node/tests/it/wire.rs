//! Wire: real connections: TLS, silence, many at once, the end.
//! In: sockets. Out: answers, or connections that end by themselves.
//! Invariant: nobody holds a connection by saying nothing; what is under way when the node stops is answered.
//! Not here: what is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use stillwatch_node::config::{Config, Tls};
use stillwatch_node::serve::{Live, listen, serve, tls};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::lab::{Lab, Tested, config, envelope, some};

/// A node that listens.
pub(crate) struct Open {
    pub(crate) lab: Lab,
    pub(crate) address: SocketAddr,
    pub(crate) live: Option<Arc<Live>>,
    stop: oneshot::Sender<()>,
    runs: JoinHandle<()>,
}

impl Open {
    pub(crate) async fn new(config: Config, tls: Option<&Tls>) -> Tested<Self> {
        Self::of(Lab::with(config).await?, tls).await
    }

    pub(crate) async fn of(lab: Lab, tls: Option<&Tls>) -> Tested<Self> {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let tls = tls.map(tls::settings).transpose()?;
        let (node, live) = (Arc::clone(&lab.node), tls.clone());
        let runs = tokio::spawn(serve(node, listener, tls, async {
            // A sender that is gone says it too.
            let _ = stopped.await;
        }));
        Ok(Self { lab, address, live, stop, runs })
    }

    pub(crate) async fn end(self) -> Tested {
        let _ = self.stop.send(());
        Ok(self.runs.await?)
    }
}

/// One request on a stream; what comes until the other side ends it.
pub(crate) async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str, token: &str) -> Tested<String> {
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    let mut text = Vec::new();
    // Some end without a farewell of TLS'.
    let _ = stream.read_to_end(&mut text).await;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test]
async fn tls_of_both_versions_is_spoken_and_nothing_else() -> Tested {
    let folder = tempfile::tempdir()?;
    let (certificate, key) = tls::trial()?;
    let files = Tls {
        certificate: folder.path().join("c.pem"),
        key: folder.path().join("k.pem"),
        client_ca: None,
        client_crl: None,
    };
    std::fs::write(&files.certificate, &certificate)?;
    std::fs::write(&files.key, key)?;
    let open = Open::new(config(), Some(&files)).await?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes())?)?;
    let versions: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];
    for version in versions {
        let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[version])?
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        let stream = TcpStream::connect(open.address).await?;
        let connector = TlsConnector::from(Arc::new(client));
        let mut stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        let said = ask(&mut stream, "/trust/collections/", open.lab.token("both")).await?;
        assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    }
    // In the clear there is no answer.
    let mut plain = TcpStream::connect(open.address).await?;
    let said = ask(&mut plain, "/healthz", "").await?;
    assert!(!said.contains("HTTP/"), "{said}");
    // A key that isn't the certificate's, or no file, is told.
    std::fs::write(&files.key, tls::trial()?.1)?;
    assert!(tls::settings(&files).is_err());
    assert!(tls::settings(&Tls { key: folder.path().join("none"), ..files.clone() }).is_err());
    assert!(tls::settings(&Tls { certificate: files.key.clone(), ..files }).is_err());
    open.end().await
}

#[tokio::test]
async fn silence_ends_a_connection() -> Tested {
    let mut config = config();
    config.limits.idle_milliseconds = 200;
    let open = Open::new(config, None).await?;
    for begun in ["", "GET / HTTP/1.1\r\nhost: x\r\n", "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut stream = TcpStream::connect(open.address).await?;
        stream.write_all(begun.as_bytes()).await?;
        let mut rest = Vec::new();
        // Ends, though we don't.
        tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut rest)).await.map_err(|_| begun)?.ok();
    }
    open.end().await
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() -> Tested {
    let mut config = config();
    config.limits.seconds = 1;
    let open = Open::new(config, None).await?;
    let mut stream = TcpStream::connect(open.address).await?;
    let head = format!(
        "POST /trust/collections/shared/objects/ HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/taxii+json\r\ncontent-length: 100\r\n\r\n{{",
        open.lab.token("both")
    );
    stream.write_all(head.as_bytes()).await?;
    let mut text = Vec::new();
    tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut text)).await?.ok();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.starts_with("HTTP/1.1 503") && text.contains("\"http_status\":\"503\""), "{text}");
    open.end().await
}

#[tokio::test]
async fn one_address_has_its_share() -> Tested {
    let mut config = config();
    config.limits.connections_per_address = 3;
    let open = Open::new(config, None).await?;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(open.address).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await?;
        let mut first = [0u8; 12];
        stream.read_exact(&mut first).await?;
        assert_eq!(&first, b"HTTP/1.1 200");
        streams.push(stream);
    }
    let mut more = TcpStream::connect(open.address).await?;
    assert_eq!(ask(&mut more, "/healthz", "").await.unwrap_or_default(), "");
    // Who leaves makes room.
    streams.clear();
    let mut told = String::new();
    for _ in 0..1_000 {
        let mut again = TcpStream::connect(open.address).await?;
        told = ask(&mut again, "/healthz", "").await.unwrap_or_default();
        if !told.is_empty() {
            break;
        }
    }
    assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    open.end().await
}

#[tokio::test]
async fn what_is_under_way_when_it_stops_is_answered() -> Tested {
    let open = Open::new(config(), None).await?;
    let mut stream = TcpStream::connect(open.address).await?;
    let body = envelope(&some(50));
    let (now, later) = body.split_at(body.len() / 2);
    let head = format!(
        "POST /trust/collections/shared/objects/ HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/taxii+json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        open.lab.token("both"),
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    // It has begun to read the body when it says so.
    let mut told = [0u8; 25];
    stream.read_exact(&mut told).await?;
    assert!(told.starts_with(b"HTTP/1.1 100"));
    stream.write_all(now.as_bytes()).await?;
    let Open { lab, address, stop, runs, .. } = open;
    let _ = stop.send(());
    // Nobody new comes in any more, once it has heard.
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), closed).await?;
    stream.write_all(later.as_bytes()).await?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await?;
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(text.starts_with("HTTP/1.1 202"), "{text}");
    runs.await?;
    assert_eq!(lab.shared("objects/").await?.ids().len(), 50);
    Ok(())
}
