//! Matching: private matching over the network: lines between members, what was agreed on, rounds, what came of them.
//! In: what two labs, or a hub and members, agreed on. Out: what is common, with what policy lets be attached to it.
//! Invariant: a member is known by the key of its channels, whoever carries its messages; nothing is evaluated that wasn't agreed
//! on and charged first; elements are in no log, ledger or message.
//! Not here: the protocols (`matching`), rows (`track::matches`).

pub mod agreed;
pub mod audit;
pub mod drafts;
mod entries;
pub mod epoch;
mod files;
pub mod found;
mod key;
mod line;
mod lines;
pub mod pair;
mod reach;
mod relay;
mod route;
pub mod set;

use std::path::PathBuf;
use std::sync::Arc;

use stillwatch_matching::channel::ChannelKey;
use stillwatch_track::Store;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::record::Record;

pub use entries::Told;
pub use key::{make_key, public, read_key};
pub use line::{Line, PAIR};
pub(crate) use lines::Lines;
pub use reach::Reach;
pub(crate) use relay::Relay;
pub(crate) use route::routes;

/// Where a node's side of matching is done.
#[derive(Debug, Clone)]
pub struct Place {
    /// The store.
    pub store: Store,
    /// The ledger, where there is one.
    pub record: Option<Record>,
    /// This node's name, as the members know it.
    pub name: String,
    /// The folder of files that rounds need: sets, keys of a round. Their owner's alone.
    pub folder: PathBuf,
    /// The key of this node's channels.
    pub key: Arc<ChannelKey>,
}

impl Place {
    /// As the settings have it; none where they name no `matching_key`.
    ///
    /// # Errors
    /// When the key can't be read, or the folder can't be made.
    pub fn of(config: &Config, store: &Store, record: Option<&Record>) -> Result<Option<Self>> {
        let Some(file) = &config.matching_key else { return Ok(None) };
        let folder = config.matching_folder(file);
        files::folder(&folder)?;
        let key = Arc::new(read_key(file)?);
        Ok(Some(Self { store: store.clone(), record: record.cloned(), name: config.name.clone(), folder, key }))
    }
}

/// What the other side is told where it asks for what isn't done; and how a protocol's error is one of this crate.
fn broken(error: stillwatch_matching::Error) -> Error {
    let hint = error.hint();
    Error::Refused { message: error.to_string(), hint }
}
