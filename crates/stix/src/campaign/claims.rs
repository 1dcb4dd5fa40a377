//! Claims: who is said to be behind a campaign.
//! In: claims, which may contradict each other. Out: threat actors, `attributed-to` with a confidence, and an opinion a claim.
//! Invariant: a claim is never a property of the campaign; how likely is said in the words of ICD 203 and in numbers.
//! Not here: whether claims are told at all (`Options::claims`).

use std::collections::BTreeMap;

use serde_json::json;
use stillwatch_model::tracked::{Claim, Likelihood};

use super::draft::Draft;
use crate::id;
use crate::opinion::Opinion;

pub(super) fn tell(draft: &mut Draft<'_>) {
    let mut actors: BTreeMap<&str, Vec<&Claim>> = BTreeMap::new();
    for claim in &draft.campaign.claims {
        actors.entry(&claim.actor).or_default().push(claim);
    }
    for (actor, claims) in actors {
        let made = draft
            .object("threat-actor", &id::domain("threat-actor", &json!({"name": actor, "by": draft.producer})))
            .with("name", json!(actor))
            .with("threat_actor_types", json!(["unknown"]));
        let actor = draft.add(made);
        let campaign = draft.campaign.id.clone();
        // The likeliest claim that stands; where all were withdrawn, so is the relationship.
        let standing =
            claims.iter().filter(|claim| claim.withdrawn.is_none()).max_by_key(|claim| claim.likelihood.confidence());
        let mut made = draft
            .object("relationship", &id::relationship(&campaign, "attributed-to", &actor))
            .with("relationship_type", json!("attributed-to"))
            .with("source_ref", json!(campaign))
            .with("target_ref", json!(actor));
        match standing {
            Some(claim) => {
                made.set("confidence", json!(claim.likelihood.confidence()));
                made.set("description", json!(words(claim.likelihood)));
            }
            None => made.set("revoked", json!(true)),
        }
        let relationship = draft.add(made);
        for claim in claims {
            let id = draft.own_id("opinion", &json!(["claim", claim.id]));
            let mut made = draft
                .object("opinion", &id)
                .with("opinion", json!(opinion(claim.likelihood).name()))
                .with("explanation", json!(words(claim.likelihood)))
                .with("object_refs", json!([relationship]));
            if claim.withdrawn.is_some() {
                made.set("revoked", json!(true));
            }
            draft.add(made);
        }
    }
}

/// The words and range of Intelligence Community Directive 203.
fn words(likelihood: Likelihood) -> &'static str {
    match likelihood {
        Likelihood::AlmostNoChance => "almost no chance (1 to 5 %)",
        Likelihood::VeryUnlikely => "very unlikely (5 to 20 %)",
        Likelihood::Unlikely => "unlikely (20 to 45 %)",
        Likelihood::RoughlyEvenChance => "roughly even chance (45 to 55 %)",
        Likelihood::Likely => "likely (55 to 80 %)",
        Likelihood::VeryLikely => "very likely (80 to 95 %)",
        Likelihood::AlmostCertain => "almost certain (95 to 99 %)",
    }
}

fn opinion(likelihood: Likelihood) -> Opinion {
    match likelihood {
        Likelihood::AlmostNoChance | Likelihood::VeryUnlikely => Opinion::StronglyDisagree,
        Likelihood::Unlikely => Opinion::Disagree,
        Likelihood::RoughlyEvenChance => Opinion::Neutral,
        Likelihood::Likely => Opinion::Agree,
        Likelihood::VeryLikely | Likelihood::AlmostCertain => Opinion::StronglyAgree,
    }
}
