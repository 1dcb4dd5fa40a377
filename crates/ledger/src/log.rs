//! Log: the ledger as its one writer sees it.
//! In: entries. Out: their indices, once they and a checkpoint over them are on the disk.
//! Invariant: tiles first, then the checkpoint, replaced whole: it never covers what isn't on the disk.
//! Not here: reading and proofs (`reader.rs`), checking everything (`verify.rs`).

use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tlog_tiles::{EMPTY_HASH, Tile, record_hash};

use crate::checkpoint::{MAX_SIZE, Signed};
use crate::edge::Edge;
use crate::entry::Entry;
use crate::error::{Error, Place, Result};
use crate::files;
use crate::key::{Key, PublicKey};
use crate::layout::{self, HEIGHT, WIDTH, bundle, levels, tile};
use crate::reader::{Reader, read_bundle, read_tile};

/// The file that says how much of a ledger counts.
const CHECKPOINT: &str = "checkpoint";

/// Files that an append removes on the way: more than the two that it adds.
const AT_ONCE: usize = 8;

/// A ledger, open for writing.
#[derive(Debug)]
pub struct Log {
    folder: PathBuf,
    key: Key,
    signed: Signed,
    edge: Edge,
    bundle: Vec<u8>,
    failed: bool,
    /// Folders of partial tiles whose full tile is there.
    covered: Vec<PathBuf>,
    // Held as long as the log is open.
    _lock: File,
}

impl Log {
    /// Makes a new ledger in a folder, which may exist if it is empty.
    ///
    /// # Errors
    /// [`Error::Exists`] where the folder holds something; [`Error::Io`].
    pub fn create(folder: &Path, key: Key) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::io("make", folder))?;
        if fs::read_dir(folder).map_err(Error::io("read", folder))?.next().is_some() {
            return Err(Error::Exists(folder.to_owned()));
        }
        let lock = files::lock(folder)?;
        let signed = Signed::make(&key, 0, EMPTY_HASH, now())?;
        files::replace(&folder.join(CHECKPOINT), signed.note())?;
        let folder = folder.to_owned();
        Ok(Self {
            folder,
            key,
            signed,
            edge: Edge::default(),
            bundle: Vec::new(),
            failed: false,
            covered: Vec::new(),
            _lock: lock,
        })
    }

    /// Opens a ledger for writing. What an interrupted append left beyond the checkpoint is removed.
    ///
    /// # Errors
    /// [`Error::Locked`] where another process writes; [`Error::Checkpoint`] where it isn't this key's;
    /// [`Error::Altered`] where its right-hand edge isn't what was signed.
    pub fn open(folder: &Path, key: Key) -> Result<Self> {
        // Before the lock, which would make a file where no ledger is.
        Reader::open(folder, &key.public(), &[])?;
        let lock = files::lock(folder)?;
        let reader = Reader::open(folder, &key.public(), &[])?;
        let signed = reader.signed().clone();
        let edge = Edge::load(signed.size, |tile| read_tile(folder, &tile))?;
        if edge.root()? != signed.root {
            return Err(Error::altered(Place::Checkpoint, "its root isn't that of the tiles; run `ledger verify`"));
        }
        let width = layout::edge_width(signed.size, 0);
        let last = if width == 0 { Vec::new() } else { read_bundle(folder, &bundle(signed.size / WIDTH, width))? };
        let hashes = edge.partial(0).find(|(tile, _)| tile.level() == 0).map(|(_, bytes)| bytes).unwrap_or_default();
        let (entries, whole) = layout::split_bundle(&last);
        let found: Vec<u8> = entries.iter().flat_map(|entry| record_hash(entry).0).collect();
        if !whole || (width > 0 && found != hashes) {
            let file = layout::path(&bundle(signed.size / WIDTH, width));
            return Err(Error::altered(Place::File(file), "its entries aren't those of the tile; run `ledger verify`"));
        }
        sweep(folder, signed.size)?;
        // A writer that was killed had no time to tidy behind itself.
        let before = (signed.size / WIDTH).checked_sub(1).into_iter();
        let covered = before
            .flat_map(|n| [tile(0, n, WIDTH), bundle(n, WIDTH)])
            .map(|tile| folder.join(layout::path(&tile) + ".p"))
            .collect();
        let folder = folder.to_owned();
        Ok(Self { folder, key, signed, edge, bundle: last, failed: false, covered, _lock: lock })
    }

    /// The newest checkpoint.
    #[must_use]
    pub fn signed(&self) -> &Signed {
        &self.signed
    }

    /// The ledger's public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.key.public()
    }

    /// Records entries, in order. When it returns they are on the disk, under a signed checkpoint.
    ///
    /// # Errors
    /// [`Error::Entry`] where one can't be recorded: then none is. [`Error::Io`] where the disk refuses: then none
    /// is acknowledged, and the log must be opened again.
    pub fn append(&mut self, entries: &[Entry]) -> Result<Range<u64>> {
        let bytes: Vec<Vec<u8>> =
            entries.iter().enumerate().map(|(position, entry)| entry.canonical(position)).collect::<Result<_>>()?;
        if self.failed {
            return Err(Error::Reopen);
        }
        let from = self.edge.size();
        if bytes.is_empty() {
            return Ok(from..from);
        }
        if from + bytes.len() as u64 > MAX_SIZE {
            return Err(Error::Range { what: "size", asked: from + bytes.len() as u64, size: MAX_SIZE });
        }
        // Until everything is on the disk we don't know what is.
        self.failed = true;
        let (mut edge, mut last) = (self.edge.clone(), self.bundle.clone());
        let (mut files, mut full) = (Vec::new(), Vec::new());
        for entry in &bytes {
            layout::push(&mut last, entry);
            edge.push(record_hash(entry), |tile, bytes| {
                if tile.level() == 0 {
                    let entries = bundle(tile.level_index(), WIDTH);
                    files.push((layout::path(&entries), std::mem::take(&mut last)));
                    full.push(entries);
                }
                files.push((layout::path(&tile), bytes));
                full.push(tile);
            });
        }
        let width = layout::edge_width(edge.size(), 0);
        if width > 0 {
            files.push((layout::path(&bundle(edge.size() / WIDTH, width)), last.clone()));
        }
        files.extend(edge.partial(from).map(|(tile, bytes)| (layout::path(&tile), bytes)));
        // The next checkpoint waits beside the last one: all of it reaches the disk together, and only then it counts.
        let signed = Signed::make(&self.key, edge.size(), edge.root()?, self.time())?;
        files.push((files::new_name(CHECKPOINT), signed.note().to_owned()));
        files::write_all(&self.folder, &files)?;
        files::put(&self.folder, CHECKPOINT)?;
        (self.signed, self.edge, self.bundle, self.failed) = (signed, edge, last, false);
        self.covered.extend(full.iter().map(|tile| self.folder.join(layout::path(tile) + ".p")));
        self.tidy(AT_ONCE);
        Ok(from..self.edge.size())
    }

    /// Adds witnesses' lines to the newest checkpoint. They go when the next entry comes: they were about this one.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] where a line is by no witness given, or its signature is wrong.
    pub fn add_cosignatures(&mut self, lines: &str, witnesses: &[PublicKey]) -> Result<&Signed> {
        if self.failed {
            return Err(Error::Reopen);
        }
        let signed = self.signed.with_lines(lines, &self.key.public(), witnesses)?;
        self.failed = true;
        files::replace(&self.folder.join(CHECKPOINT), signed.note())?;
        (self.signed, self.failed) = (signed, false);
        Ok(&self.signed)
    }

    /// Removes partial tiles whose bytes are in a full one, a few at a time: hundreds at once would hold an append up.
    /// What can't be removed does no harm.
    fn tidy(&mut self, most: usize) {
        let mut left = most;
        while left > 0
            && let Some(folder) = self.covered.last()
        {
            for name in fs::read_dir(folder).into_iter().flatten().flatten().take(left) {
                let _ = fs::remove_file(name.path());
                left -= 1;
            }
            if left > 0 {
                let _ = fs::remove_dir(folder);
                self.covered.pop();
            }
        }
    }

    /// The next checkpoint's time: the clock's, or the last checkpoint's where the clock was moved back.
    fn time(&self) -> u64 {
        now().max(self.signed.time.unwrap_or(0))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.tidy(usize::MAX);
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Removes what an interrupted append left: tiles and bundles beyond the checkpoint.
fn sweep(folder: &Path, size: u64) -> Result<()> {
    let _ = fs::remove_file(folder.join(files::new_name(CHECKPOINT)));
    for level in 0..=levels(size) {
        let entries = size >> (HEIGHT * level);
        let of = |n: u64| {
            let bundles = (level == 0).then(|| bundle(n, WIDTH));
            std::iter::once(tile(level, n, WIDTH)).chain(bundles)
        };
        for n in entries / WIDTH.. {
            let mut there = false;
            for tile in of(n) {
                there |= sweep_tile(folder, &tile, if n == entries / WIDTH { entries % WIDTH } else { 0 })?;
            }
            if !there {
                break;
            }
        }
    }
    Ok(())
}

/// Removes a full tile, and partial ones wider than what is covered; whether there were any.
fn sweep_tile(folder: &Path, tile: &Tile, width: u64) -> Result<bool> {
    let path = folder.join(layout::path(tile));
    let mut there = remove(&path)?;
    let partial = folder.join(layout::path(tile) + ".p");
    let Ok(names) = fs::read_dir(&partial) else { return Ok(there) };
    for name in names {
        let name = name.map_err(Error::io("read", &partial))?;
        let covered = name.file_name().to_str().and_then(|n| n.parse::<u64>().ok()).is_some_and(|w| w <= width);
        if !covered {
            there |= remove(&name.path())?;
        }
    }
    Ok(there)
}

fn remove(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::IsADirectory) => {
            Ok(false)
        }
        Err(error) => Err(Error::io("remove", path)(error)),
    }
}
