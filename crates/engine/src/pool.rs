//! Pool: the memory that a run may use, in equal shares for those that hold sketches.
//! In: wishes for memory. Out: granted, or an error upon which the one that asked spills.
//! Invariant: what only passes rows on takes what it needs and no share; all together never exceed the pool.
//! Not here: how much there is (`pipeline::Limits`).
//!
//! DataFusion's own fair pool gives every consumer that can spill a share. Those that deal out rows between threads hold
//! next to nothing, and sketches would be spilled with most of the memory free.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::common::{Result, resources_datafusion_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};

/// The pool.
#[derive(Debug)]
pub(crate) struct Shares {
    size: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// How many have a share.
    sharers: usize,
    /// Bytes held by these.
    shared: usize,
    /// Bytes held by the others.
    passing: usize,
}

impl Held {
    fn of(&mut self, shares: bool) -> &mut usize {
        if shares { &mut self.shared } else { &mut self.passing }
    }
}

impl Shares {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shares(consumer: &MemoryConsumer) -> bool {
    consumer.can_spill() && !consumer.name().starts_with("RepartitionExec")
}

impl MemoryPool for Shares {
    fn name(&self) -> &str {
        "shares"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.held().sharers += usize::from(shares(consumer));
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.held().sharers -= usize::from(shares(consumer));
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        *self.held().of(shares(reservation.consumer())) += additional;
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        *self.held().of(shares(reservation.consumer())) -= shrink;
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let mut held = self.held();
        let shares = shares(reservation.consumer());
        let (available, wanted) = if shares {
            (self.size.saturating_sub(held.passing) / held.sharers.max(1), reservation.size() + additional)
        } else {
            (self.size.saturating_sub(held.passing + held.shared), additional)
        };
        if wanted > available {
            return Err(resources_datafusion_err!(
                "{} wants {wanted} bytes and {available} are its to have",
                reservation.consumer().name()
            ));
        }
        *held.of(shares) += additional;
        Ok(())
    }

    fn reserved(&self) -> usize {
        let held = self.held();
        held.shared + held.passing
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.size)
    }
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shares of {} bytes", self.size)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn those_that_hold_sketches_share_and_the_others_take_what_is_left() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Shares::new(1000));
        let dealing = MemoryConsumer::new("RepartitionExec[0]").with_can_spill(true).register(&pool);
        let one = MemoryConsumer::new("aggregate 0").with_can_spill(true).register(&pool);
        assert!(one.try_grow(1000).is_ok(), "alone it may have all");
        assert!(dealing.try_grow(1).is_err());
        let two = MemoryConsumer::new("aggregate 1").with_can_spill(true).register(&pool);
        one.free();
        assert!(one.try_grow(501).is_err());
        assert!(one.try_grow(500).is_ok() && two.try_grow(400).is_ok());
        assert!(dealing.try_grow(101).is_err());
        assert!(dealing.try_grow(100).is_ok());
        assert_eq!(pool.reserved(), 1000);
        drop((one, two, dealing));
        assert_eq!(pool.reserved(), 0);
    }
}
