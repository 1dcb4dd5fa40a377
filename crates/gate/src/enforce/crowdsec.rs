//! CrowdSec: the bouncer side of its Local API (`pkg/models/localapi_swagger.yaml`, paths `/decisions` and `/decisions/stream`).
//! In: a table, the feed, what a bouncer asks and when it last did. Out: decisions as its JSON has them.
//! Invariant: bouncers key on `value`: what is in `deleted` and still holds is in `new` too, and bouncers delete first.
//! Not here: HTTP and keys (`node`); the watcher side (alerts), which a bouncer never calls.

pub mod filter;
pub mod stream;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::subject::{Kind, shown};
use crate::table::row::{Best, Key};

pub use filter::{Asked, Filter};
pub use stream::{Cursor, delta, everything, write_everything};

/// `origin` of all decisions here.
pub const ORIGIN: &str = "stillwatch";
/// Seconds that what never ends is said to last: bouncers want a duration.
const NEVER: i64 = 10 * 365 * 24 * 3_600;

/// `Decision`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision<'a> {
    /// The decision's number; the pieces of one network share it.
    pub id: u64,
    /// Where it comes from.
    pub origin: Cow<'a, str>,
    /// `ban`, `captcha`, or a word of ours (`throttle`, `degrade`) that bouncers may be told to understand.
    #[serde(rename = "type")]
    pub remediation: Cow<'a, str>,
    /// `Ip`, `Range`, or `account`, `client`, `ja4`.
    pub scope: Cow<'a, str>,
    /// The address, network or key.
    pub value: Cow<'a, str>,
    /// How long it still lasts, as Go writes it (`3h59m58s`); negative once it ended.
    pub duration: String,
    /// `stillwatch/` and the reason code.
    pub scenario: Cow<'a, str>,
}

/// `DecisionsStreamResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream<'a> {
    /// What holds, as far as it is new to the bouncer.
    pub new: Vec<Decision<'a>>,
    /// What doesn't hold any more.
    pub deleted: Vec<Decision<'a>>,
}

/// `ErrorResponse`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorResponse {
    /// What is wrong.
    pub message: String,
}

/// CrowdSec's word for an action; `None`: there is nothing to do.
#[must_use]
pub fn remediation(action: Action) -> Option<&'static str> {
    match action {
        Action::Allow => None,
        Action::Block => Some("ban"),
        Action::Challenge => Some("captcha"),
        Action::Throttle { .. } => Some("throttle"),
        Action::Degrade { .. } => Some("degrade"),
    }
}

/// What holds for a key, as a bouncer reads it.
pub(crate) fn said<'a>(key: Key<'a>, word: &'static str, best: &Best<'a>, now: i64) -> Decision<'a> {
    let left = if best.until == i64::MAX { NEVER } else { best.until.saturating_sub(now) };
    named(key, word, best.line.id, &best.line.course.code, left)
}

/// A decision of its parts; a network that is one address has the scope `Ip`.
pub(crate) fn named<'a>(key: Key<'a>, word: &'static str, id: u64, code: &str, left: i64) -> Decision<'a> {
    let (scope, value): (&'static str, Cow<'a, str>) = match key {
        Key::Exact(Kind::Client, text) => ("client", text.into()),
        Key::Exact(Kind::Ja4, text) => ("ja4", text.into()),
        Key::Exact(_, text) => ("account", text.into()),
        Key::Network(net) if net.prefix_len() == net.max_prefix_len() => ("Ip", shown(net).into()),
        Key::Network(net) => ("Range", shown(net).into()),
    };
    let mut scenario = String::with_capacity(ORIGIN.len() + 1 + code.len());
    scenario.push_str(ORIGIN);
    scenario.push('/');
    scenario.push_str(code);
    Decision {
        id,
        origin: ORIGIN.into(),
        remediation: word.into(),
        scope: scope.into(),
        value,
        duration: duration(left),
        scenario: scenario.into(),
    }
}

/// Seconds as Go's `time.Duration` prints them.
fn duration(seconds: i64) -> String {
    let whole = seconds.unsigned_abs();
    let (hours, minutes, seconds_left) = (whole / 3_600, whole / 60 % 60, whole % 60);
    let mut text = String::with_capacity(12);
    if seconds < 0 {
        text.push('-');
    }
    let _ = match (hours, minutes) {
        (0, 0) => write!(text, "{seconds_left}s"),
        (0, _) => write!(text, "{minutes}m{seconds_left}s"),
        _ => write!(text, "{hours}h{minutes}m{seconds_left}s"),
    };
    text
}
