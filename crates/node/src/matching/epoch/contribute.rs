//! Contribute: one's own set under the epoch's key, for the hub's pool.
//! In: elements with labels, in order. Out: their outputs, kept here; a contribution, with the hub.
//! Invariant: the set is committed to with everyone who is asked before anything of it is; a batch whose answer was lost is asked
//! again byte for byte; a contribution is made once, since its nonces are new each time, and given from where it was cut.
//! Not here: where sets come from.

use std::io::{Read, Write};
use std::path::Path;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stillwatch_ledger::Step;
use stillwatch_matching::check::Contribution;
use stillwatch_matching::epoch::{Asked, Asker, EpochKey};
use stillwatch_matching::oprf::{MAX_BATCH, Output};
use stillwatch_matching::{Element, padded};
use stillwatch_track::matches::files as rows;
use zeroize::{Zeroize, Zeroizing};

use super::ask;
use super::call::{Call, Id, Reply, What};
use super::holding::rounds;
use super::known::{Known, now};
use super::others::{Others, ask as ask_one, odd};
use super::taking::{hashed, keep_commitment};
use super::told::{Told, take_over};
use super::{share, taking};
use crate::error::{Error, Result};
use crate::matching::agreed::holds;
use crate::matching::files::{behind, failed, whole};
use crate::matching::key::random;
use crate::matching::set::{Prepared, Skipped, prepare};
use crate::matching::{Place, broken};

/// Bytes of an output.
const OUTPUT: usize = 64;
/// Batches that may be charged again, because their round was too old.
const STALE: usize = 8;

/// A batch that is asked: with its seed, it is made again as it was.
#[derive(Serialize, Deserialize)]
struct Batch {
    from: u64,
    want: usize,
    round: u64,
    quorum: Vec<String>,
    seed: [u8; 32],
    /// SHA-256 of the request that was sent.
    hash: String,
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Elements evaluated, of so many.
    Evaluated(u64, u64),
    /// Bytes given, of so many.
    Given(u64, u64),
}

/// Has the set that was agreed on evaluated and gives it to the hub; what was done before a cut isn't done again. What stood in
/// the set's source and couldn't be compared.
///
/// # Errors
/// When the epoch isn't active, the budget doesn't suffice, a holder cheats or isn't reached.
pub async fn contribute(
    place: &Place,
    others: &dyn Others,
    known: &Known,
    told: &(dyn Fn(Progress) + Sync),
) -> Result<Skipped> {
    known.member(&place.name)?;
    let folder = share::folder(place, &known.id)?;
    let path = folder.join(What::Contribution.name());
    let mine = rows::files(&place.store, &known.row.id).await?;
    if mine.iter().any(|file| file.member == place.name && file.what == What::Contribution.name()) {
        return Err(Error::refused("this node contributed to this epoch", "once an epoch: the next takes what is new"));
    }
    known.active()?;
    let (agreement, may) = holds(&place.store, &known.setup.hub, &known.row.namespace, now()).await?;
    let (set, skipped) = prepare(place, known.setup.namespace, &agreement.source, &may, &folder).await?;
    if known.terms.bins != 0 {
        if set.count > known.terms.bins {
            let why = format!("the set has {} elements, and the epoch's bins are for {}", set.count, known.terms.bins);
            return Err(Error::refused(why, "agree on a smaller source, or ask the hub for an epoch with more"));
        }
        evaluate(place, others, known, &set, told).await?;
        // Nothing is given before the end: equal tags would show how many members have what.
        kept(place, known, What::Contribution, 0, set.root, set.count).await?;
        return Ok(skipped);
    }
    if !path.exists() {
        evaluate(place, others, known, &set, told).await?;
        make(place, known, &set, &path)?;
    }
    let (bytes, hash) = give(others, known, What::Contribution, &path, told).await?;
    kept(place, known, What::Contribution, bytes, hash, set.count).await?;
    Ok(skipped)
}

/// Keeps that the hub has a file of ours, whole; or, in an epoch with bins, the set's root, of which nothing is given before its end.
pub(super) async fn kept(
    place: &Place,
    known: &Known,
    what: What,
    bytes: u64,
    hash: [u8; 32],
    count: u64,
) -> Result<()> {
    let hash = hex::encode(hash);
    let file = rows::File { member: place.name.clone(), what: what.name().to_owned(), bytes, hash: hash.clone() };
    let with = [known.setup.hub.clone()];
    let step = if what == known.terms.given() { Step::Reported } else { Step::Evaluated };
    let entry = Told { step, with: &with, own: count, theirs: 0, hash: Some(&hash) }.entry(place, known)?;
    rows::keep(&place.store, &known.row.id, &[(file, entry)], now()).await?;
    take_over(place).await
}

/// Has the set evaluated, batch by batch, behind what is done already.
async fn evaluate(
    place: &Place,
    others: &dyn Others,
    known: &Known,
    set: &Prepared,
    told: &(dyn Fn(Progress) + Sync),
) -> Result<()> {
    let key = known.key()?;
    let folder = share::folder(place, &known.id)?;
    let (outputs, asking) = (folder.join("outputs"), folder.join("asking"));
    let all = padded(set.count);
    let quorum = ask::quorum(place, others, known, &key, 0).await?;
    commit(place, others, known, set, &quorum).await?;
    let mut asked = so_far(&folder, set.count)?;
    if let Some(batch) = left(&asking)?
        && !answer(place, others, known, &batch.quorum).await
    {
        // Others are asked, with a new round, and charge it again.
        share::erase_file(&asking)?;
    }
    let mut stale = 0;
    // Padding is asked in the last batches, as if it were elements.
    while asked < all {
        let want = usize::try_from(all - asked).unwrap_or(MAX_BATCH).min(MAX_BATCH);
        let elements: Vec<Element> = set.items(asked, want)?.into_iter().map(|(element, _)| element).collect();
        let mut batch = match left(&asking)?.filter(|batch| (batch.from, batch.want) == (asked, want)) {
            Some(batch) => batch,
            None => begin(place, known, (asked, want), &quorum).await?,
        };
        let (made, request) = again(&key, &place.name, &batch, &elements)?;
        if batch.hash.is_empty() {
            batch.hash = request;
            keep(&asking, &batch)?;
        } else if batch.hash != request {
            return Err(Error::refused("the set isn't the one that was begun with", "go on with that one"));
        }
        let Some(outcome) = ask::ask(place, others, known, made).await? else {
            // Something else was asked meanwhile: the batch gets a new round, and is charged again.
            share::erase_file(&asking)?;
            stale += 1;
            if stale > STALE {
                return Err(Error::refused(
                    "holders say again and again that later rounds were asked",
                    "let no other program of this node ask meanwhile; if none does, ask the hub",
                ));
            }
            continue;
        };
        append(&outputs, &outcome)?;
        asked += want as u64;
        whole(&folder.join("asked"), |file| file.write_all(asked.to_string().as_bytes()))?;
        share::erase_file(&asking)?;
        told(Progress::Evaluated(asked.min(set.count), set.count));
    }
    Ok(())
}

/// Whether all of these answer, with a share.
async fn answer(place: &Place, others: &dyn Others, known: &Known, quorum: &[String]) -> bool {
    for holder in quorum.iter().filter(|name| **name != place.name) {
        let stands = ask_one(others, holder, &Call::State { epoch: known.id }).await;
        if !matches!(stands, Ok(Reply::Stands(stands)) if !stands.erased) {
            return false;
        }
    }
    true
}

/// How many were asked, padding included; outputs that a cut left behind that are cut off.
fn so_far(folder: &Path, count: u64) -> Result<u64> {
    let asked = std::fs::read_to_string(folder.join("asked")).ok().and_then(|text| text.parse().ok()).unwrap_or(0u64);
    let outputs = folder.join("outputs");
    let whole = asked.min(count) * OUTPUT as u64;
    match std::fs::OpenOptions::new().write(true).open(&outputs) {
        Ok(file) => {
            let there = file.metadata().map_err(failed(&outputs))?.len();
            if there < whole {
                return Err(Error::refused("outputs that were kept are missing", "contribute in the next epoch"));
            }
            file.set_len(whole).map_err(failed(&outputs))?;
            Ok(asked)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && whole == 0 => Ok(asked),
        Err(error) => Err(failed(&outputs)(error)),
    }
}

/// Says to everyone who is going to be asked what set it is.
async fn commit(place: &Place, others: &dyn Others, known: &Known, set: &Prepared, quorum: &[String]) -> Result<()> {
    let size = padded(set.count);
    keep_commitment(place, known, &place.name, set.root, size).await?;
    for holder in std::iter::once(&known.setup.hub).chain(quorum).filter(|name| **name != place.name) {
        match ask_one(others, holder, &Call::Commit { epoch: known.id, root: set.root, size }).await? {
            Reply::Done => {}
            _ => return Err(odd(holder)),
        }
    }
    Ok(())
}

/// A new batch: its round and seed are kept before it is asked.
async fn begin(place: &Place, known: &Known, (from, want): (u64, usize), quorum: &[String]) -> Result<Batch> {
    let round = rounds(place, known, 1).await?;
    let mut batch = Batch { from, want, round, quorum: quorum.to_vec(), seed: [0; 32], hash: String::new() };
    random().fill_bytes(&mut batch.seed);
    Ok(batch)
}

/// The batch as it was: same round, same blinds.
fn again(key: &EpochKey, name: &str, batch: &Batch, elements: &[Element]) -> Result<(Asked, String)> {
    let quorum: Vec<&str> = batch.quorum.iter().map(String::as_str).collect();
    let padding = batch.want - elements.len().min(batch.want);
    let mut rng = ChaCha20Rng::from_seed(batch.seed);
    let mut asker = Asker::new(key.clone(), name, batch.round);
    let asked = asker.ask(elements.to_vec(), padding, &quorum, &mut rng).map_err(broken)?;
    let hash = hex::encode(Sha256::digest(asked.request()));
    Ok((asked, hash))
}

fn keep(asking: &Path, batch: &Batch) -> Result<()> {
    let text = serde_json::to_vec(batch).map(Zeroizing::new);
    let text = text.map_err(|error| Error::refused(error, "this is a fault of the program"))?;
    whole(asking, |file| file.write_all(&text))
}

fn left(asking: &Path) -> Result<Option<Batch>> {
    match std::fs::read(asking).map(Zeroizing::new) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(asking)(error)),
    }
}

fn append(outputs: &Path, new: &[(Element, Output)]) -> Result<()> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(new.len() * OUTPUT));
    new.iter().for_each(|(_, output)| bytes.extend_from_slice(output.as_slice()));
    let mut file = behind(outputs)?;
    file.write_all(&bytes).and_then(|()| file.sync_data()).map_err(failed(outputs))
}

/// All outputs, as they were kept.
pub(super) fn kept_outputs(place: &Place, id: &Id, count: u64) -> Result<Vec<Output>> {
    let path = share::folder(place, id)?.join("outputs");
    let mut bytes = Zeroizing::new(Vec::new());
    std::fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|_| {
        Error::refused("no outputs of this epoch are kept here", "who contributed while it was active reports after it")
    })?;
    if bytes.len() as u64 != count * OUTPUT as u64 {
        return Err(Error::refused("the set isn't the one that was contributed", "report the same"));
    }
    let (each, _) = bytes.as_chunks::<OUTPUT>();
    Ok(each.iter().map(|output| Zeroizing::new(*output)).collect())
}

fn make(place: &Place, known: &Known, set: &Prepared, path: &Path) -> Result<()> {
    let outputs = kept_outputs(place, &known.id, set.count)?;
    let items = set.items(0, usize::try_from(set.count).unwrap_or(usize::MAX))?;
    let pairs: Vec<(&Output, &[u8])> =
        outputs.iter().zip(&items).map(|(output, (_, label))| (output, label.as_slice())).collect();
    let made = Contribution::new(&known.key()?, &pairs, known.terms.label, &mut random()).map_err(broken)?;
    whole(path, |file| file.write_all(made.to_bytes()))
}

/// Gives the hub a file, from where it was cut.
pub(super) async fn give(
    others: &dyn Others,
    known: &Known,
    what: What,
    path: &Path,
    told: &(dyn Fn(Progress) + Sync),
) -> Result<(u64, [u8; 32])> {
    let (bytes, hash) = hashed(path)?;
    let hub = &known.setup.hub;
    let mut file = std::fs::File::open(path).map_err(failed(path))?;
    // Nothing is written at the wrong place: the hub says how far it has it.
    let mut offset = 0;
    let mut turns = 0;
    while offset < bytes {
        let piece = taking::piece(&mut file, offset).map_err(failed(path))?;
        let sent = piece.len() as u64;
        let call = Call::Give { epoch: known.id, what, offset, piece };
        match ask_one(others, hub, &call).await? {
            Reply::At(there) if there == offset + sent => offset = there,
            Reply::At(there) if there <= bytes && turns < 3 => {
                turns += 1;
                offset = there;
            }
            _ => return Err(odd(hub)),
        }
        told(Progress::Given(offset, bytes));
    }
    match ask_one(others, hub, &Call::Given { epoch: known.id, what, hash }).await? {
        Reply::Done => Ok((bytes, hash)),
        _ => Err(odd(hub)),
    }
}
