//! Shared: what others have of us about a campaign or a value, by releases that stand.
//! In: a campaign, a value, an object's id. Out: items as they were sent, or will be, the newest of each object and recipient.
//! Invariant: what was taken back is not among them.
//! Not here: what is sent next (`propose.rs`).

use sqlx::AssertSqlSafe;

use super::Item;
use super::read::{ITEM, item};
use crate::error::Result;
use crate::store::Store;

/// Releases that stand and say something, rather than take it back.
const STANDS: &str = "i.fate = 'leaves' AND r.revokes IS NULL AND r.state IN ('approved', 'recorded')";

/// Objects that others have about a campaign, and indicators that name a value; once each. Empty texts stand for nothing.
///
/// # Errors
/// When the store can't be read.
pub async fn shared(store: &Store, campaign: &str, value: &str) -> Result<Vec<Item>> {
    // Patterns write values between apostrophes (STIX 2.1, section 9.5); what else looks alike is sorted out below.
    let named = if value.is_empty() { String::new() } else { format!("'{value}'") };
    let like = named.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    let sql = format!(
        "{ITEM} JOIN releases r ON r.id = i.release WHERE {STANDS} AND ((r.subject = $1 AND $1 <> '' AND i.kind = 'campaign') \
         OR (i.kind = 'indicator' AND $2 <> '' AND i.body LIKE $3 ESCAPE '!')) ORDER BY i.object, r.place DESC"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(campaign).bind(&named).bind(format!("%{like}%"));
    let rows = rows.fetch_all(store.pool()).await?;
    let mut items: Vec<Item> = rows.iter().map(item).collect::<Result<_>>()?;
    items.retain(|one| one.kind == "campaign" || one.body.contains(&named));
    items.dedup_by(|later, first| later.object == first.object);
    Ok(items)
}

/// An object as each recipient has it, by recipient.
///
/// # Errors
/// When the store can't be read.
pub async fn holders(store: &Store, object: &str) -> Result<Vec<Item>> {
    let sql = format!(
        "{ITEM} JOIN releases r ON r.id = i.release WHERE {STANDS} AND i.object = $1 ORDER BY i.recipient, r.place DESC"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(object).fetch_all(store.pool()).await?;
    let mut items: Vec<Item> = rows.iter().map(item).collect::<Result<_>>()?;
    items.dedup_by(|later, first| later.recipient == first.recipient);
    Ok(items)
}
