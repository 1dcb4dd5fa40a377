//! Told: what people did and said: sighting, opinion, response, notes, and the grouping or report that holds all.
//! In: a campaign's status, responses and notes. Out: the objects of them.
//! Invariant: a campaign under review is a grouping, a confirmed one a report; authors are never named.
//! Not here: answers to others' indicators (`sighting.rs`, `opinion.rs`).

use serde_json::json;
use stillwatch_model::tracked::Status;

use super::draft::Draft;
use super::observed::Seen;
use super::techniques::{is_technique, pattern_id};
use super::{Response, confirmed, withdrawn};
use crate::extension::{self, PROPERTY, ResponseTaken};
use crate::{id, version};

pub(super) fn tell(draft: &mut Draft<'_>, seen: &Seen) {
    sighting(draft, seen);
    opinion(draft);
    responses(draft);
    if draft.options.notes {
        notes(draft);
    }
    whole(draft);
}

/// The producer saw it.
fn sighting(draft: &mut Draft<'_>, seen: &Seen) {
    let campaign = &draft.campaign.id;
    let made = draft
        .object("sighting", &id::domain("sighting", &json!([campaign, draft.producer])))
        .with("sighting_of_ref", json!(campaign))
        .with("where_sighted_refs", json!([draft.producer]))
        .with("observed_data_refs", json!(seen.networks.iter().collect::<Vec<_>>()))
        .with("first_seen", json!(draft.first_seen))
        .with("last_seen", json!(draft.last_seen))
        .with("count", json!(extension::floor(draft.campaign.exchanges)))
        .with("summary", json!(true));
    draft.add(made);
}

/// What a person said of it.
fn opinion(draft: &mut Draft<'_>) {
    let status = draft.campaign.status;
    let (value, why) = match status {
        Status::FalsePositive => ("strongly-disagree", "Reviewed by a person: the detector was wrong."),
        Status::Benign => ("disagree", "Reviewed by a person: it does what was found, and is allowed."),
        _ if confirmed(status) => ("strongly-agree", "Confirmed by a person."),
        _ => return,
    };
    let made = draft
        .object("opinion", &draft.own_id("opinion", &json!("status")))
        .with("opinion", json!(value))
        .with("explanation", json!(why))
        .with("object_refs", json!([draft.campaign.id]));
    draft.add(made);
}

fn responses(draft: &mut Draft<'_>) {
    let mut responses = draft.options.responses.clone();
    if responses.is_empty() && draft.campaign.status == Status::Disrupted {
        responses.push(Response {
            action: "suspend-accounts".to_owned(),
            taken: None,
            accounts: draft.campaign.accounts,
        });
    }
    for response in responses {
        let mut made = draft
            .object("course-of-action", &draft.own_id("course-of-action", &json!(response.action)))
            .with("name", json!(response.action))
            .with("description", json!("What the sender did about the campaign. No request to do the same."));
        let content = ResponseTaken {
            extension_type: PROPERTY.to_owned(),
            action: response.action,
            taken: response.taken.as_deref().and_then(version::timestamp),
            accounts_log10: extension::magnitude(response.accounts),
        };
        draft.extend(&mut made, extension::RESPONSE, content);
        let action = draft.add(made);
        draft.relate(&action, "related-to", &draft.campaign.id.clone());
        for technique in draft.campaign.techniques.iter().filter(|technique| is_technique(technique)) {
            draft.relate(&action, "mitigates", &pattern_id(technique));
        }
    }
}

fn notes(draft: &mut Draft<'_>) {
    for note in &draft.campaign.notes {
        let made = draft
            .object("note", &draft.own_id("note", &json!(note.id)))
            .with("content", json!(note.text))
            .with("object_refs", json!([draft.campaign.id]));
        draft.add(made);
    }
}

/// The object that holds all others together.
fn whole(draft: &mut Draft<'_>) {
    if withdrawn(draft.campaign.status) {
        return;
    }
    let refs = draft.ids();
    let made = if confirmed(draft.campaign.status) {
        draft
            .object("report", &draft.own_id("report", &json!("campaign")))
            .with("name", json!(draft.name()))
            .with(
                "description",
                json!("A confirmed campaign that harvests a model's answers, and what can be looked for."),
            )
            .with("report_types", json!(["campaign", "indicator"]))
            .with("published", json!(draft.created()))
            .with("object_refs", json!(refs))
    } else {
        draft
            .object("grouping", &draft.own_id("grouping", &json!("campaign")))
            .with("name", json!(draft.name()))
            .with(
                "description",
                json!("A suspected campaign that harvests a model's answers; no person has confirmed it yet."),
            )
            .with("context", json!("suspicious-activity"))
            .with("object_refs", json!(refs))
    };
    draft.add(made);
}
