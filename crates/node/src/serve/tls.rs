//! TLS: certificate and key, whose certificates clients may show, and what is spoken.
//! In: files in PEM. Out: settings for connections; a certificate for trials on this machine.
//! Invariant: TLS 1.2 or 1.3 (TAXII 2.1, section 1.6.5 asks for 1.2 at least); a key is never printed; a client's certificate that is
//! shown is valid and not revoked, or there is no connection.
//! Not here: connections; reading files anew (`live.rs`).

use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};

use super::live::Live;
use crate::access::fingerprint;
use crate::config::Tls;
use crate::{Error, Result};

/// HTTP/2's name in TLS (RFC 9113, section 3.1).
pub(super) const H2: &[u8] = b"h2";

/// What is in the files.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) server: Arc<ServerConfig>,
    /// Checks clients' certificates, where they may show one.
    pub(super) clients: Option<Arc<dyn ClientCertVerifier>>,
}

/// Settings of TLS for a certificate and its key; they are read anew when the files change.
///
/// # Errors
/// When a file can't be read, or they don't belong together.
pub fn settings(tls: &Tls) -> Result<Arc<Live>> {
    Live::read(tls)
}

/// Reads the files.
pub(super) fn load(tls: &Tls) -> Result<Loaded> {
    let chain = certificates(&tls.certificate, "certificate")?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|e| unread(&tls.key, "key", &e))?;
    let wrong = |e: rustls::Error| {
        let files = format!("`{}` and `{}`", tls.certificate.display(), tls.key.display());
        Error::setup(format!("{files} can't be used: {e}"), "check that the key belongs to the first certificate")
    };
    let clients = tls.client_ca.as_ref().map(|ca| verifier(ca, tls.client_crl.as_deref())).transpose()?;
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?;
    let builder = match &clients {
        Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier)),
        None => builder.with_no_client_auth(),
    };
    let mut server = builder.with_single_cert(chain, key).map_err(wrong)?;
    server.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
    if clients.is_some() {
        // A session that is taken up again isn't checked again: it would outlive its certificate.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
    }
    Ok(Loaded { server: Arc::new(server), clients })
}

/// Checks clients' certificates: up to a root in `ca`, in time, and, where there are lists, in a list of each issuer as not revoked.
/// A list that is too old is no list: it doesn't tell who was revoked since. Who shows no certificate may show a token.
fn verifier(ca: &Path, crl: Option<&Path>) -> Result<Arc<dyn ClientCertVerifier>> {
    const AUTHORITY: &str = "authority of clients";
    let mut roots = RootCertStore::empty();
    for root in certificates(ca, AUTHORITY)? {
        roots.add(root).map_err(|e| unread(ca, AUTHORITY, &e))?;
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
    if let Some(crl) = crl {
        const WHAT: &str = "list of revoked certificates";
        let lists: Vec<CertificateRevocationListDer<'static>> = CertificateRevocationListDer::pem_file_iter(crl)
            .and_then(Iterator::collect)
            .map_err(|e| unread(crl, WHAT, &e))?;
        if lists.is_empty() {
            return Err(unread(crl, WHAT, &"there is none"));
        }
        builder = builder.with_crls(lists).enforce_revocation_expiration();
    }
    builder.allow_unauthenticated().build().map_err(|e| unread(crl.unwrap_or(ca), AUTHORITY, &e))
}

/// By what the first certificate in a file is known: SHA-256 of its DER, hexadecimal.
///
/// # Errors
/// When there is none, or the file can't be read.
pub fn known_as(path: &Path) -> Result<String> {
    Ok(certificates(path, "certificate")?.first().map(|one| hex::encode(fingerprint(one))).unwrap_or_default())
}

fn certificates(path: &Path, what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let all: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|e| unread(path, what, &e))?;
    if all.is_empty() {
        return Err(unread(path, what, &"there is none"));
    }
    Ok(all)
}

fn unread(path: &Path, what: &str, why: &dyn std::fmt::Display) -> Error {
    let how = "give a file in PEM (`-----BEGIN …`)";
    Error::setup(format!("cannot read the {what} in `{}`: {why}", path.display()), how)
}

/// A certificate for trials on this machine, signed by itself, and its key: both in PEM.
///
/// # Errors
/// When the system has no randomness.
pub fn trial() -> Result<(String, String)> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names)
        .map_err(|e| Error::setup(format!("cannot make a certificate: {e}"), "give one in `[tls]`"))?;
    Ok((cert.pem(), signing_key.serialize_pem()))
}
