//! Tidy: what rounds left on the disk.
//! In: the folder of rounds, the store. Out: results that were learned and not kept; old folders gone.
//! Invariant: a set stays as long as it may be audited; what was given up is ended, and its keys are removed.
//! Not here: rounds under way.

use stillwatch_matching::pair::Terms;
use stillwatch_track::By;

use super::keep::Keeper;
use super::{ended, kept};
use crate::error::Result;
use crate::matching::set::Prepared;
use crate::matching::{Place, files, found};

const DAY: i64 = 86_400_000_000;
/// Days after which a round that doesn't go on is given up.
const GIVEN_UP: i64 = 7;
/// Days for which a set that was matched is kept.
const AUDITED: i64 = 90;

/// Goes through all rounds; gives how many folders are gone, and how many results were kept that a cut had left.
///
/// # Errors
/// When the store or the disk can't be read or written.
pub async fn tidy(place: &Place, by: &By) -> Result<(usize, usize)> {
    let (mut gone, mut learned) = (0, 0);
    let entries = std::fs::read_dir(&place.folder).map_err(files::failed(&place.folder))?;
    for entry in entries {
        let folder = entry.map_err(files::failed(&place.folder))?.path();
        let Some(id) = folder.file_name().and_then(|name| name.to_str()).filter(|name| name.len() == 32) else {
            continue;
        };
        let mut session = [0; 16];
        if hex::decode_to_slice(id, &mut session).is_err() {
            continue;
        }
        let Some(round) = kept(place, session).await? else { continue };
        let Ok(terms) = serde_json::from_str::<Terms>(&round.terms) else { continue };
        let back = kept(place, terms.reversed().session).await?;
        for (round, terms) in [(Some(&round), terms.clone()), (back.as_ref(), terms.reversed())] {
            let Some(round) = round.filter(|round| round.state == "under way") else { continue };
            if round.side == "asks" && recovered(place, &terms, &folder, by).await? {
                learned += 1;
            } else if round.begun < by.at - GIVEN_UP * DAY {
                ended(place, &terms, &round.side, Err("it was not gone on with for a week"), None, by).await?;
                files::settled(&folder)?;
            }
        }
        if round.ended.is_some_and(|ended| ended < by.at - AUDITED * DAY) {
            files::gone(&folder)?;
            gone += 1;
        }
    }
    Ok((gone, learned))
}

/// Keeps what a receiver had learned before its process ended.
async fn recovered(place: &Place, terms: &Terms, folder: &std::path::Path, by: &By) -> Result<bool> {
    let Some(set) = Prepared::open(folder)? else { return Ok(false) };
    // What doesn't fit is the other way's, or of a round that isn't that far.
    let Ok((receiver, _)) = Keeper::receiver(terms, &set, folder) else { return Ok(false) };
    if !receiver.has_all() {
        return Ok(false);
    }
    found::learned(place, terms, receiver, &set, (folder, true), by).await?;
    Ok(true)
}
