//! Member: one account of a campaign: its own score, and whom it is linked to by what.
//! In: a campaign, its local side and the account. Out: text in sections.
//! Invariant: the account's score stands beside the campaign's, never instead of it.
//! Not here: the campaign's own evidence (`campaign.rs`).

use stillwatch_model::{Campaign, Case, LinkKind, Report};

use super::{fact, item, portrait, section};
use crate::{number, text, words};

/// Partners that are listed.
const PARTNERS: usize = 8;

/// The whole explanation.
pub(super) fn explained(report: &Report, campaign: &Campaign, case: Option<&Case>, account: &str) -> String {
    let mut out = String::new();
    let short = words::short_id(&report.findings, &campaign.id);
    let member = case.and_then(|case| case.members.iter().find(|member| member.account == account));
    out.push_str(&format!("account {}\n", text::clean(account)));
    out.push_str(&format!(
        "member of {short}: {}, {}, score {}\n",
        words::technique(case),
        words::severity(campaign.severity),
        number::score(campaign.score)
    ));

    section(&mut out, "OBSERVED (read from the log)");
    if let Some(member) = member {
        let share = member.exchanges as f64 / campaign.exchanges.max(1) as f64;
        let of_all = format!("{} ({} of the campaign's)", number::thousands(member.exchanges), number::percent(share));
        fact(&mut out, "exchanges", &of_all);
    }
    let partners = case.map(|case| partners(case, account)).unwrap_or_default();
    if partners.is_empty() {
        item(&mut out, "no link of this account is among the strongest, which are all that the report keeps");
    } else {
        fact(&mut out, "linked to", &number::counted(partners.len() as u64, "member"));
        out.push_str(&format!("\n  {:<13}  {:>8}  partner\n", "link", "log-odds"));
        for (partner, kind, strength) in partners.iter().take(PARTNERS) {
            let (kind, strength) = (words::link(*kind), number::signed(*strength));
            out.push_str(&format!("  {kind:<13}  {strength:>8}  {}\n", text::clean(partner)));
        }
        if let Some(more) = partners.len().checked_sub(PARTNERS).filter(|more| *more > 0) {
            out.push_str(&format!("  +{more} more\n"));
        }
    }

    section(&mut out, "INFERRED (our conclusions, with our confidence)");
    match member {
        Some(member) => {
            let sure = words::confidence(member.score);
            item(
                &mut out,
                &format!("that it belongs to the campaign is {sure} ({}, its own score)", number::score(member.score)),
            );
            item(&mut out, &member.because);
        }
        None => item(&mut out, "it belongs to the campaign by its links; the report keeps no score of its own for it"),
    }
    portrait::of(&mut out, report, account);
    out.push_str(&format!("\nhint: `--explain {short}` explains the whole campaign\n"));
    out
}

/// The accounts that this one is linked to, strongest first.
fn partners<'a>(case: &'a Case, account: &str) -> Vec<(&'a str, LinkKind, f64)> {
    let name = |index: usize| case.nodes.get(index).map(|node| node.account.as_str());
    let mut partners: Vec<(&str, LinkKind, f64)> = case
        .edges
        .iter()
        .filter_map(|edge| match (name(edge.a)?, name(edge.b)?) {
            (a, b) if a == account => Some((b, edge.kind, edge.strength)),
            (a, b) if b == account => Some((a, edge.kind, edge.strength)),
            _ => None,
        })
        .collect();
    partners.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.0.cmp(b.0)));
    partners
}
