//! Verify: looks at every byte of a ledger.
//! In: a folder and a public key. Out: what it holds, or the first place that isn't what was signed.
//! Invariant: every hash is made anew from the entries; tiles and files are held against those; reads only.
//! Not here: single entries (`reader.rs`).

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use tlog_tiles::{
    Error as TreeError, HASH_SIZE, Hash, HashReader, Tile, record_hash, split_stored_hash_index, tree_hash,
};

use crate::checkpoint::Signed;
use crate::entry::Entry;
use crate::error::{Altered, Error, Place, Result};
use crate::files;
use crate::key::PublicKey;
use crate::layout::{self, HEIGHT, MAX_BUNDLE, WIDTH, bundle, edge_width, levels, split_bundle, tile};
use crate::reader::{Reader, read_bundle, read_tile};

/// What a ledger holds, after every byte was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The checkpoint.
    pub signed: Signed,
    /// The first entry that was signed but that this version doesn't understand, and how many there are.
    pub strange: Option<(u64, u64)>,
    /// The first entry that says an earlier time than the one before it, and how many do: a clock was moved back. Order is by
    /// index, so nothing is wrong with the ledger.
    pub back: Option<(u64, u64)>,
    /// Files beyond the checkpoint, left by an interrupted append; nobody signed them.
    pub beyond: Vec<String>,
}

/// Verifies a ledger: signature, every entry, every tile, and that there is nothing else.
///
/// # Errors
/// [`Error::Altered`] names the first entry or file that isn't what was signed.
pub fn verify(folder: &Path, key: &PublicKey, witnesses: &[PublicKey]) -> Result<Verified> {
    let reader = Reader::open(folder, key, witnesses).map_err(|error| match error {
        Error::Checkpoint(why) => Error::altered(Place::Checkpoint, why),
        other => other,
    })?;
    let signed = reader.signed().clone();
    if signed.time.is_none() {
        return Err(Error::altered(Place::Checkpoint, "the ledger's own cosignature, which says the time, is missing"));
    }
    let bundles = signed.size.div_ceil(WIDTH);
    let mut parts = parallel(bundles, |n| read_one(folder, signed.size, n))?;
    let tree = Tree::build(signed.size, &mut parts);
    let root = if signed.size == 0 { tlog_tiles::EMPTY_HASH } else { tree_hash(signed.size, &tree).map_err(math)? };
    let tiles = first_wrong_tile(folder, signed.size, &tree)?;
    if root != signed.root {
        // An entry whose hash isn't in its tile; else what its tile, altered with it, doesn't agree with above.
        let entry = parts.iter().find_map(|part| part.wrong.clone());
        return Err(Error::Altered(entry.or(tiles).unwrap_or_else(|| Altered {
            place: Place::Checkpoint,
            why: "its root isn't that of the entries: the whole record is another".into(),
        })));
    }
    if let Some(wrong) = tiles {
        return Err(Error::Altered(wrong));
    }
    let beyond = strays(folder, signed.size)?;
    let first = parts.iter().find_map(|part| part.strange);
    let count = parts.iter().map(|part| part.stranges).sum();
    Ok(Verified { signed, strange: first.map(|first| (first, count)), back: back(&parts), beyond })
}

/// The first entry that says an earlier time than the one before it, and how many do.
fn back(parts: &[Part]) -> Option<(u64, u64)> {
    let (mut first, mut count): (Option<u64>, u64) = (None, 0);
    let mut last: Option<Timestamp> = None;
    for (part, n) in parts.iter().zip(0..) {
        let at_edge = part.times.zip(last).is_some_and(|((begin, _), last)| begin < last).then_some(n * WIDTH);
        first = first.or(at_edge).or(part.back);
        count += part.backs + u64::from(at_edge.is_some());
        last = part.times.map(|(_, end)| end).or(last);
    }
    first.map(|first| (first, count))
}

/// What was seen of a bundle.
#[derive(Default)]
struct Part {
    /// The times of its first and last entry.
    times: Option<(Timestamp, Timestamp)>,
    back: Option<u64>,
    backs: u64,
    hashes: Vec<u8>,
    wrong: Option<Altered>,
    strange: Option<u64>,
    stranges: u64,
    top: Option<Hash>,
}

fn read_one(folder: &Path, size: u64, n: u64) -> Result<Part> {
    let width = (size - n * WIDTH).min(WIDTH);
    let (at, hashes) = (bundle(n, width), tile(0, n, width));
    let file = layout::path(&at);
    let mut part = Part::default();
    let bytes = match read_bundle(folder, &at) {
        Err(Error::Altered(wrong)) => {
            part.wrong = Some(wrong);
            Vec::new()
        }
        bytes => bytes?,
    };
    // A tile that is missing or short is found when tiles are looked at.
    let expected = match read_tile(folder, &hashes) {
        Err(Error::Altered(_)) => None,
        tile => Some(tile?),
    };
    let (entries, whole) = split_bundle(&bytes);
    let wrong = |index: u64, why: &str| {
        Some(Altered { place: Place::Entry { index: n * WIDTH + index, file: file.clone() }, why: why.into() })
    };
    for (index, entry) in (0..).zip(entries.iter().take(width as usize)) {
        let hash = record_hash(entry);
        let signed = expected.as_ref().and_then(|tile| tile.chunks_exact(HASH_SIZE).nth(index as usize));
        if part.wrong.is_none() && signed.is_some_and(|signed| signed != hash.0) {
            part.wrong = wrong(index, "its hash isn't the one that was recorded");
        }
        match Entry::read(entry) {
            Err(_) => {
                part.strange = part.strange.or(Some(n * WIDTH + index));
                part.stranges += 1;
            }
            Ok(Entry { at, .. }) => {
                if part.times.is_some_and(|(_, last)| at < last) {
                    part.back = part.back.or(Some(n * WIDTH + index));
                    part.backs += 1;
                }
                part.times = Some((part.times.map_or(at, |(first, _)| first), at));
            }
        }
        part.hashes.extend_from_slice(&hash.0);
    }
    let missing = entries.len() < width as usize || !whole || entries.len() > width as usize;
    if part.wrong.is_none() && missing {
        part.wrong = wrong(entries.len().min(width as usize) as u64, "the bundle ends within it, or goes on after it");
    }
    // Bytes after the last entry change no hash; a bundle is right as a whole or not at all.
    part.hashes.resize(if missing { 0 } else { width as usize * HASH_SIZE }, 0);
    part.hashes.resize(width as usize * HASH_SIZE, 0);
    if width == WIDTH {
        part.top = Some(Tile::subtree_hash(&part.hashes));
        if part.wrong.is_none() && n != size / WIDTH {
            // All that is needed of a full bundle without faults is its top: a big ledger's hashes fill no memory.
            let agrees = expected.as_deref() == Some(&part.hashes[..]);
            if agrees {
                part.hashes = Vec::new();
            }
        }
    }
    Ok(part)
}

/// The tree, made from the entries: hashes of tiles above level 0, and of the last bundle.
struct Tree {
    size: u64,
    last: Vec<u8>,
    /// Level 1 and above: every hash of the level.
    upper: Vec<Vec<u8>>,
    /// Bundles whose level 0 tile isn't theirs.
    unequal: Vec<(u64, Vec<u8>)>,
}

impl Tree {
    fn build(size: u64, parts: &mut [Part]) -> Self {
        let mut tree = Self { size, last: Vec::new(), upper: Vec::new(), unequal: Vec::new() };
        for (n, part) in (0..).zip(parts.iter_mut()) {
            let hashes = std::mem::take(&mut part.hashes);
            if n == size / WIDTH {
                tree.last.clone_from(&hashes);
            }
            if !hashes.is_empty() {
                tree.unequal.push((n, hashes));
            }
        }
        let mut level: Vec<u8> = parts.iter().filter_map(|part| part.top).flat_map(|top| top.0).collect();
        while !level.is_empty() {
            let full = level.chunks_exact(WIDTH as usize * HASH_SIZE);
            let next = full.flat_map(|tile| Tile::subtree_hash(tile).0).collect();
            tree.upper.push(std::mem::replace(&mut level, next));
        }
        tree
    }

    /// A tile's bytes as they should be; level 0 only where they had to be kept.
    fn tile(&self, level: u8, n: u64, width: u64) -> &[u8] {
        let start = n as usize * WIDTH as usize * HASH_SIZE;
        let all = self.upper.get(usize::from(level).wrapping_sub(1)).map(Vec::as_slice).unwrap_or_default();
        all.get(start..start + width as usize * HASH_SIZE).unwrap_or_default()
    }
}

impl HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> std::result::Result<Vec<Hash>, TreeError> {
        let one = |&index: &u64| {
            let (level, n) = split_stored_hash_index(index);
            let n = (n << (level % HEIGHT)) / WIDTH;
            let (level, width) = (level / HEIGHT, edge_width(self.size, level / HEIGHT));
            let bytes = if level == 0 { &self.last } else { self.tile(level, n, width) };
            tile(level, n, width).hash_at_index(bytes, index)
        };
        indexes.iter().map(one).collect()
    }
}

/// The first tile that isn't the one the entries make, from the top down: an upper one covers more.
fn first_wrong_tile(folder: &Path, size: u64, tree: &Tree) -> Result<Option<Altered>> {
    let other = |tile: &Tile, right: &[u8]| match read_tile(folder, tile) {
        Err(Error::Altered(wrong)) => Ok(Some(wrong)),
        Err(error) => Err(error),
        Ok(bytes) if bytes == right => Ok(None),
        Ok(_) => {
            let why = "its hashes aren't those of the entries below it".into();
            Ok(Some(Altered { place: Place::File(layout::path(tile)), why }))
        }
    };
    for (n, right) in &tree.unequal {
        if let Some(wrong) = other(&tile(0, *n, (size - n * WIDTH).min(WIDTH)), right)? {
            return Ok(Some(wrong));
        }
    }
    for level in 1..levels(size) {
        let hashes = size >> (HEIGHT * level);
        for n in 0..hashes.div_ceil(WIDTH) {
            let width = (hashes - n * WIDTH).min(WIDTH);
            if let Some(wrong) = other(&tile(level, n, width), tree.tile(level, n, width))? {
                return Ok(Some(wrong));
            }
        }
    }
    Ok(None)
}

/// Files that no checkpoint of today needs: partial tiles of earlier sizes must be beginnings of today's; what is
/// beyond the checkpoint is told of; what is no tile at all is wrong.
fn strays(folder: &Path, size: u64) -> Result<Vec<String>> {
    let mut beyond = Vec::new();
    walk(folder, "", 0, &mut |path, length| {
        let is_part = path == "checkpoint" || path == "checkpoint.new" || (path == "lock" && length == 0);
        if is_part {
            return Ok(());
        }
        let Some(at) = layout::parse(path) else {
            return Err(Error::altered(Place::File(path.into()), "has no business in a ledger"));
        };
        let hashes = size >> (HEIGHT * at.level());
        let (n, width) = (at.level_index(), u64::from(at.width()));
        if n * WIDTH + width > hashes {
            beyond.push(path.to_owned());
            return Ok(());
        }
        let today = (hashes - n * WIDTH).min(WIDTH);
        if width == today {
            return Ok(());
        }
        let old = files::read(&folder.join(path), MAX_BUNDLE)?.unwrap_or_default();
        let (now, right) = if at.is_data() {
            let now = read_bundle(folder, &bundle(n, today))?;
            let length = split_bundle(&now).0.iter().take(width as usize).map(|entry| entry.len() + 2).sum();
            (now, length)
        } else {
            (read_tile(folder, &tile(at.level(), n, today))?, width as usize * HASH_SIZE)
        };
        if now.get(..right) == Some(&old[..]) {
            return Ok(());
        }
        Err(Error::altered(Place::File(path.into()), "isn't the beginning of what is there now"))
    })?;
    beyond.sort();
    Ok(beyond)
}

fn walk(root: &Path, below: &str, depth: u32, each: &mut dyn FnMut(&str, u64) -> Result<()>) -> Result<()> {
    let folder = root.join(below);
    let mut names: Vec<_> = fs::read_dir(&folder).and_then(Iterator::collect).map_err(Error::io("read", &folder))?;
    names.sort_by_key(fs::DirEntry::file_name);
    for name in names {
        let text = name.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { text } else { format!("{below}/{text}") };
        let about = name.metadata().map_err(Error::io("read", &name.path()))?;
        if about.is_dir() && depth < 12 {
            walk(root, &path, depth + 1, each)?;
        } else {
            each(&path, about.len())?;
        }
    }
    Ok(())
}

/// Does something for every number below `count`, on all cores, results in order.
fn parallel<T: Send>(count: u64, each: impl Fn(u64) -> Result<T> + Sync) -> Result<Vec<T>> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let share = count.div_ceil(threads).max(1);
    let run = |from: u64| (from..(from + share).min(count)).map(&each).collect::<Result<Vec<T>>>();
    let run = &run;
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..count).step_by(share as usize).map(|from| scope.spawn(move || run(from))).collect();
        let mut all = Vec::with_capacity(count as usize);
        for part in parts {
            all.extend(part.join().unwrap_or(Err(Error::Reopen))?);
        }
        Ok(all)
    })
}

fn math(error: TreeError) -> Error {
    Error::altered(Place::Checkpoint, format!("the tree's root can't be made: {error}"))
}
