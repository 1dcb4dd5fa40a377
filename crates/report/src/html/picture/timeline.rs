//! Timeline: one campaign's exchanges and active accounts over time.
//! In: a `Timeline`. Out: a figure with two panels over one axis, UTC.
//! Invariant: exchanges add up when steps are folded; active accounts take the largest.
//! Not here: all campaigns together (`stacked.rs`).

use maud::{Markup, html};
use stillwatch_model::Timeline;

use super::axis::{self, Area};
use super::{px, svg};
use crate::sparkline::{Fold, folded, steps_a_column};
use crate::{number, when};

/// Bars that can still be told apart.
const BARS: usize = 180;
const WIDTH: f64 = 1000.0;
const EXCHANGES: Area = Area { left: 52.0, top: 12.0, width: 936.0, height: 150.0 };
const ACCOUNTS: Area = Area { left: 52.0, top: 190.0, width: 936.0, height: 50.0 };
const HEIGHT: f64 = 268.0;

/// The figure, or nothing where the case has no timeline.
pub(in crate::html) fn figure(timeline: &Timeline) -> Markup {
    let steps = timeline.exchanges.len();
    if steps == 0 || timeline.step_seconds == 0 {
        return html! {};
    }
    let exchanges = folded(&timeline.exchanges, BARS, Fold::Sum);
    let accounts = folded(&timeline.accounts, BARS, Fold::Most);
    let bar_seconds = (steps_a_column(steps, BARS) as u64).saturating_mul(timeline.step_seconds);
    let bar = (bar_seconds as i64).saturating_mul(when::SECOND);
    let to = timeline.from.saturating_add(bar.saturating_mul(exchanges.len() as i64));
    let most = exchanges.iter().copied().max().unwrap_or(0);
    let most_accounts = accounts.iter().copied().max().unwrap_or(0);
    let (top, step) = axis::round_top(most as f64, 4.0);
    let (top_accounts, step_accounts) = axis::round_top(most_accounts as f64, 2.0);
    let pitch = EXCHANGES.width / exchanges.len() as f64;
    let gap = (pitch * 0.18).min(2.0);

    let says = format!(
        "Timeline from {} to {} UTC: at most {} and {} in {}.",
        when::minute_of(timeline.from),
        when::minute_of(to),
        number::counted(most, "exchange"),
        number::counted(most_accounts, "active account"),
        when::length(bar_seconds)
    );
    let marks = html! {
        (axis::time(ACCOUNTS, timeline.from, to, EXCHANGES.top))
        (axis::counts(EXCHANGES, top, step))
        (axis::counts(ACCOUNTS, top_accounts, step_accounts))
        @for (index, count) in exchanges.iter().enumerate() {
            @let active = accounts.get(index).copied().unwrap_or(0);
            @let x = EXCHANGES.left + pitch * index as f64 + gap / 2.0;
            @let start = when::minute_of(timeline.from.saturating_add(bar.saturating_mul(index as i64)));
            g.step {
                title {
                    (start) " UTC: " (number::counted(*count, "exchange")) ", " (number::counted(active, "active account"))
                }
                rect.hit x=(px(x)) y=(px(EXCHANGES.top)) width=(px(pitch)) height=(px(ACCOUNTS.bottom() - EXCHANGES.top)) {}
                (column(EXCHANGES, x, pitch - gap, *count as f64, top, "served"))
                (column(ACCOUNTS, x, pitch - gap, active as f64, top_accounts, "accounts"))
            }
        }
    };
    html! {
        figure {
            figcaption {
                h3 { "Over time" }
                ul.legend {
                    li { span.key.served {} "exchanges a step of " (when::length(bar_seconds)) }
                    li { span.key.accounts {} "active accounts (below)" }
                }
            }
            (svg(WIDTH, HEIGHT, &says, marks))
        }
    }
}

/// One column from the axis up to a count.
fn column(area: Area, x: f64, width: f64, count: f64, top: f64, class: &str) -> Markup {
    let upper = area.y(count, top);
    html! {
        @if count > 0.0 {
            rect class=(class) x=(px(x)) y=(px(upper)) width=(px(width.max(0.5))) height=(px((area.bottom() - upper).max(0.5))) {}
        }
    }
}
