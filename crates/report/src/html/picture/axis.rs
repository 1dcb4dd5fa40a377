//! Axis: grid lines and readable labels of time (UTC) and counts.
//! In: the plotting area and the range. Out: markup, and the scale's round top.
//! Invariant: labels are round numbers and instants; there are few enough not to touch.
//! Not here: marks.

use maud::{Markup, html};
use stillwatch_model::Micros;

use super::px;
use crate::{number, when};

/// The rectangle that marks are drawn in.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    /// The y of a count on a scale that ends at `top`.
    pub(super) fn y(&self, count: f64, top: f64) -> f64 {
        self.top + self.height * (1.0 - (count / top).clamp(0.0, 1.0))
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// The smallest round number of at most `lines` round steps that holds `most`, and the step.
pub(super) fn round_top(most: f64, lines: f64) -> (f64, f64) {
    let rough = (most / lines).max(1.0);
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    ((most / step).ceil().max(1.0) * step, step)
}

/// Horizontal lines with counts, up to `top`.
pub(super) fn counts(area: Area, top: f64, step: f64) -> Markup {
    let lines = (top / step).round() as u32;
    html! {
        @for line in 0..=lines {
            @let count = f64::from(line) * step;
            @let y = px(area.y(count, top));
            line class=(if line == 0 { "axis" } else { "grid" }) x1=(px(area.left)) x2=(px(area.left + area.width)) y1=(y) y2=(y) {}
            text x=(px(area.left - 8.0)) y=(px(area.y(count, top) + 4.0)) text-anchor="end" { (number::compact(count as u64)) }
        }
    }
}

/// Ticks with dates below `area`, lines through everything from `top` down.
pub(super) fn time(area: Area, from: Micros, to: Micros, top: f64) -> Markup {
    let span = to.saturating_sub(from).max(1) as f64;
    html! {
        @for (tick, label) in when::ticks(from, to, 9) {
            @let share = tick.saturating_sub(from) as f64 / span;
            @let x = px(area.left + share * area.width);
            line.grid x1=(x) x2=(x) y1=(px(top)) y2=(px(area.bottom() + 4.0)) {}
            text x=(x) y=(px(area.bottom() + 18.0)) text-anchor=(if share < 0.02 { "start" } else if share > 0.97 { "end" } else { "middle" }) { (label) }
        }
        text.unit x=(px(area.left - 8.0)) y=(px(area.bottom() + 18.0)) text-anchor="end" { "UTC" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tops_are_round() {
        assert_eq!(round_top(1_840.0, 4.0), (2_000.0, 500.0));
        assert_eq!(round_top(3.0, 4.0), (3.0, 1.0));
        assert_eq!(round_top(0.0, 4.0), (1.0, 1.0));
    }
}
