//! Put: what every verb does that puts something before people.
//! In: what is to leave. Out: a release that waits; its id on stdout.
//! Invariant: nothing leaves by this.
//! Not here: what is to leave (`propose.rs`, `intel`, `matching`).

use std::path::Path;

use stillwatch_node::own;
use stillwatch_node::release::{Asked, propose};
use stillwatch_share::scan::{Scanners, prompts};
use stillwatch_track::releases::{self, Fate, Release};
use stillwatch_track::{By, Store};

use crate::verbs::policy::files;
use crate::verbs::record::failed;
use crate::verbs::store::{minute, print, say, told};

/// What is looked for in what would leave: names from a file, prompts that the store has sketches of.
pub(crate) async fn scanners(store: &Store, names: Option<&Path>) -> Result<Scanners, String> {
    let known = own::sketches(store).await.map_err(failed)?;
    let check = (!known.is_empty()).then(|| prompts(&known));
    Ok(Scanners::new(&files::names(names)?, check))
}

/// Puts it before people, says what of it would leave, prints the release's id.
pub(crate) async fn put(store: &Store, asked: &Asked<'_>, by: &By) -> Result<Release, String> {
    let release = propose(store, asked, by).await.map_err(failed)?;
    let items = releases::items(store, &release.id).await.map_err(told)?;
    let count = |fate: Fate| items.iter().filter(|item| item.fate == fate).count();
    say(&format!(
        "{} objects would leave, {} are held back, {} are there already; {} of {} approvals, until {}",
        count(Fate::Leaves),
        count(Fate::Held),
        count(Fate::Known),
        release.approved,
        release.needed,
        minute(release.lapses)
    ));
    print(format!("{}\n", release.id))?;
    Ok(release)
}
