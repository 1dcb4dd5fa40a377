//! Tests of what may leave, in one binary.
//! In: the shipped profiles, exported campaigns, odd objects, planted secrets. Out: passes or fails.
//! Invariant: needs no network and no clock.
//! Not here: the command line's own tests.

mod fixture;
mod holds;
mod laws;
mod notices;
mod profiles;
mod prompts;
mod references;
mod scanning;
mod secrets;
mod signed;
mod template_rates;
