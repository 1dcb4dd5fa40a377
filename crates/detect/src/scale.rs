//! Scale: figures brought between -1 and 1, and said as percent.
//! In: a figure. Out: how far it lies between two others.
//! Invariant: pure.
//! Not here: what a figure is worth (`calibrate.rs`).

/// `x` scaled so that `from` is 0 and `to` is 1, held between -1 and 1.
pub(crate) fn ramp(x: f64, from: f64, to: f64) -> f64 {
    ((x - from) / (to - from)).clamp(-1.0, 1.0)
}

/// The same, without a negative side.
pub(crate) fn rise(x: f64, from: f64, to: f64) -> f64 {
    ramp(x, from, to).max(0.0)
}

/// `0.4` as `40 %`.
pub(crate) fn percent(x: f64) -> String {
    format!("{:.0} %", x * 100.0)
}
