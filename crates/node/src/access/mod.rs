//! Access: who a client is, and what it may do.
//! In: tokens and the store's clients. Out: a client with its rights; nothing for everybody else.
//! Invariant: what isn't granted is refused.
//! Not here: HTTP's headers (`http/who.rs`).

mod book;
mod grant;
pub mod group;
mod role;
mod token;

pub use book::{Book, Known, May};
pub use grant::{end, grant};
pub use role::Role;
pub use token::{Token, hash};
