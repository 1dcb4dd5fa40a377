//! Picture: inline SVG, drawn with `maud` so that the page's colours (light, dark, print) and tooltips apply.
//! In: counts, nodes, edges. Out: `figure` elements.
//! Invariant: each picture says in words what it shows (`aria-label`); no picture loads anything.
//! Not here: which pictures a case has (`html/case.rs`).

mod axis;
pub(super) mod bar;
pub(super) mod graph;
mod layout;
pub(super) mod stacked;
pub(super) mod timeline;
pub(super) mod week;

use maud::{Markup, html};

/// A coordinate with one decimal.
fn px(value: f64) -> String {
    let rounded = format!("{value:.1}");
    match rounded.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => rounded,
    }
}

/// An SVG element of `width` by `height` units that says what it shows.
fn svg(width: f64, height: f64, says: &str, marks: Markup) -> Markup {
    html! {
        div.scroll.picture {
            svg viewBox={ "0 0 " (px(width)) " " (px(height)) } role="img" aria-label=(says) { (marks) }
        }
    }
}
