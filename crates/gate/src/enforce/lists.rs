//! Lists: one key a line, for whatever reads lists.
//! In: a table, a kind of key, an action, the time. Out: a text with a line of comment.
//! Invariant: sorted, each key once, those that are let through cut out of networks.
//! Not here: formats with values (`nginx.rs`, `haproxy.rs`).

use std::fmt::Write as _;

use crate::enforce::carve::{Allowed, networks};
use crate::enforce::{Exported, at};
use crate::subject::{Kind, shown};
use crate::table::Table;
use crate::table::row::Key;

/// Keys of a kind for which an action of this name wins.
#[must_use]
pub fn list(table: &Table, kind: Kind, action: &str, now: i64) -> Exported {
    let mut keys: Vec<String> = if kind == Kind::Network {
        let allowed = Allowed::of(table, now);
        let hit = networks(table, &allowed, now).filter(|(_, best)| best.action.name() == action);
        let mut nets: Vec<_> = hit.map(|(net, _)| net).collect();
        nets.sort_unstable();
        nets.dedup();
        nets.into_iter().map(shown).collect()
    } else {
        let hit = table.keys(now).filter(|(_, best)| best.action.name() == action);
        let keys = hit.filter_map(|(key, _)| match key {
            Key::Exact(of, text) if of == kind => Some(text.to_owned()),
            Key::Exact(..) | Key::Network(_) => None,
        });
        keys.collect()
    };
    if kind != Kind::Network {
        keys.sort_unstable();
    }
    let read: Vec<&String> = keys.iter().filter(|key| !key.starts_with('#')).collect();
    let mut text = format!("# {} to {action}, change {}, {}\n", plural(kind), table.number(), at(now));
    for key in &read {
        let _ = writeln!(text, "{key}");
    }
    Exported { text, written: read.len(), left_out: keys.len() - read.len() }
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Account => "accounts",
        Kind::Client => "clients",
        Kind::Ja4 => "JA4 fingerprints",
        Kind::Network => "networks",
    }
}
