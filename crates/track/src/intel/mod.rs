//! Intel: what received objects mean here: indicators, what others say of them, what we found and think.
//! In: rows made of received objects, what hunts found, what people say. Out: the same, by indicator, value or account.
//! Invariant: of an object's versions by one peer the newest stands; a cursor moves with what it read, so that doing it again changes nothing.
//! Not here: reading STIX and weighing it (`node::intel`), asking peers (`peers`).

mod hits;
mod index;
mod journal;
mod list;
mod read;
mod verdicts;

use serde::Serialize;
use stillwatch_model::Micros;

use sqlx::{Any, Transaction};

use crate::by::By;
use crate::error::Result;

pub use hits::{Hit, Hunted, STATES, hits, judged, of_account, sight, state};
pub use index::{Batch, keep};
pub use journal::{Arrivals, Arrived, again, markings, waiting};
pub use list::{Filter, Page, list, total};
pub use read::{Step, find, history, of_values, remarks, texts, told};
pub use verdicts::{Verdict, opine, opined, verdicts};

/// An indicator as one peer tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Its STIX id.
    pub id: String,
    /// The peer that it came from.
    pub peer: String,
    /// The version, as written.
    pub version: String,
    /// The version's time.
    pub instant: Micros,
    /// When it was made.
    pub created: Micros,
    /// Who says so: `created_by_ref`, else the peer (`peer:NAME`).
    pub producer: String,
    /// Its name; may be empty.
    pub name: String,
    /// Its pattern, or the beginning of a long one.
    pub pattern: String,
    /// The pattern's language.
    pub pattern_type: String,
    /// What it is about: a name of `IndicatorKind`.
    pub kind: String,
    /// 0 to 100, as told.
    pub confidence: Option<u8>,
    /// Who may know.
    pub tlp: String,
    /// What may be done with it.
    pub pap: String,
    /// A marking isn't known here yet.
    pub unread: bool,
    /// From when it holds.
    pub valid_from: Option<Micros>,
    /// Until when it holds.
    pub valid_until: Option<Micros>,
    /// It was taken back.
    pub revoked: bool,
    /// When the peer had it no longer.
    pub gone: Option<Micros>,
    /// When it first came.
    pub first_received: Micros,
    /// When it last came.
    pub last_received: Micros,
}

/// A sighting or an opinion of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// Its STIX id.
    pub id: String,
    /// The peer that it came from.
    pub peer: String,
    /// The indicator that it is about.
    pub about: String,
    /// `sighting` or `opinion`.
    pub what: String,
    /// The version, as written.
    pub version: String,
    /// The version's time.
    pub instant: Micros,
    /// Who says so: `created_by_ref`, else the peer (`peer:NAME`).
    pub producer: String,
    /// An opinion's word.
    pub word: Option<String>,
    /// How often; 0: looked for, and not seen.
    pub count: Option<i64>,
    /// First seen.
    pub first_seen: Option<Micros>,
    /// Last seen.
    pub last_seen: Option<Micros>,
    /// Who may know.
    pub tlp: String,
    /// What may be done with it.
    pub pap: String,
    /// It was taken back.
    pub revoked: bool,
    /// When the peer had it no longer.
    pub gone: Option<Micros>,
    /// When it came.
    pub received: Micros,
}

/// Writes a step down.
pub(crate) async fn step(
    tx: &mut Transaction<'static, Any>,
    indicator: &str,
    what: &str,
    because: &str,
    by: &By,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO intel_history (place, indicator, recorded, author, what, because) \
         SELECT COALESCE(MAX(place), 0) + 1, $1, $2, $3, $4, $5 FROM intel_history",
    )
    .bind(indicator)
    .bind(by.at)
    .bind(&by.author)
    .bind(what)
    .bind(because)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
