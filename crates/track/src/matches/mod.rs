//! Matches: private matching as the store keeps it: with whom, on what terms, how much was asked, what came of it.
//! In: members, agreements, rounds. Out: the same; whether a member may ask for so much more.
//! Invariant: an evaluation is charged before it is made; what is in common is kept once a round; secrets are in no table.
//! Not here: the protocol (`matching`), lines and files (`node::matching`).

mod agreements;
mod budget;
pub mod epochs;
pub mod files;
pub mod holding;
mod members;
mod rounds;

pub use agreements::{Agreement, agree, agreement, agreements, approve, end};
pub use budget::{Hour, charge, hours};
pub use members::{Member, add, member, members, remove};
pub use rounds::{Common, Round, begin, common, finish, of_campaign, round, rounds};
