//! Edge: the right-hand side of the tree, which is all that appending needs.
//! In: hashes of entries. Out: tiles that became full, tiles that are partial, the root.
//! Invariant: hashing is `tlog_tiles`' own; a level above has one hash for each full tile below.
//! Not here: files.

use tlog_tiles::{Error as TreeError, HASH_SIZE, Hash, HashReader, Tile, split_stored_hash_index, tree_hash};

use crate::error::{Error, Result};
use crate::layout::{HEIGHT, WIDTH, edge_width, levels, tile};

const FULL: usize = WIDTH as usize * HASH_SIZE;

/// The last, partial tile of each level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edge {
    size: u64,
    levels: Vec<Vec<u8>>,
}

impl Edge {
    /// Of a tree of that size, from its partial tiles.
    pub(crate) fn load(size: u64, mut read: impl FnMut(Tile) -> Result<Vec<u8>>) -> Result<Self> {
        let mut edge = Self { size, levels: Vec::new() };
        for level in 0..levels(size) {
            let width = edge_width(size, level);
            let n = (size >> (HEIGHT * level)) / WIDTH;
            edge.levels.push(if width == 0 { Vec::new() } else { read(tile(level, n, width))? });
        }
        Ok(edge)
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds an entry's hash; tiles that become full are given away.
    pub(crate) fn push(&mut self, hash: Hash, mut full: impl FnMut(Tile, Vec<u8>)) {
        let mut hash = hash;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(bytes) = self.levels.get_mut(level) else { break };
            bytes.extend_from_slice(&hash.0);
            if bytes.len() < FULL {
                break;
            }
            let bytes = std::mem::take(bytes);
            hash = Tile::subtree_hash(&bytes);
            let level = level as u8;
            full(tile(level, self.size >> (HEIGHT * (level + 1)), WIDTH), bytes);
        }
        self.size += 1;
    }

    /// Partial tiles of the levels that changed since the tree had another size.
    pub(crate) fn partial(&self, since: u64) -> impl Iterator<Item = (Tile, Vec<u8>)> + '_ {
        self.levels.iter().enumerate().filter_map(move |(level, bytes)| {
            let level = level as u8;
            let (now, then) = (self.size >> (HEIGHT * level), since >> (HEIGHT * level));
            let width = now % WIDTH;
            (now != then && width > 0).then(|| (tile(level, now / WIDTH, width), bytes.clone()))
        })
    }

    /// The root (RFC 6962, section 2.1).
    pub(crate) fn root(&self) -> Result<Hash> {
        tree_hash(self.size, self).map_err(|error| Error::Checkpoint(format!("the tree's root: {error}")))
    }
}

impl HashReader for Edge {
    fn read_hashes(&self, indexes: &[u64]) -> std::result::Result<Vec<Hash>, TreeError> {
        let one = |&index: &u64| {
            let (level, n) = split_stored_hash_index(index);
            let width = edge_width(self.size, level / HEIGHT);
            let at = tile(level / HEIGHT, (n << (level % HEIGHT)) / WIDTH, width);
            let bytes = self.levels.get(usize::from(level / HEIGHT)).ok_or(TreeError::IndexesNotInTree)?;
            at.hash_at_index(bytes, index)
        };
        indexes.iter().map(one).collect()
    }
}
