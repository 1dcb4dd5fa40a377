//! Report: findings as text that people read: terminal table, explanation, HTML page.
//! In: `stillwatch_model::Report`. Out: `String`s.
//! Invariant: pure (no clock, no I/O, no randomness); a stranger's text is never printed raw.
//! Not here: finding campaigns (`detect`), choosing the width or the file (`stillwatch`).

mod atlas;
mod explain;
mod html;
mod hunted;
mod number;
mod sparkline;
mod table;
mod text;
mod tracked;
mod when;
mod words;

pub use atlas::technique_name;
pub use explain::{ExplainError, account, explain};
pub use html::html;
pub use hunted::hunted;
pub use table::table;
pub use text::wrapped;
pub use tracked::{campaigns, changes, course, members, reappearances};
