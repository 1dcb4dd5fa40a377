//! Bins: what k of n members have is found, and of the rest not even how many members have it.
//! In: outputs under an epoch key; all members' tables. Out: tables of one size; which bins opened, and of which own elements.
//! Invariant: tables of members with anything, or nothing, in common below k look the same: uniform numbers.
//! Not here: evaluating (`epoch`), labels (bins carry none), erasing holders' shares before tables are made.
//!
//! Arpaci, Boutaba, Kerschbaum, "Over-Threshold Multiparty Private Set Intersection for Collaborative Network Intrusion Detection"
//! (NSDI 2026, arXiv 2510.12045), with the shared epoch key in place of their key holders, and three differences:
//! - A share is `g(x)`, of degree k-2, where theirs is `x·g(x)`: a bijection, since a member's place `x` is public and not zero.
//! - The two insertions of one table have polynomials of their own: with one, a value that is there twice would show the hub
//!   which bins aren't filling.
//! - The hub compares divided differences, built up one member at a time, instead of interpolating each choice of k members:
//!   of ten members and k = 3, 45 multiplications a bin in place of 360.

mod field;
mod hub;
mod table;
mod terms;

pub use hub::{Opened, check, open};
pub use table::{Bins, Owners, make};
pub use terms::BinTerms;
