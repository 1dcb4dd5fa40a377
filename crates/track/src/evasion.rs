//! Evasion: how a campaign hides, read off the signals that fired.
//! In: a finding's signals and links. Out: `Evasion`s, in their own order.
//! Invariant: a fact of one run: the signal with its figure is kept beside it.
//! Not here: the signals (`detect/signals`, `docs/signals.md`).
//!
//! | signal | evasion |
//! | --- | --- |
//! | `balance` | load balancing |
//! | `exits` | rotating exits |
//! | `succession`, or a link of that kind | succession |
//! | `burst` | disposable accounts |
//! | `injected` | cover traffic |
//! | `replay` | replay across accounts |
//! | `pivot` | model pivot |

use stillwatch_model::tracked::Evasion;
use stillwatch_model::{LinkKind, LinkSummary, Signal};

/// Log-odds that a signal must add before it names an evasion.
pub const FIRED: f64 = 0.4;

/// The evasions that `signals` and `links` show.
#[must_use]
pub fn evasions(signals: &[Signal], links: &[LinkSummary]) -> Vec<Evasion> {
    let mut seen: Vec<Evasion> = signals
        .iter()
        .filter(|signal| signal.contribution >= FIRED)
        .filter_map(|signal| match signal.name.as_str() {
            "balance" => Some(Evasion::LoadBalancing),
            "exits" => Some(Evasion::RotatingExits),
            "succession" => Some(Evasion::Succession),
            "burst" => Some(Evasion::DisposableAccounts),
            "injected" => Some(Evasion::CoverTraffic),
            "replay" => Some(Evasion::ReplayAcrossAccounts),
            "pivot" => Some(Evasion::ModelPivot),
            _ => None,
        })
        .collect();
    if links.iter().any(|link| link.kind == LinkKind::Succession && link.pairs > 0) {
        seen.push(Evasion::Succession);
    }
    seen.sort_unstable();
    seen.dedup();
    seen
}
