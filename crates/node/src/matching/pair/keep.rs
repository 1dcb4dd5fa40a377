//! Keep: a side of a match on the disk, so that it goes on after a cut.
//! In: a receiver or a sender. Out: files in the round's folder; the same again.
//! Invariant: kept before anything is sent; what is new is appended, and the head replaced last: a cut in between loses nothing.
//! Not here: what is in them (`matching::pair`).

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use stillwatch_matching::pair::{Receiver, Saved, Sender, Terms};

use super::own;
use crate::error::Result;
use crate::matching::set::Prepared;
use crate::matching::{broken, files};

const SENDER: &str = "sender";
const HEAD: &str = "receiver";
const ENTRIES: &str = "receiver.entries";
const FOUND: &str = "receiver.found";

/// Keeps a receiver.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: PathBuf,
    saved: Saved,
}

impl Keeper {
    /// The receiver that is kept in a folder, or a new one.
    pub(super) fn receiver(terms: &Terms, set: &Prepared, folder: &Path) -> Result<(Receiver, Self)> {
        let head = folder.join(HEAD);
        let keeper = |saved| Self { folder: folder.to_owned(), saved };
        if !head.exists() {
            let receiver = Receiver::new(terms.clone(), own(set)).map_err(broken)?;
            return Ok((receiver, keeper(Saved::default())));
        }
        let open = |path: &Path| File::open(path).map(BufReader::new).map_err(files::failed(path));
        let mut parts = (open(&head)?, open(&folder.join(ENTRIES))?, open(&folder.join(FOUND))?);
        let restored = Receiver::restore(terms.clone(), own(set), &mut parts.0, &mut parts.1, &mut parts.2);
        let (receiver, saved) = restored.map_err(broken)?;
        Ok((receiver, keeper(saved)))
    }

    /// Keeps it as it is now.
    pub(super) fn keep(&mut self, receiver: &Receiver) -> Result<()> {
        let mut entries = part(&self.folder.join(ENTRIES), self.saved.entries())?;
        let mut found = part(&self.folder.join(FOUND), self.saved.found())?;
        let mut head = Vec::new();
        let path = self.folder.join(HEAD);
        let saved = receiver.save(&self.saved, &mut head, &mut entries, &mut found).map_err(files::failed(&path))?;
        for (writer, name) in [(&mut entries, ENTRIES), (&mut found, FOUND)] {
            let synced = writer.flush().and_then(|()| writer.get_ref().sync_data());
            synced.map_err(files::failed(&self.folder.join(name)))?;
        }
        files::whole(&path, |out| out.write_all(&head))?;
        zeroize::Zeroize::zeroize(&mut head);
        self.saved = saved;
        Ok(())
    }
}

/// A part, cut to what is known to be in it, to be written behind that.
fn part(path: &Path, length: u64) -> Result<BufWriter<File>> {
    drop(files::behind(path)?);
    let mut file = OpenOptions::new().write(true).open(path).map_err(files::failed(path))?;
    let placed = file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0)));
    placed.map_err(files::failed(path))?;
    Ok(BufWriter::new(file))
}

/// The sender that is kept in a folder, without its set; none, where none is.
pub(super) fn sender(terms: &Terms, set: &Prepared, folder: &Path) -> Result<Option<Sender>> {
    let path = folder.join(SENDER);
    if !path.exists() {
        return Ok(None);
    }
    let mut file = File::open(&path).map(BufReader::new).map_err(files::failed(&path))?;
    Sender::restore(terms.clone(), own(set), &mut file).map(Some).map_err(broken)
}

/// Keeps a sender as it is now.
pub(super) fn keep_sender(sender: &Sender, folder: &Path) -> Result<()> {
    files::whole(&folder.join(SENDER), |out| sender.save(out))
}
