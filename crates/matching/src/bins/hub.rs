//! Hub: which bins k members hold the same element in.
//! In: members' tables. Out: for each member, the bins that opened.
//! Invariant: a bin opens for a member if its number and k-1 others' lie on one polynomial of degree k-2, and for no other reason.
//! Not here: which elements they are: the hub can't tell.
//!
//! k points lie on a polynomial of degree k-2 if their divided difference of order k-1 is zero: if those of order k-2 over the
//! same k-2 points and one of two others are equal. So for each choice of k-2 members the others' differences are compared.

use std::collections::BTreeMap;

use super::field::{Number, PRIME, inverse, raw, value};
use super::terms::BinTerms;
use crate::error::{Error, Result};

/// Bins looked at together: what is computed on the way stays in the processor's nearest cache.
const BLOCK: usize = 256;

type Block = [u64; BLOCK];

/// What opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// For each member that gave tables, its bins that opened, ascending: for its eyes alone.
    pub bins: BTreeMap<String, Vec<u64>>,
}

/// Looks whether a member's tables can be: then they keep nobody else's from opening.
///
/// # Errors
/// Names the member whose tables are cut, too long or hold what is no number.
pub fn check(terms: &BinTerms, member: &str, bytes: &[u8]) -> Result<()> {
    let bad = |why| Error::Given { member: member.to_owned(), why };
    if bytes.len() != terms.bytes() {
        return Err(bad("its tables are larger or smaller than the terms say"));
    }
    if bytes.as_chunks::<8>().0.iter().any(|number| u64::from_le_bytes(*number) >= PRIME) {
        return Err(bad("its tables hold what is no number of the field"));
    }
    Ok(())
}

/// Opens the tables that members gave.
///
/// # Errors
/// Names the member whose tables are cut, too long or hold what is no number; or if one isn't a member or is there twice.
pub fn open(terms: &BinTerms, tables: &[(&str, &[u8])]) -> Result<Opened> {
    terms.digest()?;
    let mut seats = Vec::with_capacity(tables.len());
    let mut opened = Opened::default();
    for (member, bytes) in tables {
        let bad = |why| Error::Given { member: (*member).to_owned(), why };
        seats.push(terms.epoch.setup().seat(member).ok_or(bad("it isn't a member of this epoch"))?);
        if opened.bins.insert((*member).to_owned(), Vec::new()).is_some() {
            return Err(bad("it gave tables twice"));
        }
        check(terms, member, bytes)?;
    }
    let mut search = Search::new(&seats, usize::from(terms.threshold))?;
    let bins = terms.tables() as usize * terms.bins();
    for first in (0..bins).step_by(BLOCK) {
        let count = BLOCK.min(bins - first);
        search.block(tables, first, count);
        for ((member, _), opened_in) in tables.iter().zip(&search.opened) {
            if let Some(of) = opened.bins.get_mut(*member) {
                of.extend((0..count).filter(|bin| opened_in[*bin]).map(|bin| (first + bin) as u64));
            }
        }
    }
    Ok(opened)
}

struct Search {
    threshold: usize,
    /// One over the distance of two members' places, from the first to the second.
    inverses: Vec<Vec<Number>>,
    /// Divided differences over 0, 1, 2 … members chosen so far and each of the others.
    levels: Vec<Vec<Block>>,
    opened: Vec<[bool; BLOCK]>,
}

impl Search {
    fn new(seats: &[usize], threshold: usize) -> Result<Self> {
        let distance = |a: usize, b: usize| if a == b { 1 } else { (b as u64 + PRIME - a as u64) % PRIME };
        let row = |a: &usize| seats.iter().map(|b| inverse(distance(*a, *b))).collect::<Result<Vec<Number>>>();
        Ok(Self {
            threshold,
            inverses: seats.iter().map(row).collect::<Result<_>>()?,
            levels: vec![vec![[0; BLOCK]; seats.len()]; threshold - 1],
            opened: vec![[false; BLOCK]; seats.len()],
        })
    }

    fn block(&mut self, tables: &[(&str, &[u8])], first: usize, count: usize) {
        for (column, (_, bytes)) in self.levels[0].iter_mut().zip(tables) {
            let numbers = &bytes.as_chunks::<8>().0[first..first + count];
            column.iter_mut().zip(numbers).for_each(|(to, from)| *to = u64::from_le_bytes(*from));
        }
        self.opened.iter_mut().for_each(|of| of.fill(false));
        descend(&self.inverses, &mut self.levels, &mut Vec::with_capacity(self.threshold), 0, count, &mut self.opened);
    }
}

/// Chooses one more member, of those from `from` on; compares, once all but two are chosen.
fn descend(
    inverses: &[Vec<Number>],
    levels: &mut [Vec<Block>],
    chosen: &mut Vec<usize>,
    from: usize,
    count: usize,
    opened: &mut [[bool; BLOCK]],
) {
    let Some((level, deeper)) = levels.split_first_mut() else { return };
    let members = level.len();
    if deeper.is_empty() {
        for one in from..members {
            for other in one + 1..members {
                compare(level, one, other, count, chosen, opened);
            }
        }
        return;
    }
    for one in from..members {
        for other in one + 1..members {
            let over = inverses[one][other];
            let (here, there) = (&level[one], &level[other]);
            for (to, (a, b)) in deeper[0][other].iter_mut().zip(here.iter().zip(there)) {
                *to = raw(&((value(*b) - value(*a)) * over));
            }
        }
        chosen.push(one);
        descend(inverses, deeper, chosen, one + 1, count, opened);
        chosen.pop();
    }
}

fn compare(level: &[Block], one: usize, other: usize, count: usize, chosen: &[usize], opened: &mut [[bool; BLOCK]]) {
    let (here, there) = (&level[one], &level[other]);
    // Without a branch, so that several are compared at once; that any are equal is rare.
    let equal = here.iter().zip(there).fold(0, |equal, (a, b)| equal | u64::from(a == b));
    if equal == 0 {
        return;
    }
    for bin in (0..count).filter(|bin| here[*bin] == there[*bin]) {
        chosen.iter().chain([&one, &other]).for_each(|member| opened[*member][bin] = true);
    }
}
