//! Lifecycle: which status may follow which, and what a status says of the detector.
//! In: two statuses. Out: whether the step is allowed; the verdict that it gives.
//! Invariant: the table below is the only place where steps are allowed.
//! Not here: writing it down (`change.rs`).
//!
//! | from | to |
//! | --- | --- |
//! | new | under-review, confirmed, false-positive, benign, disrupted, closed |
//! | under-review | confirmed, false-positive, benign, disrupted, closed |
//! | confirmed | under-review, false-positive, benign, disrupted, closed |
//! | false-positive | under-review, closed |
//! | benign | under-review, closed |
//! | disrupted | under-review, returned, closed |
//! | returned | under-review, confirmed, false-positive, benign, disrupted, closed |
//! | closed | under-review, returned |

use stillwatch_model::Verdict;
use stillwatch_model::tracked::Status;

use crate::error::{Error, Result};

/// The statuses that may follow.
#[must_use]
pub fn next(from: Status) -> &'static [Status] {
    use Status::{Benign, Closed, Confirmed, Disrupted, FalsePositive, New, Returned, UnderReview};
    match from {
        New => &[UnderReview, Confirmed, FalsePositive, Benign, Disrupted, Closed],
        UnderReview => &[Confirmed, FalsePositive, Benign, Disrupted, Closed],
        Confirmed => &[UnderReview, FalsePositive, Benign, Disrupted, Closed],
        FalsePositive | Benign => &[UnderReview, Closed],
        Disrupted => &[UnderReview, Returned, Closed],
        Returned => &[UnderReview, Confirmed, FalsePositive, Benign, Disrupted, Closed],
        Closed => &[UnderReview, Returned],
    }
}

/// Refuses a step that the table doesn't have.
pub(crate) fn step(from: Status, to: Status) -> Result<()> {
    if next(from).contains(&to) {
        return Ok(());
    }
    let allowed: Vec<&str> = next(from).iter().map(|status| status.name()).collect();
    let message = if from == to {
        format!("it is `{}` already", to.name())
    } else {
        format!("a campaign that is `{}` can't become `{}`", from.name(), to.name())
    };
    Err(Error::refused(message, format!("from `{}` it may become: {}", from.name(), allowed.join(", "))))
}

/// Whether a campaign that stands so has ended: what is seen of it later is a return.
#[must_use]
pub fn has_ended(status: Status) -> bool {
    matches!(status, Status::Disrupted | Status::Closed)
}

/// What a step says of the detector. Reopening takes a verdict back; closing and returning leave it.
pub(crate) fn verdict(to: Status, before: Option<Verdict>) -> Option<Verdict> {
    match to {
        Status::Confirmed | Status::Disrupted => Some(Verdict::TruePositive),
        Status::FalsePositive => Some(Verdict::FalsePositive),
        Status::Benign => Some(Verdict::Benign),
        Status::New | Status::UnderReview => None,
        Status::Returned | Status::Closed => before,
    }
}

/// Reads a stored status.
pub(crate) fn status(name: &str) -> Result<Status> {
    Status::ALL.into_iter().find(|s| s.name() == name).ok_or_else(|| {
        Error::failed(format!("the store has an unknown status `{name}`"), "use the newer `stillwatch` that wrote it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every status can be left, and every one but `new` can be reached: no campaign is stuck.
    #[test]
    fn no_status_is_a_dead_end() {
        for status in Status::ALL {
            assert!(!next(status).is_empty(), "{}", status.name());
            assert!(!next(status).contains(&status), "{}", status.name());
            let reached = Status::ALL.into_iter().any(|from| next(from).contains(&status));
            assert_eq!(reached, status != Status::New, "{}", status.name());
        }
    }

    #[test]
    fn a_refusal_says_what_is_allowed() {
        let refused = step(Status::Benign, Status::Confirmed);
        let error = refused.err();
        assert_eq!(
            error.as_ref().map(ToString::to_string).as_deref(),
            Some("a campaign that is `benign` can't become `confirmed`")
        );
        assert_eq!(error.as_ref().and_then(Error::hint), Some("from `benign` it may become: under-review, closed"));
    }
}
