//! Release: an object on its way out: proposed, reviewed, approved, recorded, sent, acknowledged; or stopped.
//! In: objects, recipients, a profile in force, people. Out: what may be sent, once it is in the ledger.
//! Invariant: steps are taken in this order only, each whole or not at all.
//! Not here: rows (`track::releases`), the wire.
