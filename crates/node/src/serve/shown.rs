//! Shown: the certificate that the other side of a connection showed.
//! In: its chain. Out: by what it is known, as long as it is valid.
//! Invariant: a certificate that ran out, or was revoked while the connection lasts, opens nothing any more.
//! Not here: whose it is (`access`); the handshake, where it is checked first.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::ServerConnection;
use rustls::pki_types::{CertificateDer, UnixTime};

use super::live::Live;
use super::tls::Loaded;
use crate::access::fingerprint;
use crate::http::who::Certificate;

/// After so long it is checked again, though nothing was read anew: it may have run out.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// What was shown.
pub(super) struct Shown {
    chain: Vec<CertificateDer<'static>>,
    hash: [u8; 32],
    live: Arc<Live>,
    checked: Mutex<(Arc<Loaded>, Instant, bool)>,
}

impl Shown {
    /// What a connection showed in its handshake, which was made with these settings; `None`: nothing.
    pub(super) fn of(connection: &ServerConnection, live: &Arc<Live>, settings: Arc<Loaded>) -> Option<Self> {
        let chain: Vec<_> = connection.peer_certificates()?.iter().map(|one| one.clone().into_owned()).collect();
        let hash = fingerprint(chain.first()?);
        Some(Self { chain, hash, live: Arc::clone(live), checked: Mutex::new((settings, Instant::now(), true)) })
    }

    /// By what it is known now.
    pub(super) fn now(&self) -> Certificate {
        let settings = self.live.now();
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&checked.0, &settings) || checked.1.elapsed() > GOOD_FOR {
            let stands = self.stands(&settings);
            *checked = (settings, Instant::now(), stands);
        }
        if checked.2 { Certificate::Known(self.hash) } else { Certificate::Void }
    }

    fn stands(&self, settings: &Loaded) -> bool {
        let (Some(verifier), Some((one, rest))) = (&settings.clients, self.chain.split_first()) else { return false };
        verifier.verify_client_cert(one, rest, UnixTime::now()).is_ok()
    }
}
