//! Reader: a ledger's folder as anybody may read it.
//! In: a folder and a public key. Out: entries and proofs, against the signed checkpoint.
//! Invariant: hashes are used only after they were authenticated against the signed root (`TileHashReader`); writes nothing.
//! Not here: writing (`log.rs`), looking at everything (`verify.rs`).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use tlog_tiles::{
    EMPTY_HASH, Error as TreeError, HASH_SIZE, Hash, HashReader, Tile, TileHashReader, TileReader, prove_record,
    prove_tree, record_hash, stored_hash_index, tree_hash,
};

use crate::checkpoint::{MAX_BYTES, Signed};
use crate::error::{Error, Place, Result};
use crate::files;
use crate::key::PublicKey;
use crate::layout::{self, HEIGHT, MAX_BUNDLE, WIDTH, bundle, split_bundle};
use crate::proof::{Consistency, Proof};

/// A ledger, read only.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    /// What is read and proven against.
    signed: Signed,
    /// The checkpoint that stands in the folder: the tiles are those of its tree.
    newest: Signed,
}

impl Reader {
    /// Reads and verifies the checkpoint.
    ///
    /// # Errors
    /// [`Error::NoLedger`] where there is none; [`Error::Checkpoint`] where it isn't signed by this key.
    pub fn open(folder: &Path, key: &PublicKey, witnesses: &[PublicKey]) -> Result<Self> {
        let bytes = files::read(&folder.join("checkpoint"), MAX_BYTES as u64)?;
        let bytes = bytes.ok_or_else(|| Error::NoLedger(folder.to_owned()))?;
        let newest = Signed::read(&bytes, key, witnesses)?;
        Ok(Self { folder: folder.to_owned(), signed: newest.clone(), newest })
    }

    /// Reads the ledger as it was at an earlier checkpoint, which somebody kept: entries and proofs are those of then.
    ///
    /// # Errors
    /// As [`Reader::open`]; [`Error::Range`] where the checkpoint is ahead of the ledger; [`Error::Proof`] where the ledger
    /// doesn't continue it.
    pub fn open_at(folder: &Path, key: &PublicKey, witnesses: &[PublicKey], earlier: &[u8]) -> Result<Self> {
        let mut reader = Self::open(folder, key, witnesses)?;
        let earlier = Signed::read(earlier, key, witnesses)?;
        if reader.root_at(earlier.size)? != earlier.root {
            let why = format!(
                "the ledger in `{}` doesn't continue the checkpoint of size {}",
                folder.display(),
                earlier.size
            );
            return Err(Error::Proof(why));
        }
        reader.signed = earlier;
        Ok(reader)
    }

    /// The checkpoint.
    #[must_use]
    pub fn signed(&self) -> &Signed {
        &self.signed
    }

    /// An entry's bytes, authenticated.
    ///
    /// # Errors
    /// [`Error::Range`]; [`Error::Altered`] where it isn't what was signed.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>> {
        let (_, mut entries) = self.bundle_of(index)?;
        let entry = entries.swap_remove((index % WIDTH) as usize);
        self.prove(index)?.check_tree(record_hash(&entry), &self.signed).map_err(|_| {
            let file = layout::path(&self.bundle_tile(index / WIDTH));
            Error::altered(Place::Entry { index, file }, "its hash isn't the one that was signed")
        })?;
        Ok(entry)
    }

    /// The bytes of several entries, in the order asked for, authenticated together: each tile is read and hashed once.
    ///
    /// # Errors
    /// [`Error::Range`]; [`Error::Altered`] where one isn't what was signed.
    pub fn entries(&self, indices: &[u64]) -> Result<Vec<Vec<u8>>> {
        // `tlog_tiles` can't be asked for nothing (0.2.0: it counts back from its first tile).
        if indices.is_empty() {
            return Ok(Vec::new());
        }
        let mut bundles: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
        for index in indices {
            if let Entry::Vacant(place) = bundles.entry(index / WIDTH) {
                place.insert(self.bundle_of(*index)?.1);
            }
        }
        let stored: Vec<u64> = indices.iter().map(|index| stored_hash_index(0, *index)).collect();
        let tiles = DiskTiles { folder: &self.folder };
        let hashes = self.hashes(&tiles).read_hashes(&stored).map_err(damaged)?;
        let mut all = Vec::with_capacity(indices.len());
        for (index, hash) in indices.iter().zip(hashes) {
            let entry = bundles.get(&(index / WIDTH)).and_then(|entries| entries.get((index % WIDTH) as usize));
            match entry {
                Some(entry) if record_hash(entry) == hash => all.push(entry.clone()),
                _ => {
                    let file = layout::path(&self.bundle_tile(index / WIDTH));
                    let place = Place::Entry { index: *index, file };
                    return Err(Error::altered(place, "its hash isn't the one that was signed"));
                }
            }
        }
        Ok(all)
    }

    /// All entries of the bundle that holds an index, and the first one's index. Not authenticated one by one.
    ///
    /// # Errors
    /// [`Error::Range`]; [`Error::Altered`] where the bundle is malformed.
    pub fn bundle_of(&self, index: u64) -> Result<(u64, Vec<Vec<u8>>)> {
        self.within("entry", index)?;
        let tile = self.bundle_tile(index / WIDTH);
        let bytes = read_bundle(&self.folder, &tile)?;
        let (mut entries, whole) = split_bundle(&bytes);
        if !whole || entries.len() != tile.width() as usize {
            return Err(Error::altered(Place::File(layout::path(&tile)), "isn't a bundle of whole entries"));
        }
        // Of an earlier checkpoint, what came later isn't there.
        entries.truncate((self.signed.size - index / WIDTH * WIDTH).min(WIDTH) as usize);
        Ok((index / WIDTH * WIDTH, entries.into_iter().map(<[u8]>::to_vec).collect()))
    }

    /// Proves that the ledger has an entry at an index.
    ///
    /// # Errors
    /// [`Error::Range`]; [`Error::Altered`] where the tiles that it takes aren't what was signed.
    pub fn prove(&self, index: u64) -> Result<Proof> {
        self.within("entry", index)?;
        let tiles = DiskTiles { folder: &self.folder };
        let hashes = prove_record(self.signed.size, index, &self.hashes(&tiles)).map_err(damaged)?;
        Ok(Proof { index, hashes, checkpoint: self.signed.note().to_owned() })
    }

    /// Proves that the ledger only grew since it had a size.
    ///
    /// # Errors
    /// As [`Reader::prove`].
    pub fn consistency(&self, old: u64) -> Result<Consistency> {
        let hashes = self.consistency_between(old, self.signed.size)?;
        Ok(Consistency { old, hashes, checkpoint: self.signed.note().to_owned() })
    }

    /// Hashes that lead from one size's root to a later one's (RFC 6962, section 2.1.2).
    ///
    /// # Errors
    /// As [`Reader::prove`].
    pub fn consistency_between(&self, old: u64, new: u64) -> Result<Vec<Hash>> {
        if new > self.signed.size || old > new {
            return Err(Error::Range { what: "size", asked: new.max(old), size: self.signed.size });
        }
        // From nothing, and from a tree to itself, there is nothing to prove.
        if old == 0 || old == new {
            return Ok(Vec::new());
        }
        let tiles = DiskTiles { folder: &self.folder };
        prove_tree(new, old, &self.hashes(&tiles)).map_err(damaged)
    }

    /// The root that the ledger had at a size.
    ///
    /// # Errors
    /// As [`Reader::prove`].
    pub fn root_at(&self, size: u64) -> Result<Hash> {
        if size > self.signed.size {
            return Err(Error::Range { what: "size", asked: size, size: self.signed.size });
        }
        if size == 0 {
            return Ok(EMPTY_HASH);
        }
        let tiles = DiskTiles { folder: &self.folder };
        tree_hash(size, &self.hashes(&tiles)).map_err(damaged)
    }

    fn hashes<'a>(&self, tiles: &'a DiskTiles<'a>) -> TileHashReader<'a> {
        TileHashReader::new(self.newest.size, self.newest.root, tiles)
    }

    fn bundle_tile(&self, n: u64) -> Tile {
        bundle(n, (self.newest.size - n * WIDTH).min(WIDTH))
    }

    fn within(&self, what: &'static str, index: u64) -> Result<()> {
        let size = self.signed.size;
        if index < size { Ok(()) } else { Err(Error::Range { what, asked: index, size }) }
    }
}

fn damaged(error: TreeError) -> Error {
    let why = match error {
        TreeError::InvalidInput(why) => why,
        other => format!("{other}; run `ledger verify`"),
    };
    Error::altered(Place::File("tile".into()), why)
}

struct DiskTiles<'a> {
    folder: &'a Path,
}

impl TileReader for DiskTiles<'_> {
    fn height(&self) -> u8 {
        HEIGHT
    }

    fn read_tiles(&self, tiles: &[Tile]) -> std::result::Result<Vec<Vec<u8>>, TreeError> {
        let one = |tile| read_tile(self.folder, tile).map_err(|error| TreeError::InvalidInput(error.to_string()));
        tiles.iter().map(one).collect()
    }

    fn save_tiles(&self, _tiles: &[Tile], _data: &[Vec<u8>]) {}
}

/// Reads a tile; of a partial one that is gone, the beginning of the full one (C2SP tlog-tiles, "Partial Tiles").
pub(crate) fn read_tile(folder: &Path, tile: &Tile) -> Result<Vec<u8>> {
    let length = tile.width() as usize * HASH_SIZE;
    let mut bytes = read_either(folder, tile, WIDTH * HASH_SIZE as u64)?;
    if bytes.1 {
        bytes.0.truncate(length);
    }
    if bytes.0.len() != length {
        let why = format!("has {} bytes; {length} are right", bytes.0.len());
        return Err(Error::altered(Place::File(layout::path(tile)), why));
    }
    Ok(bytes.0)
}

/// Reads a bundle; of a partial one that is gone, the first entries of the full one.
pub(crate) fn read_bundle(folder: &Path, tile: &Tile) -> Result<Vec<u8>> {
    let (mut bytes, full) = read_either(folder, tile, MAX_BUNDLE)?;
    if full {
        let length = split_bundle(&bytes).0.iter().take(tile.width() as usize).map(|entry| entry.len() + 2).sum();
        bytes.truncate(length);
    }
    Ok(bytes)
}

/// The file of a tile or bundle, and whether it is the full one in place of a partial one.
fn read_either(folder: &Path, tile: &Tile, most: u64) -> Result<(Vec<u8>, bool)> {
    let path = layout::path(tile);
    if let Some(bytes) = files::read(&folder.join(&path), most)? {
        return Ok((bytes, false));
    }
    if let Some((full, _)) = path.split_once(".p/")
        && let Some(bytes) = files::read(&folder.join(full), most)?
    {
        return Ok((bytes, true));
    }
    Err(Error::altered(Place::File(path), "is missing"))
}
