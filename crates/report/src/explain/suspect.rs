//! Suspect: one account that looks like harvesting but is linked to no other.
//! In: a suspect. Out: text in sections.
//! Invariant: says that one account alone is no campaign.
//! Not here: members of campaigns (`member.rs`).

use stillwatch_model::{Report, Suspect};

use super::{arithmetic, fact, item, portrait, section};
use crate::{number, text, words};

/// The whole explanation.
pub(super) fn explained(report: &Report, suspect: &Suspect) -> String {
    let mut out = String::new();
    out.push_str(&format!(
        "suspect account {}: score {}\n",
        text::clean(&suspect.account),
        number::score(suspect.score)
    ));
    section(&mut out, "OBSERVED (read from the log)");
    fact(&mut out, "exchanges", &number::thousands(suspect.exchanges));
    for signal in suspect.signals.iter().filter(|signal| signal.contribution > 0.0) {
        item(&mut out, &signal.because);
    }
    section(&mut out, "INFERRED (our conclusions, with our confidence)");
    let sure = words::confidence(suspect.score);
    item(&mut out, &format!("that it harvests answers is {sure} ({})", number::exact_score(suspect.score)));
    item(&mut out, "it is linked to no other account, so it is no campaign: look before you act");
    arithmetic::write(&mut out, &suspect.signals, suspect.score);
    portrait::of(&mut out, report, &suspect.account);
    out
}
