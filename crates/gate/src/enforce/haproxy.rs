//! HAProxy: map files for `map_ip` and `map_str` (configuration manual, section 7.3.1).
//! In: a table, a kind of key, the time. Out: a key and an action a line.
//! Invariant: a key with white space or a leading `#` can't be said in a map file: it is left out and counted.
//! Not here: loading it (`set map` over the runtime interface, or a reload).

use std::fmt::Write as _;

use crate::enforce::{Exported, at};
use crate::subject::Kind;
use crate::table::Table;
use crate::table::row::Key;

/// The map of one kind of key.
#[must_use]
pub fn map(table: &Table, kind: Kind, now: i64) -> Exported {
    let mut exported = Exported { text: format!("# change {}, {}\n", table.number(), at(now)), ..Exported::default() };
    for (key, best) in table.keys(now).filter(|(key, _)| key.kind() == kind) {
        let action = best.action.name();
        let _ = match key {
            Key::Network(net) => writeln!(exported.text, "{net} {action}"),
            Key::Exact(_, text) if text.starts_with('#') || text.contains(char::is_whitespace) => {
                exported.left_out += 1;
                continue;
            }
            Key::Exact(_, text) => writeln!(exported.text, "{text} {action}"),
        };
        exported.written += 1;
    }
    exported
}
