//! Files: what rounds need on the disk.
//! In: a path. Out: files and folders that only their owner reads.
//! Invariant: a file is whole or not there: written beside, synced, then put in place.
//! Not here: what is in them.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// What the system said about a path.
pub(super) fn failed(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let path = path.display().to_string();
    move |source| Error::File { path: path.clone(), source }
}

/// A folder, made where there is none.
pub(super) fn folder(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed(path))
}

/// A new file; an error, where there is one.
pub(super) fn fresh(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owned(&mut options);
    options.open(path).map_err(failed(path))
}

/// A file that is written behind its end; made where there is none.
pub(super) fn behind(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    owned(&mut options);
    options.open(path).map_err(failed(path))
}

/// Writes a whole file: who reads it finds the old or the new one.
pub(super) fn whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    owned(&mut options);
    let file = options.open(&beside).map_err(failed(&beside))?;
    let mut writer = BufWriter::new(file);
    let written = write(&mut writer).and_then(|()| writer.flush()).and_then(|()| writer.get_ref().sync_data());
    written.and_then(|()| std::fs::rename(&beside, path)).map_err(failed(path))
}

/// Removes what a round needed besides its set: keys, blinds, what was found. The set stays, for audits.
pub(super) fn settled(folder: &Path) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed(folder))?,
    };
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        if path.file_name().is_some_and(|name| name != "set") {
            std::fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    Ok(())
}

/// Removes a folder with all that is in it; one that isn't there is removed already.
pub(super) fn gone(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path)(error)),
        _ => Ok(()),
    }
}

fn owned(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}
