//! Group: an organisation's part in a sharing group, given and ended.
//! In: a group, a client, who says so. Out: the change in the store; what the ledger is owed for it.
//! Invariant: only organisations' nodes are in groups; nobody comes or goes without an entry that the ledger is owed.
//! Not here: what being in a group allows (`book.rs`).

use stillwatch_track::{By, Store, exchange, groups};

use super::Role;
use crate::error::{Error, Result};
use crate::release::entries;

/// A client joins a group.
///
/// # Errors
/// When there is no such group or client, its role is none of an organisation's, or the store can't be written.
pub async fn join(store: &Store, id: &str, client: &str, by: &By) -> Result<()> {
    let all = exchange::clients(store).await?;
    let role = all.iter().find(|one| one.name == client && one.revoked.is_none()).map(|one| one.role.as_str());
    if let Some(role) = role
        && !Role::of(role).is_some_and(Role::is_organisation)
    {
        return Err(Error::refused(
            format!("`{client}` has the role `{role}`, and groups are of organisations"),
            "only clients with the roles `member` and `hub` join",
        ));
    }
    let entry = |whose: &str, role: &str, is_granted: bool| entries::role(whose, role, is_granted, by);
    Ok(groups::join(store, id, client, by.at, &entry).await?)
}

/// A client leaves a group.
///
/// # Errors
/// When it isn't in such a group, or the store can't be written.
pub async fn leave(store: &Store, id: &str, client: &str, by: &By) -> Result<()> {
    let entry = |whose: &str, role: &str, is_granted: bool| entries::role(whose, role, is_granted, by);
    Ok(groups::leave(store, id, client, by.at, &entry).await?)
}

/// Ends a group: everybody leaves.
///
/// # Errors
/// When there is no such group, or the store can't be written.
pub async fn end(store: &Store, id: &str, by: &By) -> Result<()> {
    let entry = |whose: &str, role: &str, is_granted: bool| entries::role(whose, role, is_granted, by);
    Ok(groups::end(store, id, by.at, &entry).await?)
}
