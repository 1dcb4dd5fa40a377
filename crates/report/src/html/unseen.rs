//! Unseen: what this run could not see: skipped records, signals that were off; and the cohort alarm.
//! In: `Findings`. Out: markup.
//! Invariant: silence is never taken for absence: every gap is named with its reason.
//! Not here: campaigns and suspects.

use maud::{Markup, html};
use stillwatch_model::Findings;

use super::safe;
use crate::{number, words};

/// The gaps of this run and the cohort alarm.
pub(super) fn section(findings: &Findings) -> Markup {
    html! {
        @if let Some(cohort) = &findings.cohort {
            section.card aria-labelledby="cohort" {
                h2 #cohort { "Cohort alarm" }
                p.meta { "Does this traffic as a whole, accounts unknown, differ from a quiet baseline?" }
                p { (words::cohort(cohort)) "." }
            }
        }
        section.card aria-labelledby="unseen" {
            h2 #unseen { "What this run could not see" }
            @if findings.skipped.records == 0 && findings.off.is_empty() {
                p { "Every record was read and every signal was computed." }
            }
            @if findings.skipped.records > 0 {
                p {
                    strong { (number::counted(findings.skipped.records, "record")) } " skipped."
                    @if let Some(first) = &findings.skipped.first_error { " The first: " span.mono { (safe(first)) } }
                }
            }
            @if !findings.off.is_empty() {
                div.scroll {
                    table {
                        thead { tr { th scope="col" { "Signal off" } th scope="col" { "Because" } } }
                        tbody {
                            @for off in &findings.off {
                                tr { th scope="row" { (words::signal(&off.name)) } td { (safe(&off.because)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
