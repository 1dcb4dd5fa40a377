//! Table: what a terminal shows, wide, narrow, in colour, and with nothing to show.
//! In: `fixture`. Out: snapshots.
//! Invariant: a line is never wider than the terminal where words can be broken.
//! Not here: explanations.

use stillwatch_report::table;

use crate::fixture;

#[test]
fn wide() {
    insta::assert_snapshot!(table(&fixture::sample(), Some(160), false));
}

#[test]
fn narrow() {
    insta::assert_snapshot!(table(&fixture::sample(), Some(80), false));
}

#[test]
fn as_wide_as_it_needs() {
    insta::assert_snapshot!(table(&fixture::sample(), None, false));
}

#[test]
fn no_campaigns() {
    insta::assert_snapshot!(table(&fixture::quiet(), Some(120), false));
}

#[test]
fn no_traffic() {
    insta::assert_snapshot!(table(&fixture::empty(), Some(120), false));
}

#[test]
fn colour_changes_nothing_but_colour() {
    for width in [80, 160] {
        let plain = table(&fixture::sample(), Some(width), false);
        let coloured = table(&fixture::sample(), Some(width), true);
        assert!(coloured.contains('\u{1b}') && !plain.contains('\u{1b}'));
        let trimmed = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        assert_eq!(trimmed(&without_colour(&coloured)), trimmed(&plain));
    }
}

#[test]
fn lines_fit_the_terminal() {
    for width in [80_u16, 110, 140, 200] {
        for line in table(&fixture::sample(), Some(width), false).lines() {
            assert!(line.chars().count() <= usize::from(width), "{width}: {line}");
        }
    }
}

#[test]
fn strangers_cannot_steer_the_terminal() {
    let printed = table(&fixture::hostile(), Some(160), false);
    assert!(!printed.contains('\u{1b}') && !printed.contains('\u{202e}'), "{printed}");
}

/// The text without `ESC [ … m`.
fn without_colour(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}
