//! Shares: how many bodies of one client are read at once.
//! In: a client's name. Out: a place, when it has one free.
//! Invariant: nobody holds more than half of all places: a client whose bodies drip keeps no other out.
//! Not here: how many bodies are read in all (`bodies` in `mod.rs`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places of each client that sends something.
#[derive(Debug)]
pub(crate) struct Shares {
    each: usize,
    clients: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Shares {
    pub(super) fn of(bodies: usize) -> Self {
        Self { each: (bodies / 2).max(1), clients: Mutex::default() }
    }

    /// A place of that client's; `None` never, since nobody closes them.
    pub(crate) async fn place(&self, client: &str) -> Option<OwnedSemaphorePermit> {
        let all = {
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            // Those who send nothing are forgotten when somebody else begins to.
            clients.retain(|name, places| name == client || Arc::strong_count(places) > 1);
            Arc::clone(clients.entry(client.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.each))))
        };
        all.acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_has_more_than_half() {
        let shares = Shares::of(4);
        let (one, two) = (shares.place("a").await, shares.place("a").await);
        assert!(one.is_some() && two.is_some());
        let three = tokio::time::timeout(std::time::Duration::from_millis(20), shares.place("a")).await;
        assert!(three.is_err());
        let other = shares.place("b").await;
        assert!(other.is_some());
        drop(one);
        assert!(shares.place("a").await.is_some());
        drop((two, other));
        assert!(shares.place("c").await.is_some());
        assert_eq!(shares.clients.lock().map(|all| all.len()).unwrap_or_default(), 1);
    }
}
