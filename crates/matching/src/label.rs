//! Label: what labs attach to an element, opened for matches only.
//! In: days, confidence, a count. Out: ten bytes.
//! Invariant: days, not times; powers of two, not counts: enough to judge by, too little to recognise traffic by.
//! Not here: sealing (`record`); which parts may leave (profiles).

/// Bytes of an encoded label.
pub const LABEL: usize = 10;

/// No day.
const NO_DAY: u32 = u32::MAX;

/// No confidence, no magnitude.
const NONE: u8 = u8::MAX;

/// First and last seen, how sure, how often: each only where the profile in force lets it out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Days since 1970 on which it was first seen. One of the two days may be there without the other.
    pub first_seen: Option<u32>,
    /// Days since 1970 on which it was last seen.
    pub last_seen: Option<u32>,
    /// 0 to 100, as STIX has it.
    pub confidence: Option<u8>,
    /// How many exchanges, as a power of two: 2^n up to 2^(n+1).
    pub magnitude: Option<u8>,
}

impl Label {
    /// The power of two that stands for a count.
    #[must_use]
    pub fn magnitude_of(count: u64) -> u8 {
        count.max(1).ilog2() as u8
    }

    /// Its bytes: as many, whatever is left out.
    #[must_use]
    pub fn to_bytes(self) -> [u8; LABEL] {
        let mut bytes = [0; LABEL];
        bytes[..4].copy_from_slice(&self.first_seen.unwrap_or(NO_DAY).to_le_bytes());
        bytes[4..8].copy_from_slice(&self.last_seen.unwrap_or(NO_DAY).to_le_bytes());
        bytes[8] = self.confidence.unwrap_or(NONE);
        bytes[9] = self.magnitude.unwrap_or(NONE);
        bytes
    }

    /// From bytes of another member: nothing, if they say what can't be.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, d, e, f, g, h, confidence, magnitude] = bytes else { return None };
        let day = |bytes| Some(u32::from_le_bytes(bytes)).filter(|day| *day != NO_DAY);
        let label = Self {
            first_seen: day([a, b, c, d]),
            last_seen: day([e, f, g, h]),
            confidence: Some(confidence).filter(|confidence| *confidence != NONE),
            magnitude: Some(magnitude).filter(|magnitude| *magnitude != NONE),
        };
        let in_order = label.first_seen.zip(label.last_seen).is_none_or(|(first, last)| first <= last);
        let sure = label.confidence.is_none_or(|confidence| confidence <= 100);
        (in_order && sure && label.magnitude.is_none_or(|magnitude| magnitude < 64)).then_some(label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_may_be_missing() {
        let full =
            Label { first_seen: Some(20_000), last_seen: Some(20_001), confidence: Some(0), magnitude: Some(63) };
        for missing in 0..16u8 {
            let mut label = full;
            let here = |bit: u8| missing & (1 << bit) == 0;
            label.first_seen = label.first_seen.filter(|_| here(0));
            label.last_seen = label.last_seen.filter(|_| here(1));
            label.confidence = label.confidence.filter(|_| here(2));
            label.magnitude = label.magnitude.filter(|_| here(3));
            assert_eq!(Label::from_bytes(&label.to_bytes()), Some(label));
        }
        assert_eq!(Label::default().to_bytes(), [255; LABEL]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let label = |first: u32, last: u32, confidence: u8, magnitude: u8| {
            let mut bytes = [first.to_le_bytes(), last.to_le_bytes()].concat();
            bytes.extend([confidence, magnitude]);
            Label::from_bytes(&bytes)
        };
        assert!(label(5, 5, 100, 63).is_some());
        assert!(label(6, 5, 100, 63).is_none());
        assert!(label(6, NO_DAY, 100, 63).is_some());
        (101..NONE).for_each(|confidence| assert!(label(5, 5, confidence, 0).is_none()));
        (64..NONE).for_each(|magnitude| assert!(label(5, 5, 0, magnitude).is_none()));
        assert!(Label::from_bytes(&[0; LABEL - 1]).is_none() && Label::from_bytes(&[0; LABEL + 1]).is_none());
    }
}
