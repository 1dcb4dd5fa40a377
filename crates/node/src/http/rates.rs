//! Rates: how often a client may ask, and how often a stranger may fail.
//! In: a client's name, or an address. Out: go on, or the seconds to wait.
//! Invariant: what is remembered is bounded: those who have been quiet are forgotten.
//! Not here: how many connections there are (`serve.rs`).

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Limits;

/// Token buckets (generic cell rate algorithm).
#[derive(Debug)]
pub struct Rates {
    clients: DefaultKeyedRateLimiter<String>,
    strangers: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Rates {
    /// All full.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let some = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let clients = Quota::per_second(some(limits.requests_per_second)).allow_burst(some(limits.burst));
        Self {
            clients: RateLimiter::keyed(clients),
            strangers: RateLimiter::keyed(Quota::per_second(some(limits.strangers_per_second))),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request of a client.
    ///
    /// # Errors
    /// The seconds after which it may ask again.
    pub fn client(&self, name: &str) -> Result<(), u64> {
        self.clients.check_key(&name.to_owned()).map_err(|until| self.seconds(until))
    }

    /// Counts a failed log-in from an address.
    ///
    /// # Errors
    /// The seconds after which another is answered.
    pub fn stranger(&self, address: IpAddr) -> Result<(), u64> {
        self.strangers.check_key(&address).map_err(|until| self.seconds(until))
    }

    /// Forgets those who have been quiet.
    pub fn forget(&self) {
        self.clients.retain_recent();
        self.strangers.retain_recent();
    }

    fn seconds(&self, until: governor::NotUntil<<DefaultClock as Clock>::Instant>) -> u64 {
        until.wait_time_from(self.clock.now()).as_secs() + 1
    }
}
