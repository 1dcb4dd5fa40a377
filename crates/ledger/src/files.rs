//! Files: writing so that it lasts.
//! In: bytes and paths. Out: files that are on the disk when the function returns.
//! Invariant: what replaces a file replaces it whole; a file's name is made to last too, by its folder.
//! Not here: what is written.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Takes the lock that lets one process write. It is gone with the file, also when the process is killed.
pub(crate) fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(Error::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
    }
}

/// Writes files below a folder, and returns once all of them and their names are on the disk.
pub(crate) fn write_all(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    let mut folders = BTreeSet::new();
    let mut open = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let path = folder.join(name);
        make_folders(folder, &path, &mut folders)?;
        let mut file = File::create(&path).map_err(Error::io("write", &path))?;
        file.write_all(bytes).map_err(Error::io("write", &path))?;
        open.push((file, path));
    }
    for path in &folders {
        open.push((File::open(path).map_err(Error::io("open", path))?, path.clone()));
    }
    sync(&open)
}

/// Replaces a file whole: readers see the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut new = path.to_owned().into_os_string();
    new.push(".new");
    let new = PathBuf::from(new);
    let mut file = File::create(&new).map_err(Error::io("write", &new))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::io("write", &new))?;
    fs::rename(&new, path).map_err(Error::io("write", path))?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|f| f.sync_all()).map_err(Error::io("write", folder))
}

/// Reads a file, of which no more than so many bytes are expected; `None` where there is none.
pub(crate) fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let file = match File::open(path) {
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        file => file.map_err(Error::io("read", path))?,
    };
    file.take(most + 1).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    Ok(Some(bytes))
}

/// Makes a file's folders; names those whose list of names changes.
fn make_folders(root: &Path, path: &Path, changed: &mut BTreeSet<PathBuf>) -> Result<()> {
    let Some(parent) = path.parent() else { return Ok(()) };
    changed.insert(parent.to_owned());
    if parent == root || parent.is_dir() {
        return Ok(());
    }
    make_folders(root, parent, changed)?;
    match fs::create_dir(parent) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::io("make", parent)(error)),
        _ => Ok(()),
    }
}

/// Several at once: the disk's own queue takes them together.
fn sync(files: &[(File, PathBuf)]) -> Result<()> {
    let threads = files.len().clamp(1, 8);
    std::thread::scope(|scope| {
        let part = |files: &[(File, PathBuf)]| {
            files.iter().try_for_each(|(file, path)| file.sync_all().map_err(Error::io("write", path)))
        };
        let mut chunks = files.chunks(files.len().div_ceil(threads).max(1));
        let first = chunks.next();
        let others: Vec<_> = chunks.map(|chunk| scope.spawn(move || part(chunk))).collect();
        let mut done = first.map_or(Ok(()), part);
        for other in others {
            let said = other.join().unwrap_or(Err(Error::Reopen));
            done = done.and(said);
        }
        done
    })
}
