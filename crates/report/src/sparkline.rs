//! Sparkline: a timeline in one line of text.
//! In: counts a step. Out: `▁▂▃▄▅▆▇█`, `·` for nothing.
//! Invariant: something is never drawn as nothing; columns of one timeline stand below each other.
//! Not here: pictures (`html/picture`).

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How several steps become one column.
#[derive(Clone, Copy)]
pub(crate) enum Fold {
    /// Added up: exchanges.
    Sum,
    /// The largest: active accounts, who would otherwise be counted twice.
    Most,
}

/// Counts in at most `columns` equal groups of steps.
pub(crate) fn folded(counts: &[u64], columns: usize, fold: Fold) -> Vec<u64> {
    counts
        .chunks(steps_a_column(counts.len(), columns))
        .map(|group| match fold {
            Fold::Sum => group.iter().sum(),
            Fold::Most => group.iter().copied().max().unwrap_or(0),
        })
        .collect()
}

/// How many steps one column stands for.
pub(crate) fn steps_a_column(steps: usize, columns: usize) -> usize {
    steps.div_ceil(columns.max(1)).max(1)
}

/// One character a count, scaled to the largest.
pub(crate) fn sparkline(counts: &[u64]) -> String {
    let top = counts.iter().copied().max().unwrap_or(0).max(1);
    counts
        .iter()
        .map(|count| match count {
            0 => '·',
            _ => {
                let level = (*count as f64 / top as f64 * BLOCKS.len() as f64).ceil() as usize;
                BLOCKS.get(level.saturating_sub(1)).copied().unwrap_or('█')
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_never_nothing() {
        assert_eq!(sparkline(&[0, 1, 500, 1000]), "·▁▄█");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn accounts_fold_to_the_most() {
        assert_eq!(folded(&[1, 2, 3, 4, 5], 3, Fold::Sum), [3, 7, 5]);
        assert_eq!(folded(&[1, 2, 3, 4, 5], 3, Fold::Most), [2, 4, 5]);
    }
}
