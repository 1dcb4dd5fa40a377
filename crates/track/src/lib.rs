//! Track: campaigns over time, and the store that keeps them.
//! In: saved runs, and what people say about them. Out: `Tracked` campaigns, their history and evidence.
//! Invariant: every write is atomic; a newer store is refused.
//! Not here: finding campaigns (`detect`), STIX (`stix`).

pub mod backup;
mod by;
mod campaign;
pub mod case;
pub mod change;
pub mod counted;
pub mod decisions;
pub mod effect;
mod effects;
mod error;
pub mod evasion;
pub mod exchange;
pub mod expire;
pub mod factor;
mod find;
pub mod fold;
mod given;
pub mod groups;
mod history;
pub mod intel;
mod labels;
pub mod lifecycle;
pub mod likeness;
mod list;
pub mod matches;
pub mod matching;
mod merge;
pub mod notices;
pub mod objects;
pub mod owed;
pub mod peers;
pub mod profiles;
pub mod reappearances;
mod relatives;
pub mod releases;
pub mod retention;
mod rows;
mod save;
mod show;
pub mod sighting;
mod split;
pub mod spool;
mod store;
pub mod subjects;
mod tables;
mod time;
pub mod trends;

pub use by::By;
pub use effects::effect_of;
pub use error::{Error, Fault, Result};
pub use history::history;
pub use labels::{LABELS_VERSION, Label, Labels, Quiet, Said, labels};
pub use list::{Filter, Page, list};
pub use merge::merge;
pub use save::{How, Kin, Outcome, save};
pub use show::{examples, members, show, tracked_by_id};
pub use split::split;
pub use store::{DEFAULT_FOLDER, Missing, Place, Store};
pub use time::instant;
