//! Fixture: a key, entries, a ledger of any size.
//! In: numbers. Out: what the tests begin with.
//! Invariant: entries of all kinds, each another.
//! Not here: assertions.

use std::path::Path;

use stillwatch_ledger::{Approval, Change, Entry, Key, Log, Outcome, PublicKey, What};

pub(crate) type Done = Result<(), Box<dyn std::error::Error>>;

pub(crate) const NAME: &str = "lab.example/ledger";

pub(crate) fn entry(n: u64) -> Entry {
    let at = jiff::Timestamp::from_second(1_790_000_000 + n as i64).unwrap_or_default();
    let by = format!("person-{}", n % 7);
    let about = format!("campaign--{n:08}");
    let hash = format!("sha256:{n:064x}");
    let what = match n % 5 {
        0 => What::Release {
            object: format!("indicator--{n:08}"),
            hash,
            to: vec!["lab-b.example".into(), "lab-c.example".into()],
            profile: "conservative".into(),
            profile_version: "1.2.0".into(),
            legal_basis: "legitimate-interest".into(),
            approvals: vec![Approval { by: "reviewer-1".into(), at }],
        },
        1 => {
            What::Policy { profile: "conservative".into(), from: Some("1.1.0".into()), to: Some("1.2.0".into()), hash }
        }
        2 => What::Role { whose: "person-3".into(), role: "reviewer".into(), change: Change::Granted },
        3 => What::View { about, count: n, reason: "ticket-17".into() },
        _ => What::Decision { about, outcome: Outcome::Approved, reason: "ticket-18".into() },
    };
    Entry { at, by, what }
}

pub(crate) fn entries(range: std::ops::Range<u64>) -> Vec<Entry> {
    range.map(entry).collect()
}

/// Makes a ledger, appending in batches of these sizes.
pub(crate) fn ledger(folder: &Path, batches: &[u64]) -> Result<PublicKey, stillwatch_ledger::Error> {
    let mut log = Log::create(folder, Key::generate(NAME)?)?;
    let mut from = 0;
    for size in batches {
        log.append(&entries(from..from + size))?;
        from += size;
    }
    Ok(log.public())
}

/// Every file below a folder, relative, in order.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    fn walk(root: &Path, below: &Path, all: &mut Vec<String>) {
        for name in std::fs::read_dir(below).into_iter().flatten().flatten() {
            let path = name.path();
            if path.is_dir() {
                walk(root, &path, all);
            } else if let Ok(path) = path.strip_prefix(root) {
                all.push(path.to_string_lossy().into_owned());
            }
        }
    }
    let mut all = Vec::new();
    walk(folder, folder, &mut all);
    all.sort();
    all
}
