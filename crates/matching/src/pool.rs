//! Pool: an element opens, with what members attached, once k of n members reported it; until then nobody learns it.
//! In: outputs under an epoch key, labels; all members' reports. Out: reports; what opened, and who reported rubbish.
//! Invariant: members count, not reports; fewer than k members' reports of an element are ciphertext, for the hub too.
//! Not here: evaluating (`epoch`); erasing holders' shares before reports are made, on which all this rests.
//!
//! In the manner of STAR (Davidson et al., CCS 2022): randomness from an oblivious evaluation makes every member's shares of an
//! element's secret lie on one polynomial. What opens is checked by dealing again (adept secret sharing: Bellare, Dai, Rogaway,
//! PETS 2020), so that a wrong share names its member instead of keeping an element shut.
//!
//! Order: evaluate; holders erase; report; open. After erasing nobody, no coalition either, can test a guess against a report.

mod open;
mod report;

pub use open::{Group, Opened, Opening};
pub use report::{PoolTerms, report};
