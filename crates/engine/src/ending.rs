//! Ending: Ctrl-C, and what must not stay behind.
//! In: signals; files and folders that are not finished. Out: exit code 130, and nothing left of them.
//! Invariant: what is held is removed unless it was kept, whether the run ends, fails or is interrupted.
//! Not here: what is written.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// What is unfinished.
static HELD: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// Whether a run is on that ends itself when asked.
static RUNNING: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicBool = AtomicBool::new(false);
static ASK: Notify = Notify::const_new();

/// How long a run may take to end itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// A file or folder that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Held(PathBuf);

impl Held {
    pub(crate) fn new(path: PathBuf) -> Self {
        HELD.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Gives the file its name: from now on it stays.
    pub(crate) fn keep(self, path: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.0, path)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if removed(&self.0) {
            HELD.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| *path != self.0);
        }
    }
}

/// Whether nothing is at a path any more.
fn removed(path: &Path) -> bool {
    let done = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    done.is_ok() || !path.exists()
}

/// Removes what could not be removed at its time: a thread may have been writing to it still.
pub fn clear() {
    HELD.lock().unwrap_or_else(PoisonError::into_inner).retain(|path| !removed(path));
}

/// From now on, Ctrl-C or a polite request to end is heeded: a run ends itself, and anything else is ended here.
/// Asked twice, or by an impatient clock, everything ends at once.
///
/// # Errors
/// When the system lets nobody listen for signals.
pub fn watch() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if RUNNING.load(SeqCst) && !ASKED.swap(true, SeqCst) {
            ASK.notify_one();
            std::thread::spawn(|| {
                std::thread::sleep(PATIENCE);
                end();
            });
            return;
        }
        end();
    })
}

fn end() -> ! {
    clear();
    eprintln!("error: interrupted");
    std::process::exit(130)
}

/// Resolves when the user asks the run to end.
pub(crate) async fn asked() {
    RUNNING.store(true, SeqCst);
    let _ended = Ended;
    ASK.notified().await;
}

/// The run is over, however it came to that.
struct Ended;

impl Drop for Ended {
    fn drop(&mut self) {
        RUNNING.store(false, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_goes_and_what_is_kept_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("gone.part"), "half").expect("a file");
        std::fs::create_dir(at("spilled")).expect("a folder");
        std::fs::write(at("spilled/a"), "half").expect("a file");
        std::fs::write(at("kept.part"), "whole").expect("a file");
        drop(Held::new(at("gone.part")));
        drop(Held::new(at("spilled")));
        Held::new(at("kept.part")).keep(&at("kept")).expect("a name");
        let left: Vec<_> =
            std::fs::read_dir(folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
        assert_eq!(left, ["kept"]);
        assert!(HELD.lock().expect("held").is_empty());
    }
}
