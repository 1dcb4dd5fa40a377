//! Notices: 'we act on campaign C from T on', said to others and heard of them, and that it was read.
//! In: campaigns, what peers sent, people. Out: notices as they stand; what is proposed to leave; what the ledger is owed.
//! Invariant: nothing leaves from here: a notice or an acknowledgement goes the way of any release; nothing received is seen by a rule.
//! Not here: the form (`stix::notice`), whether a profile permits it (`share`), rows (`track::notices`).

mod effects;
mod follow;
mod list;
mod make;

pub use effects::effect;
pub(crate) use follow::follow;
pub use follow::read_here;
pub use list::{Acknowledged, Notice, find, list};
pub use make::{Ready, acknowledgement, notice};
