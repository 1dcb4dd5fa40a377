//! Learn: what follows from a reversal: a label for calibration, and drafts of what is to be told to others.
//! In: a reversal, kept with the review. Out: the account's verdict in its campaign; our opinion of each indicator it rested on.
//! Invariant: it is owed from the review on, and done once; an opinion is a draft: it leaves the way of any release.
//! Not here: the review (`people.rs`), letting opinions out (`release`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stillwatch_gate::Subject;
use stillwatch_gate::decision::appeal::Reversal;
use stillwatch_model::Verdict;
use stillwatch_stix::opinion::Opinion;
use stillwatch_track::{By, Store, change, decisions};

use super::kept::unreadable;
use super::turn::turn;
use crate::{Result, intel};

/// Before the number of a decision: what its reversal teaches.
const OWED: &str = "learn:";
/// The reason that may leave with an opinion.
const CODE: &str = "decision-reversed";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Lesson {
    subject: Subject,
    campaign: Option<String>,
    verdict: Verdict,
    /// Indicators, and what is thought of each.
    opinions: Vec<(String, String)>,
    because: String,
    author: String,
}

/// What was learned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Taught {
    /// Accounts whose verdict in a campaign was written down: account, campaign, verdict.
    pub labels: Vec<(String, String, &'static str)>,
    /// Indicators of which we now think so: drafts.
    pub opinions: Vec<(String, String)>,
    /// What couldn't be done, a sentence each; it isn't tried again.
    pub left: Vec<String>,
}

/// Keeps what a reversal teaches.
pub(super) fn owe(
    aside: &mut BTreeMap<String, String>,
    id: u64,
    reversal: &Reversal,
    because: &str,
    by: &By,
) -> Result<()> {
    let opinions = reversal.opinions.iter().map(|draft| (draft.about.clone(), draft.opinion.to_owned()));
    let lesson = Lesson {
        subject: reversal.label.subject.clone(),
        campaign: reversal.label.campaign.clone(),
        verdict: reversal.label.verdict,
        opinions: opinions.collect(),
        because: because.to_owned(),
        author: by.author.clone(),
    };
    aside.insert(format!("{OWED}{id}"), serde_json::to_string(&lesson).map_err(unreadable)?);
    Ok(())
}

/// Does what reversals teach and what isn't done yet.
///
/// # Errors
/// When the store can't be written: then it is still owed.
pub async fn teach(store: &Store, by: &By) -> Result<Taught> {
    let mut taught = Taught::default();
    for (name, body) in decisions::aside(store).await?.into_iter().filter(|(name, _)| name.starts_with(OWED)) {
        let lesson: Lesson = serde_json::from_str(&body).map_err(unreadable)?;
        let by = By { author: lesson.author.clone(), at: by.at };
        one(store, &lesson, &by, &mut taught).await?;
        turn(store, &[], &by, |turn| {
            turn.aside.remove(&name);
            Ok((Vec::new(), ()))
        })
        .await?;
    }
    Ok(taught)
}

/// One lesson; done twice it says the same.
async fn one(store: &Store, lesson: &Lesson, by: &By, taught: &mut Taught) -> Result<()> {
    if let (Some(campaign), Subject::Account(account)) = (&lesson.campaign, &lesson.subject) {
        match change::judge(store, campaign, account, Some(lesson.verdict), &lesson.because, by).await {
            Ok(campaign) => taught.labels.push((account.clone(), campaign, lesson.verdict.name())),
            Err(error) if error.fault() == stillwatch_track::Fault::Unknown => taught.left.push(error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    for (about, word) in &lesson.opinions {
        let Some(opinion) = Opinion::of(word) else { continue };
        match intel::opine(store, about, opinion, CODE, by).await {
            Ok(_) => taught.opinions.push((about.clone(), word.clone())),
            Err(crate::Error::Store(error)) if error.fault() == stillwatch_track::Fault::Failed => {
                return Err(error.into());
            }
            Err(error) => taught.left.push(error.to_string()),
        }
    }
    Ok(())
}
