//! Publish: contributions become a filter and a table, at the hub; members fetch them, and look whether all is in.
//! In: contributions. Out: two files, their hashes in the epoch's record and in the ledger.
//! Invariant: a file is used once its hash is the announced one, it is of this epoch's key, and one's own contribution is in it
//! whole: a hub that alters, drops or doubles is told of.
//! Not here: looking up (`check.rs`).

use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};
use stillwatch_ledger::Step;
use stillwatch_matching::check::{Contribution, Filter, Table};
use stillwatch_track::matches::files::{self, File};

use super::call::{Call, Reply, Stands, What};
use super::known::{Known, now};
use super::others::{Others, ask, odd};
use super::share;
use super::taking::{given_path, hashed, taking};
use super::told::{Told, take_over};
use crate::error::{Error, Result};
use crate::matching::files::{behind, failed, whole};
use crate::matching::{Place, broken};

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Members whose contributions are in it.
    pub of: Vec<String>,
    /// Records of the table, padding included.
    pub records: u64,
    /// Filter and table: name, bytes, SHA-256.
    pub files: Vec<(String, u64, String)>,
}

/// Publishes what members contributed.
///
/// # Errors
/// When this node isn't the hub, nobody contributed, or it was published already.
pub async fn publish(place: &Place, known: &Known) -> Result<Published> {
    known.own_hub(place)?;
    known.published()?;
    known.active()?;
    let all = files::files(&place.store, &known.row.id).await?;
    if all.iter().any(|file| file.what == What::Table.name()) {
        return Err(Error::refused("this epoch's pool was published", "members contribute to the next epoch"));
    }
    let of: Vec<String> =
        all.iter().filter(|file| file.what == What::Contribution.name()).map(|file| file.member.clone()).collect();
    let contributions = of
        .iter()
        .map(|member| {
            let path = given_path(place, known, What::Contribution, member)?;
            let bytes = std::fs::read(&path).map_err(failed(&path))?;
            Contribution::from_bytes(&bytes, known.terms.label).map_err(broken)
        })
        .collect::<Result<Vec<_>>>()?;
    if contributions.is_empty() {
        return Err(Error::refused("nobody contributed yet", "members' `stillwatch match contribute` does"));
    }
    let (table, filter) = Table::merge(&known.key()?, &contributions).map_err(broken)?;
    drop(contributions);
    let folder = share::folder(place, &known.id)?;
    let records = (table.to_bytes().len() / Table::record(known.terms.label)) as u64;
    let mut new = Vec::new();
    let mut told = Vec::new();
    for (what, bytes) in [(What::Filter, filter.to_bytes()), (What::Table, table.to_bytes().to_vec())] {
        whole(&folder.join(what.name()), |file| file.write_all(&bytes))?;
        let hash = hex::encode(Sha256::digest(&bytes));
        let file = File { member: place.name.clone(), what: what.name().to_owned(), bytes: bytes.len() as u64, hash };
        let step = Told { step: Step::Published, with: &of, own: 0, theirs: records, hash: Some(&file.hash) };
        told.push((file.what.clone(), file.bytes, file.hash.clone()));
        let entry = step.entry(place, known)?;
        new.push((file, entry));
    }
    files::keep(&place.store, &known.row.id, &new, now()).await?;
    take_over(place).await?;
    Ok(Published { of, records, files: told })
}

/// Fetches filter and table from the hub, and looks whether they are whole; `false`, where they are here already.
///
/// # Errors
/// When nothing is published yet, or what the hub hands out isn't what it announced, or lacks something.
pub async fn fetch(place: &Place, others: &dyn Others, known: &Known) -> Result<bool> {
    known.member(&place.name)?;
    known.published()?;
    let mine = files::files(&place.store, &known.row.id).await?;
    if mine.iter().any(|file| file.what == What::Table.name()) {
        return Ok(false);
    }
    let stands = match ask(others, &known.setup.hub, &Call::State { epoch: known.id }).await? {
        Reply::Stands(stands) => stands,
        _ => return Err(odd(&known.setup.hub)),
    };
    let folder = share::folder(place, &known.id)?;
    let mut new = Vec::new();
    for what in [What::Filter, What::Table] {
        let path = folder.join(what.name());
        let file = download(others, known, (what, &known.setup.hub), &stands, &path).await?;
        let told = Told {
            step: Step::Published,
            with: std::slice::from_ref(&known.setup.hub),
            own: 0,
            theirs: 0,
            hash: Some(&file.hash),
        };
        let entry = told.entry(place, known)?;
        new.push((file, entry));
    }
    let read = |what: What| {
        let path = folder.join(what.name());
        std::fs::read(&path).map_err(failed(&path))
    };
    let (key, label) = (known.key()?, known.terms.label);
    let looked = (|| {
        let filter = Filter::from_bytes(&key, &read(What::Filter)?).map_err(broken)?;
        let table = Table::from_bytes(&key, label, &read(What::Table)?).map_err(broken)?;
        table.is_in(&filter).map_err(broken)?;
        if mine.iter().any(|file| file.member == place.name && file.what == What::Contribution.name()) {
            let own = Contribution::from_bytes(&read(What::Contribution)?, label).map_err(broken)?;
            table.holds(&filter, &own).map_err(broken)?;
        }
        Ok(())
    })();
    if let Err(error) = looked {
        for what in [What::Filter, What::Table] {
            share::erase_file(&folder.join(what.name()))?;
        }
        return Err(blame(&known.setup.hub, &error));
    }
    files::keep(&place.store, &known.row.id, &new, now()).await?;
    take_over(place).await?;
    Ok(true)
}

/// Whose fault it is.
fn blame(hub: &str, error: &Error) -> Error {
    Error::refused(
        format!("`{hub}` published a pool that isn't right: {error}"),
        "use nothing of it; ask the hub and other members",
    )
}

/// Fetches a file, from where it was cut; it is kept once its length and hash are as the hub announced.
pub(super) async fn download(
    others: &dyn Others,
    known: &Known,
    (what, whose): (What, &str),
    stands: &Stands,
    path: &Path,
) -> Result<File> {
    let hub = &known.setup.hub;
    let announced = stands.files.iter().find(|(member, name, _, _)| member == whose && name == what.name());
    let Some((_, _, bytes, hash)) = announced else {
        return Err(Error::refused(format!("`{hub}` has no {} of this epoch yet", what.name()), "try again later"));
    };
    let part = taking(path);
    let mut file = behind(&part)?;
    let mut offset = file.metadata().map_err(failed(&part))?.len();
    while offset < *bytes {
        let piece = match ask(others, hub, &Call::Fetch { epoch: known.id, what, offset }).await? {
            Reply::Piece(piece) if !piece.is_empty() && offset + piece.len() as u64 <= *bytes => piece,
            Reply::Piece(_) => {
                return Err(blame(hub, &Error::refused("it is shorter or longer than announced", "ask the hub")));
            }
            _ => return Err(odd(hub)),
        };
        file.write_all(&piece).map_err(failed(&part))?;
        offset += piece.len() as u64;
    }
    file.sync_data().map_err(failed(&part))?;
    drop(file);
    let (length, found) = hashed(&part)?;
    if length != *bytes || hex::encode(found) != *hash {
        share::erase_file(&part)?;
        return Err(blame(
            hub,
            &Error::refused(format!("the {} has another hash than announced", what.name()), "ask the hub"),
        ));
    }
    std::fs::rename(&part, path).map_err(failed(path))?;
    Ok(File { member: whose.to_owned(), what: what.name().to_owned(), bytes: *bytes, hash: hash.clone() })
}
