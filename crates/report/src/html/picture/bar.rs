//! Bar: one signal's contribution, left of the middle against, right of it for.
//! In: a contribution and the largest of its table. Out: a small SVG.
//! Invariant: all bars of a table have one scale and one middle.
//! Not here: the figure in words (`html/evidence.rs`).

use maud::{Markup, html};

use super::px;

const WIDTH: f64 = 180.0;
const HEIGHT: f64 = 14.0;

/// The bar of `contribution`; `most` is the largest size in the table.
pub(in crate::html) fn contribution(contribution: f64, most: f64) -> Markup {
    let middle = WIDTH / 2.0;
    let share = if most > 0.0 && contribution.is_finite() { contribution / most } else { 0.0 };
    let length = share.abs() * (middle - 2.0);
    let (class, x) = if share < 0.0 { ("against", middle - length) } else { ("for", middle) };
    html! {
        svg.contribution viewBox={ "0 0 " (px(WIDTH)) " " (px(HEIGHT)) } aria-hidden="true" {
            line.axis x1=(px(middle)) x2=(px(middle)) y1="0" y2=(px(HEIGHT)) {}
            rect class=(class) x=(px(x)) y="2" width=(px(length)) height=(px(HEIGHT - 4.0)) rx="1.5" {}
        }
    }
}
