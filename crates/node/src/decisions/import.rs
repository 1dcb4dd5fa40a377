//! Import: decisions of a file, made by a person, many at once.
//! In: what is wanted, who says so. Out: how many were made, and how many there were already.
//! Invariant: a batch is made as a whole or not at all; what the same person made for the same reason and holds isn't made twice, so a
//! run that was broken off is begun again.
//! Not here: reading files (`given.rs`), the cap: a person says what is meant.

use std::collections::HashSet;

use stillwatch_gate::decision::Author;
use stillwatch_track::decisions::Pick;
use stillwatch_track::{By, Store};

use super::given::Wanted;
use super::kept::key;
use super::people::refused;
use super::turn::turn;
use crate::Result;

/// Decisions in a batch.
pub const BATCH: usize = 10_000;

/// What came of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Decisions that were made.
    pub made: usize,
    /// Those that held already.
    pub held: usize,
}

/// Makes a batch of decisions.
///
/// # Errors
/// When one has no reason, or the store can't be written: then none was made.
pub async fn import(store: &Store, batch: &[Wanted], by: &By) -> Result<Imported> {
    let about = batch.iter().map(|one| key(&one.subject)).collect();
    turn(store, &[Pick::About(about)], by, |turn| {
        let mine = |author: &Author| matches!(author, Author::Person(name) if *name == by.author);
        let holds = turn.book.all().filter(|one| mine(&one.author) && one.holds(turn.now));
        let mut there: HashSet<_> = holds.map(|one| (one.subject.clone(), one.action, one.reason.clone())).collect();
        let (mut changes, mut imported) = (Vec::with_capacity(batch.len()), Imported::default());
        for one in batch {
            if !there.insert((one.subject.clone(), one.action, one.because.clone())) {
                imported.held += 1;
                continue;
            }
            let (subject, lifetime) = (one.subject.clone(), one.lifetime);
            let made = turn.book.decide(&by.author, subject, one.action, lifetime, &one.because, turn.now);
            changes.push(made.map_err(refused)?);
            imported.made += 1;
        }
        Ok((changes, imported))
    })
    .await
}
