//! Pooled: how many other members have somebody's address, by the pool of privately matched indicators.
//! In: subjects. Out: for each that others have, how many and how sure they are.
//! Invariant: each address is asked about once an epoch: questions are metered, and whoever asks too much is seen to; what is asked,
//! nobody learns; only single addresses are asked about, for a network's neighbours are innocent.
//! Not here: asking (`matching::epoch::check`), what follows from it (rules).

use std::collections::HashMap;
use std::sync::Arc;

use stillwatch_gate::Subject;
use stillwatch_gate::facts::Pooled;
use stillwatch_matching::Namespace;
use tokio::sync::Mutex;

use super::round::AskPool;
use crate::error::Result;
use crate::matching::Place;
use crate::matching::epoch::{Checker, Id, Kept};

/// Addresses asked about in one round; the others are asked about in later ones.
const MOST: usize = 500;

/// What was asked under one epoch.
#[derive(Default)]
struct Asked {
    epoch: Option<Id>,
    known: HashMap<Subject, Option<Pooled>>,
}

/// Answers rules by the pool that this node takes part in.
#[must_use]
pub fn ask_pool(place: &Place) -> Arc<AskPool> {
    let (place, asked) = (place.clone(), Arc::new(Mutex::new(Asked::default())));
    Arc::new(move |subjects| {
        let (place, asked) = (place.clone(), Arc::clone(&asked));
        Box::pin(async move { ask(&place, &mut *asked.lock().await, subjects).await })
    })
}

async fn ask(place: &Place, asked: &mut Asked, subjects: Vec<Subject>) -> Result<HashMap<Subject, Pooled>> {
    let mut checker = Checker::new(place, Box::new(Kept::of(place)), Namespace::Address).await?;
    if asked.epoch != Some(checker.known().id) {
        *asked = Asked { epoch: Some(checker.known().id), known: HashMap::new() };
    }
    let mut found = HashMap::new();
    let mut new = 0;
    for subject in subjects {
        let Subject::Network(network) = &subject else { continue };
        if network.prefix_len() != network.max_prefix_len() {
            continue;
        }
        let known = match asked.known.get(&subject) {
            Some(known) => *known,
            None if new == MOST => continue,
            None => {
                new += 1;
                let known = look(&mut checker, &network.addr().to_string()).await?;
                asked.known.insert(subject.clone(), known);
                known
            }
        };
        if let Some(known) = known {
            found.insert(subject, known);
        }
    }
    checker.told().await?;
    Ok(found)
}

async fn look(checker: &mut Checker, address: &str) -> Result<Option<Pooled>> {
    // What can't be compared (an address that isn't routed) is in no pool.
    if stillwatch_matching::normalise(Namespace::Address, address).is_err() {
        return Ok(None);
    }
    let Some(found) = checker.may_have(address).await? else { return Ok(None) };
    let ours = usize::from(checker.is_ours(address)?);
    // A label that doesn't open is nobody's word.
    let members = u32::try_from(found.labels.len().saturating_sub(ours)).unwrap_or(u32::MAX);
    let confidence = found.labels.iter().filter_map(|label| label.confidence).max();
    Ok((members > 0).then_some(Pooled { members, confidence }))
}
