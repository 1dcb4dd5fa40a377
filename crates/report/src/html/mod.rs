//! Html: one self-contained page: overview, a case a campaign, suspects, and what could not be seen.
//! In: a `Report` and a title. Out: HTML that needs no script, no font and no other file.
//! Invariant: nothing is loaded from anywhere (the page's own policy forbids it); every stranger's word is escaped.
//! Not here: pictures (`picture`), the style sheet (`page.css`).

mod case;
mod evidence;
mod overview;
mod picture;
mod unseen;

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use stillwatch_model::{Campaign, Report};

use crate::{text, when, words};

/// Campaigns that are described at length; the others stand in the table.
const CASES: usize = 50;
const STYLE: &str = include_str!("page.css");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The whole page.
#[must_use]
pub fn html(report: &Report, title: &str) -> String {
    let findings = &report.findings;
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (safe(title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header.page {
                    p.brand { "Stillwatch" }
                    h1 { (safe(title)) }
                    p.meta {
                        @if !findings.window.from.is_empty() {
                            "Traffic from " (when::minute(&findings.window.from)) " to " (when::minute(&findings.window.to)) " UTC. "
                        }
                        @if !findings.generated.is_empty() {
                            "Computed " (when::minute(&findings.generated)) " UTC. "
                        }
                    }
                    p.meta { "For this organisation only: the page names accounts and shows text from the log." }
                }
                main {
                    (overview::section(report))
                    @for campaign in findings.campaigns.iter().take(CASES) {
                        (case::article(report, campaign))
                    }
                    (overview::suspects(findings))
                    (unseen::section(findings))
                    (reading())
                }
            }
        }
    };
    // A number and its per cent sign stay on one line.
    page.into_string().replace(" %", "\u{a0}%")
}

/// A stranger's word, without control and direction characters; `maud` escapes the markup.
fn safe(stranger: &str) -> Markup {
    markup! { (text::clean(stranger)) }
}

/// The anchor of a campaign's case.
fn anchor(campaign: &Campaign) -> String {
    let name: String = words::bare_id(&campaign.id)
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .collect();
    format!("case-{name}")
}

fn reading() -> Markup {
    markup! {
        section.card.quiet aria-labelledby="reading" {
            h2 #reading { "How to read this page" }
            dl.words {
                dt { "Exchange" }
                dd { "One request to a model and its answer. An account is what is billed or banned; " span.mono { "account/end_user" } " is a user inside an aggregator's account." }
                dt { "Campaign" }
                dd { "Accounts that are linked and share an extraction behaviour. That it exists is one question, who runs it another, which this page does not answer." }
                dt { "Signal" }
                dd { "One named measurement. Its contribution, in log-odds, is what it adds to the score: +0.7 doubles the odds, -0.7 halves them. Signals come in six families: content, timing, identity, network, protocol, focus." }
                dt { "Score" }
                dd { "The calibrated probability that this is a campaign: the logistic function of the sum of its signals' contributions, which are all listed. None is ever 0 or 1." }
                dt { "Observed" }
                dd { "Read from the log, and true whatever we conclude." }
                dt { "Inferred" }
                dd { "Our conclusions, each with its confidence. They can be wrong; honest look-alikes exist." }
                dt { "Actionable" }
                dd { "Two independent families of signals fired. Act on nothing less." }
                dt { "Link" }
                dd { "Evidence that two accounts have one operator, in log-odds, weighted by rarity: a campus address or a public agent's prompt says little. Hard links are a payment instrument, a device, a rare address or a reasoning reference in common." }
                dt { "Prompt family" }
                dd { "Prompts that fill one template, named by a fingerprint. Fillings are counted in the sample of up to 24 exchanges that is kept of each account." }
                dt { "Confidence" }
                dd { "Almost certain is 0.95 and above, very likely 0.80, likely 0.55, roughly an even chance 0.45, unlikely anything below." }
                dt { "Own score" }
                dd { "How surely one account belongs, by its own traffic. An account is not guilty of its neighbours." }
            }
        }
    }
}
