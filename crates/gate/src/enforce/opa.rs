//! OPA: a data bundle (Open Policy Agent, 'Bundle File Format'): `data.json` and `.manifest` in a tarball.
//! In: a table, the time. Out: the two files, and the tarball, gzipped.
//! Invariant: the same table at the same time gives the same bytes; the root is `stillwatch`, so it never covers other data.
//! Not here: the policy that reads it (`docs/decisions.md` has one).

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::{Compression, GzBuilder};
use serde::Serialize;

use crate::action::Action;
use crate::table::Table;
use crate::table::row::{Best, Key};

#[derive(Serialize)]
struct Data<'a> {
    stillwatch: Root<'a>,
}

#[derive(Serialize, Default)]
struct Root<'a> {
    change: u64,
    account: BTreeMap<&'a str, Said<'a>>,
    client: BTreeMap<&'a str, Said<'a>>,
    ja4: BTreeMap<&'a str, Said<'a>>,
    /// By CIDR; `net.cidr_contains` finds them, the longest wins.
    network: BTreeMap<String, Said<'a>>,
}

#[derive(Serialize)]
struct Said<'a> {
    #[serde(flatten)]
    action: Action,
    code: &'a str,
    decision: u64,
    /// Seconds since 1970; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
}

/// `data.json`.
///
/// # Errors
/// Never for a table that was built; what the encoder says.
pub fn data(table: &Table, now: i64) -> Result<String, serde_json::Error> {
    let mut root = Root { change: table.number(), ..Root::default() };
    for (key, best) in table.keys(now) {
        let said = said(best);
        match key {
            Key::Network(net) => root.network.insert(net.to_string(), said),
            Key::Exact(crate::Kind::Client, text) => root.client.insert(text, said),
            Key::Exact(crate::Kind::Ja4, text) => root.ja4.insert(text, said),
            Key::Exact(_, text) => root.account.insert(text, said),
        };
    }
    serde_json::to_string(&Data { stillwatch: root })
}

fn said(best: Best<'_>) -> Said<'_> {
    Said {
        action: best.action,
        code: &best.line.course.code,
        decision: best.line.id,
        // What may follow sooner (a step of its course) is said too: after that the data is old.
        expires: (best.until < i64::MAX).then_some(best.until),
    }
}

/// `.manifest`.
#[must_use]
pub fn manifest(table: &Table) -> String {
    format!(r#"{{"revision":"{}","roots":["stillwatch"]}}"#, table.number())
}

/// The bundle.
///
/// # Errors
/// Never for a table that was built; what the archive's writer says.
pub fn bundle(table: &Table, now: i64) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzBuilder::new().mtime(0).write(Vec::new(), Compression::fast()));
    for (name, text) in [("data.json", data(table, now)?), (".manifest", manifest(table))] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes())?;
    }
    let mut bytes = archive.into_inner()?;
    bytes.flush()?;
    bytes.finish()
}
