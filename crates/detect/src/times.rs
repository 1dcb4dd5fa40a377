//! Times: what many instants have in common.
//! In: instants. Out: the shortest window that holds most of them.
//! Invariant: pure.
//! Not here: hours of the week (`sketch.rs`).

use stillwatch_model::Micros;

/// The shortest window that holds four in five of the times, which are ascending.
pub(crate) fn shortest(times: &[Micros]) -> Option<(Micros, Micros)> {
    let need = (times.len() * 4).div_ceil(5).max(1);
    times.windows(need).map(|w| (w[0], w[need - 1])).min_by_key(|(from, to)| to - from)
}
