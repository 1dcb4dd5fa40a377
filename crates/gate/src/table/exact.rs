//! Exact: decisions by a whole key (account, client, fingerprint).
//! In: lines of one kind. Out: the rows of a key.
//! Invariant: keys lie end to end in one buffer; about 40 bytes a decision beside the key itself.
//! Not here: networks (`prefixes.rs`), which row wins (`row.rs`).

use hashbrown::HashTable;
use rapidhash::v3::rapidhash_v3;

use crate::table::row::Row;

/// All keys of one kind.
#[derive(Debug, Default)]
pub(crate) struct Exact {
    /// Keys, sorted, end to end.
    bytes: Vec<u8>,
    /// Where each key ends in `bytes`.
    ends: Vec<u32>,
    /// Where each key's rows begin.
    first: Vec<u32>,
    rows: Vec<Row>,
    /// Numbers of keys, by hash.
    index: HashTable<u32>,
}

impl Exact {
    pub(crate) fn build(mut lines: Vec<(&str, Row)>) -> Self {
        lines.sort_unstable_by(|a, b| (a.0, a.1.id).cmp(&(b.0, b.1.id)));
        let mut exact = Exact { rows: Vec::with_capacity(lines.len()), ..Exact::default() };
        let length = lines.chunk_by(|a, b| a.0 == b.0).map(|same| same[0].0.len()).sum();
        let keys = lines.chunk_by(|a, b| a.0 == b.0).count();
        exact.bytes.reserve_exact(length);
        exact.ends.reserve_exact(keys);
        exact.first.reserve_exact(keys);
        for same in lines.chunk_by(|a, b| a.0 == b.0) {
            exact.first.push(exact.rows.len() as u32);
            exact.bytes.extend_from_slice(same[0].0.as_bytes());
            exact.ends.push(exact.bytes.len() as u32);
            exact.rows.extend(same.iter().map(|(_, row)| *row));
        }
        let mut index = HashTable::with_capacity(keys);
        for key in 0..keys as u32 {
            let hash = rapidhash_v3(exact.key(key).as_bytes());
            index.insert_unique(hash, key, |key| rapidhash_v3(exact.key(*key).as_bytes()));
        }
        exact.index = index;
        exact
    }

    /// The rows of a key.
    pub(crate) fn find(&self, key: &str) -> &[Row] {
        let hash = rapidhash_v3(key.as_bytes());
        self.index.find(hash, |at| self.key(*at) == key).map_or(&[], |at| self.rows_of(*at))
    }

    /// Every key with its rows.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &[Row])> {
        (0..self.ends.len() as u32).map(|at| (self.key(at), self.rows_of(at)))
    }

    /// Rows that are wanted, with their keys.
    pub(crate) fn wanted(&self, want: impl Fn(&Row) -> bool) -> impl Iterator<Item = (&str, &Row)> {
        let rows = (0..self.ends.len() as u32).flat_map(|at| self.rows_of(at).iter().map(move |row| (at, row)));
        rows.filter(move |(_, row)| want(row)).map(|(at, row)| (self.key(at), row))
    }

    fn key(&self, at: u32) -> &str {
        let at = at as usize;
        let begin = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        // Keys were strings when they were put here.
        std::str::from_utf8(&self.bytes[begin..self.ends[at] as usize]).unwrap_or_default()
    }

    fn rows_of(&self, at: u32) -> &[Row] {
        let at = at as usize;
        let end = self.first.get(at + 1).map_or(self.rows.len(), |next| *next as usize);
        &self.rows[self.first[at] as usize..end]
    }

    /// Bytes in use, keys included, and bytes of keys.
    pub(crate) fn size(&self) -> (usize, usize) {
        let vectors = self.bytes.capacity()
            + 4 * (self.ends.capacity() + self.first.capacity())
            + size_of::<Row>() * self.rows.capacity();
        (vectors + self.index.allocation_size(), self.bytes.len())
    }
}
