//! Track: campaigns over time, and the store that keeps them.
//! In: saved runs, and what people say about them. Out: `Tracked` campaigns, their history and evidence.
//! Invariant: every write is atomic; a newer store is refused.
//! Not here: finding campaigns (`detect`), STIX (`share`).
