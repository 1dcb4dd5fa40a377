//! Exchange: what is exchanged with others over TAXII 2.1: collections, their objects, and who may use them.
//! In: objects as they came, clients, questions. Out: pages of objects byte for byte, in the order in which they were added.
//! Invariant: `date_added` is unique, counts up, and is given while the writer's lock is held: who reads on from the last one misses nothing.
//! Not here: HTTP and the forms of TAXII (the node), what an object says (`stix`).

mod add;
mod certificates;
mod clients;
mod collections;
mod page;
mod place;
mod remove;
mod status;
mod there;
mod version;
mod write;

pub use add::{Added, Came, Outcome, add};
pub use certificates::{tie, untie};
pub(crate) use clients::name;
pub use clients::{Client, Right, RoleEntry, add_client, allow, changes, clients, revoke, seal_to};
pub use collections::{Collection, NewCollection, collections, make_collection};
pub(crate) use collections::{changed, make_in};
pub use page::{Asked, Entry, Page, Pick, Versions, page};
pub use remove::{Removed, remove};
pub use status::{Kept, status};
pub use version::{instant_key, stamp};
