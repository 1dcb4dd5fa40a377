//! Pooled: a hub and members make a key for an epoch, look up in a pool, and open what enough of them reported; over HTTP.
//! In: nodes that listen, sets in files. Out: who learns what, and who is refused what.
//! Invariant: every call is a real one, relayed by the hub where members speak to each other.
//! Not here: two labs' match (`matched.rs`), the protocols' own tests (`matching`).

mod attacks;
mod group;
mod hidden;
mod measured;
mod ruled;
mod seen;
mod together;
