//! Link: one kind of evidence that two accounts have one operator.
//! In: nothing. Out: the type that `links.rs` makes and everything behind it reads.
//! Invariant: `a` is less than `b`.
//! Not here: what makes a link (`links.rs`).

use stillwatch_model::LinkKind;

/// One kind of evidence that two accounts have one operator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// One account; less than `b`.
    pub a: u32,
    /// The other account.
    pub b: u32,
    /// The kind of evidence.
    pub kind: LinkKind,
    /// Log-odds.
    pub weight: f64,
    /// Identity of the thing shared, for counting independent ones.
    pub thing: u64,
}

/// Is this evidence from things, rather than from behaviour?
pub(crate) fn is_hard(kind: LinkKind) -> bool {
    matches!(kind, LinkKind::Network | LinkKind::Payment | LinkKind::Device | LinkKind::Replay)
}
