//! Label: what labs attach to an element, opened for matches only.
//! In: days, confidence, a count. Out: ten bytes.
//! Invariant: days, not times; powers of two, not counts: enough to judge by, too little to recognise traffic by.
//! Not here: sealing (`record`).

/// Bytes of an encoded label.
pub const LABEL: usize = 10;

/// First and last seen, how sure, how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Days since 1970 on which it was first seen.
    pub first_seen: u32,
    /// Days since 1970 on which it was last seen.
    pub last_seen: u32,
    /// 0 to 100, as STIX has it.
    pub confidence: u8,
    /// How many exchanges, as a power of two: 2^n up to 2^(n+1).
    pub magnitude: u8,
}

impl Label {
    /// The power of two that stands for a count.
    #[must_use]
    pub fn magnitude_of(count: u64) -> u8 {
        count.max(1).ilog2() as u8
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; LABEL] {
        let mut bytes = [0; LABEL];
        bytes[..4].copy_from_slice(&self.first_seen.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.last_seen.to_le_bytes());
        bytes[8] = self.confidence;
        bytes[9] = self.magnitude;
        bytes
    }

    /// From bytes of another member: nothing, if they say what can't be.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, d, e, f, g, h, confidence, magnitude] = bytes else { return None };
        let label = Self {
            first_seen: u32::from_le_bytes([a, b, c, d]),
            last_seen: u32::from_le_bytes([e, f, g, h]),
            confidence,
            magnitude,
        };
        (label.first_seen <= label.last_seen && confidence <= 100 && magnitude < 64).then_some(label)
    }
}
