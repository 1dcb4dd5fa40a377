//! Releases: what is proposed to leave, who approved it, and what became of it on its way.
//! In: proposals and people's decisions. Out: releases, their items, deliveries and history.
//! Invariant: steps are taken in one order, each in one transaction with what the ledger is owed for it; an item's bytes never change.
//! Not here: what may leave (`share`), writing to the ledger and sending (`node`).

mod deliver;
mod propose;
mod read;
mod review;
mod shared;
mod withdraw;

use serde::{Deserialize, Serialize};
use sqlx::{Any, Transaction};
use stillwatch_model::Micros;

use crate::by::By;
use crate::error::Result;

pub(crate) use deliver::ready;
pub use deliver::{Delivery, acknowledge, attempt, delivered, deliveries, outbox};
pub use propose::propose;
pub(crate) use read::courses;
pub use read::{Which, approvals, history, items, latest, list, release, sent_before};
pub use review::{approve, grouped, reject};
pub use shared::{holders, shared};
pub use withdraw::{Revocation, lapse, of_subject, subjects, withdraw};

/// How a release stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It waits for people.
    Proposed,
    /// Enough people approved it; the ledger is owed its entries.
    Approved,
    /// It is in the ledger, and may be sent.
    Recorded,
    /// Somebody said no.
    Rejected,
    /// It was taken back.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

impl State {
    /// All of them.
    pub const ALL: [State; 6] =
        [State::Proposed, State::Approved, State::Recorded, State::Rejected, State::Withdrawn, State::Expired];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Proposed => "proposed",
            State::Approved => "approved",
            State::Recorded => "recorded",
            State::Rejected => "rejected",
            State::Withdrawn => "withdrawn",
            State::Expired => "expired",
        }
    }
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// It waits to be sent.
    Waiting,
    /// It was handed over.
    Delivered,
    /// The recipient said that they have it.
    Acknowledged,
    /// It was taken back before it was sent.
    Cancelled,
    /// What it holds may no longer be kept, and it was never sent.
    Expired,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 5] = [Way::Waiting, Way::Delivered, Way::Acknowledged, Way::Cancelled, Way::Expired];

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Way::Waiting => "waiting",
            Way::Delivered => "delivered",
            Way::Acknowledged => "acknowledged",
            Way::Cancelled => "cancelled",
            Way::Expired => "expired",
        }
    }
}

/// What becomes of an object for one recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It leaves, once approved.
    Leaves,
    /// The recipient has it, byte for byte: it isn't sent again.
    Known,
    /// It stays.
    Held,
}

impl Fate {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fate::Leaves => "leaves",
            Fate::Known => "known",
            Fate::Held => "held",
        }
    }
}

/// One object for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The member it is for.
    pub recipient: String,
    /// The object's id.
    pub object: String,
    /// Its type.
    pub kind: String,
    /// Its `modified`, else its `created`; empty for objects without versions.
    pub version: String,
    /// What becomes of it.
    pub fate: Fate,
    /// The exact bytes that would leave; empty where it is held.
    pub body: String,
    /// SHA-256 of the bytes, hexadecimal; empty where it is held.
    pub hash: String,
    /// Who may know.
    pub tlp: String,
    /// What may be done with it.
    pub pap: String,
    /// Until when the recipient may keep it.
    pub until: Micros,
    /// Why: the policies that permit it, or what holds it.
    pub because: String,
    /// What became of each field, JSON.
    pub notes: String,
    /// Its entry in the ledger, once it has one.
    pub entry: Option<u64>,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The campaign that it is about; empty: none.
    pub subject: String,
    /// The release that it takes back.
    pub revokes: Option<String>,
    /// The profile: name, version, digest.
    pub profile: (String, u64, String),
    /// What it may be used for, and the ground on which it is shared.
    pub ground: (String, String),
    /// How many different people must approve.
    pub needed: u32,
    /// Until when they may.
    pub lapses: Micros,
    /// What would leave, and what not.
    pub items: Vec<Item>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Its id.
    pub id: String,
    /// How it stands.
    pub state: State,
    /// The campaign that it is about; empty: none.
    pub subject: String,
    /// The release that it takes back.
    pub revokes: Option<String>,
    /// The profile.
    pub profile: String,
    /// Its version.
    pub version: u64,
    /// SHA-256 of what was signed of it.
    pub digest: String,
    /// What it may be used for.
    pub purpose: String,
    /// The ground on which it is shared.
    pub legal_basis: String,
    /// How many different people must approve.
    pub needed: u32,
    /// How many did.
    pub approved: u32,
    /// Who proposed it.
    pub author: String,
    /// When, microseconds since the epoch.
    pub proposed: Micros,
    /// Until when it may be approved.
    pub lapses: Micros,
    /// When it was approved, rejected, withdrawn or expired.
    pub settled: Option<Micros>,
}

/// Somebody's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When, microseconds since the epoch.
    pub at: Micros,
}

/// A step of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// When, microseconds since the epoch.
    pub at: Micros,
    /// Who.
    pub by: String,
    /// What: `proposed`, `approved`, `recorded`, `delivered`, ...
    pub what: String,
    /// To whom, or why.
    pub because: String,
}

/// How a release went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Course {
    /// The release.
    pub release: Release,
    /// Who approved it.
    pub approvals: Vec<Approval>,
    /// What went to whom.
    pub deliveries: Vec<Delivery>,
    /// Every step, oldest first.
    pub steps: Vec<Step>,
}

/// An entry that the ledger is owed, and the items that it is about, by their places in the list that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owes {
    /// The entry, canonical JSON.
    pub body: String,
    /// Places of its items.
    pub items: Vec<usize>,
}

/// Makes the ledger's entries for a release that is approved: from it, its approvals and its items.
pub type Entries<'a> = dyn Fn(&Release, &[Approval], &[Item]) -> Result<Vec<Owes>> + Sync + 'a;

/// Makes the ledger's entry for a release that ends.
pub type Ending<'a> = dyn Fn(&Release) -> Result<String> + Sync + 'a;

/// Writes a step down.
pub(crate) async fn step(
    tx: &mut Transaction<'static, Any>,
    release: &str,
    what: &str,
    because: &str,
    by: &By,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO release_history (place, release, recorded, author, what, because) \
         SELECT COALESCE(MAX(place), 0) + 1, $1, $2, $3, $4, $5 FROM release_history",
    )
    .bind(release)
    .bind(by.at)
    .bind(&by.author)
    .bind(what)
    .bind(because)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
