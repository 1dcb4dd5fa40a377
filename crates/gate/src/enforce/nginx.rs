//! nginx: a `geo` block for networks and a `map` block for each other kind of key (ngx_http_geo_module, ngx_http_map_module).
//! In: a table, the time. Out: text for `include` in the `http` context, where each variable says the action.
//! Invariant: every value is a word of ours; keys are quoted, so that no key can end a line or begin a directive.
//! Not here: asking for each request (`forward.rs`). nginx compares `map` keys without regard to case: said in the text.

use std::fmt::Write as _;

use crate::enforce::{Exported, at};
use crate::subject::Kind;
use crate::table::Table;
use crate::table::row::Key;

/// Words that `map` reads as parameters.
const PARAMETERS: [&str; 4] = ["default", "hostnames", "include", "volatile"];

/// Which variables hold the keys.
#[derive(Debug, Clone, Copy)]
pub struct Variables<'a> {
    /// Such as `$http_x_account`, as the gateway sets it.
    pub account: &'a str,
    /// Such as `$http_x_client`.
    pub client: &'a str,
    /// Such as `$ssl_ja4`, of a module that has it.
    pub ja4: &'a str,
    /// Such as `$remote_addr`.
    pub address: &'a str,
}

impl Default for Variables<'_> {
    fn default() -> Self {
        Variables { account: "$http_x_account", client: "$http_x_client", ja4: "$http_x_ja4", address: "$remote_addr" }
    }
}

/// The blocks.
#[must_use]
pub fn maps(table: &Table, variables: Variables<'_>, now: i64) -> Exported {
    let mut exported = Exported::default();
    let mut blocks = [String::new(), String::new(), String::new(), String::new()];
    for (key, best) in table.keys(now) {
        let kind = key.kind();
        let block = &mut blocks[Kind::ALL.iter().position(|other| *other == kind).unwrap_or(0)];
        let action = best.action.name();
        let _ = match key {
            Key::Network(net) => writeln!(block, "    {net} {action};"),
            Key::Exact(_, text) => writeln!(block, "    {} {action};", quoted(text)),
        };
        exported.written += 1;
    }
    let _ = writeln!(exported.text, "# Actions of change {}, {}.", table.number(), at(now));
    let _ = writeln!(
        exported.text,
        "# `map` ignores case: where two accounts differ by case only, ask with `auth_request` instead."
    );
    let sources = [variables.account, variables.client, variables.ja4, variables.address];
    for ((kind, source), block) in Kind::ALL.into_iter().zip(sources).zip(blocks) {
        let word = if kind == Kind::Network { "geo" } else { "map" };
        let _ =
            write!(exported.text, "{word} {source} $stillwatch_{} {{\n    default allow;\n{block}}}\n", kind.name());
    }
    exported
}

/// A key in quotes. A leading `~` would begin an expression, a parameter's name would be read as one.
fn quoted(key: &str) -> String {
    let mut text = String::from("\"");
    if key.starts_with('~') || key.starts_with('\\') || PARAMETERS.contains(&key) {
        text.push_str("\\\\");
    }
    for c in key.chars() {
        if c == '"' || c == '\\' {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
    text
}
