//! Share: files of an epoch in the place's folder, its share among them.
//! In: a place, an epoch. Out: bytes, in files that only their owner reads.
//! Invariant: a share is in one file, nowhere else on the disk, never in the store. Erasing overwrites the file and removes it: a
//! disk that writes elsewhere, or a copy of the disk, may still have it.
//! Not here: what shares are for.

use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use stillwatch_matching::oprf::Key;
use zeroize::Zeroizing;

use super::call::Id;
use crate::error::{Error, Result};
use crate::matching::{Place, broken, files};

/// The share's file.
const SHARE: &str = "share";
/// Bytes written at a time.
const BLOCK: usize = 1 << 16;

/// The folder of an epoch, made where there is none.
pub(super) fn folder(place: &Place, epoch: &Id) -> Result<PathBuf> {
    let folder = place.folder.join("epochs").join(hex::encode(epoch));
    files::folder(&folder)?;
    Ok(folder)
}

/// Keeps a share.
pub(super) fn write(place: &Place, epoch: &Id, key: &Key) -> Result<()> {
    let bytes = key.to_bytes();
    files::whole(&folder(place, epoch)?.join(SHARE), |file| file.write_all(bytes.as_slice()))
}

/// The share, read anew each time: nothing is left of it in memory once its file is gone.
pub(super) fn read(place: &Place, epoch: &Id) -> Result<Key> {
    let path = folder(place, epoch)?.join(SHARE);
    let gone = || Error::refused("the share of this epoch was erased here", "begin another epoch");
    let mut bytes = Zeroizing::new([0; 32]);
    match std::fs::File::open(&path).and_then(|mut file| file.read_exact(bytes.as_mut_slice())) {
        Ok(()) => Key::from_bytes(&bytes).map_err(broken),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(gone()),
        Err(error) => Err(files::failed(&path)(error)),
    }
}

/// Whether a share is held here.
pub(super) fn held(place: &Place, epoch: &Id) -> Result<bool> {
    Ok(folder(place, epoch)?.join(SHARE).exists())
}

/// Erases the share.
pub(super) fn erase(place: &Place, epoch: &Id) -> Result<()> {
    erase_file(&folder(place, epoch)?.join(SHARE))
}

/// Overwrites a file and removes it; one that isn't there is erased already.
pub(super) fn erase_file(path: &Path) -> Result<()> {
    let over = |mut file: std::fs::File| {
        let mut left = file.metadata()?.len();
        file.seek(SeekFrom::Start(0))?;
        while left > 0 {
            let now = left.min(BLOCK as u64);
            file.write_all(&[0; BLOCK][..now as usize])?;
            left -= now;
        }
        file.sync_all()
    };
    match std::fs::OpenOptions::new().write(true).open(path).and_then(over) {
        Ok(()) => std::fs::remove_file(path).map_err(files::failed(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(files::failed(path)(error)),
    }
}
