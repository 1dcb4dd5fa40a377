//! TLS: certificate and key, and what is spoken.
//! In: files in PEM. Out: settings for connections; a certificate for trials on this machine.
//! Invariant: TLS 1.2 or 1.3 (TAXII 2.1, section 1.6.5 asks for 1.2 at least); a key is never printed.
//! Not here: connections.

use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::Tls;
use crate::{Error, Result};

/// HTTP/2's name in TLS (RFC 9113, section 3.1).
pub(super) const H2: &[u8] = b"h2";

/// Settings of TLS for a certificate and its key.
///
/// # Errors
/// When a file can't be read, or the two don't belong together.
pub fn settings(tls: &Tls) -> Result<Arc<ServerConfig>> {
    let unread = |path: &Path, what: &str, e: &dyn std::fmt::Display| {
        Error::setup(
            format!("cannot read the {what} in `{}`: {e}", path.display()),
            "give a file in PEM (`-----BEGIN …`)",
        )
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect)
        .map_err(|e| unread(&tls.certificate, "certificate", &e))?;
    if chain.is_empty() {
        return Err(unread(&tls.certificate, "certificate", &"there is none"));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|e| unread(&tls.key, "key", &e))?;
    let wrong = |e: rustls::Error| {
        let files = format!("`{}` and `{}`", tls.certificate.display(), tls.key.display());
        Error::setup(format!("{files} can't be used: {e}"), "check that the key belongs to the first certificate")
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(wrong)?;
    config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
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
