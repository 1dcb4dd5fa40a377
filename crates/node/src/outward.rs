//! Outward: how this node asks others over HTTPS.
//! In: whom to trust, who we are, how long to wait. Out: an HTTP client.
//! Invariant: TLS 1.2 or later, certificates checked always; no redirect is followed, so that no token goes elsewhere; no proxy of
//! the environment unless it is asked for.
//! Not here: what is asked (`peer`).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::{Error, Result};

/// A client that trusts the certificates in `ca` (PEM), or the system's where none is given; `identity` is our certificate and its
/// key (PEM), for servers that ask for one. A connection has ten seconds, a whole answer `patience`.
///
/// # Errors
/// When a file can't be read, or what is in it can't be used.
pub fn client(ca: Option<&Path>, identity: Option<(&Path, &Path)>, patience: Duration) -> Result<Client> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?;
    let builder = match ca {
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for one in chain(file)? {
                roots.add(one).map_err(wrong)?;
            }
            builder.with_root_certificates(roots)
        }
        None => builder.with_platform_verifier().map_err(wrong)?,
    };
    let tls = match identity {
        Some((certificate, key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|e| unread(key, &e))?;
            builder.with_client_auth_cert(chain(certificate)?, key).map_err(wrong)?
        }
        None => builder.with_no_client_auth(),
    };
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .timeout(patience)
        .user_agent(concat!("stillwatch/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| Error::setup(format!("cannot make an HTTP client: {e}"), "report this as a bug"))
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let all: Vec<_> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect).map_err(|e| unread(file, &e))?;
    if all.is_empty() {
        return Err(unread(file, &"there is no certificate in it"));
    }
    Ok(all)
}

fn unread(file: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::setup(format!("cannot use `{}`: {why}", file.display()), "give a file in PEM (`-----BEGIN …`)")
}

fn wrong(why: rustls::Error) -> Error {
    Error::setup(format!("TLS can't be set up: {why}"), "check the certificate authority and the certificate")
}
