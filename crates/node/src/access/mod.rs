//! Access: who a client is, and what it may do.
//! In: tokens, certificates and the store's clients. Out: a client with its rights; nothing for everybody else.
//! Invariant: what isn't granted is refused.
//! Not here: HTTP's headers (`http/who.rs`).

mod book;
mod grant;
pub mod group;
pub(crate) mod oidc;
mod role;
mod token;

pub use book::{Book, Known, May, PEOPLE};
pub use grant::{end, grant};
pub use oidc::People;
pub use role::Role;
pub use token::{Token, fingerprint, hash};
