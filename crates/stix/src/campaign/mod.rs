//! Campaign: a campaign as a STIX bundle, and back.
//! In: a `Tracked` campaign and how it is to be told. Out: objects as canonical JSON, ready for a bundle.
//! Invariant: no account, prompt, example, assignee or author ever goes in; volumes go as orders of magnitude; deterministic.
//! Not here: whether it may leave, and in which precision (the policy).

mod claims;
mod draft;
mod indicators;
mod observed;
mod options;
mod read;
mod techniques;
mod told;

use stillwatch_model::tracked::{Status, Tracked};

pub use observed::mostly_members;
pub use options::{Options, Producer, Response};
pub use read::{Received, ReceivedCampaign, ReceivedClient, ReceivedIndicator, ReceivedNetwork, ReceivedText, receive};

use super::{Limits, Object, version};
use draft::Draft;

/// The campaign's objects, those that others refer to first. The same campaign and options give the same texts.
///
/// A false positive or a benign campaign is taken back: its campaign and indicators are revoked.
#[must_use]
pub fn objects(campaign: &Tracked, options: &Options) -> Vec<String> {
    let mut draft = Draft::of(campaign, options);
    draft.campaign();
    techniques::tell(&mut draft);
    let seen = observed::tell(&mut draft);
    indicators::tell(&mut draft, &seen);
    if options.claims {
        claims::tell(&mut draft);
    }
    told::tell(&mut draft, &seen);
    draft.finish()
}

/// The campaign as a bundle.
#[must_use]
pub fn bundle(campaign: &Tracked, options: &Options) -> String {
    bundle_of(std::slice::from_ref(campaign), options)
}

/// Several campaigns in one bundle; what they have in common is there once.
#[must_use]
pub fn bundle_of(campaigns: &[Tracked], options: &Options) -> String {
    let mut seen = std::collections::HashSet::new();
    let all: Vec<String> = campaigns.iter().flat_map(|campaign| objects(campaign, options)).collect();
    super::bundle::write(all.iter().map(String::as_str).filter(|text| seen.insert(*text)))
}

/// The campaign's objects as versions of what was sent before: `before` gives the text last sent of an id. What has the same
/// content is that text; what changed has a later `modified`, `at` or just behind the last (`version::next`).
#[must_use]
pub fn versions(
    campaign: &Tracked,
    options: &Options,
    before: impl Fn(&str) -> Option<String>,
    at: &str,
) -> Vec<String> {
    let next = |text: String| {
        let id = Object::read(&text, Limits::default().depth).ok().map(|object| object.head.id.into_owned());
        let sent = id.and_then(|id| before(&id));
        // What was sent is ours and an object; if it isn't, what is known now is sent.
        sent.and_then(|sent| version::next(&sent, &text, at).ok()).unwrap_or(text)
    };
    objects(campaign, options).into_iter().map(next).collect()
}

/// Whether a person has said that it is one.
fn confirmed(status: Status) -> bool {
    matches!(status, Status::Confirmed | Status::Disrupted | Status::Returned | Status::Closed)
}

/// Whether a person has said that it is none.
fn withdrawn(status: Status) -> bool {
    matches!(status, Status::FalsePositive | Status::Benign)
}
