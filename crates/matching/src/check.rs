//! Check: whether one element is in the pool of all members' sets, without asking anyone about it.
//! In: outputs under an epoch key; contributions. Out: a filter and a table to publish; hits, and what was attached to them.
//! Invariant: what is published says nothing of an element to whoever lacks its output; an output costs one evaluation, which
//! holders meter. Filter and table serve one epoch key only.
//! Not here: evaluating (`epoch`), who may publish.
//!
//! What MIGP and password checkup do for passwords (Li et al., USENIX Security 2022; Thomas et al., 2019), with the filter in
//! the asker's hands and no bucket: nobody sees even a prefix of what is looked up.

mod filter;
mod table;

pub use filter::Filter;
pub use table::{Contribution, Found, Table};
