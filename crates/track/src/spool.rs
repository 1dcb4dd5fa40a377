//! Spool: the folder through which the engine hands runs over.
//! In: `<data>/spool/<run>.json`, a `Saved` each. Out: the runs in the store.
//! Invariant: a file is removed only when its run is in the store; what can't be read is set aside with the reason, never lost.
//! Not here: finding campaigns (`engine`), saving one run (`save.rs`).
//!
//! Writing: the engine writes `spool/<run>.json.part`, flushes it to the disk, then renames it to `spool/<run>.json`. Only names
//! that end in `.json` are taken in. A file that can't be read moves to `spool/refused/`, with the reason in `<name>.why` beside it.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use stillwatch_model::Saved;

use crate::by::By;
use crate::error::{Error, Fault, Result};
use crate::save::{Outcome, save};
use crate::store::{Store, private_folder};

/// The spool's name in the data folder.
pub const FOLDER: &str = stillwatch_model::saved::SPOOL;
/// Where what can't be read is set aside, in the spool.
pub const REFUSED: &str = "refused";
/// The most that a run's file may have.
const LARGEST: u64 = 4 << 30;

/// Where the run of that id is written: under the first name, then renamed to the second.
#[must_use]
pub fn names(data: &Path, run: &str) -> (PathBuf, PathBuf) {
    let folder = data.join(FOLDER);
    (folder.join(format!("{run}.json.part")), folder.join(format!("{run}.json")))
}

/// Writes a run to the spool, by the rule above.
///
/// # Errors
/// When the file can't be written; none is visible then.
pub fn write(data: &Path, saved: &Saved) -> Result<PathBuf> {
    let (part, whole) = names(data, &saved.run());
    private_folder(&data.join(FOLDER))?;
    let failed = |e: &std::io::Error| Error::file("write", &whole, e);
    let mut file = fs::File::create(&part).map_err(|e| failed(&e))?;
    file.write_all(&serde_json::to_vec(saved)?).and_then(|()| file.sync_all()).map_err(|e| failed(&e))?;
    fs::rename(&part, &whole).map_err(|e| failed(&e))?;
    Ok(whole)
}

/// What became of a file.
#[derive(Debug)]
pub enum Taken {
    /// Its run is in the store.
    Saved(PathBuf, Outcome),
    /// It could not be read, and was set aside: where it lies now, and why.
    Refused(PathBuf, Error),
}

/// Takes in every run in the spool folder `spool`, in order of names.
///
/// # Errors
/// When the folder can't be read or the store can't be written; files that were not taken in stay.
pub async fn take_in(store: &Store, spool: &Path, by: &By) -> Result<Vec<Taken>> {
    let entries = match fs::read_dir(spool) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::file("read", spool, &e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Error::file("read", spool, &e))?.path();
        if path.extension().is_some_and(|e| e == "json") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    let mut taken = Vec::new();
    for path in files {
        match take(store, &path, by).await {
            Ok(outcome) => {
                // Another that takes in the same spool may have removed it.
                match fs::remove_file(&path) {
                    Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(Error::file("remove", &path, &e)),
                    _ => {}
                }
                taken.push(Taken::Saved(path, outcome));
            }
            Err(e) if e.fault() == Fault::Refused => {
                let aside = set_aside(spool, &path, &e)?;
                taken.push(Taken::Refused(aside, e));
            }
            Err(_) if !path.exists() => {}
            Err(e) => return Err(e),
        }
    }
    Ok(taken)
}

/// Saves the run in one file, which stays.
///
/// # Errors
/// When the file can't be read, or the store can't be written.
pub async fn take(store: &Store, path: &Path, by: &By) -> Result<Outcome> {
    save(store, &read(path)?, by).await
}

fn read(path: &Path) -> Result<Saved> {
    let failed = |e: &std::io::Error| Error::file("read", path, e);
    let mut file = fs::File::open(path).map_err(|e| failed(&e))?;
    let size = file.metadata().map_err(|e| failed(&e))?.len();
    if size > LARGEST {
        return Err(Error::refused(
            format!("`{}` has {size} bytes; a run may have {LARGEST}", path.display()),
            "save shorter windows",
        ));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|e| failed(&e))?;
    let mut json = serde_json::Deserializer::from_slice(&bytes);
    serde_path_to_error::deserialize(&mut json).map_err(|e| {
        Error::refused(
            format!("`{}` is no saved run: {e}", path.display()),
            "`stillwatch detect LOGS --save` writes such files",
        )
    })
}

fn set_aside(spool: &Path, path: &Path, error: &Error) -> Result<PathBuf> {
    let folder = spool.join(REFUSED);
    private_folder(&folder)?;
    let name = path.file_name().unwrap_or_default();
    let mut aside = folder.join(name);
    let mut again = 1;
    while aside.exists() {
        aside = folder.join(format!("{}.{again}", name.to_string_lossy()));
        again += 1;
    }
    let mut why = aside.clone().into_os_string();
    why.push(".why");
    let why = PathBuf::from(why);
    let reason = format!("{error}\nhint: {}\n", error.hint().unwrap_or_default());
    fs::write(&why, reason).map_err(|e| Error::file("write", &why, &e))?;
    fs::rename(path, &aside).map_err(|e| Error::file("move", path, &e))?;
    Ok(aside)
}
