//! Ledger: what a ledger says of a campaign, each entry with its proof.
//! In: a ledger's folder and key, ids. Out: files of a bundle, and what the manifest says of them.
//! Invariant: the whole ledger is verified first, so that an altered entry can't be one that isn't found.
//! Not here: proofs (`stillwatch-ledger`), checking a bundle's (`verify.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use stillwatch_ledger::{Entry, Error, Log, PublicKey, Reader, What, verify};

use super::archive;
use super::manifest::{Ledger, Proven};
use crate::verbs::ledger::{read_key, told};

/// The signed checkpoint.
pub(super) const CHECKPOINT: &str = "ledger/checkpoint";
/// The public key, as the maker of the bundle says.
pub(super) const KEY: &str = "ledger/key.pub";

/// An entry's path.
pub(super) fn entry_path(index: u64) -> String {
    format!("ledger/{index}.json")
}

/// Its proof's path.
pub(super) fn proof_path(index: u64) -> String {
    format!("ledger/{index}.tlog-proof")
}

/// Which ledger, as it was when.
#[derive(Debug, Clone)]
pub(super) struct From {
    pub(super) folder: PathBuf,
    pub(super) public: PublicKey,
    pub(super) at: Option<String>,
}

/// Entries about these ids, and about profiles that their releases name.
pub(super) fn prove(
    from: &From,
    ids: &BTreeSet<String>,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<Ledger, String> {
    let failed = |error: Error| told(&error);
    let reader = open(from)?;
    verify(&from.folder, &from.public, &[]).map_err(failed)?;
    let mut about: BTreeSet<String> = ids.clone();
    let mut found = matching(&reader, &about, |entry, about| match &entry.what {
        What::Release { object, profile, .. } if about.contains(object) => Some(profile.clone()),
        _ => None,
    })?;
    if found.1.iter().any(|profile| !about.contains(profile)) {
        about.extend(found.1);
        found = matching(&reader, &about, |_, _| None)?;
    }
    let mut entries = Vec::new();
    for index in found.0 {
        let bytes = reader.entry(index).map_err(failed)?;
        let proof = reader.prove(index).map_err(failed)?;
        entries.push(Proven { index, about: Entry::read(&bytes).ok().map(|entry| entry.about().to_owned()) });
        files.insert(entry_path(index), bytes);
        files.insert(proof_path(index), proof.to_text().into_bytes());
    }
    if files.len() + 10 > archive::MOST_FILES {
        return Err(format!(
            "error: {} entries are about this campaign\nhint: a bundle holds half of {} at most",
            entries.len(),
            archive::MOST_FILES
        ));
    }
    let signed = reader.signed();
    files.insert(CHECKPOINT.into(), signed.note().to_vec());
    files.insert(KEY.into(), format!("{}\n", from.public.to_line()).into_bytes());
    Ok(Ledger { origin: signed.origin.clone(), size: signed.size, root: signed.root.to_string(), entries })
}

/// Indices of entries about ids, and what else an entry leads to.
fn matching(
    reader: &Reader,
    about: &BTreeSet<String>,
    leads: impl Fn(&Entry, &BTreeSet<String>) -> Option<String>,
) -> Result<(Vec<u64>, BTreeSet<String>), String> {
    let (mut found, mut further, mut at) = (Vec::new(), BTreeSet::new(), 0);
    while at < reader.signed().size {
        let (first, entries) = reader.bundle_of(at).map_err(|error| told(&error))?;
        for (index, bytes) in (first..).zip(&entries) {
            let is_about = match Entry::read(bytes) {
                Ok(entry) => {
                    further.extend(leads(&entry, about));
                    about.contains(entry.about())
                }
                // Of a kind that this version doesn't know: it is, if it names one.
                Err(_) => {
                    let text = String::from_utf8_lossy(bytes);
                    about.iter().any(|id| text.contains(&format!("\"{id}\"")))
                }
            };
            if is_about {
                found.push(index);
            }
        }
        at = first + entries.len() as u64;
    }
    Ok((found, further))
}

/// The ledger as it is, or as it was when an earlier checkpoint was signed.
fn open(from: &From) -> Result<Reader, String> {
    let now = Reader::open(&from.folder, &from.public, &[]).map_err(|error| told(&error))?;
    let Some(at) = &from.at else { return Ok(now) };
    if let Ok(size) = at.parse::<u64>() {
        if size == now.signed().size {
            return Ok(now);
        }
        return Err(format!(
            "error: the ledger has {} entries, and keeps no checkpoint of when it had {size}\n\
             hint: give one that was kept: `--at FILE` takes a checkpoint, or an earlier bundle, which holds it",
            now.signed().size
        ));
    }
    let bytes = super::bytes(Path::new(at))?;
    let earlier = match archive::read(&bytes) {
        Ok(files) => files.get(CHECKPOINT).map(|note| note.to_vec()).ok_or_else(|| {
            format!("error: the bundle `{at}` holds nothing of a ledger\nhint: give one that does, or a checkpoint")
        })?,
        Err(_) => bytes,
    };
    Reader::open_at(&from.folder, &from.public, &[], &earlier).map_err(|error| told(&error))
}

/// Records that examples were looked at, before they are.
pub(super) fn record_view(folder: &Path, key: &Path, entry: &Entry) -> Result<u64, String> {
    let key = read_key(key)?;
    let mut log = Log::open(folder, key).map_err(|error| told(&error))?;
    let range = log.append(std::slice::from_ref(entry)).map_err(|error| told(&error))?;
    Ok(range.start)
}
