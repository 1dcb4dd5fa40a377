//! Campaign: one campaign at length.
//! In: a campaign and its local side. Out: text in sections.
//! Invariant: OBSERVED holds facts only; conclusions stand below INFERRED with their confidence.
//! Not here: the signals' arithmetic (`arithmetic.rs`).

use stillwatch_model::{Campaign, Case, Report};

use super::{WIDTH, arithmetic, fact, item, portrait, section};
use crate::{atlas, number, text, when, words};

/// Members that are listed.
const MEMBERS: usize = 10;

/// The whole explanation.
pub(super) fn explained(report: &Report, campaign: &Campaign, case: Option<&Case>) -> String {
    let mut out = String::new();
    heading(&mut out, campaign, case);
    observed(&mut out, campaign, case);
    inferred(&mut out, campaign, case);
    arithmetic::write(&mut out, &campaign.signals, campaign.score);
    links(&mut out, campaign);
    techniques(&mut out, campaign);
    if let Some(case) = case {
        portrait::timeline(&mut out, &case.timeline);
        members(&mut out, campaign, case);
    }
    let shown = case.map_or(campaign.examples.as_slice(), |case| case.examples.as_slice());
    portrait::examples(&mut out, shown);
    let strongest = case.and_then(|case| case.members.first()).map(|member| &member.account);
    if let Some(account) = strongest.or(campaign.accounts.first()) {
        let hint = format!("hint: `--explain {}` explains one member", text::clean(account));
        out.push_str(&format!("\n{hint}\n"));
    }
    if report.findings.off.is_empty() {
        return out;
    }
    let off: Vec<String> = report.findings.off.iter().map(|off| words::signal(&off.name)).collect();
    text::hang(&mut out, "note: ", &format!("could not be computed from this log: {}", off.join(", ")), WIDTH);
    out
}

fn heading(out: &mut String, campaign: &Campaign, case: Option<&Case>) {
    let technique = words::technique(case);
    let standing = words::reservation(campaign).unwrap_or("actionable");
    let (severity, score) = (words::severity(campaign.severity), number::score(campaign.score));
    out.push_str(&format!("{technique}: {severity}, score {score}, {standing}\n"));
    out.push_str(&format!("{}\n", text::clean(&campaign.id)));
}

fn observed(out: &mut String, campaign: &Campaign, case: Option<&Case>) {
    section(out, "OBSERVED (read from the log)");
    fact(out, "accounts", &number::thousands(campaign.accounts.len() as u64));
    fact(out, "exchanges", &number::thousands(campaign.exchanges));
    fact(
        out,
        "active (UTC)",
        &format!("{} to {}", when::minute(&campaign.first_seen), when::minute(&campaign.last_seen)),
    );
    let tokens = &campaign.tokens;
    fact(
        out,
        "tokens",
        &format!(
            "{} in, {} out, {} reasoning",
            number::thousands(tokens.input),
            number::thousands(tokens.output),
            number::thousands(tokens.reasoning)
        ),
    );
    fact(out, "aims at", &words::capabilities(&campaign.capabilities, 9));
    if let Some(case) = case {
        if !case.models.is_empty() {
            let models: Vec<String> = case
                .models
                .iter()
                .take(4)
                .map(|(model, exchanges)| format!("{} ({})", text::clean(model), number::thousands(*exchanges)))
                .collect();
            fact(out, "models", &models.join(", "));
        }
        for sentence in &case.observed {
            item(out, sentence);
        }
    }
    for template in &campaign.templates {
        item(
            out,
            &format!(
                "prompt family {}: {} of the exchanges, {} in the sample",
                text::shortened(&template.fingerprint, 16),
                number::percent(template.share),
                number::counted(template.slots, "distinct filling")
            ),
        );
    }
}

fn inferred(out: &mut String, campaign: &Campaign, case: Option<&Case>) {
    section(out, "INFERRED (our conclusions, with our confidence)");
    for sentence in words::inferred(campaign, case) {
        item(out, &sentence);
    }
}

fn links(out: &mut String, campaign: &Campaign) {
    section(out, "LINKS (evidence that members have one operator)");
    if campaign.links.is_empty() {
        out.push_str("  none\n");
        return;
    }
    let pairs: Vec<String> = campaign.links.iter().map(|link| number::thousands(link.pairs)).collect();
    let width = pairs.iter().map(|pairs| pairs.chars().count()).max().unwrap_or(0).max(5);
    out.push_str(&format!("  {:<13}  {:>width$}  {:>8}  meaning\n", "kind", "pairs", "log-odds"));
    for (link, pairs) in campaign.links.iter().zip(&pairs) {
        let (kind, strength) = (words::link(link.kind), number::signed(link.strength));
        let lead = format!("  {kind:<13}  {pairs:>width$}  {strength:>8}  ");
        text::hang(out, &lead, words::link_meaning(link.kind), WIDTH);
    }
}

fn techniques(out: &mut String, campaign: &Campaign) {
    if campaign.techniques.is_empty() {
        return;
    }
    section(out, "TECHNIQUES (MITRE ATLAS)");
    for id in &campaign.techniques {
        let name = atlas::technique_name(id).unwrap_or("(no name known here)");
        out.push_str(&format!("  {:<14} {name}\n", text::clean(id)));
    }
}

fn members(out: &mut String, campaign: &Campaign, case: &Case) {
    if case.members.is_empty() {
        return;
    }
    section(out, "MEMBERS (each with its own score: no guilt by association)");
    let listed: Vec<(String, String, String, String)> = case
        .members
        .iter()
        .take(MEMBERS)
        .map(|member| {
            let account = text::clean(&member.account);
            (account, number::score(member.score), number::thousands(member.exchanges), text::clean(&member.because))
        })
        .collect();
    let widest = |get: fn(&(String, String, String, String)) -> &String| {
        listed.iter().map(|row| get(row).chars().count()).max().unwrap_or(0)
    };
    let accounts = widest(|row| &row.0).max(7);
    let exchanges = widest(|row| &row.2).max(9);
    out.push_str(&format!("  {:<accounts$}  {:>5}  {:>exchanges$}  because\n", "account", "score", "exchanges"));
    for (account, score, count, because) in &listed {
        text::hang(out, &format!("  {account:<accounts$}  {score:>5}  {count:>exchanges$}  "), because, WIDTH);
    }
    if let Some(more) = campaign.accounts.len().checked_sub(listed.len()).filter(|more| *more > 0) {
        out.push_str(&format!("  +{} more\n", number::thousands(more as u64)));
    }
}
