//! Arithmetic: signals, figures and contributions aligned, their sum, and the score that follows.
//! In: signals and the recorded score. Out: lines.
//! Invariant: score = 1 / (1 + exp(-sum)); where the record differs, the line says so.
//! Not here: measuring signals or choosing weights (`detect`).

use stillwatch_model::Signal;

use super::{WIDTH, section};
use crate::{number, text, words};

/// Writes the signals' section.
pub(super) fn write(out: &mut String, signals: &[Signal], score: f64) {
    section(out, "SIGNALS (contributions are log-odds; + speaks for, - against)");
    let name_width = signals.iter().map(|signal| words::signal(&signal.name).chars().count()).max().unwrap_or(0).max(6);
    let figures: Vec<String> = signals.iter().map(words::figure_of).collect();
    let figure_width = figures.iter().map(|figure| figure.chars().count()).max().unwrap_or(0).max(6);
    out.push_str(&format!("  {:<name_width$}  {:>figure_width$}  {:>7}  because\n", "signal", "figure", "adds"));
    for (signal, figure) in signals.iter().zip(&figures) {
        let name = words::signal(&signal.name);
        let adds = number::signed(signal.contribution);
        let lead = format!("  {name:<name_width$}  {figure:>figure_width$}  {adds:>7}  ");
        text::hang(out, &lead, &text::clean(&signal.because), WIDTH);
    }
    let sum: f64 = signals.iter().map(|signal| signal.contribution).sum();
    let gap = name_width + figure_width + 4;
    out.push_str(&format!("  {}  {}\n", " ".repeat(gap - 2), "─".repeat(7)));
    out.push_str(&format!("  {:<width$}  {:>7}\n", "sum", number::signed(sum), width = gap - 2));
    let follows = number::logistic(sum);
    out.push_str(&format!("  score = 1 / (1 + exp({})) = {}\n", number::signed(-sum), number::exact_score(follows)));
    if (follows - score).abs() > 0.0005 {
        let recorded = number::exact_score(score);
        out.push_str(&format!(
            "  note: the findings record {recorded}, which is not what these contributions add up to\n"
        ));
    }
}
