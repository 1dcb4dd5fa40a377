//! Release: the one thing that may be put on the wire.
//! In: an object of a set, a recipient, a profile in force. Out: `Released`, or why it is held.
//! Invariant: `Released` has private fields and is made here only, from a signed `Profile`; it holds the exact bytes.
//! Not here: who approved it, the ledger, the wire.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use stillwatch_stix::marking::{Pap, Tlp};

use crate::decide::{Desk, Held, Preview, Recipient};
use crate::scan::Scanners;
use crate::set::Set;
use crate::sign::Profile;
use crate::walk::Note;

/// What may leave to one recipient: minimised under a profile in force, and scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    preview: Preview,
    recipient: String,
    until: Timestamp,
    profile: String,
    version: u64,
    digest: String,
    purpose: String,
    legal_basis: String,
}

impl Released {
    /// The object's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.preview.id
    }

    /// The object's type.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.preview.kind
    }

    /// The exact bytes that may leave: canonical JSON.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.preview.text.as_bytes()
    }

    /// The same as text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.preview.text
    }

    /// SHA-256 of the bytes, hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.bytes()))
    }

    /// To whom.
    #[must_use]
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// Who may know.
    #[must_use]
    pub fn tlp(&self) -> Tlp {
        self.preview.tlp
    }

    /// What may be done with it.
    #[must_use]
    pub fn pap(&self) -> Pap {
        self.preview.pap
    }

    /// How many different people must approve before it leaves.
    #[must_use]
    pub fn approvals(&self) -> u32 {
        self.preview.approvals
    }

    /// Until when the recipient may keep it.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Name, version and digest of the profile.
    #[must_use]
    pub fn profile(&self) -> (&str, u64, &str) {
        (&self.profile, self.version, &self.digest)
    }

    /// What it may be used for, and the ground on which it is shared.
    #[must_use]
    pub fn ground(&self) -> (&str, &str) {
        (&self.purpose, &self.legal_basis)
    }

    /// Policies that permit it.
    #[must_use]
    pub fn policies(&self) -> &[String] {
        &self.preview.policies
    }
}

/// What of each object of a set may leave to a recipient, in the set's order.
#[must_use]
pub fn minimise(
    set: &Set,
    recipient: &Recipient,
    profile: &Profile,
    scanners: &Scanners,
) -> Vec<Result<Released, Held>> {
    let desk = Desk::new(profile.draft(), recipient.clone(), scanners);
    let decided = desk.decide(set).into_iter().enumerate();
    decided.map(|(at, decided)| Ok(released(set, at, recipient, profile, decided?))).collect()
}

/// The same, with what becomes of each field: for a person to look at.
#[must_use]
pub fn review(
    set: &Set,
    recipient: &Recipient,
    profile: &Profile,
    scanners: &Scanners,
) -> Vec<(Result<Released, Held>, Vec<Note>)> {
    let desk = Desk::new(profile.draft(), recipient.clone(), scanners);
    let decided = desk.review(set).into_iter().enumerate();
    decided
        .map(|(at, (decided, notes))| (decided.map(|preview| released(set, at, recipient, profile, preview)), notes))
        .collect()
}

fn released(set: &Set, at: usize, recipient: &Recipient, profile: &Profile, preview: Preview) -> Released {
    let about = &profile.draft().about;
    let keep = SignedDuration::from_hours(i64::from(about.keep_days) * 24);
    // A time that can't be said is no time: it may not be kept at all.
    let until = profile.now().checked_add(keep).unwrap_or(profile.now());
    Released {
        recipient: recipient.member.clone(),
        until: set.expires(at).map_or(until, |expires| expires.min(until)),
        profile: about.name.clone(),
        version: about.version,
        digest: profile.digest().to_owned(),
        purpose: about.purpose.clone(),
        legal_basis: about.legal_basis.clone(),
        preview,
    }
}

impl Set {
    /// When an object says that it is to be deleted.
    fn expires(&self, at: usize) -> Option<Timestamp> {
        let extensions = self.items.get(at)?.value.get("extensions")?;
        let expires = extensions.get(stillwatch_stix::extension::HANDLING)?.get("expires")?;
        // An expiry that can't be read has passed.
        Some(expires.as_str().and_then(|text| text.parse().ok()).unwrap_or(Timestamp::MIN))
    }
}
