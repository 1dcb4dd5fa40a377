//! Pool: what k members reported opens, after the epoch.
//! In: outputs that were kept; members' reports. Out: elements that k members reported, each shown to those who reported it.
//! Invariant: nothing is reported before nobody can evaluate any more; a member counts once; below k only counts show.
//! Not here: taking reports (`taking.rs`).

use std::collections::BTreeSet;
use std::io::Write;

use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stillwatch_ledger::Step;
use stillwatch_matching::pool::{Group, Opening, report as one};
use stillwatch_matching::{Element, LABEL, Label, padded};
use stillwatch_track::By;
use stillwatch_track::matches::files::{self, File};

use super::call::{Call, Reply, What};
use super::contribute::{Progress, give, kept, kept_outputs};
use super::known::{Known, now};
use super::others::{Others, ask, odd};
use super::publish::download;
use super::taking::given_path;
use super::told::{Told, take_over};
use super::{bins, close, share};
use crate::error::{Error, Result};
use crate::matching::files::{failed, whole};
use crate::matching::key::random;
use crate::matching::set::Prepared;
use crate::matching::{Place, broken, found};

/// An element that k members reported, as it is shown to one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its bytes, in hexadecimal.
    pub element: String,
    /// Who reported it, with the label, in hexadecimal.
    pub reports: Vec<(String, String)>,
    /// Who reported it with a share that isn't right.
    pub wrong: Vec<String>,
}

/// What opened, as the hub counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Who reported.
    pub of: Vec<String>,
    /// Elements that opened.
    pub opened: u64,
    /// Tags that fewer than k members reported, padding among them.
    pub shut: u64,
    /// Tags that k members reported and that stayed shut.
    pub spoilt: u64,
    /// Who reported something wrong, and how often.
    pub wrong: Vec<(String, u64)>,
    /// In an epoch with bins, for each member how many of its bins opened; which elements they are, the hub can't tell, so nothing
    /// above is counted then.
    pub bins: Vec<(String, u64)>,
}

/// For each member, the bytes of a file.
pub(super) type Each = Vec<(String, Vec<u8>)>;

/// Makes reports of the set that was contributed, and gives them to the hub; outputs are erased then.
///
/// # Errors
/// When the epoch isn't over, holders didn't erase, nothing was contributed, or it was reported already.
pub async fn report(place: &Place, others: &dyn Others, known: &Known, told: &(dyn Fn(Progress) + Sync)) -> Result<()> {
    known.member(&place.name)?;
    let what = known.terms.given();
    let mine = files::files(&place.store, &known.row.id).await?;
    if mine.iter().any(|file| file.member == place.name && file.what == what.name()) {
        return Err(Error::refused("this node reported in this epoch", "once an epoch"));
    }
    close::nobody_left(place, others, known).await?;
    let folder = share::folder(place, &known.id)?;
    let path = folder.join(what.name());
    let set = Prepared::open(&folder)?;
    let set =
        set.ok_or_else(|| Error::refused("this node contributed nothing to this epoch", "contribute to the next"))?;
    if !path.exists() {
        committed(place, known, &set).await?;
        match what {
            What::Bins => bins::make(place, known, &set, &path)?,
            _ => make(place, known, &set, &path)?,
        }
    }
    let (bytes, hash) = give(others, known, what, &path, told).await?;
    kept(place, known, what, bytes, hash, set.count).await?;
    // What the hub will say of bins is about the set: it stays until then.
    let names = ["outputs", what.name(), "set"];
    for name in &names[..if what == What::Bins { 2 } else { 3 }] {
        share::erase_file(&folder.join(name))?;
    }
    Ok(())
}

/// That it is the set that was committed to.
async fn committed(place: &Place, known: &Known, set: &Prepared) -> Result<()> {
    let committed = files::commitments(&place.store, &known.row.id).await?;
    let root = hex::encode(set.root);
    if committed.iter().any(|one| one.member == place.name && one.root == root) {
        return Ok(());
    }
    Err(Error::refused("that isn't the set that was contributed", "report the same set"))
}

fn make(place: &Place, known: &Known, set: &Prepared, path: &std::path::Path) -> Result<()> {
    let terms = known.pool()?;
    let outputs = kept_outputs(place, &known.id, set.count)?;
    let items = set.items(0, usize::try_from(set.count).unwrap_or(usize::MAX))?;
    let mut random = random();
    let mut reports = items
        .iter()
        .zip(&outputs)
        .map(|((element, label), output)| one(&terms, &place.name, element, output, label, &mut random).map_err(broken))
        .collect::<Result<Vec<Vec<u8>>>>()?;
    // Padding looks like reports of elements that nobody else has.
    while (reports.len() as u64) < padded(set.count) {
        let mut report = vec![0; terms.report()];
        random.fill_bytes(&mut report);
        reports.push(report);
    }
    reports.sort_unstable();
    whole(path, |file| reports.iter().try_for_each(|report| file.write_all(report)))
}

/// Opens what k members reported, at the hub; once.
///
/// # Errors
/// When this node isn't the hub, fewer than k members reported, or it was opened already.
pub async fn open(place: &Place, known: &Known) -> Result<Counts> {
    known.own_hub(place)?;
    let all = files::files(&place.store, &known.row.id).await?;
    if all.iter().any(|file| file.what == What::Opened.name()) {
        return Err(Error::refused(
            "this epoch's pool was opened",
            "`stillwatch match pool show` shows what came of it",
        ));
    }
    let given = known.terms.given();
    let of: Vec<String> = all.iter().filter(|file| file.what == given.name()).map(|file| file.member.clone()).collect();
    if of.len() < usize::from(known.terms.threshold) {
        return Err(Error::refused(
            format!("{} members reported, and {} must", of.len(), known.terms.threshold),
            "wait for more reports",
        ));
    }
    let (counts, theirs, mut each) = match given {
        What::Bins => {
            let theirs = known.terms.bins * of.len() as u64;
            let (counts, each) = bins::open(place, known, of).await?;
            (counts, theirs, each)
        }
        _ => reports(place, known, of)?,
    };
    // That it was opened.
    each.push((place.name.clone(), b"[]".to_vec()));
    hand_out(place, known, theirs, &each).await?;
    Ok(counts)
}

/// Opens reports: the counts; how many there were; for each member, the file of what opened of what it reported.
fn reports(place: &Place, known: &Known, of: Vec<String>) -> Result<(Counts, u64, Each)> {
    let mut opening = Opening::new(known.pool()?).map_err(broken)?;
    let mut theirs = 0;
    for member in &of {
        let path = given_path(place, known, What::Report, member)?;
        let bytes = std::fs::read(&path).map_err(failed(&path))?;
        theirs += (bytes.len() / known.pool()?.report()) as u64;
        opening.add(member, bytes).map_err(broken)?;
    }
    let opened = opening.open().map_err(broken)?;
    let mut each = Vec::with_capacity(of.len());
    for member in &of {
        // A member is shown what it reported itself, and nothing else.
        let groups = opened.groups.iter().filter(|group| group.reports.iter().any(|(name, _)| name == member));
        let shown: Vec<Shown> = groups.map(shown).collect();
        let bytes = serde_json::to_vec(&shown);
        each.push((member.clone(), bytes.map_err(|error| Error::refused(error, "this is a fault of the program"))?));
    }
    let named: BTreeSet<&String> = opened.groups.iter().flat_map(|group| &group.wrong).collect();
    let often = |name: &String| opened.groups.iter().filter(|group| group.wrong.contains(name)).count() as u64;
    let wrong = named.into_iter().map(|name| (name.clone(), often(name))).collect();
    let (shut, spoilt) = (opened.shut, opened.spoilt);
    Ok((Counts { of, opened: opened.groups.len() as u64, shut, spoilt, wrong, bins: Vec::new() }, theirs, each))
}

/// Keeps each member's file, and that it was opened.
async fn hand_out(place: &Place, known: &Known, theirs: u64, each: &[(String, Vec<u8>)]) -> Result<()> {
    let mut new = Vec::new();
    for (member, bytes) in each {
        let path = match *member == place.name {
            true => share::folder(place, &known.id)?.join(What::Opened.name()),
            false => given_path(place, known, What::Opened, member)?,
        };
        whole(&path, |file| file.write_all(bytes))?;
        let hash = hex::encode(Sha256::digest(bytes));
        let with = [member.clone()];
        let told = Told { step: Step::Opened, with: &with, own: 0, theirs, hash: Some(&hash) };
        let entry = told.entry(place, known)?;
        let file =
            File { member: member.clone(), what: What::Opened.name().to_owned(), bytes: bytes.len() as u64, hash };
        new.push((file, entry));
    }
    files::keep(&place.store, &known.row.id, &new, now()).await?;
    take_over(place).await
}

fn shown(group: &Group) -> Shown {
    Shown {
        element: hex::encode(group.element.as_bytes()),
        reports: group.reports.iter().map(|(name, label)| (name.clone(), hex::encode(label))).collect(),
        wrong: group.wrong.clone(),
    }
}

/// What opened of what this node reported, fetched from the hub where it isn't here.
///
/// # Errors
/// When the pool isn't opened yet, or what the hub hands out isn't what it announced.
pub async fn show(place: &Place, others: &dyn Others, known: &Known) -> Result<Vec<Shown>> {
    known.member(&place.name)?;
    let path = share::folder(place, &known.id)?.join(What::Opened.name());
    let mine = files::files(&place.store, &known.row.id).await?;
    if !mine.iter().any(|file| file.what == What::Opened.name()) {
        let stands = match ask(others, &known.setup.hub, &Call::State { epoch: known.id }).await? {
            Reply::Stands(stands) => stands,
            _ => return Err(odd(&known.setup.hub)),
        };
        let most = if known.terms.bins == 0 { u64::MAX } else { known.bins()?.bytes() as u64 };
        if stands
            .files
            .iter()
            .any(|(member, what, bytes, _)| *member == place.name && what == What::Opened.name() && *bytes > most)
        {
            return Err(odd(&known.setup.hub));
        }
        let file = download(others, known, (What::Opened, &place.name), &stands, &path).await?;
        let with = [known.setup.hub.clone()];
        let entry =
            Told { step: Step::Opened, with: &with, own: 0, theirs: 0, hash: Some(&file.hash) }.entry(place, known)?;
        files::keep(&place.store, &known.row.id, &[(file, entry)], now()).await?;
        take_over(place).await?;
    }
    let unread =
        || Error::refused("what the hub opened can't be read", "ask the hub; use the same version on both sides");
    let all: Vec<Shown> = if known.terms.bins == 0 {
        let bytes = std::fs::read(&path).map_err(failed(&path))?;
        serde_json::from_slice(&bytes).map_err(|_| unread())?
    } else {
        bins::mine(place, known, &path)?
    };
    let mut groups = Vec::with_capacity(all.len());
    for one in &all {
        let element = hex::decode(&one.element).map_err(|_| unread())?;
        let element = Element::from_bytes(known.setup.namespace, &element).map_err(|_| unread())?;
        let label =
            |text: &String| hex::decode(text).ok().and_then(|bytes| bytes.get(..LABEL).and_then(Label::from_bytes));
        let mut reports: Vec<_> = one.reports.iter().map(|(member, text)| (member.clone(), label(text))).collect();
        if known.terms.bins != 0 {
            // That k members have it is on the hub's word, and nobody says who.
            reports.push((known.setup.hub.clone(), None));
        }
        groups.push((element, reports));
    }
    let by = By { author: place.name.clone(), at: now() };
    found::pooled(place, (&known.row.id, known.setup.namespace), &groups, &by).await?;
    take_over(place).await?;
    Ok(all)
}
