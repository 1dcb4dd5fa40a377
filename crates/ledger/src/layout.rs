//! Layout: where things are in a ledger's folder, and how entries are bundled (C2SP tlog-tiles).
//! In: tiles, sizes, bytes. Out: paths, bundles.
//! Invariant: paths come from `tlog_tiles`; a bundle holds whole entries.
//! Not here: reading and writing files.

use tlog_tiles::Tile;

/// Height of a tile: 256 hashes (C2SP tlog-tiles, "Merkle Tree").
pub(crate) const HEIGHT: u8 = 8;
/// Hashes in a full tile, entries in a full bundle.
pub(crate) const WIDTH: u64 = 256;
/// Most bytes of a bundle: 256 entries of 65,535 bytes and their lengths.
pub const MAX_BUNDLE: u64 = WIDTH * (2 + u16::MAX as u64);
/// Highest level that a ledger of `MAX_SIZE` entries has.
const MAX_LEVEL: u8 = 6;

/// Width of the last tile of a level, 0 where all are full.
pub(crate) fn edge_width(size: u64, level: u8) -> u64 {
    (size >> (HEIGHT * level)) % WIDTH
}

/// Levels that a tree has tiles on.
pub(crate) fn levels(size: u64) -> u8 {
    (0..=MAX_LEVEL).take_while(|level| size >> (HEIGHT * level) > 0).count() as u8
}

/// A tile of hashes. `width` is 1 to 256.
pub(crate) fn tile(level: u8, n: u64, width: u64) -> Tile {
    Tile::new(HEIGHT, level, n, width.clamp(1, WIDTH) as u32, false)
}

/// A bundle of entries.
pub(crate) fn bundle(n: u64, width: u64) -> Tile {
    Tile::new(HEIGHT, 0, n, width.clamp(1, WIDTH) as u32, true)
}

/// Path of a tile or bundle. The crate's paths have the height in them and say `data`, as Go's sumdb does.
pub(crate) fn path(tile: &Tile) -> String {
    let path = tile.path();
    let rest = path.strip_prefix("tile/8/").unwrap_or(&path);
    match rest.strip_prefix("data/") {
        Some(rest) => format!("tile/entries/{rest}"),
        None => format!("tile/{rest}"),
    }
}

/// The tile or bundle that a path names; `None` where it names none.
pub(crate) fn parse(path: &str) -> Option<Tile> {
    let rest = path.strip_prefix("tile/")?;
    let (level, _) = rest.split_once('/')?;
    let full = match level {
        "entries" => format!("tile/8/data/{}", rest.strip_prefix("entries/")?),
        // The crate takes levels and widths on trust.
        _ if level.parse::<u8>().ok()? <= MAX_LEVEL => format!("tile/8/{rest}"),
        _ => return None,
    };
    if full.ends_with(".p/0") {
        return None;
    }
    Tile::from_path(&full).ok()
}

/// Adds an entry to a bundle: a 16-bit length, then its bytes.
pub(crate) fn push(bundle: &mut Vec<u8>, entry: &[u8]) {
    bundle.extend_from_slice(&(entry.len() as u16).to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// The entries of a bundle, and whether they took all of its bytes.
#[must_use]
pub fn split_bundle(mut bytes: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut entries = Vec::with_capacity(WIDTH as usize);
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let Some((entry, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))) else {
            return (entries, false);
        };
        entries.push(entry);
        bytes = rest;
    }
    (entries, bytes.is_empty())
}
