//! Limits: how much of somebody else's bundle is read.
//! In: what the caller allows. Out: bounds that every reader here keeps.
//! Invariant: work and memory are bounded by the bytes given, and those by `bytes`.
//! Not here: limits of the wire (the node that fetches).

/// Bounds for reading a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a bundle.
    pub bytes: usize,
    /// Objects in a bundle; what comes behind them isn't read.
    pub objects: usize,
    /// Objects and lists within each other in one STIX object.
    pub depth: usize,
    /// Faults that are told; further ones are counted in a last one.
    pub faults: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 256 << 20, objects: 1_000_000, depth: 64, faults: 1_000 }
    }
}
