//! Words: the names that people read for the model's nouns.
//! In: severities, families, kinds of link, signals, campaigns. Out: a word or a few.
//! Invariant: the words of DESIGN.md, the same in table, explanation and page.
//! Not here: sentences about one campaign; the detector writes these.

use stillwatch_model::{Campaign, Capability, Case, Cohort, Family, Findings, LinkKind, Report, Severity, Signal};

use crate::{number, text};

/// Characters of an id that are always printed.
const SHORT_ID: usize = 8;
const CAMPAIGN_PREFIX: &str = "campaign--";

/// A severity's word.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// A family's word.
pub(crate) fn family(family: Family) -> &'static str {
    match family {
        Family::Content => "content",
        Family::Timing => "timing",
        Family::Identity => "identity",
        Family::Network => "network",
        Family::Protocol => "protocol",
        Family::Focus => "focus",
    }
}

/// A list of families: `content, timing`.
pub(crate) fn families(list: &[Family]) -> String {
    list.iter().map(|one| family(*one)).collect::<Vec<_>>().join(", ")
}

/// A kind of link in a word.
pub(crate) fn link(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Payment => "payment",
        LinkKind::Device => "device",
        LinkKind::SignUp => "sign-up",
        LinkKind::Network => "network",
        LinkKind::Template => "template",
        LinkKind::Injected => "injected text",
        LinkKind::Replay => "replay",
        LinkKind::Timing => "timing",
        LinkKind::Creation => "creation",
        LinkKind::Pivot => "pivot",
        LinkKind::Succession => "succession",
    }
}

/// What a kind of link means.
pub(crate) fn link_meaning(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Payment => "one payment instrument",
        LinkKind::Device => "one device",
        LinkKind::SignUp => "one sign-up pattern: e-mail domain, phone prefix or referrer",
        LinkKind::Network => "rare network addresses in common",
        LinkKind::Template => "one prompt template",
        LinkKind::Injected => "one injected text around otherwise free prompts",
        LinkKind::Replay => "reasoning references minted for one, presented by the other",
        LinkKind::Timing => "active in the same ten-minute slots",
        LinkKind::Creation => "created close together",
        LinkKind::Pivot => "moved to a new model together",
        LinkKind::Succession => "one took over the other's templates after a ban",
    }
}

/// A signal's name in words: `template-concentration` reads `template concentration`.
pub(crate) fn signal(name: &str) -> String {
    text::clean(name).replace(['-', '_'], " ")
}

/// The first few capabilities, most first.
pub(crate) fn capabilities(list: &[Capability], most: usize) -> String {
    let mut names: Vec<String> = list.iter().take(most).map(|one| one.name().to_owned()).collect();
    if list.len() > most {
        names.push(format!("+{}", list.len() - most));
    }
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

/// The strongest signals that speak for it: `template concentration +3.10, synchrony +1.42`.
pub(crate) fn strongest(signals: &[Signal], most: usize) -> String {
    let mut speaking: Vec<&Signal> = signals.iter().filter(|signal| signal.contribution > 0.0).collect();
    speaking.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
    let named: Vec<String> = speaking
        .into_iter()
        .take(most)
        .map(|strong| format!("{} {}", signal(&strong.name), number::signed(strong.contribution)))
        .collect();
    if named.is_empty() { "-".to_owned() } else { named.join(", ") }
}

/// How sure a probability is, in the words of ICD 203, the standard by which intelligence analysts say it.
pub(crate) fn confidence(score: f64) -> &'static str {
    match score {
        sure if sure >= 0.95 => "almost certain",
        sure if sure >= 0.8 => "very likely",
        sure if sure >= 0.55 => "likely",
        sure if sure >= 0.45 => "roughly an even chance",
        _ => "unlikely",
    }
}

/// What is concluded of a campaign: the detector's sentences, or ours where there is no local side.
pub(crate) fn inferred(campaign: &Campaign, case: Option<&Case>) -> Vec<String> {
    match case {
        Some(case) if !case.inferred.is_empty() => case.inferred.clone(),
        _ => vec![
            format!(
                "That these accounts are one campaign is {} ({}).",
                confidence(campaign.score),
                number::exact_score(campaign.score)
            ),
            standing(campaign),
        ],
    }
}

/// The signal that stands for what is known before anything is measured.
const PRIOR: &str = "prior";

/// A signal's family; the prior belongs to none.
pub(crate) fn family_of(signal: &Signal) -> &'static str {
    if signal.name == PRIOR { "before any evidence" } else { family(signal.family) }
}

/// A signal's figure; the prior measures nothing.
pub(crate) fn figure_of(signal: &Signal) -> String {
    if signal.name == PRIOR { "-".to_owned() } else { number::figure(signal.value) }
}

/// The part of an id behind `campaign--`.
pub(crate) fn bare_id(id: &str) -> &str {
    id.strip_prefix(CAMPAIGN_PREFIX).unwrap_or(id)
}

/// The shortest prefix, eight characters or more, that names one campaign only.
pub(crate) fn short_id(findings: &Findings, id: &str) -> String {
    let bare = bare_id(id);
    let length = bare.chars().count();
    let unique = (SHORT_ID..length).find(|size| {
        let prefix: String = bare.chars().take(*size).collect();
        findings.campaigns.iter().filter(|other| bare_id(&other.id).starts_with(&prefix)).count() <= 1
    });
    text::clean(&bare.chars().take(unique.unwrap_or(length)).collect::<String>())
}

/// Campaigns less likely than not, in brackets behind their number; nothing where there are none.
pub(crate) fn weaker(findings: &Findings) -> String {
    match findings.campaigns.iter().filter(|campaign| campaign.score < 0.5).count() {
        0 => String::new(),
        weak => format!(" ({} of them below score 0.5)", number::thousands(weak as u64)),
    }
}

/// The local side of a campaign, where the report has it.
pub(crate) fn case_of<'a>(report: &'a Report, campaign: &Campaign) -> Option<&'a Case> {
    report.cases.iter().find(|case| case.id == campaign.id)
}

/// A few words for what the campaign does.
pub(crate) fn technique(case: Option<&Case>) -> String {
    match case {
        Some(case) if !case.technique.is_empty() => text::clean(&case.technique),
        _ => "campaign".to_owned(),
    }
}

/// The cohort alarm in a sentence.
pub(crate) fn cohort(cohort: &Cohort) -> String {
    let verdict = if cohort.alarms == 0 { "no alarm" } else { "alarm" };
    format!(
        "{verdict}: {} of {} differ from the quiet baseline (worst {}, threshold {})",
        number::thousands(cohort.alarms),
        number::counted(cohort.windows, "window"),
        number::figure(cohort.worst),
        number::figure(cohort.threshold)
    )
}

/// Whether the evidence is enough to act on, in a sentence.
pub(crate) fn standing(campaign: &Campaign) -> String {
    let fired = families(&campaign.families);
    match (campaign.actionable, campaign.families.len()) {
        (true, _) => format!("Actionable: independent families of signals fired ({fired})."),
        (false, 0) => "Not actionable: no family of signals fired by itself.".to_owned(),
        (false, 1) => {
            format!("Not actionable: only one family of signals fired ({fired}); look for a second before acting.")
        }
        (false, _) => format!("Not actionable: families fired ({fired}), but they are not enough."),
    }
}

/// Why not to act on a campaign yet, in a few words; nothing when it is actionable.
pub(crate) fn reservation(campaign: &Campaign) -> Option<&'static str> {
    match (campaign.actionable, campaign.families.len()) {
        (true, _) => None,
        (false, 1) => Some("one family only"),
        (false, _) => Some("not actionable yet"),
    }
}

/// An example's words by cue, in the order in which cues first appear.
pub(crate) fn by_cue(words: &[(String, String, f64)]) -> Vec<(&str, Vec<(&str, f64)>)> {
    let mut cues: Vec<(&str, Vec<(&str, f64)>)> = Vec::new();
    for (cue, word, contribution) in words {
        match cues.iter_mut().find(|(known, _)| *known == cue.as_str()) {
            Some((_, group)) => group.push((word.as_str(), *contribution)),
            None => cues.push((cue.as_str(), vec![(word.as_str(), *contribution)])),
        }
    }
    cues
}
