//! Entry: one line of the record.
//! In: who did what, when. Out: canonical JSON (RFC 8785), the bytes that are hashed.
//! Invariant: ids, hashes and names, each short and on one line; never content. The time is recorded as it was said.
//! Not here: where entries are kept (`log.rs`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Most bytes of an entry: tlog-tiles prefixes each with a 16-bit length (C2SP tlog-tiles, "Log entries").
const MAX_BYTES: usize = u16::MAX as usize;
/// Most bytes of a text: an id or a name fits, a prompt doesn't.
const MAX_TEXT: usize = 256;
/// Most items of a list.
const MAX_ITEMS: usize = 64;

/// One line of the record. Order is by index, not by `at`: a clock may have been moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When, as whoever did it said.
    pub at: Timestamp,
    /// Who did it: a person or a program, by the name the lab knows them by.
    pub by: String,
    /// What was done.
    pub what: What,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    /// An object was released to others.
    Release {
        /// The object's id.
        object: String,
        /// SHA-256 of the exact bytes that leave, `sha256:` and hexadecimal.
        hash: String,
        /// The members it is for.
        to: Vec<String>,
        /// The profile that permitted it.
        profile: String,
        /// Its version.
        profile_version: String,
        /// The legal basis, as the profile names it.
        legal_basis: String,
        /// Who approved.
        approvals: Vec<Approval>,
    },
    /// A profile came into force, or another version of it.
    Policy {
        /// The profile.
        profile: String,
        /// The version before; none for a new one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The version now; none where it was taken out of force.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
        /// SHA-256 of the profile as it is now.
        hash: String,
    },
    /// Somebody got or lost a role.
    Role {
        /// Whose role.
        whose: String,
        /// The role.
        role: String,
        /// Whether they got or lost it.
        change: Change,
    },
    /// Somebody looked at examples, which are looked up in raw logs.
    View {
        /// The campaign or object they belong to.
        about: String,
        /// How many were shown.
        count: u64,
        /// Why, as a code or the id of a ticket.
        reason: String,
    },
    /// Somebody decided about an object, a proposal or a campaign.
    Decision {
        /// What it is about.
        about: String,
        /// What was decided.
        outcome: Outcome,
        /// Why, as a code or the id of a ticket.
        reason: String,
    },
    /// Decisions about accounts and networks were made or taken back, all at once: how many, never whose.
    Acted {
        /// Rules whose decisions they are.
        rules: Vec<String>,
        /// Decisions made.
        made: u64,
        /// Decisions whose time began anew.
        renewed: u64,
        /// Decisions taken back without a judgement.
        taken_back: u64,
        /// Decisions reviewed and found wrong.
        reversed: u64,
        /// Number of the first change.
        first: u64,
        /// Number of the last one.
        last: u64,
        /// Of changes in order, a line each: number, number of the decision, what was done, when in microseconds since 1970, SHA-256
        /// of the decision's canonical JSON without `evidence`, `expires`, `history`, `since` and `state`, in hexadecimal; a space
        /// between, line feed. SHA-256 of these lines, `sha256:` and hexadecimal.
        hash: String,
    },
    /// A hub took objects over from somebody, or handed some over to them.
    Receipt {
        /// Who sent or read them.
        whose: String,
        /// Which of the two.
        way: Way,
        /// The id of the collection.
        collection: String,
        /// How many objects.
        count: u64,
        /// `date_added` of the first of them.
        from: Timestamp,
        /// `date_added` of the last of them.
        to: Timestamp,
        /// Of objects that were taken, in order, a line each: id, space, SHA-256 of the object's bytes in hexadecimal, line feed.
        /// SHA-256 of these lines, `sha256:` and hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
    },
    /// A step of private matching: who, what kind of thing, how large about; never what.
    Match {
        /// The round or epoch.
        round: String,
        /// Which step.
        step: Step,
        /// The members with whom.
        with: Vec<String>,
        /// What kind of thing is matched.
        namespace: String,
        /// The size of our own set, padded so that it says little.
        own: u64,
        /// The size of the others', padded.
        theirs: u64,
        /// Evaluations that may be asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<u64>,
        /// The profile that permits it, with its version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
        /// SHA-256 of what the step is bound to (a commitment, a published file), `sha256:` and hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
    },
}

/// A step of private matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// What may be matched was agreed on, or proposed.
    Agreed,
    /// A round or an epoch was begun.
    Begun,
    /// A set was committed to.
    Committed,
    /// Elements were evaluated.
    Evaluated,
    /// A pool was published.
    Published,
    /// Single elements were asked for.
    Checked,
    /// Reports were handed over.
    Reported,
    /// Reports were opened.
    Opened,
    /// It ended; keys are erased.
    Closed,
    /// It failed, or was refused.
    Refused,
}

/// Which way objects went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// From a client to the hub.
    Taken,
    /// From the hub to a client.
    Read,
}

/// Somebody's approval of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When, as they said.
    pub at: Timestamp,
}

/// What became of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// They have it now.
    Granted,
    /// They have it no longer.
    Revoked,
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// May go on.
    Approved,
    /// May not.
    Rejected,
    /// What had been released is taken back.
    Withdrawn,
    /// Time ran out.
    Expired,
    /// A recipient has it.
    Delivered,
    /// A recipient said that they have it.
    Acknowledged,
    /// Found to be a campaign.
    Confirmed,
    /// Found to be none.
    Dismissed,
    /// It came from others.
    Received,
    /// Somebody has read it.
    Read,
}

impl Entry {
    /// The bytes that are recorded and hashed: canonical JSON (RFC 8785).
    ///
    /// # Errors
    /// [`Error::Entry`] where a field could hold content, or is malformed; `position` is what the error says.
    pub fn canonical(&self, position: usize) -> Result<Vec<u8>> {
        let fault = |(field, why): (&'static str, String)| Error::Entry { position, field, why };
        self.check().map_err(fault)?;
        let bytes = serde_json_canonicalizer::to_vec(self)
            .map_err(|error| fault(("what", format!("can't be written as JSON: {error}"))))?;
        if bytes.len() > MAX_BYTES {
            return Err(fault(("what", format!("takes {} bytes; {MAX_BYTES} fit", bytes.len()))));
        }
        Ok(bytes)
    }

    /// Reads what was recorded.
    ///
    /// # Errors
    /// Where the bytes aren't an entry of a kind that this version knows.
    pub fn read(bytes: &[u8]) -> std::result::Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// The object, profile, person or campaign that it is about.
    #[must_use]
    pub fn about(&self) -> &str {
        match &self.what {
            What::Release { object, .. } => object,
            What::Policy { profile, .. } => profile,
            What::Role { whose, .. } | What::Receipt { whose, .. } => whose,
            What::View { about, .. } | What::Decision { about, .. } => about,
            What::Acted { hash, .. } => hash,
            What::Match { round, .. } => round,
        }
    }

    fn check(&self) -> std::result::Result<(), (&'static str, String)> {
        text("by", &self.by)?;
        match &self.what {
            What::Release { object, hash, to, profile, profile_version, legal_basis, approvals } => {
                text("object", object)?;
                sha256("hash", hash)?;
                items("to", to.len())?;
                to.iter().try_for_each(|member| text("to", member))?;
                text("profile", profile)?;
                text("profile_version", profile_version)?;
                text("legal_basis", legal_basis)?;
                items("approvals", approvals.len())?;
                approvals.iter().try_for_each(|approval| text("approvals", &approval.by))
            }
            What::Policy { profile, from, to, hash } => {
                text("profile", profile)?;
                from.iter().chain(to).try_for_each(|version| text("to", version))?;
                sha256("hash", hash)
            }
            What::Role { whose, role, .. } => text("whose", whose).and_then(|()| text("role", role)),
            What::View { about, reason, count } => {
                number("count", *count)?;
                text("about", about).and_then(|()| text("reason", reason))
            }
            What::Decision { about, reason, .. } => text("about", about).and_then(|()| text("reason", reason)),
            What::Acted { rules, made, renewed, taken_back, reversed, first, last, hash } => {
                items("rules", rules.len())?;
                rules.iter().try_for_each(|rule| text("rules", rule))?;
                [made, renewed, taken_back, reversed, first, last]
                    .iter()
                    .try_for_each(|count| number("made", **count))?;
                // What is beyond 2^53 was refused already, so these can't run over.
                if first > last || made + renewed + taken_back + reversed != last - first + 1 {
                    return Err(("last", "and `first` aren't as far apart as there are changes".into()));
                }
                sha256("hash", hash)
            }
            What::Receipt { whose, way, collection, count, from, to, hash } => {
                text("whose", whose)?;
                text("collection", collection)?;
                number("count", *count)?;
                if from > to {
                    return Err(("from", "is after `to`".into()));
                }
                match (way, hash) {
                    (Way::Taken, Some(hash)) => sha256("hash", hash),
                    (Way::Read, None) => Ok(()),
                    (Way::Taken, None) => Err(("hash", "is missing for objects that were taken".into())),
                    (Way::Read, Some(_)) => Err(("hash", "stands with objects that were taken only".into())),
                }
            }
            What::Match { round, with, namespace, own, theirs, budget, profile, hash, .. } => {
                text("round", round)?;
                items("with", with.len())?;
                with.iter().try_for_each(|member| text("with", member))?;
                text("namespace", namespace)?;
                number("own", *own)?;
                number("theirs", *theirs)?;
                budget.iter().try_for_each(|budget| number("budget", *budget))?;
                profile.iter().try_for_each(|profile| text("profile", profile))?;
                hash.iter().try_for_each(|hash| sha256("hash", hash))
            }
        }
    }
}

fn text(field: &'static str, text: &str) -> std::result::Result<(), (&'static str, String)> {
    match text {
        "" => Err((field, "is empty".into())),
        _ if text.len() > MAX_TEXT => Err((field, format!("has {} bytes; {MAX_TEXT} are allowed", text.len()))),
        _ if text.chars().any(char::is_control) => Err((field, "has a control character".into())),
        _ => Ok(()),
    }
}

/// RFC 8785 writes numbers as doubles, which are exact up to 2^53.
fn number(field: &'static str, number: u64) -> std::result::Result<(), (&'static str, String)> {
    if number > 1 << 53 { Err((field, "is beyond 2^53".into())) } else { Ok(()) }
}

fn sha256(field: &'static str, text: &str) -> std::result::Result<(), (&'static str, String)> {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    if digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    Err((field, "isn't `sha256:` and 64 hexadecimal digits".into()))
}

fn items(field: &'static str, count: usize) -> std::result::Result<(), (&'static str, String)> {
    if count <= MAX_ITEMS { Ok(()) } else { Err((field, format!("has {count} items; {MAX_ITEMS} are allowed"))) }
}
