//! World: a lab with a campaign, a signed profile in force, and a ledger.
//! In: a place for the store. Out: what a test needs to release something.
//! Invariant: names are invented; the time is the test's own.
//! Not here: what is tested.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ed25519_dalek::{SigningKey, VerifyingKey};
use stillwatch_ledger::{Entry, Key, Log, What};
use stillwatch_model::tracked::Status;
use stillwatch_node::release::{About, Asked, propose};
use stillwatch_node::{Record, Result, profile};
use stillwatch_share::scan::Scanners;
use stillwatch_share::{Draft, Files, SIGNATURE};
use stillwatch_stix::campaign::{Options, Producer};
use stillwatch_stix::marking::Tlp;
use stillwatch_track::releases::Release;
use stillwatch_track::{By, Place, Store, change, save, tracked_by_id};
use tempfile::TempDir;

use crate::fixture::{day, found};
use crate::places::open;

type Made<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// 2026-12-01T09:00:00Z.
pub(crate) const NOW: i64 = 1_796_115_600_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;

/// Somebody, some microseconds later.
pub(crate) fn who(name: &str, later: i64) -> By {
    By { author: name.into(), at: NOW + later }
}

/// The key that signs profiles.
pub(crate) fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Keys that are trusted.
pub(crate) fn trusted() -> [VerifyingKey; 1] {
    [signer().verifying_key()]
}

/// A shipped profile for the invented members, changed by hand, signed.
pub(crate) fn signed(name: &str, change: impl Fn(&str) -> String) -> Made<Files> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles").join(name);
    let mut files = Files::new();
    for entry in std::fs::read_dir(&folder)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?);
    }
    let about = String::from_utf8(files.remove("profile.toml").ok_or("no profile.toml")?)?;
    let about = about.replace("[\"lab-one.example\"]", "[\"lab-one.example\", \"lab-six.example\"]");
    files.insert("profile.toml".into(), change(&about).into_bytes());
    sign(files)
}

pub(crate) fn sign(mut files: Files) -> Made<Files> {
    let signature = stillwatch_share::sign(&Draft::read(files.clone())?, &signer());
    files.insert(SIGNATURE.into(), signature);
    Ok(files)
}

/// A lab.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) record: Record,
    pub(crate) outbox: PathBuf,
    pub(crate) folder: PathBuf,
    _kept: Option<TempDir>,
}

impl World {
    /// A new one, with `conservative` in force.
    pub(crate) async fn new(place: &Place) -> Made<Self> {
        let kept = tempfile::tempdir()?;
        let folder = kept.path().to_owned();
        Log::create(&folder.join("record"), key(&folder)?)?;
        let mut world = Self::again(place, &folder).await?;
        world._kept = Some(kept);
        profile::adopt(&world.store, signed("conservative", str::to_owned)?, &trusted(), &who("law", 0)).await?;
        Ok(world)
    }

    /// One that is there.
    pub(crate) async fn again(place: &Place, folder: &Path) -> Made<Self> {
        Ok(Self {
            store: open(place).await?,
            record: Record::open(folder.join("record"), folder.join("record.key"))?,
            outbox: folder.join("outbox"),
            folder: folder.to_owned(),
            _kept: None,
        })
    }

    /// A campaign that was confirmed; its texts and addresses are made from `seed`.
    pub(crate) async fn campaign(&self, seed: u32) -> Made<String> {
        let run = day(i64::from(seed), &[found(&format!("pool-{seed}"), 0..40, seed)]);
        let id = save(&self.store, &run, &who("ada", -DAY)).await?.kept.first().ok_or("nothing kept")?.campaign.clone();
        change::label(&self.store, &id, Status::Confirmed, None, "", &who("ada", -DAY)).await?;
        Ok(id)
    }

    /// Proposes a campaign to the members under `conservative`.
    pub(crate) async fn propose(&self, campaign: &str, by: &By) -> Made<Release> {
        Ok(self.propose_under("conservative", campaign, by).await??)
    }

    /// Proposes a campaign under a profile.
    pub(crate) async fn propose_under(&self, name: &str, campaign: &str, by: &By) -> Made<Result<Release>> {
        let profile = profile::in_force(&self.store, name, &trusted(), by).await?;
        let asked = Asked {
            about: About::Campaign {
                campaign: &tracked_by_id(&self.store, campaign).await?,
                options: &Options {
                    producer: Producer { name: "Harbor Lab".into(), created: String::new() },
                    tlp: Tlp::Amber,
                    ..Options::default()
                },
            },
            to: &[],
            keys: &BTreeMap::new(),
            profile: &profile,
            scanners: &Scanners::default(),
            days: 14,
        };
        Ok(propose(&self.store, &asked, by).await)
    }

    /// All entries of the ledger.
    pub(crate) fn entries(&self) -> Made<Vec<Entry>> {
        let reader = self.record.reader()?;
        let indices: Vec<u64> = (0..reader.signed().size).collect();
        reader.entries(&indices)?.iter().map(|bytes| Ok(Entry::read(bytes)?)).collect()
    }

    /// Of the ledger: (object, hash, recipient) of everything that was released.
    pub(crate) fn released(&self) -> Made<Vec<(String, String, String)>> {
        let mut all = Vec::new();
        for entry in self.entries()? {
            if let What::Release { object, hash, to, .. } = entry.what {
                all.extend(to.into_iter().map(|to| (object.clone(), hash.clone(), to)));
            }
        }
        Ok(all)
    }
}

/// The ledger's key, made where there is none.
fn key(folder: &Path) -> Made<Key> {
    let file = folder.join("record.key");
    Key::generate("harbor.example/ledger")?.write(&file)?;
    Ok(Key::read(&file)?)
}
