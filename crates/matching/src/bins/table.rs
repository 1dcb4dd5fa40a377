//! Table: one member's tables of bins.
//! In: outputs under the epoch key, in the order of its elements; randomness. Out: bytes for the hub; which of its elements a bin
//! that opened holds.
//! Invariant: where an element goes, and its share, follow from its output alone; a bin without one holds a uniform number.
//! Not here: opening (`hub`).

use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, Rng, SeedableRng};
use zeroize::Zeroizing;

use super::field::{constant, raw, uniform, value};
use super::terms::BinTerms;
use crate::error::{Error, Result};
use crate::oprf::Output;
use crate::record::Derived;

/// No element.
const FILLING: u32 = u32::MAX;

/// One member's tables, and what is in them.
pub struct Bins {
    bytes: Vec<u8>,
    owners: Owners,
}

impl std::fmt::Debug for Bins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bins({} bins)", self.owners.0.len())
    }
}

impl Bins {
    /// What the hub gets.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What stays with the member.
    #[must_use]
    pub fn owners(&self) -> &Owners {
        &self.owners
    }

    /// [`Owners::mine`].
    ///
    /// # Errors
    /// As there.
    pub fn mine(&self, opened: &[u64]) -> Result<Vec<u32>> {
        self.owners.mine(opened)
    }
}

/// Which of a member's elements each bin holds, by their place among the outputs: enough to read the hub's answer, so that outputs
/// can be erased once tables are made.
pub struct Owners(Vec<u32>);

impl std::fmt::Debug for Owners {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Owners({} bins)", self.0.len())
    }
}

impl Owners {
    /// As they are kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|owner| owner.to_le_bytes()).collect()
    }

    /// As they were kept.
    ///
    /// # Errors
    /// If they are of other terms.
    pub fn from_bytes(terms: &BinTerms, bytes: &[u8]) -> Result<Self> {
        let (owners, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || owners.len() != terms.tables() as usize * terms.bins() {
            return Err(Error::Stored {
                what: "bins that were kept",
                why: "they are more or fewer than the terms say",
            });
        }
        Ok(Self(owners.iter().map(|owner| u32::from_le_bytes(*owner)).collect()))
    }

    /// Which elements opened, by their place among the outputs, given the bins that the hub named. Another process makes the
    /// same of the same outputs.
    ///
    /// # Errors
    /// If a bin is named that can't have opened: one that isn't there, or holds nothing. A hub that makes bins up is found out
    /// by this for every second bin or so, and not for every one: what opened is on its word.
    pub fn mine(&self, opened: &[u64]) -> Result<Vec<u32>> {
        let bad = |why| Error::Stored { what: "hub's answer", why };
        let mut mine = Vec::with_capacity(opened.len());
        for bin in opened {
            match usize::try_from(*bin).ok().and_then(|bin| self.0.get(bin)) {
                None => return Err(bad("it names a bin that isn't there")),
                Some(&FILLING) => return Err(bad("it names a bin that holds no element of this member")),
                Some(owner) => mine.push(*owner),
            }
        }
        mine.sort_unstable();
        mine.dedup();
        Ok(mine)
    }
}

/// Where an element goes in a pair of tables, and with which shares: `[table][insertion]`.
struct Draw {
    order: u64,
    bins: [[usize; 2]; 2],
    shares: [[u64; 2]; 2],
}

/// A member's tables, of the outputs of its elements.
///
/// # Errors
/// If it is no member, or has more elements than the terms say.
pub fn make(terms: &BinTerms, member: &str, outputs: &[Output], rng: &mut impl CryptoRng) -> Result<Bins> {
    let digest = terms.digest()?;
    let seat = terms.epoch.setup().seat(member).ok_or(Error::Misuse("it isn't a member of this epoch"))?;
    if outputs.len() as u64 > terms.size {
        return Err(Error::Misuse("the set is larger than the terms say"));
    }
    let purpose = [b"bins".as_slice(), &digest].concat();
    let seeds: Vec<Derived> = outputs.iter().map(|output| Derived::new(output, &purpose)).collect::<Result<_>>()?;
    let mut made = Bins {
        bytes: Vec::with_capacity(terms.bytes()),
        owners: Owners(Vec::with_capacity(terms.tables() as usize * terms.bins())),
    };
    for pair in 0..terms.pairs {
        let draws: Zeroizing<Vec<Draw>> =
            Zeroizing::new(seeds.iter().map(|seed| draw(terms, seat, &seed.key, pair)).collect());
        for table in 0..2 {
            for (bin, insertion) in filled(&draws, table, terms.bins()) {
                let share = match draws.get(bin as usize) {
                    Some(draw) => draw.shares[table][insertion],
                    None => uniform(rng),
                };
                made.bytes.extend_from_slice(&share.to_le_bytes());
                made.owners.0.push(bin);
            }
        }
    }
    Ok(made)
}

impl zeroize::Zeroize for Draw {
    fn zeroize(&mut self) {
        self.order.zeroize();
        self.bins.zeroize();
        self.shares.zeroize();
    }
}

fn draw(terms: &BinTerms, seat: usize, seed: &[u8; 32], pair: u8) -> Draw {
    let mut rng = ChaCha20Rng::from_seed(*seed);
    rng.set_stream(pair.into());
    let place = constant(seat as u64 + 1);
    let mut draw = Draw { order: rng.next_u64(), bins: [[0; 2]; 2], shares: [[0; 2]; 2] };
    for table in 0..2 {
        for insertion in 0..2 {
            // As good as uniform: there are fewer than 2^30 bins.
            draw.bins[table][insertion] = ((u128::from(rng.next_u64()) * terms.bins() as u128) >> 64) as usize;
            let share = (1..terms.threshold).fold(value(0), |sum, _| sum * place + value(uniform(&mut rng)));
            draw.shares[table][insertion] = raw(&share);
        }
    }
    draw
}

/// The element of each bin of one table, or [`FILLING`], and by which insertion it came. Of elements that meet in a bin, the
/// lowest order stays; what is still empty is filled by a second insertion, where the highest stays. In the second table of a pair,
/// it is the other way round: so an element that fares badly once fares well the next time.
fn filled(draws: &[Draw], table: usize, bins: usize) -> Vec<(u32, usize)> {
    let mut first = vec![(FILLING, 0); bins];
    insert(draws, table, 0, table == 0, &mut first);
    let mut second = vec![(FILLING, 1); bins];
    insert(draws, table, 1, table == 1, &mut second);
    first.iter_mut().zip(second).for_each(|(bin, late)| {
        if bin.0 == FILLING {
            *bin = late;
        }
    });
    first
}

fn insert(draws: &[Draw], table: usize, insertion: usize, lowest: bool, into: &mut [(u32, usize)]) {
    for (number, draw) in draws.iter().enumerate() {
        let bin = &mut into[draw.bins[table][insertion]];
        let stays = draws.get(bin.0 as usize).is_some_and(|there| (there.order < draw.order) == lowest);
        if !stays {
            bin.0 = number as u32;
        }
    }
}
