//! Pattern: STIX 2.1 patterns, parsed and evaluated over observations.
//! In: a pattern's text, observed data. Out: matches, or why the pattern is refused.
//! Invariant: does no I/O; bounded depth and time; never panics on bad input.
//! Not here: where observations come from (`engine`), what a match means (`stix`).

mod addresses;
mod bind;
mod check;
mod error;
mod exchange;
mod index;
mod lex;
mod like;
mod limits;
mod network;
mod observation;
mod observed;
mod parse;
mod path;
mod pattern;
mod pcre;
mod plan;
mod print;
mod reach;
mod row;
mod set;
pub mod syntax;
pub mod timestamp;
mod value;
mod watch;

pub use addresses::by_meaning;
pub use error::{Refusal, SyntaxError, Undecided};
pub use exchange::{Exchange, Exchanges, Seen, address};
pub use limits::Limits;
pub use observation::{Observation, Span};
pub use observed::{NotObserved, Observed};
pub use path::{ObjectPath, Step};
pub use pattern::{Compiled, Pattern};
pub use reach::{Reach, reach};
pub use row::{Row, Schema};
pub use set::{Found, Looking, PatternSet};
pub use value::Value;
pub use watch::{Hit, Told, Watch};
