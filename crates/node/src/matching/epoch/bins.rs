//! Bins: an epoch whose pool opens without anyone seeing how many members have what fewer than k have.
//! In: outputs that were kept; members' tables. Out: tables for the hub; for each member, which of its bins opened; its elements in them.
//! Invariant: every member's table is as large; the hub has numbers and positions only; no tags are given in such an epoch, since
//! equal ones would show what bins hide; outputs go once a table is made and given, the set once what opened of it is known.
//! Not here: pieces (`taking.rs`), whose turn it is (`pool.rs`), the protocol (`matching::bins`).

use std::io::Write;
use std::path::Path;

use stillwatch_matching::bins::{self, Owners};

use super::call::What;
use super::contribute::kept_outputs;
use super::known::Known;
use super::pool::{Counts, Each, Shown};
use super::share;
use super::taking::given_path;
use crate::error::{Error, Result};
use crate::matching::files::{failed, whole};
use crate::matching::key::random;
use crate::matching::set::Prepared;
use crate::matching::{Place, broken};

/// Bytes of all members' tables together at most: the hub opens them in memory.
const MOST: u64 = 1 << 31;
/// What each bin of our table holds: which element of the set.
const OWNERS: &str = "owners";
/// Our elements that opened.
const SHOWN: &str = "shown";

/// Whether so many members can open sets of this size: what the hub computes and holds is bounded.
pub(super) fn possible(members: usize, threshold: u8, size: u64) -> std::result::Result<(), &'static str> {
    bins::BinTerms::possible(members, threshold, bins::BinTerms::PAIRS, size)?;
    let each = 16 * u64::from(bins::BinTerms::PAIRS) * u64::from(threshold) * size;
    if each * members as u64 > MOST {
        return Err("all members' tables of bins together would be more than 2 GiB");
    }
    Ok(())
}

/// Makes our table, and keeps what is in it.
pub(super) fn make(place: &Place, known: &Known, set: &Prepared, path: &Path) -> Result<()> {
    let outputs = kept_outputs(place, &known.id, set.count)?;
    let made = bins::make(&known.bins()?, &place.name, &outputs, &mut random()).map_err(broken)?;
    // First what is in it: a table without that is never given.
    whole(&path.with_file_name(OWNERS), |file| file.write_all(&made.owners().to_bytes()))?;
    whole(path, |file| file.write_all(made.bytes()))
}

/// Opens tables, at the hub: the counts; for each member, the file of its bins that opened.
pub(super) async fn open(place: &Place, known: &Known, of: Vec<String>) -> Result<(Counts, Each)> {
    let terms = known.bins()?;
    let mut tables = Vec::with_capacity(of.len());
    for member in &of {
        let path = given_path(place, known, What::Bins, member)?;
        tables.push((member.clone(), std::fs::read(&path).map_err(failed(&path))?));
    }
    let work = move || {
        let given: Vec<(&str, &[u8])> =
            tables.iter().map(|(member, bytes)| (member.as_str(), bytes.as_slice())).collect();
        bins::open(&terms, &given).map_err(broken)
    };
    let broke_off = |_| Error::setup("opening was broken off", "try again");
    let opened = tokio::task::spawn_blocking(work).await.map_err(broke_off)??;
    let counts = opened.bins.iter().map(|(member, bins)| (member.clone(), bins.len() as u64)).collect();
    let bytes = |bins: Vec<u64>| bins.into_iter().flat_map(u64::to_le_bytes).collect();
    let files = opened.bins.into_iter().map(|(member, bins)| (member, bytes(bins))).collect();
    Ok((Counts { of, opened: 0, shut: 0, spoilt: 0, wrong: Vec::new(), bins: counts }, files))
}

/// Our elements that k members have, of the file that the hub made for us; it doesn't say who else has them.
pub(super) fn mine(place: &Place, known: &Known, opened: &Path) -> Result<Vec<Shown>> {
    let folder = share::folder(place, &known.id)?;
    let shown = folder.join(SHOWN);
    let odd = |why: &str| {
        Error::refused(
            format!("`{}` opened bins that can't be ours: {why}", known.setup.hub),
            "believe nothing of what opened; ask the hub and other members",
        )
    };
    match std::fs::read(&shown) {
        Ok(bytes) => {
            return serde_json::from_slice(&bytes).map_err(|_| Error::refused("it was altered", "ask the hub"));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(&shown)(error)),
    }
    let bytes = std::fs::read(opened).map_err(failed(opened))?;
    let (bins, rest) = bytes.as_chunks::<8>();
    let bins: Vec<u64> = bins.iter().map(|bin| u64::from_le_bytes(*bin)).collect();
    if !rest.is_empty() || !bins.is_sorted_by(|a, b| a < b) {
        return Err(odd("they aren't in order"));
    }
    let path = folder.join(OWNERS);
    let owners = std::fs::read(&path).map_err(failed(&path))?;
    let owners = Owners::from_bytes(&known.bins()?, &owners).map_err(broken)?;
    let set = Prepared::open(&folder)?.ok_or_else(|| Error::refused("the set is gone", "restore a backup"))?;
    let mut all = Vec::new();
    for at in owners.mine(&bins).map_err(|error| odd(&error.to_string()))? {
        for (element, _) in set.items(u64::from(at), 1)? {
            all.push(Shown { element: hex::encode(element.as_bytes()), reports: Vec::new(), wrong: Vec::new() });
        }
    }
    let text = serde_json::to_vec(&all).map_err(|error| Error::refused(error, "this is a fault of the program"))?;
    whole(&shown, |file| file.write_all(&text))?;
    for name in [OWNERS, "set"] {
        share::erase_file(&folder.join(name))?;
    }
    Ok(all)
}
