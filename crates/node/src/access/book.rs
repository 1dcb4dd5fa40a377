//! Book: clients and collections as they stand, in memory.
//! In: the store's rows. Out: whose token or certificate it is; what that client may do with a collection.
//! Invariant: a revoked client, or one with a role that this program doesn't know, isn't in it; an id leads to one collection only;
//! a sharing group's collection is its members', whatever else was granted.
//! Not here: reading it anew when something changes (`http/mod.rs`).

use std::collections::HashMap;
use std::sync::Arc;

use stillwatch_track::exchange::{self, Collection, Right};
use stillwatch_track::{Store, groups};
use subtle::ConstantTimeEq;

use super::Role;
use crate::Result;

/// How the client is called whose rights all people of a role have: `people.analyst`.
pub const PEOPLE: &str = "people.";

/// A client that may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name: the source of what it sends.
    pub name: String,
    /// Its role.
    pub role: Role,
    token: [u8; 32],
    rights: HashMap<i64, Right>,
}

/// What a client may do with a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct May {
    /// Read its objects.
    pub read: bool,
    /// Add objects.
    pub write: bool,
}

impl May {
    /// Whether it may know that there is such a collection.
    #[must_use]
    pub fn know(self) -> bool {
        self.read || self.write
    }
}

/// Clients and collections.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Which state of the store this is.
    pub changes: i64,
    clients: HashMap<[u8; 8], Vec<Arc<Known>>>,
    certificates: HashMap<[u8; 32], Arc<Known>>,
    people: HashMap<Role, HashMap<i64, Right>>,
    collections: Vec<Arc<Collection>>,
}

impl Book {
    /// Reads it.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn read(store: &Store) -> Result<Self> {
        // Before the rest: what changes meanwhile is read again.
        let mut book = Self { changes: exchange::changes(store).await?, ..Self::default() };
        let mut groups = groups::access(store).await?;
        for client in exchange::clients(store).await?.into_iter().filter(|client| client.revoked.is_none()) {
            let mut token = [0u8; 32];
            let (Some(role), Ok(())) = (Role::of(&client.role), hex::decode_to_slice(&client.token, &mut token)) else {
                tracing::warn!(client = client.name, role = client.role, "a client that this program can't let in");
                continue;
            };
            let others = client.rights.into_iter().filter(|right| !groups.collections.contains(&right.collection));
            let mine = groups.of.remove(&client.name).unwrap_or_default();
            let mine = mine.into_iter().map(|collection| Right { collection, can_read: true, can_write: true });
            let rights: HashMap<i64, Right> = others.chain(mine).map(|right| (right.collection, right)).collect();
            if client.name == format!("{PEOPLE}{}", role.name()) {
                book.people.insert(role, rights.clone());
            }
            let known = Arc::new(Known { name: client.name, role, token, rights });
            for certificate in &client.certificates {
                let mut hash = [0u8; 32];
                if hex::decode_to_slice(certificate, &mut hash).is_ok() {
                    book.certificates.insert(hash, Arc::clone(&known));
                }
            }
            book.clients.entry(head(&token)).or_default().push(known);
        }
        book.collections = exchange::collections(store).await?.into_iter().map(Arc::new).collect();
        Ok(book)
    }

    /// Whose token has this hash. The table is entered by the hash's head, which nobody can choose; the rest is compared in one time.
    #[must_use]
    pub fn client(&self, token: &[u8; 32]) -> Option<&Arc<Known>> {
        self.clients.get(&head(token))?.iter().find(|known| bool::from(known.token.ct_eq(token)))
    }

    /// A person of a role, with the rights of the client that stands for people of that role; where there is none, without any.
    #[must_use]
    pub fn person(&self, name: String, role: Role) -> Known {
        Known { name, role, token: [0; 32], rights: self.people.get(&role).cloned().unwrap_or_default() }
    }

    /// Whose certificate has this SHA-256. It is no secret: no care is taken of the time that it takes.
    #[must_use]
    pub fn certified(&self, certificate: &[u8; 32]) -> Option<&Arc<Known>> {
        self.certificates.get(certificate)
    }

    /// The collection of a root with this id or alias.
    #[must_use]
    pub fn collection(&self, root: &str, id: &str) -> Option<&Arc<Collection>> {
        self.collections.iter().find(|c| c.root == root && (c.id == id || c.alias.as_deref() == Some(id)))
    }

    /// All collections, in the order in which they were made.
    pub fn collections(&self) -> impl Iterator<Item = &Arc<Collection>> {
        self.collections.iter()
    }
}

impl Known {
    /// What it may do with a collection: what the collection, its role and its rights all allow.
    #[must_use]
    pub fn may(&self, collection: &Collection) -> May {
        let right = self.rights.get(&collection.number);
        let everything = self.role.runs_the_node();
        May {
            read: collection.can_read && (everything || right.is_some_and(|r| r.can_read)),
            write: collection.can_write && self.role.writes() && (everything || right.is_some_and(|r| r.can_write)),
        }
    }
}

fn head(token: &[u8; 32]) -> [u8; 8] {
    let mut head = [0u8; 8];
    head.copy_from_slice(&token[..8]);
    head
}
