//! Taking: what the hub takes from members, piece by piece, and what it hands out.
//! In: commitments, pieces of contributions and reports. Out: whole files; pieces of what was published.
//! Invariant: nothing is taken of who didn't commit to a set of that size; a file is whole when its length and hash are as announced,
//! and then never changes; a member is handed what opened for itself only.
//! Not here: putting files together (`publish.rs`, `pool.rs`).

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use stillwatch_ledger::Step;
use stillwatch_matching::check::{Contribution, Table};
use stillwatch_matching::{MAX_SET, padded};
use stillwatch_track::matches::epochs::State;
use stillwatch_track::matches::files::{self, Commitment, File};

use super::call::{Id, PIECE, Reply, Stands, What};
use super::known::{Known, now};
use super::share;
use super::told::{Told, take_over};
use crate::error::{Error, Result};
use crate::matching::files::{behind, failed};
use crate::matching::{Place, broken};

/// `Commit`: each holder keeps it, so that each can judge how much is asked.
pub(super) async fn commit(place: &Place, from: &str, id: &Id, root: [u8; 32], size: u64) -> Result<Reply> {
    let known = Known::get(place, id).await?;
    known.member(from)?;
    known.active()?;
    keep_commitment(place, &known, from, root, size).await?;
    Ok(Reply::Done)
}

/// Keeps whose set of which size will be evaluated.
pub(super) async fn keep_commitment(place: &Place, known: &Known, of: &str, root: [u8; 32], size: u64) -> Result<()> {
    if known.terms.bins != 0 && size > known.terms.bins {
        return Err(Error::refused(
            format!("{size} elements are more than the {} that this epoch's bins are for", known.terms.bins),
            "agree on a smaller source, or ask the hub for an epoch with more",
        ));
    }
    if size == 0 || size > MAX_SET || padded(size) != size {
        return Err(Error::refused(
            format!("{size} is no size that padding gives"),
            "use the same version on both sides",
        ));
    }
    let root = hex::encode(root);
    let commitment = Commitment { member: of.to_owned(), root: root.clone(), size };
    let with = [of.to_owned()];
    let (own, theirs) = if of == place.name { (size, 0) } else { (0, size) };
    let told = Told { step: Step::Committed, with: &with, own, theirs, hash: Some(&root) };
    let entry = told.entry(place, known)?;
    if files::commit(&place.store, &known.row.id, &commitment, now(), &entry).await? {
        take_over(place).await?;
    }
    Ok(())
}

/// An epoch's public record.
pub(super) async fn record(place: &Place, known: &Known, erased: bool) -> Result<Stands> {
    let state = known.row.state.name().to_owned();
    let mut stands = Stands { state, erased, committed: BTreeMap::new(), files: Vec::new() };
    if known.setup.hub == place.name {
        let all = files::commitments(&place.store, &known.row.id).await?;
        stands.committed = all.into_iter().map(|one| (one.member, one.size)).collect();
        let all = files::files(&place.store, &known.row.id).await?;
        stands.files = all.into_iter().map(|file| (file.member, file.what, file.bytes, file.hash)).collect();
    }
    Ok(stands)
}

/// Where the hub keeps what a member gave.
pub(super) fn given_path(place: &Place, known: &Known, what: What, member: &str) -> Result<PathBuf> {
    // A seat, not a name: names are others' words, and no paths.
    let seat = known.setup.seat(member).ok_or_else(|| Error::refused("no such member", "ask the hub"))?;
    Ok(share::folder(place, &known.id)?.join(format!("{}-{seat}", what.name())))
}

/// How long a member's file must be.
async fn expected(place: &Place, known: &Known, what: What, member: &str) -> Result<u64> {
    let all = files::commitments(&place.store, &known.row.id).await?;
    let size = all.iter().find(|one| one.member == member).map(|one| one.size);
    let size = size.ok_or_else(|| Error::refused("you committed to no set in this epoch", "contribute first"))?;
    let each = match what {
        What::Contribution => Table::record(known.terms.label),
        What::Report => known.pool()?.report(),
        // As large for every member, whatever it committed to.
        What::Bins => return Ok(known.bins()?.bytes() as u64),
        _ => return Err(Error::refused("that isn't given", "use the same version on both sides")),
    };
    Ok(size * each as u64)
}

/// That it is the time for it: contributions before publishing, reports once nobody can evaluate any more.
async fn in_time(place: &Place, known: &Known, what: What, member: &str) -> Result<()> {
    known.own_hub(place)?;
    known.member(member)?;
    match what {
        What::Contribution => known.published()?,
        What::Report | What::Bins if what != known.terms.given() => {
            return Err(Error::refused(
                format!("members give {} in this epoch, no {}", known.terms.given().name(), what.name()),
                "report as its terms say",
            ));
        }
        _ => {}
    }
    let all = files::files(&place.store, &known.row.id).await?;
    if all.iter().any(|file| file.member == member && file.what == what.name()) {
        return Err(Error::refused(format!("your {} is here already", what.name()), "each is given once an epoch"));
    }
    let is_there = |what: What| all.iter().any(|file| file.what == what.name() && file.member == place.name);
    match what {
        What::Contribution if is_there(What::Table) => {
            Err(Error::refused("this epoch's pool was published", "contribute to the next"))
        }
        What::Contribution => known.active(),
        What::Report | What::Bins if known.row.state != State::Closed || share::held(place, &known.id)? => {
            Err(Error::refused("the epoch isn't over", "report when its holders erased their shares"))
        }
        What::Report | What::Bins if is_there(What::Opened) => {
            Err(Error::refused("this epoch's pool was opened", "report in the next"))
        }
        _ => Ok(()),
    }
}

/// `Give`.
pub(super) async fn give(
    place: &Place,
    from: &str,
    id: &Id,
    what: What,
    (offset, piece): (u64, &[u8]),
) -> Result<Reply> {
    let known = Known::get(place, id).await?;
    in_time(place, &known, what, from).await?;
    let expected = expected(place, &known, what, from).await?;
    let path = taking(&given_path(place, &known, what, from)?);
    let mut file = behind(&path)?;
    // Two pieces at once don't mix: who has the file writes.
    file.lock().map_err(failed(&path))?;
    let there = file.metadata().map_err(failed(&path))?.len();
    if offset != there {
        return Ok(Reply::At(there));
    }
    if there + piece.len() as u64 > expected {
        return Err(Error::refused(
            format!("it is longer than the {expected} bytes that were announced"),
            "give what was committed to",
        ));
    }
    file.write_all(piece).map_err(failed(&path))?;
    Ok(Reply::At(there + piece.len() as u64))
}

/// `Given`.
pub(super) async fn given(place: &Place, from: &str, id: &Id, what: What, hash: &[u8; 32]) -> Result<Reply> {
    let known = Known::get(place, id).await?;
    in_time(place, &known, what, from).await?;
    let expected = expected(place, &known, what, from).await?;
    let whole = given_path(place, &known, what, from)?;
    let part = taking(&whole);
    let (bytes, found) = hashed(&part)?;
    if bytes != expected || found != *hash {
        std::fs::remove_file(&part).map_err(failed(&part))?;
        return Err(Error::refused(
            format!("{bytes} bytes came, and {expected} were announced, or their hash is another"),
            "give it again from the start",
        ));
    }
    if matches!(what, What::Contribution | What::Bins) {
        let content = std::fs::read(&part).map_err(failed(&part))?;
        let looked = match what {
            What::Bins => stillwatch_matching::bins::check(&known.bins()?, from, &content),
            _ => Contribution::from_bytes(&content, known.terms.label).map(drop),
        };
        if let Err(error) = looked {
            std::fs::remove_file(&part).map_err(failed(&part))?;
            return Err(broken(error));
        }
    }
    std::fs::rename(&part, &whole).map_err(failed(&whole))?;
    let hash = hex::encode(hash);
    let file = File { member: from.to_owned(), what: what.name().to_owned(), bytes, hash: hash.clone() };
    let with = [from.to_owned()];
    let step = if what == known.terms.given() { Step::Reported } else { Step::Evaluated };
    let size = files::commitments(&place.store, &known.row.id).await?;
    let theirs = size.iter().find(|one| one.member == from).map_or(0, |one| one.size);
    let entry = Told { step, with: &with, own: 0, theirs, hash: Some(&hash) }.entry(place, &known)?;
    files::keep(&place.store, &known.row.id, &[(file, entry)], now()).await?;
    take_over(place).await?;
    Ok(Reply::Done)
}

/// `Fetch`.
pub(super) async fn fetch(place: &Place, from: &str, id: &Id, what: What, offset: u64) -> Result<Reply> {
    let known = Known::get(place, id).await?;
    known.own_hub(place)?;
    known.member(from)?;
    let all = files::files(&place.store, &known.row.id).await?;
    let (whose, path) = match what {
        What::Filter | What::Table => (place.name.as_str(), share::folder(place, id)?.join(what.name())),
        What::Opened => (from, given_path(place, &known, what, from)?),
        _ => return Err(Error::refused("nobody is handed that", "use the same version on both sides")),
    };
    if !all.iter().any(|file| file.member == whose && file.what == what.name()) {
        return Err(Error::refused(format!("there is no {} of this epoch", what.name()), "try again later"));
    }
    let mut file = std::fs::File::open(&path).map_err(failed(&path))?;
    Ok(Reply::Piece(piece(&mut file, offset).map_err(failed(&path))?))
}

/// A piece of a file, as much as fits into one call.
pub(super) fn piece(file: &mut std::fs::File, offset: u64) -> std::io::Result<Vec<u8>> {
    let mut piece = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(PIECE as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

/// The file beside, as long as it isn't whole.
pub(super) fn taking(whole: &Path) -> PathBuf {
    whole.with_extension("part")
}

/// A file's length and SHA-256.
pub(super) fn hashed(path: &Path) -> Result<(u64, [u8; 32])> {
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((0, Sha256::digest([]).into()));
        }
        Err(error) => return Err(failed(path)(error)),
    };
    let (mut hash, mut bytes, mut block) = (Sha256::new(), 0, vec![0; 1 << 18]);
    loop {
        let read = file.read(&mut block).map_err(failed(path))?;
        if read == 0 {
            return Ok((bytes, hash.finalize().into()));
        }
        hash.update(block.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}
