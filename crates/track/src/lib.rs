//! Track: campaigns over time, and the store that keeps them.
//! In: saved runs, and what people say about them. Out: `Tracked` campaigns, their history and evidence.
//! Invariant: every write is atomic; a newer store is refused.
//! Not here: finding campaigns (`detect`), STIX (`share`).

mod by;
mod campaign;
pub mod counted;
mod error;
pub mod evasion;
pub mod factor;
mod find;
pub mod fold;
mod history;
pub mod lifecycle;
pub mod matching;
mod merge;
pub mod retention;
mod rows;
mod save;
pub mod sighting;
mod store;
mod time;

pub use by::By;
pub use error::{Error, Fault, Result};
pub use history::history;
pub use merge::merge;
pub use save::{How, Kin, Outcome, save};
pub use store::{DEFAULT_FOLDER, Missing, Place, Store};
pub use time::instant;
