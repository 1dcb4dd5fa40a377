//! Shape: campaigns that others told of, held against the campaigns in own traffic.
//! In: what a received campaign is like, own findings. Out: matches of kind `shape`.
//! Invariant: a shape alone is weak: its strength never passes a half, and says which parts agree.
//! Not here: texts and addresses, which tell more.

use std::collections::BTreeSet;

use stillwatch_model::hunted::{Match, MatchKind};
use stillwatch_model::{Campaign, Findings};
use stillwatch_stix::campaign::{Received, ReceivedCampaign};
use stillwatch_stix::extension::{Metrics, magnitude};

/// How alike two shapes must be to be told.
const ALIKE: f64 = 0.7;
/// What a shape that agrees in everything is worth.
const WORTH: f64 = 0.5;

/// Own campaigns whose shape is that of a received one, most alike first.
pub(crate) fn look(received: &Received, findings: &Findings) -> Vec<Match> {
    let mut matches: Vec<Match> = received
        .campaigns
        .iter()
        .filter(|campaign| !campaign.revoked)
        .flat_map(|theirs| findings.campaigns.iter().filter_map(move |own| alike(theirs, own)))
        .collect();
    matches.sort_by(|a, b| b.strength.total_cmp(&a.strength).then_with(|| a.indicator.cmp(&b.indicator)));
    matches
}

fn alike(theirs: &ReceivedCampaign, own: &Campaign) -> Option<Match> {
    let metrics = theirs.metrics.as_ref()?;
    let parts = parts(theirs, metrics, own);
    if parts.len() < 3 {
        return None;
    }
    let likeness = parts.iter().map(|(_, share)| share).sum::<f64>() / parts.len() as f64;
    if likeness < ALIKE {
        return None;
    }
    let said: Vec<String> = parts.iter().map(|(name, share)| format!("{name} {:.0} %", share * 100.0)).collect();
    Some(Match {
        indicator: theirs.id.clone(),
        name: theirs.name.clone(),
        kind: MatchKind::Shape,
        strength: likeness * WORTH,
        exchanges: own.exchanges,
        accounts: own.accounts.len() as u64,
        among: own.accounts.iter().take(20).cloned().collect(),
        first_seen: Some(own.first_seen.clone()),
        last_seen: Some(own.last_seen.clone()),
        indicates: vec![own.id.clone()],
        because: format!("its shape is that of own campaign {}: {}", own.id, said.join(", ")),
    })
}

/// How far each part agrees that both sides know.
fn parts(theirs: &ReceivedCampaign, metrics: &Metrics, own: &Campaign) -> Vec<(&'static str, f64)> {
    let mut parts = Vec::new();
    let capabilities = own.capabilities.iter().map(|c| c.name().to_owned()).collect();
    let families = own.families.iter().map(|f| format!("{f:?}").to_lowercase()).collect();
    let techniques: BTreeSet<String> = own.techniques.iter().cloned().collect();
    let lists: [(&str, BTreeSet<String>, BTreeSet<String>); 3] = [
        ("capabilities", metrics.capabilities.iter().cloned().collect(), capabilities),
        ("families of evidence", metrics.evidence_families.iter().cloned().collect(), families),
        ("techniques", theirs.techniques.clone(), techniques),
    ];
    for (name, a, b) in lists {
        if !a.is_empty() && !b.is_empty() {
            parts.push((name, a.intersection(&b).count() as f64 / a.union(&b).count() as f64));
        }
    }
    // Exchanges an account, in orders of magnitude: how a pool is worked, whatever slice of it one lab sees.
    if let (Some(exchanges), Some(accounts)) = (metrics.exchanges_log10, metrics.accounts_log10) {
        let own_rate =
            magnitude(own.exchanges).unwrap_or(0) as f64 - magnitude(own.accounts.len() as u64).unwrap_or(0) as f64;
        let apart = (f64::from(exchanges) - f64::from(accounts) - own_rate).abs();
        parts.push(("exchanges an account", (1.0 - apart / 2.0).max(0.0)));
    }
    parts
}
