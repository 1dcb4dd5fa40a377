//! Epoch: a key that nobody holds, for one namespace and one epoch: the hub's part is needed, and t of n members'.
//! In: members, randomness, requests. Out: a key's public side; evaluated elements, each holder's with a proof; outputs.
//! Invariant: no holder ever sees the whole key, an element, or an output; who asks checks every holder and puts the answers
//! together itself. Once the hub, or n-t+1 members, erased their parts, nothing can be evaluated again.
//! Not here: what outputs are used for (`check`, `pool`); keeping state, carrying frames (`node`).
//!
//! Threshold 2HashDH (Jarecki, Kiayias, Krawczyk, Xu, "TOPPSS", ACNS 2017), in verifiable form: each holder answers with RFC
//! 9497's proof under its own public share. Shares come from FROST's distributed key generation (`frost-ristretto255`; RFC 9591
//! without its signatures).

mod asker;
mod deal;
mod holder;
mod key;

pub use asker::{Asked, Asker};
pub use deal::{Dealing, Dealt, Packages, Sharing};
pub use holder::{Charged, Holder, HolderState};
pub use key::{EpochKey, MAX_MEMBERS, Setup, possession};
