//! Live: TLS' files as they stand now.
//! In: the files' names; SIGHUP, or a file that changed. Out: settings for the next connection.
//! Invariant: what is broken changes nothing: what was there goes on, and the error is logged, once for each change.
//! Not here: what is in the files (`tls.rs`).

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use super::tls::{Loaded, load};
use crate::Result;
use crate::config::Tls;

/// How often it is looked whether files changed.
const LOOK: Duration = Duration::from_secs(2);

/// What tells that a file changed: when and how long it is, and which file it is.
type Stamp = Vec<Option<(SystemTime, u64, u64)>>;

/// TLS' settings, read anew when their files change.
#[derive(Debug)]
pub struct Live {
    files: Tls,
    now: RwLock<Arc<Loaded>>,
    seen: Mutex<Stamp>,
}

impl Live {
    /// Reads the files for the first time.
    pub(super) fn read(files: &Tls) -> Result<Arc<Self>> {
        // Before the rest: what changes meanwhile is read again.
        let seen = stamp(files);
        let now = Arc::new(load(files)?);
        Ok(Arc::new(Self { files: files.clone(), now: RwLock::new(now), seen: Mutex::new(seen) }))
    }

    pub(super) fn now(&self) -> Arc<Loaded> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files anew, from now on used for new connections; certificates of clients that are connected are checked again.
    ///
    /// # Errors
    /// When something is wrong with them: what was there goes on.
    pub fn again(&self) -> Result<()> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = stamp(&self.files);
        let loaded = Arc::new(load(&self.files)?);
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(())
    }

    /// Reads them anew where one changed since they were last read; whether one did.
    ///
    /// # Errors
    /// When something is wrong with what changed: what was there goes on.
    pub fn look(&self) -> Result<bool> {
        if *self.seen.lock().unwrap_or_else(PoisonError::into_inner) == stamp(&self.files) {
            return Ok(false);
        }
        self.again().map(|()| true)
    }
}

fn stamp(files: &Tls) -> Stamp {
    let of = |file: &std::path::PathBuf| {
        let told = std::fs::metadata(file).ok()?;
        #[cfg(unix)]
        let which = std::os::unix::fs::MetadataExt::ino(&told);
        #[cfg(not(unix))]
        let which = 0;
        Some((told.modified().ok()?, told.len(), which))
    };
    files.files().map(of).collect()
}

/// Reads files anew when they change, and when the process gets SIGHUP, until it is dropped.
pub(super) async fn follow(live: Arc<Live>) {
    let mut beat = tokio::time::interval(LOOK);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut asked = Asked::new();
    loop {
        let is_asked = tokio::select! {
            _ = beat.tick() => false,
            () = asked.come() => true,
        };
        let live = Arc::clone(&live);
        let read = move || if is_asked { live.again().map(|()| true) } else { live.look() };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok(true)) => tracing::info!("certificates were read anew"),
            Ok(Err(error)) => {
                tracing::error!(%error, hint = error.hint(), "certificates can't be read anew: those before stay in use");
            }
            Ok(Ok(false)) | Err(_) => {}
        }
    }
}

/// SIGHUP, where there is such a thing.
struct Asked(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

impl Asked {
    #[cfg(unix)]
    fn new() -> Self {
        let signal = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
        Self(signal.inspect_err(|error| tracing::warn!(%error, "cannot hear SIGHUP; files are looked at anyway")).ok())
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self()
    }

    async fn come(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}
