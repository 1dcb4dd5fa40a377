//! Outgoing: the one thing that goes on the wire.
//! In: a delivery, the ledger. Out: the bytes for one recipient.
//! Invariant: private fields, one constructor: every object's bytes have the hash that an entry of the ledger says, the entry
//! is authenticated against the signed checkpoint, and names this recipient.
//! Not here: sending it.

use sha2::{Digest, Sha256};
use stillwatch_ledger::{Entry, Reader, What};
use stillwatch_track::Store;
use stillwatch_track::releases::{self, Delivery, Fate, Item};

use crate::error::{Error, Result};

/// What goes to one recipient: recorded, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    delivery: String,
    recipient: String,
    objects: Vec<(String, String)>,
}

impl Outgoing {
    /// What a delivery holds, checked against the ledger. Objects that may no longer be kept are left out.
    ///
    /// # Errors
    /// When something isn't in the ledger as it would leave.
    pub async fn of(store: &Store, reader: &Reader, delivery: &Delivery, now: i64) -> Result<Self> {
        let items = releases::items(store, &delivery.release).await?;
        let mine = |item: &&Item| item.recipient == delivery.recipient && item.fate == Fate::Leaves && item.until > now;
        let mut objects = Vec::new();
        let mine: Vec<&Item> = items.iter().filter(mine).collect();
        for some in mine.chunks(4096) {
            let indices: Vec<u64> =
                some.iter().map(|item| item.entry.ok_or_else(|| refused(item, NONE))).collect::<Result<_>>()?;
            for (item, entry) in some.iter().zip(reader.entries(&indices)?) {
                check(item, &entry)?;
                objects.push((item.object.clone(), item.body.clone()));
            }
        }
        Ok(Self { delivery: delivery.id.clone(), recipient: delivery.recipient.clone(), objects })
    }

    /// The delivery's id: the same however often it is tried.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.delivery
    }

    /// To whom.
    #[must_use]
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// Ids and bytes of the objects.
    pub fn objects(&self) -> impl Iterator<Item = (&str, &str)> {
        self.objects.iter().map(|(id, text)| (id.as_str(), text.as_str()))
    }

    /// As a STIX bundle: the same objects are the same bytes.
    #[must_use]
    pub fn bundle(&self) -> String {
        stillwatch_stix::bundle::write(self.objects.iter().map(|(_, text)| text.as_str()))
    }
}

const NONE: &str = "it has no entry in the ledger";

fn refused(item: &Item, why: &str) -> Error {
    Error::refused(
        format!("`{}` for `{}` is not sent: {why}", item.object, item.recipient),
        "`stillwatch ledger verify` tells whether the ledger is whole; restore a backup of the store, or propose it anew",
    )
}

fn check(item: &Item, entry: &[u8]) -> Result<()> {
    let refused = |why: &str| refused(item, why);
    let entry = Entry::read(entry).map_err(|_| refused("its entry in the ledger can't be read"))?;
    let What::Release { object, hash, to, .. } = entry.what else {
        return Err(refused("its entry in the ledger is no release"));
    };
    let is = format!("sha256:{}", hex::encode(Sha256::digest(&item.body)));
    if object != item.object || hash != is {
        return Err(refused("its bytes are not those that the ledger has"));
    }
    if !to.contains(&item.recipient) {
        return Err(refused("the ledger has it for others"));
    }
    Ok(())
}
