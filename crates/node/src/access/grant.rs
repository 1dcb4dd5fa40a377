//! Grant: a role given to somebody, and taken away.
//! In: a name, a role, rights, who says so. Out: a client in the store; what the ledger is owed for it.
//! Invariant: nobody gets or loses a role that the ledger isn't owed an entry for.
//! Not here: what a role may do (`role.rs`).

use stillwatch_track::exchange::{self, Right};
use stillwatch_track::{By, Store};

use super::{Role, Token};
use crate::error::Result;
use crate::release::entries;

/// Makes a client with a role, or one anew that was revoked.
///
/// # Errors
/// When the name is taken or can't be one, or the store can't be written.
pub async fn grant(store: &Store, name: &str, role: Role, token: &Token, rights: &[Right], by: &By) -> Result<()> {
    let entry = |role: &str, is_granted: bool| entries::role(name, role, is_granted, by);
    Ok(exchange::add_client(store, name, role.name(), &token.kept(), rights, by.at, &entry).await?)
}

/// Takes a client's role and its token away, for good.
///
/// # Errors
/// When there is no such client, or the store can't be written.
pub async fn end(store: &Store, name: &str, by: &By) -> Result<()> {
    let entry = |role: &str, is_granted: bool| entries::role(name, role, is_granted, by);
    Ok(exchange::revoke(store, name, by.at, &entry).await?)
}
