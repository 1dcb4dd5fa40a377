//! Matrix: what a campaign did in which window, a line a thing, a column a window.
//! In: periods, and what each of them has. Out: lines of text.
//! Invariant: a thing is drawn in a column if any of its windows has it; columns stand below each other.
//! Not here: counts over time (`sparkline.rs`).

use std::collections::BTreeMap;

use stillwatch_model::Period;

/// Lines of things in the order in which they first appear: the story is read from top to bottom.
pub(crate) fn matrix(periods: &[Period], columns: usize, of: impl Fn(&Period) -> Vec<String>) -> Vec<(String, String)> {
    let step = periods.len().div_ceil(columns.max(1)).max(1);
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let columns: Vec<Vec<String>> = periods.chunks(step).map(|chunk| chunk.iter().flat_map(&of).collect()).collect();
    for (at, column) in columns.iter().enumerate() {
        for thing in column {
            first.entry(thing.clone()).or_insert(at);
        }
    }
    let mut order: Vec<(usize, String)> = first.into_iter().map(|(thing, at)| (at, thing)).collect();
    order.sort();
    order
        .into_iter()
        .map(|(_, thing)| {
            let cells = columns.iter().map(|column| if column.contains(&thing) { '■' } else { '·' }).collect();
            (thing, cells)
        })
        .collect()
}
