//! Tracked: campaigns over time as text: a list, one at length, its history, its members.
//! In: what the store keeps. Out: text for a terminal.
//! Invariant: pure; readable without colour; every row of a list starts with what `show` takes.
//! Not here: what `detect` prints (`table.rs`).

mod again;
mod course;
mod effect;
mod list;
mod matrix;

pub use again::reappearances;
pub use course::course;
pub use list::{campaigns, changes, members};

/// Characters of an id that a list prints: twelve hexadecimal digits tell a million campaigns apart.
const ID: usize = 13;

/// The beginning of an id, as lists print it.
fn short(id: &str) -> String {
    crate::text::clean(&crate::words::bare_id(id).chars().take(ID).collect::<String>())
}
