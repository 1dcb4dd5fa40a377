//! Effects: how a campaign's volume changed here after decisions, ready to be proposed to a hub that tells means.
//! In: a campaign with decisions, the campaign as others know it, who tells. Out: objects of ours, with those that they name.
//! Invariant: a change in tens of per cent and nothing else; where too little was observed nothing is said.
//! Not here: comparing (`track::effect`), the mean of several members (`track::trends`), what leaves (`share`).

use stillwatch_model::effect::Outcome;
use stillwatch_stix::campaign::Producer;
use stillwatch_stix::effect::{self as form, tens};
use stillwatch_stix::marking::Tlp;
use stillwatch_track::{By, Store, effect_of, instant};

use super::make::{Ready, about, id_of};
use crate::error::{Error, Result};
use crate::own::identity;

/// How the volume of a campaign of ours changed, said of the campaign as others know it; and the change that is told, in per cent.
///
/// # Errors
/// When nothing was decided about it, too little was observed, or others don't know the campaign.
pub async fn effect(
    store: &Store,
    own: &str,
    shared: &str,
    (producer, tlp): (&Producer, Tlp),
    by: &By,
) -> Result<(Ready, i64)> {
    let hint = "`stillwatch campaigns show` tells what came of it, and what was observed";
    let found = effect_of(store, own, by.at).await?.ok_or_else(|| {
        Error::refused(format!("nothing was decided about `{own}`: there is no before and after"), hint)
    })?;
    let compares = matches!(
        found.outcome,
        Outcome::Stopped | Outcome::CameBack | Outcome::Moved | Outcome::Fell | Outcome::Unchanged
    );
    let before = found.before.a_day();
    if !compares || before <= 0.0 || found.after.observed == 0 {
        return Err(Error::refused(format!("too little of `{own}` was observed to say how it changed"), hint));
    }
    let percent = 100.0 * (found.after.a_day() - before) / before;
    let about = about(store, shared).await?;
    let text = form::effect(producer, &about.id, percent, &instant(by.at), tlp);
    let id = id_of(&text);
    let subject = if about.is_ours { about.id } else { id.clone() };
    let mut texts = vec![identity(store, producer, by).await?, text];
    texts.extend(form::defined());
    let ready = Ready { id, subject, acts_from: None, texts, known: about.known, tellers: Vec::new() };
    Ok((ready, tens(percent)))
}
