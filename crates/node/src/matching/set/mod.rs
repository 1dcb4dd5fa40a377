//! Set: our own elements for one round: from campaigns or a file, each once, in order, with what may be told of it.
//! In: an agreement's source. Out: a file of elements with labels, and the commitment to it.
//! Invariant: the file is its owner's alone; while it is made, an element takes its length and 27 bytes of memory; afterwards none.
//! What can't be compared is counted and named by its line, never shown.
//! Not here: what may be told (`agreed.rs`), the protocol.

mod campaigns;
mod list;
mod prepared;
mod sorted;

use std::path::Path;

use stillwatch_matching::Namespace;

use super::Place;
use super::agreed::May;
use crate::error::{Error, Result};

pub(super) use campaigns::{owners, time_of};
pub use prepared::Prepared;
use sorted::Sorted;

/// What stood in the source and isn't in the set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub count: u64,
    /// The first of them, and why.
    pub first: Option<String>,
}

impl Skipped {
    fn one(&mut self, what: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(what);
    }
}

/// The name of the source that is the store's campaigns.
pub const CAMPAIGNS: &str = "campaigns";

/// Makes the set of a round in a folder; where one is there, that is taken: a round has one set.
///
/// # Errors
/// When the source can't be read, nothing of it can be compared, or the file can't be written.
pub async fn prepare(
    place: &Place,
    namespace: Namespace,
    source: &str,
    may: &May,
    folder: &Path,
) -> Result<(Prepared, Skipped)> {
    if let Some(there) = Prepared::open(folder)? {
        return Ok((there, Skipped::default()));
    }
    let mut sorted = Sorted::new(namespace, may.sketch);
    let mut skipped = Skipped::default();
    if source == CAMPAIGNS {
        campaigns::collect(&place.store, namespace, &mut sorted, &mut skipped).await?;
    } else {
        let path = Path::new(source).to_owned();
        let read = tokio::task::spawn_blocking(move || {
            list::collect(&path, namespace, &mut sorted, &mut skipped).map(|()| (sorted, skipped))
        });
        (sorted, skipped) = read.await.map_err(|_| broken_off())??;
    }
    if sorted.is_empty() {
        let first = skipped.first.as_ref().map_or_else(String::new, |first| format!("; {first}"));
        return Err(Error::setup(
            format!("`{source}` has no {} that can be compared ({} skipped{first})", namespace.name(), skipped.count),
            "save campaigns (`stillwatch detect --save`), or give a file with one value a line",
        ));
    }
    let (folder, may) = (folder.to_owned(), may.clone());
    let written = tokio::task::spawn_blocking(move || Prepared::write(&folder, sorted, &may));
    Ok((written.await.map_err(|_| broken_off())??, skipped))
}

fn broken_off() -> Error {
    Error::setup("making the set broke off", "try again")
}
