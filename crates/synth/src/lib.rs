//! Synth: seeded synthetic traffic of any size, with the truth about who sent it.
//! In: `Plan`. Out: accounts, truth and a stream of exchanges, the same bytes for the same plan.
//! Invariant: no clock, no I/O, no outside text; memory does not grow with the number of exchanges.
//! Not here: writing files (`engine`), judging a detector by the truth (`evaluate`).

mod actor;
mod campaign;
mod client;
mod clock;
mod dice;
mod exchange;
mod grammar;
mod honest;
mod network;
mod plan;
mod presets;
mod speech;
mod stream;
mod voice;
mod world;

pub use plan::{CampaignPlan, Plan, Shape};
pub use stream::Exchanges;
pub use world::{World, accounts};
