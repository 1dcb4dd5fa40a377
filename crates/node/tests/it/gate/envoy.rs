//! Envoy: a whole node, asked by `ext_authz` over gRPC on the socket of `[gate.envoy]`.
//! In: decisions of another process, keys of every role, TLS. Out: checks that are answered, and those that aren't.
//! Invariant: the node's own connections: its limits, its certificates, its end.
//! Not here: each case of a check, and Envoy itself (`envoy/tests`).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use envoy_types::pb::envoy::service::auth::v3::attribute_context::{HttpRequest, Request as Asks};
use envoy_types::pb::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use envoy_types::pb::envoy::service::auth::v3::{AttributeContext, CheckRequest};
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use stillwatch_gate::{Action, Kind, Subject};
use stillwatch_node::access::{Role, Token, end, grant};
use stillwatch_node::config::{Config, Envoy, Gate as Settings, Tls};
use stillwatch_node::decisions::decide;
use stillwatch_node::serve::tls::trial;
use stillwatch_track::{By, Missing, Place, Store};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Code, Request};

use crate::lab::{CLIENTS, Lab, Tested, config};
use crate::wire::Open;

/// Settings of a node with a gate that Envoy asks, on a port that is free now.
fn with_envoy(tls: bool) -> Tested<(Config, SocketAddr)> {
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let envoy = Some(Envoy { listen: free, tls });
    let mut gate = Settings { every_seconds: 0, envoy, ..Settings::default() };
    gate.listen.set_port(0);
    Ok((Config { gate: Some(gate), ..config() }, free))
}

async fn a_point(lab: &Lab) -> Tested<String> {
    let token = Token::make();
    grant(&lab.node.store, "edge", Role::Point, &token, &[], &now()).await?;
    lab.node.refresh().await?;
    Ok(token.show().to_owned())
}

fn now() -> By {
    By { author: "ada".into(), at: jiff::Timestamp::now().as_microsecond() }
}

/// What a check of an account gets: the code of the answer, or of the refusal.
async fn check(channel: &Channel, account: &str, header: &'static str, key: &str) -> Tested<Result<i32, Code>> {
    let headers = [("x-stillwatch-account".to_owned(), account.to_owned())].into();
    let http = Some(HttpRequest { headers, ..Default::default() });
    let request = Some(Asks { http, ..Default::default() });
    let mut asked = Request::new(CheckRequest { attributes: Some(AttributeContext { request, ..Default::default() }) });
    if !header.is_empty() {
        asked.metadata_mut().insert(header, key.parse()?);
    }
    let said = AuthorizationClient::new(channel.clone()).check(asked).await;
    Ok(said.map(|said| said.into_inner().status.map_or(-1, |status| status.code)).map_err(|status| status.code()))
}

/// Asks until the answer is another.
async fn until(channel: &Channel, key: &str, account: &str, wanted: Result<i32, Code>) -> Tested {
    let begun = Instant::now();
    loop {
        let said = check(channel, account, "x-api-key", key).await?;
        if said == wanted {
            return Ok(());
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{said:?}, not {wanted:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_answers_envoy_from_what_another_process_decided() -> Tested {
    let (config, address) = with_envoy(false)?;
    let open = Open::new(config, None).await?;
    let key = a_point(&open.lab).await?;
    let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
    assert_eq!(check(&channel, "bad", "x-api-key", &key).await?, Ok(0));
    let other = Store::open(&Place::Folder(open.lab.folder.path().join("data")), Missing::Refuse).await?;
    let subject = Subject::new(Kind::Account, "bad")?;
    decide(&other, subject, Action::Block, SignedDuration::from_hours(1), "a test", &now()).await?;
    until(&channel, &key, "bad", Ok(7)).await?;
    // Points alone are answered, whichever way they show their key.
    assert_eq!(check(&channel, "bad", "authorization", &format!("Bearer {key}")).await?, Ok(7));
    assert_eq!(check(&channel, "bad", "authorization", &key).await?, Err(Code::Unauthenticated));
    assert_eq!(check(&channel, "bad", "", "").await?, Err(Code::Unauthenticated));
    for (name, ..) in CLIENTS {
        let token = open.lab.token(name);
        for (header, shown) in [("x-api-key", token.to_owned()), ("authorization", format!("Bearer {token}"))] {
            assert_eq!(check(&channel, "bad", header, &shown).await?, Err(Code::Unauthenticated), "{name}");
        }
    }
    let figures = open.lab.get("admin", "/metrics").await?.text;
    assert!(figures.contains(r#"stillwatch_gate_answers_total{way="envoy",action="block"}"#), "{figures}");
    assert!(!figures.contains(r#"{way="envoy",action="block"} 0"#), "{figures}");
    assert!(figures.contains(&format!("stillwatch_gate_strangers_total {}", 2 + 2 * CLIENTS.len())), "{figures}");
    // A key that is revoked ends on the connection that used it; the connection keeps nobody from ending.
    end(&open.lab.node.store, "edge", &now()).await?;
    until(&channel, &key, "bad", Err(Code::Unauthenticated)).await?;
    open.end().await
}

/// A channel over TLS, whose certificate is checked; HTTP/2 is agreed on in its handshake.
async fn over_tls(address: SocketAddr, certificate: &str) -> Tested<Channel> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes())?)?;
    let mut client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let connector = TlsConnector::from(Arc::new(client));
    let connect = tower::service_fn(move |_: Uri| {
        let connector = connector.clone();
        async move {
            let stream = TcpStream::connect(address).await?;
            let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>(TokioIo::new(connector.connect(name, stream).await?))
        }
    });
    Ok(Endpoint::from_static("http://localhost").connect_with_connector(connect).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_asks_over_tls_where_that_is_set() -> Tested {
    let folder = tempfile::tempdir()?;
    let (certificate, private) = trial()?;
    let (path, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&path, &certificate)?;
    std::fs::write(&key, private)?;
    let tls = Tls { certificate: path, key, client_ca: None, client_crl: None };
    let (config, address) = with_envoy(true)?;
    let open = Open::new(Config { tls: Some(tls.clone()), ..config }, Some(&tls)).await?;
    let key = a_point(&open.lab).await?;
    let channel = over_tls(address, &certificate).await?;
    assert_eq!(check(&channel, "a", "x-api-key", &key).await?, Ok(0));
    let plain = Channel::from_shared(format!("http://{address}"))?.connect_lazy();
    assert!(check(&plain, "a", "x-api-key", &key).await?.is_err(), "nothing in the clear");
    open.end().await
}
