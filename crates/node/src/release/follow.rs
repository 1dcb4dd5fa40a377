//! Follow: what time and people's conclusions mean for releases.
//! In: the store, as it stands. Out: campaigns that were none taken back; proposals that lapsed; everything owed in the ledger.
//! Invariant: may be interrupted anywhere and done again.
//! Not here: single steps (`review.rs`).

use stillwatch_ledger::Outcome;
use stillwatch_track::releases::{self, Release};
use stillwatch_track::{By, Store, owed, peers};

use super::entries::{self, decision};
use super::review::{acknowledge, withdraw};
use crate::error::Result;
use crate::notices;
use crate::record::Record;

/// The cursor of campaigns' conclusions.
const CONCLUSIONS: &str = "ledger: conclusions";
/// Campaigns of which releases have to be taken back.
const DISMISSED: [&str; 2] = ["false-positive", "benign"];

/// Brings releases up to date with what people concluded and with time, then has the ledger take over what it is owed. Returns the
/// releases that may be sent since.
///
/// # Errors
/// When store or ledger can't be written; what was done stays done.
pub async fn settle(store: &Store, record: &Record, by: &By) -> Result<Vec<String>> {
    // Before the cursor moves: interrupted in between, it is done again.
    for (campaign, author) in dismissed(store).await? {
        for release in releases::of_subject(store, &campaign).await? {
            let by = By { author: author.clone(), at: by.at };
            withdraw(store, &release, "the campaign was found to be none", &by).await?;
        }
    }
    owed::follow(store, CONCLUSIONS, &entries::concluded).await?;
    notices::follow(store, by).await?;
    let expired = |release: &Release| decision(&release.id, Outcome::Expired, "nobody decided in time", by);
    releases::lapse(store, by, &expired).await?;
    for done in peers::complete(store).await? {
        acknowledge(store, &done.release, &done.recipient, by).await?;
    }
    record.take_over(store, by).await
}

/// Campaigns with open or standing releases that are said to be none, and by whom.
async fn dismissed(store: &Store) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    // Answers to others are about their indicators, which have no course here.
    for subject in releases::subjects(store).await?.into_iter().filter(|id| id.starts_with("campaign--")) {
        let history = stillwatch_track::history(store, &subject).await?;
        let last = history.iter().rev().find(|change| change.what == "status");
        if let Some(change) = last.filter(|change| DISMISSED.contains(&change.after.as_str())) {
            found.push((subject, change.author.clone()));
        }
    }
    Ok(found)
}
