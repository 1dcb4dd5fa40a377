//! Intel: what received objects mean here: read, weighed, looked for, answered.
//! In: the journal of peers, what hunts found, what people say. Out: standings, facts for rules, wanted indicators, answers to release.
//! Invariant: everything received keeps its source, path and marking; nothing received decides anything by itself.
//! Not here: asking peers (`peer`), rows (`track::intel`), the formula (`gate::standing`).

mod answer;
mod facts;
mod follow;
mod hunt;
mod weigh;

pub use answer::{Answer, Which, answers, opine};
pub use facts::facts;
pub use follow::follow;
pub use hunt::{Sights, sight, wanted};
pub use weigh::{Weighed, weigh};

pub use stillwatch_gate::standing::{Decay, Standing, decay::shipped as shipped_decay};

use jiff::Timestamp;
use stillwatch_model::Micros;

/// An instant; what lies beyond all time is its end.
fn at(micros: Micros) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
