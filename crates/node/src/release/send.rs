//! Send: deliveries handed over as files, a folder for each recipient.
//! In: the outbox, a folder. Out: a STIX bundle for each delivery, there as a whole or not at all.
//! Invariant: the attempt is written down first; a delivery's file has its id for a name, so that doing it again is the same file.
//! Not here: what is in it (`outgoing.rs`), other ways to hand it over.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use stillwatch_ledger::Outcome;
use stillwatch_track::{By, Store, releases};

use super::entries::decision;
use super::outgoing::Outgoing;
use crate::error::{Error, Result};
use crate::record::Record;

/// A delivery that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The release.
    pub release: String,
    /// To whom.
    pub recipient: String,
    /// Objects in it.
    pub objects: usize,
    /// Where it is.
    pub file: PathBuf,
}

/// Hands over everything in the outbox, to one member where one is named.
///
/// # Errors
/// When something isn't in the ledger as it would leave, or a file can't be written; what was handed over before stays so.
pub async fn to_folder(
    store: &Store,
    record: &Record,
    folder: &Path,
    recipient: Option<&str>,
    by: &By,
) -> Result<Vec<Sent>> {
    let mut sent = Vec::new();
    let reader = record.reader()?;
    for delivery in releases::outbox(store, recipient).await? {
        let outgoing = Outgoing::of(store, &reader, &delivery, by.at).await?;
        if !releases::attempt(store, &delivery.id, by).await? {
            continue;
        }
        let uuid = outgoing.id().rsplit("--").next().unwrap_or_default().to_owned();
        let file = folder.join(safe(outgoing.recipient())).join(format!("{uuid}.json"));
        write(&file, outgoing.bundle().as_bytes())
            .map_err(|source| Error::File { path: file.display().to_string(), source })?;
        let owes = decision(&delivery.release, Outcome::Delivered, &format!("to {}", delivery.recipient), by)?;
        releases::delivered(store, &delivery.id, by, &owes).await?;
        sent.push(Sent {
            release: delivery.release,
            recipient: delivery.recipient,
            objects: outgoing.objects().count(),
            file,
        });
    }
    Ok(sent)
}

/// A member's name as a folder's: letters, digits, `.`, `-` and `_` stay, other bytes become `%` and two digits.
fn safe(name: &str) -> String {
    let mut text = String::new();
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => text.push(char::from(byte)),
            b'.' if at > 0 => text.push('.'),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    // The name reaches the disk too.
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_the_folder() {
        assert_eq!(safe("lab-one.example"), "lab-one.example");
        assert_eq!(safe("../x"), "%2E.%2Fx");
        assert_eq!(safe(".."), "%2E.");
    }
}
