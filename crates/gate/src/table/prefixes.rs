//! Prefixes: decisions on networks of one family, found by address.
//! In: prefixes with rows. Out: every prefix that contains an address or a network, longest first.
//! Invariant: sorted by address, then length; each knows the next wider prefix, so a look-up is one binary search and a short climb.
//! Not here: which row wins (`row.rs`).

use crate::table::row::Row;

/// No wider prefix.
const NONE: u32 = u32::MAX;

/// All networks of one family; IPv4 lies in the upper 32 bits.
#[derive(Debug, Default)]
pub(crate) struct Prefixes {
    addresses: Vec<u128>,
    lengths: Vec<u8>,
    /// The next wider prefix of each.
    wider: Vec<u32>,
    /// Where each prefix's rows begin.
    first: Vec<u32>,
    rows: Vec<Row>,
}

impl Prefixes {
    pub(crate) fn build(mut lines: Vec<((u128, u8), Row)>) -> Self {
        lines.sort_unstable_by_key(|(key, row)| (*key, row.id));
        let keys = lines.chunk_by(|a, b| a.0 == b.0).count();
        let mut prefixes = Prefixes {
            addresses: Vec::with_capacity(keys),
            lengths: Vec::with_capacity(keys),
            wider: Vec::with_capacity(keys),
            first: Vec::with_capacity(keys),
            rows: Vec::with_capacity(lines.len()),
        };
        let mut around: Vec<u32> = Vec::new();
        for same in lines.chunk_by(|a, b| a.0 == b.0) {
            let (address, length) = same[0].0;
            while around.last().is_some_and(|at| !prefixes.contains(*at, address, length)) {
                around.pop();
            }
            prefixes.wider.push(around.last().copied().unwrap_or(NONE));
            around.push(prefixes.addresses.len() as u32);
            prefixes.addresses.push(address);
            prefixes.lengths.push(length);
            prefixes.first.push(prefixes.rows.len() as u32);
            prefixes.rows.extend(same.iter().map(|(_, row)| *row));
        }
        prefixes
    }

    /// The rows of every prefix that contains a network, longest first, with the prefix.
    pub(crate) fn around(&self, address: u128, length: u8) -> impl Iterator<Item = ((u128, u8), &[Row])> {
        let mut at = self.last_before(address, length);
        while at != NONE && !self.contains(at, address, length) {
            at = self.wider[at as usize];
        }
        self.climb(at)
    }

    /// The rows of a prefix, by its place in order, and of every wider one.
    pub(crate) fn climb(&self, mut at: u32) -> impl Iterator<Item = ((u128, u8), &[Row])> {
        std::iter::from_fn(move || {
            let here = (at != NONE).then_some(at)?;
            at = self.wider[here as usize];
            Some((self.key(here), self.rows_of(here)))
        })
    }

    /// The rows of just this prefix.
    pub(crate) fn find(&self, address: u128, length: u8) -> &[Row] {
        let at = self.last_before(address, length);
        if at != NONE && self.key(at) == (address, length) { self.rows_of(at) } else { &[] }
    }

    /// Every prefix with its rows, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = ((u128, u8), &[Row])> {
        (0..self.addresses.len() as u32).map(|at| (self.key(at), self.rows_of(at)))
    }

    /// Rows that are wanted, with their prefixes.
    pub(crate) fn wanted(&self, want: impl Fn(&Row) -> bool) -> impl Iterator<Item = ((u128, u8), &Row)> {
        let rows = (0..self.addresses.len() as u32).flat_map(|at| self.rows_of(at).iter().map(move |row| (at, row)));
        rows.filter(move |(_, row)| want(row)).map(|(at, row)| (self.key(at), row))
    }

    /// Prefixes inside a network, itself included.
    pub(crate) fn inside(&self, address: u128, length: u8) -> impl Iterator<Item = ((u128, u8), &[Row])> {
        let begin = self.addresses.partition_point(|other| *other < address);
        let inside = move |at: &u32| {
            let (other, other_length) = self.key(*at);
            masked(other, length) == address && other_length >= length
        };
        let end = self.addresses.len() as u32;
        // Wider prefixes with the same address lie before those of the same length.
        (begin as u32..end)
            .take_while(move |at| masked(self.key(*at).0, length) == address)
            .filter(inside)
            .map(|at| (self.key(at), self.rows_of(at)))
    }

    /// The last prefix that isn't after this one in order.
    fn last_before(&self, address: u128, length: u8) -> u32 {
        let mut after = self.addresses.partition_point(|other| *other <= address);
        // Of those with just this address, the ones that are longer lie behind.
        while after > 0 && self.addresses[after - 1] == address && self.lengths[after - 1] > length {
            after -= 1;
        }
        if after == 0 { NONE } else { after as u32 - 1 }
    }

    fn contains(&self, at: u32, address: u128, length: u8) -> bool {
        let (wide, wide_length) = self.key(at);
        wide_length <= length && masked(address, wide_length) == wide
    }

    fn key(&self, at: u32) -> (u128, u8) {
        (self.addresses[at as usize], self.lengths[at as usize])
    }

    fn rows_of(&self, at: u32) -> &[Row] {
        let at = at as usize;
        let end = self.first.get(at + 1).map_or(self.rows.len(), |next| *next as usize);
        &self.rows[self.first[at] as usize..end]
    }

    /// Bytes in use, keys included, and bytes of keys.
    pub(crate) fn size(&self) -> (usize, usize) {
        let keys = 17 * self.addresses.capacity();
        let beside = 4 * (self.wider.capacity() + self.first.capacity()) + size_of::<Row>() * self.rows.capacity();
        (keys + beside, 17 * self.addresses.len())
    }
}

/// An address without the bits behind a length.
fn masked(address: u128, length: u8) -> u128 {
    match length {
        0 => 0,
        128.. => address,
        length => address & (u128::MAX << (128 - u32::from(length))),
    }
}
