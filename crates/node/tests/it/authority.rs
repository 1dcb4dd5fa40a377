//! Authority: certificates, made as tests need them, and a client that shows them.
//! In: names, serial numbers, years. Out: a node's files; certificates and lists of revoked ones; answers.
//! Invariant: every authority has a key of its own.
//! Not here: what is tested (`certificates.rs`, `reload.rs`).

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use stillwatch_node::config::Tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::lab::Tested;

/// Who issues certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
    pub(crate) der: CertificateDer<'static>,
}

/// A certificate and its key.
pub(crate) struct Identity {
    pub(crate) pem: String,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) key: KeyPair,
}

impl Identity {
    /// By what the store knows it.
    pub(crate) fn hash(&self) -> String {
        hex::encode(stillwatch_node::access::fingerprint(&self.der))
    }
}

impl Authority {
    pub(crate) fn new(name: &str) -> Tested<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate()?;
        let own = params.self_signed(&key)?;
        Ok(Self { pem: own.pem(), der: own.der().clone(), issuer: Issuer::new(params, key) })
    }

    /// A certificate that is valid up to the beginning of a year.
    pub(crate) fn issue(&self, serial: u64, name: &str, until: i32) -> Tested<Identity> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = Some(SerialNumber::from(serial));
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(until, 1, 1));
        let key = KeyPair::generate()?;
        let made = params.signed_by(&key, &self.issuer)?;
        Ok(Identity { pem: made.pem(), der: made.der().clone(), key })
    }

    /// What it revoked, as it says up to the beginning of a year.
    pub(crate) fn revoked(&self, serials: &[u64], until: i32) -> Tested<String> {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2021, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2021, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }
}

/// Files of a node whose own certificate `server` issued, and whose clients' certificates `clients` issues.
pub(crate) fn files(folder: &Path, server: &Authority, clients: &Authority, list: &str) -> Tested<Tls> {
    let at = |name: &str| folder.join(name);
    let own = server.issue(1, "localhost", 2090)?;
    std::fs::write(at("certificate.pem"), &own.pem)?;
    std::fs::write(at("key.pem"), own.key.serialize_pem())?;
    std::fs::write(at("ca.pem"), &clients.pem)?;
    std::fs::write(at("crl.pem"), list)?;
    Ok(Tls {
        certificate: at("certificate.pem"),
        key: at("key.pem"),
        client_ca: Some(at("ca.pem")),
        client_crl: Some(at("crl.pem")),
    })
}

/// Connects to a node that `server` speaks for, and shows a certificate.
pub(crate) async fn connect(
    address: SocketAddr,
    server: &Authority,
    shown: Option<&Identity>,
) -> Tested<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(server.der.clone())?;
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let client = match shown {
        Some(one) => {
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(one.key.serialize_der()));
            builder.with_client_auth_cert(vec![one.der.clone()], key)?
        }
        None => builder.with_no_client_auth(),
    };
    let stream = TcpStream::connect(address).await?;
    Ok(TlsConnector::from(Arc::new(client)).connect(ServerName::try_from("localhost")?, stream).await?)
}

/// One request; its status, or 0 where the connection ended without an answer.
pub(crate) async fn status(stream: &mut TlsStream<TcpStream>, path: &str, token: &str) -> u16 {
    let shown = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{shown}\r\n");
    let mut text = Vec::new();
    if stream.write_all(head.as_bytes()).await.is_err() {
        return 0;
    }
    // Up to the end of the body: answers to these paths say how long they are.
    let mut piece = [0u8; 4096];
    loop {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(n) => text.extend_from_slice(&piece[..n]),
        }
        if is_whole(&text) {
            break;
        }
    }
    String::from_utf8_lossy(&text).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

fn is_whole(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let told = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    told.is_some_and(|told| told.parse() == Ok(body.len()))
}
