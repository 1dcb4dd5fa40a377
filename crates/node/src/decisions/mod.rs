//! Decisions: kept in the store, changed by people and by rules, and served from a table that follows the store.
//! In: the store, rules, what is known of accounts and networks, what people say. Out: decisions; a gate that points ask.
//! Invariant: the store is the truth: what isn't kept isn't told to any point, whoever changed it, in whichever process.
//! Not here: what rules mean (`stillwatch-gate`), the routes that points ask (`gate`).

mod acting;
mod facts;
mod given;
mod import;
mod inputs;
mod kept;
mod learn;
mod people;
mod pooled;
mod round;
mod turn;

pub use acting::{Acting, Trouble, table};
pub use facts::{Gathered, gather};
pub use given::{Form, Unread, Usual, Wanted, given};
pub use import::{BATCH, Imported, import};
pub use inputs::{Inputs, Known};
pub use kept::{keep, read};
pub use learn::{Taught, teach};
pub use people::{accept_clock, approve, contest, decide, held, release, review, rollback};
pub use pooled::ask_pool;
pub use round::{AskPool, Rounded, round};
