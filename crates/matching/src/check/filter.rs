//! Filter: nine bits an element that say `not there`, or `likely there` (wrong once in 256).
//! In: tags of all contributions; bytes that were published. Out: a filter; whether a tag may be in it.
//! Invariant: a tampered header or cut array is refused before it is looked at: the crate itself would panic.
//! Not here: tags.
//!
//! Binary fuse filter (Graf and Lemire, "Binary Fuse Filters: Fast and Smaller Than Xor Filters", 2022).

use sha2::{Digest, Sha256};
use xorf::{BinaryFuse8, Descriptor, Filter as _};

use crate::epoch::EpochKey;
use crate::error::{Error, Result};
use crate::oprf::Output;
use crate::record::Derived;
use crate::size::MAX_SET;

const START: [u8; 4] = *b"SMF1";

/// Start, epoch key's digest, count, seed, three numbers, the array's hash.
const HEAD: usize = 4 + 32 + 8 + 8 + 4 + 4 + 32;

/// A pool's filter.
#[derive(Clone, Debug)]
pub struct Filter {
    epoch: [u8; 32],
    count: u64,
    inner: BinaryFuse8,
}

impl Filter {
    /// A filter of tags, of whatever order and however often.
    pub(super) fn build(epoch: &EpochKey, mut tags: Vec<u64>) -> Result<Self> {
        tags.sort_unstable();
        // The crate gives up on a set with one element twice.
        tags.dedup();
        if tags.is_empty() || tags.len() as u64 > MAX_SET {
            return Err(Error::Misuse("a filter holds 1 to 2^27 elements"));
        }
        let inner =
            BinaryFuse8::try_from(tags.as_slice()).map_err(|_| Error::Misuse("no filter can be made of these"))?;
        Ok(Self { epoch: *epoch.digest(), count: tags.len() as u64, inner })
    }

    /// Whether the element with this output may be in the pool: `false` is certain, `true` wrong once in 256.
    ///
    /// # Errors
    /// None that can be.
    pub fn may_have(&self, output: &Output) -> Result<bool> {
        Ok(self.has_tag(short(&Derived::new(output, super::table::PURPOSE)?.tag)))
    }

    /// As `may_have`, for a tag that was made already.
    #[must_use]
    pub fn has_tag(&self, tag: u64) -> bool {
        self.inner.contains(&tag)
    }

    /// How many elements it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Its bytes, as published.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let descriptor = &self.inner.descriptor;
        let mut bytes = Vec::with_capacity(HEAD + self.inner.fingerprints.len());
        bytes.extend_from_slice(&START);
        bytes.extend_from_slice(&self.epoch);
        bytes.extend_from_slice(&self.count.to_le_bytes());
        bytes.extend_from_slice(&descriptor.seed.to_le_bytes());
        bytes.extend_from_slice(&descriptor.segment_length.to_le_bytes());
        bytes.extend_from_slice(&descriptor.segment_count_length.to_le_bytes());
        bytes.extend_from_slice(&Sha256::digest(&self.inner.fingerprints));
        bytes.extend_from_slice(&self.inner.fingerprints);
        bytes
    }

    /// A filter that was published under this epoch key.
    ///
    /// # Errors
    /// If it is another epoch's, or was cut or altered.
    pub fn from_bytes(epoch: &EpochKey, bytes: &[u8]) -> Result<Self> {
        let bad = |why| Error::Stored { what: "filter", why };
        let (head, array) = bytes.split_first_chunk::<HEAD>().ok_or(bad("it was cut"))?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let long = |at: usize| u64::from(number(at)) | u64::from(number(at + 4)) << 32;
        if head[..4] != START {
            return Err(bad("it isn't a filter of this version"));
        }
        if head[4..36] != *epoch.digest() {
            return Err(bad("it was made under another epoch's key"));
        }
        let (count, segment, segments) = (long(36), number(52), number(56));
        // What the crate's three places in the array rest on: whole segments, a power of two long, and two more than
        // `segments` says.
        let whole = segment.is_power_of_two() && segment <= 1 << 18 && segments >= segment && segments % segment == 0;
        if !whole || array.len() as u64 != u64::from(segments) + 2 * u64::from(segment) {
            return Err(bad("its header doesn't fit its length"));
        }
        if count == 0 || count > MAX_SET || count > array.len() as u64 {
            return Err(bad("its count doesn't fit its length"));
        }
        if head[60..92] != *Sha256::digest(array) {
            return Err(bad("its content was altered"));
        }
        let descriptor = Descriptor {
            seed: long(44),
            segment_length: segment,
            segment_length_mask: segment - 1,
            segment_count_length: segments,
        };
        Ok(Self { epoch: *epoch.digest(), count, inner: BinaryFuse8 { descriptor, fingerprints: array.into() } })
    }
}

/// The part of a tag that a filter is made of.
pub(super) fn short(tag: &[u8; 16]) -> u64 {
    u64::from_le_bytes([tag[0], tag[1], tag[2], tag[3], tag[4], tag[5], tag[6], tag[7]])
}
