//! Hunted: what `hunt` prints in a terminal: what was found, what can't be looked for, what warning lists hold back.
//! In: `Hunted`, the width. Out: text.
//! Invariant: what may have been missed is always said.
//! Not here: JSON, sightings.

use stillwatch_model::Hunted;
use stillwatch_model::hunted::{Match, MatchKind};

use crate::{number, text, when};

/// Matches, refusals and warnings that are listed; the rest is counted.
const LISTED: usize = 50;

/// The terminal's text.
#[must_use]
pub fn hunted(hunted: &Hunted, width: Option<u16>) -> String {
    let width = usize::from(width.unwrap_or(100)).max(60);
    let mut out = String::new();
    let what = if hunted.sketches { "behind the sketches of" } else { "of the logs" };
    let read = number::counted(hunted.exchanges, "exchange");
    let of = if hunted.accounts > 0 {
        format!("{read} {} {}", if hunted.sketches { what } else { "of" }, number::counted(hunted.accounts, "account"))
    } else {
        format!("{read} {what}")
    };
    let wanted = number::counted(hunted.wanted, "indicator");
    let found = hunted.matches.iter().filter(|found| found.kind != MatchKind::Shape).count();
    let sentence = match (hunted.wanted, found) {
        (0, _) => format!("nothing to look for: the bundles hold no indicator that is understood ({of})"),
        (_, 0) => format!("none of {wanted} was found in {of}"),
        (_, found) => format!("{} of {wanted} found in {of}", number::thousands(found as u64)),
    };
    text::hang(&mut out, "", &sentence, width);
    for found in hunted.matches.iter().take(LISTED) {
        block(&mut out, found, width);
    }
    rest(&mut out, hunted.matches.len(), "more matches");
    list(&mut out, "NOT LOOKED FOR", hunted.refused.len(), width, || {
        hunted.refused.iter().map(|one| format!("{}: {} ({})", one.indicator, one.because, one.hint)).collect()
    });
    list(&mut out, "ON A WARNING LIST (many honest people share it)", hunted.warned.len(), width, || {
        hunted.warned.iter().map(|one| format!("{}: {}: {}", one.indicator, one.what, one.list)).collect()
    });
    list(&mut out, "MAY HAVE BEEN MISSED", hunted.missed.len(), width, || hunted.missed.clone());
    out
}

fn block(out: &mut String, found: &Match, width: usize) {
    let kind = match found.kind {
        MatchKind::Pattern => "pattern",
        MatchKind::Text => "text",
        MatchKind::Shape => "shape",
    };
    let name = text::clean(&found.name);
    out.push('\n');
    text::hang(out, &format!("{:<6}", number::score(found.strength)), &format!("{name} ({kind})"), width);
    text::hang(out, "      ", &text::clean(&found.because), width);
    if let (Some(first), Some(last)) = (&found.first_seen, &found.last_seen) {
        out.push_str(&format!("      {} to {} UTC\n", when::minute(first), when::minute(last)));
    }
    let among: Vec<String> = found.among.iter().take(5).map(|account| text::clean(account)).collect();
    let more = if found.accounts > among.len() as u64 { ", …" } else { "" };
    text::hang(out, "      accounts  ", &format!("{}{more}", among.join(", ")), width);
    out.push_str(&format!("      {}\n", text::clean(&found.indicator)));
    for id in &found.indicates {
        out.push_str(&format!("      indicates {}\n", text::clean(id)));
    }
}

fn list(out: &mut String, heading: &str, count: usize, width: usize, lines: impl Fn() -> Vec<String>) {
    if count == 0 {
        return;
    }
    out.push_str(&format!("\n{heading}\n"));
    for line in lines().into_iter().take(LISTED) {
        text::hang(out, "  - ", &text::clean(&line), width);
    }
    rest(out, count, "more");
}

fn rest(out: &mut String, count: usize, what: &str) {
    if let Some(more) = count.checked_sub(LISTED).filter(|more| *more > 0) {
        out.push_str(&format!("  +{} {what}\n", number::thousands(more as u64)));
    }
}
