//! Case: one campaign at length: facts, conclusions, pictures, evidence.
//! In: a `Report` and a campaign. Out: markup.
//! Invariant: observed and inferred stand in two boxes that no reader can confuse.
//! Not here: the tables of evidence (`evidence.rs`), the pictures (`picture`).

use maud::{Markup, html};
use stillwatch_model::{Campaign, Case, Report};

use super::{anchor, evidence, overview, picture, safe};
use crate::{atlas, number, text, when, words};

/// One campaign.
pub(super) fn article(report: &Report, campaign: &Campaign) -> Markup {
    let case = words::case_of(report, campaign);
    let anchor = anchor(campaign);
    html! {
        article.card id=(anchor) aria-labelledby={ (anchor) "-name" } {
            header.case {
                h2 id={ (anchor) "-name" } { (words::technique(case)) }
                p.meta {
                    (overview::severity(campaign)) " "
                    "score " strong { (number::score(campaign.score)) } " · "
                    (if campaign.actionable { "actionable" } else { "not actionable yet" }) " · "
                    span.mono { (safe(&campaign.id)) }
                }
            }
            (facts(campaign))
            (observed(campaign, case))
            (inferred(campaign, case))
            @if let Some(case) = case {
                (picture::timeline::figure(&case.timeline))
            }
            (evidence::signals(campaign))
            @if let Some(case) = case {
                (picture::graph::figure(campaign, case))
            }
            (evidence::links(campaign))
            @if let Some(case) = case {
                (evidence::members(campaign, case))
                div.pair {
                    (picture::week::figure(&case.hour_of_week))
                    (evidence::models(case))
                }
            }
            (evidence::examples(case.map_or(campaign.examples.as_slice(), |case| case.examples.as_slice())))
        }
    }
}

fn facts(campaign: &Campaign) -> Markup {
    let tokens = &campaign.tokens;
    let accounts = campaign.accounts.len() as u64;
    html! {
        dl.facts {
            div { dt { "Accounts" } dd { (number::thousands(accounts)) } }
            div { dt { "Exchanges" } dd { (number::thousands(campaign.exchanges)) } }
            div { dt { "First seen (UTC)" } dd { (when::minute(&campaign.first_seen)) } }
            div { dt { "Last seen (UTC)" } dd { (when::minute(&campaign.last_seen)) } }
            div { dt { "Tokens in / out / reasoning" } dd {
                (number::compact(tokens.input)) " / " (number::compact(tokens.output)) " / " (number::compact(tokens.reasoning))
            } }
            div { dt { "Aims at" } dd {
                @for capability in &campaign.capabilities { span.chip { (capability.name()) } " " }
            } }
        }
        @if !campaign.techniques.is_empty() {
            p.techniques {
                span.faint { "MITRE ATLAS: " }
                @for id in &campaign.techniques {
                    span.chip { span.mono { (safe(id)) } " " (atlas::technique_name(id).unwrap_or("")) } " "
                }
            }
        }
    }
}

fn observed(campaign: &Campaign, case: Option<&Case>) -> Markup {
    html! {
        section.observed {
            h3 { "Observed" }
            p.faint { "read from the log" }
            ul {
                @for sentence in case.map_or(&[][..], |case| case.observed.as_slice()) { li { (safe(sentence)) } }
                @for template in &campaign.templates {
                    li {
                        "Prompt family " span.mono { (safe(&text::shortened(&template.fingerprint, 16))) } ": "
                        (number::percent(template.share)) " of the exchanges, "
                        (number::counted(template.slots, "distinct filling")) " in the sample."
                    }
                }
            }
        }
    }
}

fn inferred(campaign: &Campaign, case: Option<&Case>) -> Markup {
    html! {
        section.inferred {
            h3 { "Inferred" }
            p.faint { "our conclusions, with our confidence" }
            ul {
                @for sentence in words::inferred(campaign, case) { li { (safe(&sentence)) } }
            }
        }
    }
}
