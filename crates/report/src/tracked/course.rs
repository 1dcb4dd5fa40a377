//! Course: one campaign at length: what it is, how it went, what speaks for it, what people said.
//! In: a `Course`. Out: text for a terminal.
//! Invariant: observed and inferred stand under headings of their own; a deleted statement shows as deleted, not as nothing.
//! Not here: its members and its history (`list.rs`).

use stillwatch_model::tracked::{Basis, Evasion, Evidence, Factor, Likelihood};
use stillwatch_model::{Course, Effect, Period};

use super::matrix::matrix;
use crate::sparkline::{Fold, folded, sparkline, steps_a_column};
use crate::table::{Pen, push_rows};
use crate::{atlas, number, text, when, words};

/// Windows that a table shows unless all are asked for: the latest.
const WINDOWS: usize = 14;
/// Columns of a timeline.
const COLUMNS: usize = 60;

/// One campaign, with what came of decisions about it; with `is_all` every window and every statement, not only the latest.
#[must_use]
pub fn course(course: &Course, effect: Option<&Effect>, is_all: bool, width: Option<u16>, colour: bool) -> String {
    let pen = Pen { width, colour };
    let mut out = String::new();
    heading(&mut out, course, &pen);
    timeline(&mut out, course, &pen);
    windows(&mut out, course, is_all, &pen);
    if let Some(effect) = effect {
        super::effect::effect(&mut out, effect, &pen);
    }
    evidence(&mut out, course, is_all, &pen);
    people(&mut out, course, &pen);
    rest(&mut out, course, &pen);
    out
}

pub(super) fn title(out: &mut String, pen: &Pen, words: &str) {
    out.push_str(&format!("\n{}\n", pen.bold(words)));
}

fn heading(out: &mut String, course: &Course, pen: &Pen) {
    let of = &course.campaign;
    let name = of.name.as_deref().map_or_else(String::new, |name| format!("  {}", text::clean(name)));
    out.push_str(&format!("{}\n", pen.bold(&format!("{}{name}", text::clean(&of.id)))));
    let mut facts = vec![text::clean(&of.technique), of.status.name().to_owned()];
    facts.push(format!("{} severity", words::severity(of.severity)));
    facts.push(format!("score {}", number::score(of.score)));
    facts.push(if of.actionable { "actionable".into() } else { "not actionable".into() });
    if let Some(verdict) = course.verdict {
        facts.push(format!("judged {}", verdict.name()));
    }
    facts.push(match &of.assignee {
        Some(name) => format!("{} looks after it", text::clean(name)),
        None => "nobody looks after it".into(),
    });
    text::hang(out, "", &facts.join(" · "), pen.columns());
    let told = format!(
        "{} sent {} ({} tokens in, {} out) from {} to {} UTC, seen by {}.",
        number::counted(of.accounts, "account"),
        number::counted(of.exchanges, "exchange"),
        number::compact(of.tokens.input),
        number::compact(of.tokens.output),
        when::minute(&of.first_seen),
        when::minute(&of.last_seen),
        number::counted(course.periods.len() as u64, "run")
    );
    text::hang(out, "", &told, pen.columns());
    text::hang(out, "", &format!("It aims at {}.", words::capabilities(&of.capabilities, 9)), pen.columns());
}

fn timeline(out: &mut String, course: &Course, pen: &Pen) {
    let days = &course.days.exchanges;
    if days.is_empty() {
        return;
    }
    title(out, pen, "HOW IT WENT (UTC)");
    let step = steps_a_column(days.len(), COLUMNS);
    let volume = folded(days, COLUMNS, Fold::Sum);
    let each = if step == 1 { "a day".to_owned() } else { format!("in {step} days") };
    let most = volume.iter().copied().max().unwrap_or(0);
    let estimated = if course.days.estimated { ", in part estimated from samples" } else { "" };
    out.push_str(&format!(
        "exchanges {each}, from {}; most {}{estimated}\n",
        course.days.from,
        number::thousands(most)
    ));
    out.push_str(&format!("  {}\n", sparkline(&volume)));
    let periods = &course.periods;
    let step = steps_a_column(periods.len(), COLUMNS);
    let column = if step == 1 { "a column a window".to_owned() } else { format!("a column {step} windows") };
    out.push_str(&format!("by window, {column}\n"));
    let counts = |of: fn(&Period) -> u64| folded(&periods.iter().map(of).collect::<Vec<_>>(), COLUMNS, Fold::Most);
    let active = counts(|p| p.accounts);
    let fresh = counts(|p| p.new_accounts);
    let networks = counts(|p| p.networks);
    let methods = counts(|p| p.evasions.len() as u64);
    let mut lines = vec![
        (format!("active accounts (most {})", most_of(&active)), sparkline(&active)),
        (format!("new accounts (most {})", most_of(&fresh)), sparkline(&fresh)),
        (format!("addresses (most {})", most_of(&networks)), sparkline(&networks)),
        (format!("ways of hiding (most {})", most_of(&methods)), sparkline(&methods)),
    ];
    lines
        .extend(matrix(periods, COLUMNS, |p| p.evasions.iter().map(|e| format!("hides by {}", evasion(*e))).collect()));
    lines.extend(matrix(periods, COLUMNS, |p| p.techniques.iter().map(|id| technique(id)).collect()));
    lines
        .extend(matrix(periods, COLUMNS, |p| p.capabilities.iter().map(|c| format!("aims at {}", c.name())).collect()));
    lines.extend(matrix(periods, COLUMNS, |p| {
        p.models.iter().map(|m| format!("model {}", text::clean(&m.0))).collect()
    }));
    let widest = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(44);
    for (name, cells) in lines {
        out.push_str(&format!("  {:<widest$}  {cells}\n", text::shortened(&name, widest)));
    }
}

fn most_of(counts: &[u64]) -> String {
    number::compact(counts.iter().copied().max().unwrap_or(0))
}

fn technique(id: &str) -> String {
    match atlas::technique_name(id) {
        Some(name) => format!("{id} {name}"),
        None => text::clean(id),
    }
}

/// A way of hiding, in words.
fn evasion(evasion: Evasion) -> &'static str {
    match evasion {
        Evasion::LoadBalancing => "load balancing",
        Evasion::RotatingExits => "rotating exits",
        Evasion::Succession => "succession",
        Evasion::DisposableAccounts => "disposable accounts",
        Evasion::CoverTraffic => "cover traffic",
        Evasion::ReplayAcrossAccounts => "replay across accounts",
        Evasion::ModelPivot => "model pivot",
    }
}

fn windows(out: &mut String, course: &Course, is_all: bool, pen: &Pen) {
    let periods = &course.periods;
    let skipped = if is_all { 0 } else { periods.len().saturating_sub(WINDOWS) };
    out.push('\n');
    let header =
        ["from", "to", "exchanges", "counted", "accounts", "new", "score", "models", "addresses", "ways of hiding"];
    let mut rows = pen.rows(&header, &[2, 3, 4, 5, 6, 8, 9]);
    for period in &periods[skipped..] {
        rows.add_row([
            when::minute(&period.from),
            when::minute(&period.to),
            number::thousands(period.exchanges),
            number::thousands(period.counted),
            number::thousands(period.accounts),
            number::thousands(period.new_accounts),
            number::score(period.score),
            models(period),
            number::thousands(period.networks),
            period.evasions.len().to_string(),
        ]);
    }
    push_rows(out, &rows);
    if skipped > 0 {
        out.push_str(&format!("{} before these; `--all` shows them\n", number::counted(skipped as u64, "window")));
    }
}

fn models(period: &Period) -> String {
    match period.models.as_slice() {
        [] => "-".to_owned(),
        [one] => text::clean(&one.0),
        [one, others @ ..] => format!("{} +{}", text::clean(&one.0), others.len()),
    }
}

fn evidence(out: &mut String, course: &Course, is_all: bool, pen: &Pen) {
    let all = &course.campaign.evidence;
    // Of what runs say, the latest run's; of what people say, everything.
    let last = course.periods.last().map(|p| p.run.as_str());
    let is_run = |e: &Evidence| course.periods.iter().any(|p| p.run == e.source);
    let shown: Vec<&Evidence> =
        all.iter().filter(|e| is_all || !is_run(e) || Some(e.source.as_str()) == last).collect();
    for (basis, words) in [(Basis::Observed, "OBSERVED"), (Basis::Inferred, "INFERRED")] {
        title(out, pen, words);
        let mut nothing = true;
        for factor in Factor::ALL {
            let of: Vec<&&Evidence> = shown.iter().filter(|e| e.basis == basis && e.factor == factor).collect();
            if of.is_empty() {
                continue;
            }
            nothing = false;
            out.push_str(&format!("  {}\n", factor_words(factor)));
            for one in of {
                let source =
                    if is_run(one) && !is_all { String::new() } else { format!(" [{}]", text::clean(&one.source)) };
                let told = match &one.deleted {
                    Some(at) => format!("(deleted {} UTC){source}", when::minute(at)),
                    None => format!("{}{source}", text::clean(&one.statement)),
                };
                text::hang(out, "    - ", &told, pen.columns());
            }
        }
        if nothing {
            out.push_str("  nothing\n");
        }
    }
    if shown.len() < all.len() {
        let more = number::counted((all.len() - shown.len()) as u64, "statement");
        out.push_str(&format!("{more} of earlier runs; `--all` shows them\n"));
    }
}

/// A factor's words.
fn factor_words(factor: Factor) -> &'static str {
    match factor {
        Factor::Pattern => "volume, structure, pattern, timing",
        Factor::Concentration => "concentration on capabilities",
        Factor::Coordination => "several accounts in coordination",
        Factor::Timeline => "correlation with another model's development",
    }
}

fn people(out: &mut String, course: &Course, pen: &Pen) {
    let of = &course.campaign;
    if !of.claims.is_empty() {
        title(out, pen, "WHO MAY BE BEHIND IT (hypotheses, which may contradict each other)");
        for claim in &of.claims {
            let withdrawn = match &claim.withdrawn {
                Some(at) => format!(", withdrawn {} UTC", when::day(at)),
                None => String::new(),
            };
            let reason =
                if claim.reason.is_empty() { String::new() } else { format!(": {}", text::clean(&claim.reason)) };
            let told = format!(
                "{}, {}{reason} [{}; {}, {} UTC{withdrawn}] {}",
                text::clean(&claim.actor),
                likelihood(claim.likelihood),
                text::clean(&claim.source),
                text::clean(&claim.author),
                when::day(&claim.at),
                text::clean(&claim.id.chars().take(15).collect::<String>())
            );
            text::hang(out, "  - ", &told, pen.columns());
        }
    }
    if !of.notes.is_empty() {
        title(out, pen, "NOTES");
        for note in &of.notes {
            let lead = format!("  - {} {}: ", when::minute(&note.at), text::clean(&note.author));
            text::hang(out, &lead, &text::clean(&note.text), pen.columns());
        }
    }
}

/// The words of ICD 203.
fn likelihood(likelihood: Likelihood) -> &'static str {
    match likelihood {
        Likelihood::AlmostNoChance => "almost no chance",
        Likelihood::VeryUnlikely => "very unlikely",
        Likelihood::Unlikely => "unlikely",
        Likelihood::RoughlyEvenChance => "roughly even chance",
        Likelihood::Likely => "likely",
        Likelihood::VeryLikely => "very likely",
        Likelihood::AlmostCertain => "almost certain",
    }
}

fn rest(out: &mut String, course: &Course, pen: &Pen) {
    let of = &course.campaign;
    let mut lines = String::new();
    let addresses: Vec<String> = of
        .networks
        .iter()
        .take(5)
        .map(|n| format!("{} ({})", text::clean(&n.address), number::compact(n.exchanges)))
        .collect();
    if !addresses.is_empty() {
        let more = of.networks.len().saturating_sub(addresses.len());
        let more = if more > 0 { format!(", +{more}") } else { String::new() };
        text::hang(&mut lines, "addresses: ", &format!("{}{more}", addresses.join(", ")), pen.columns());
    }
    let clients: Vec<String> = of
        .clients
        .iter()
        .take(3)
        .map(|c| text::clean(c.user_agent.as_deref().or(c.tls_ja4.as_deref()).unwrap_or("-")))
        .collect();
    if !clients.is_empty() {
        text::hang(&mut lines, "clients: ", &clients.join(", "), pen.columns());
    }
    if !course.aliases.is_empty() {
        let ids: Vec<String> = course.aliases.iter().take(5).map(|id| super::short(id)).collect();
        let more = course.aliases.len().saturating_sub(ids.len());
        let more = if more > 0 { format!(", +{more}") } else { String::new() };
        text::hang(&mut lines, "also known as: ", &format!("{}{more}", ids.join(", ")), pen.columns());
    }
    if course.tombstones > 0 {
        let told = format!(
            "{} as retention demands; a tombstone is left for each",
            number::counted(course.tombstones, "thing")
        );
        text::hang(&mut lines, "deleted: ", &told, pen.columns());
    }
    if !lines.is_empty() {
        out.push('\n');
        out.push_str(&lines);
    }
}
