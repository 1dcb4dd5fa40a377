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

/// Writes files below a folder, and returns once they are on the disk, and so are the names of those in folders of it.
/// Names in the folder itself last with the next `put`.
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
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    write_all(folder, &[(new_name(&name), bytes.to_owned())])?;
    put(folder, &name)
}

/// The name under which a file's next contents are written.
pub(crate) fn new_name(name: &str) -> String {
    format!("{name}.new")
}

/// Puts a file's next contents, which are on the disk, in place of it.
pub(crate) fn put(folder: &Path, name: &str) -> Result<()> {
    let path = folder.join(name);
    fs::rename(folder.join(new_name(name)), &path).map_err(Error::io("write", &path))?;
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
    let Some(parent) = path.parent().filter(|parent| *parent != root) else { return Ok(()) };
    changed.insert(parent.to_owned());
    if parent.is_dir() {
        return Ok(());
    }
    make_folders(root, parent, changed)?;
    match fs::create_dir(parent) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::io("make", parent)(error)),
        _ => Ok(()),
    }
}

/// A few one after the other, as ext4 makes threads that sync at once wait for each other; many on several threads.
fn sync(files: &[(File, PathBuf)]) -> Result<()> {
    let threads = if files.len() > 16 { 8 } else { 1 };
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
