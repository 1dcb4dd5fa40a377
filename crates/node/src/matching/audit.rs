//! Audit: a set that was committed to is opened in part, for whoever holds the other side to its word.
//! In: a round, which leaves; what somebody opened. Out: leaves with paths to the root (RFC 9162, section 2.1.3); whether they hold.
//! Invariant: only leaves that are asked for are opened; what is verified is verified against the root in the verifier's own record.
//! Not here: who may ask (people agree on it).

use serde::{Deserialize, Serialize};
use sha2::Sha256;
use stillwatch_matching::Element;
use stillwatch_matching::commit::{Leaf, leaf_salt};
use stillwatch_matching::pair::Terms;
use stillwatch_matching::walk::{self, Alarm};
use stillwatch_track::matches;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{InclusionProof, RootHash};

use super::set::Prepared;
use super::{Place, broken};
use crate::error::{Error, Result};

/// Leaves opened at once.
const MOST: usize = 100_000;
/// Elements read at a time.
const BATCH: usize = 65_536;

/// Part of a set, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// The round.
    pub round: String,
    /// Whose set.
    pub member: String,
    /// How many elements it really has.
    pub count: u64,
    /// The leaves.
    pub leaves: Vec<OpenedLeaf>,
}

/// One leaf, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedLeaf {
    /// Its place.
    pub index: u64,
    /// The element, as people write it.
    pub element: String,
    /// Its bytes, hexadecimal.
    pub bytes: String,
    /// What was attached, hexadecimal.
    pub attached: String,
    /// Its salt, hexadecimal.
    pub salt: String,
    /// Its path, hashes from the leaf to the root, hexadecimal.
    pub path: String,
}

/// That what was opened is of the set that was committed to, and what to look at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verified {
    /// How many leaves hold.
    pub leaves: usize,
    /// Whether what was opened lies together in a way that a lab's own traffic doesn't.
    pub dense: Option<f64>,
}

/// A leaf, as the tree hashes it.
#[derive(Clone)]
struct Hashed(Leaf);

impl ct_merkle::HashableLeaf for Hashed {
    fn hash<H: sha2::digest::Update>(&self, hasher: &mut H) {
        hasher.update(self.0.as_ref());
    }
}

/// Opens leaves of our own set of a round. The whole tree is made anew: 64 bytes of memory an element.
///
/// # Errors
/// When there is no such round, its set isn't kept any longer, or there are no such leaves.
pub async fn open(place: &Place, given: &str, leaves: &[u64]) -> Result<Opened> {
    let round = matches::round(&place.store, given).await?;
    let folder = place.folder.join(&round.id);
    let set = Prepared::open(&folder)?.ok_or_else(|| {
        Error::refused(format!("the set of round `{}` isn't kept any longer", round.id), "sets are kept for 90 days")
    })?;
    if leaves.len() > MOST || leaves.iter().any(|leaf| *leaf >= set.count) {
        return Err(Error::refused(
            format!("the set has leaves 0 to {}", set.count - 1),
            "ask for leaves that are there, at most 100000 at once",
        ));
    }
    let leaves = leaves.to_vec();
    let (id, member) = (round.id, place.name.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let mut tree = MemoryBackedTree::<Sha256, Hashed>::new();
        let mut from = 0;
        while from < set.count {
            for (number, (element, label)) in (from..).zip(set.items(from, BATCH)?) {
                tree.push(Hashed(Leaf::new(&set.salt, number, element.as_bytes(), &label).map_err(broken)?));
            }
            from += BATCH as u64;
        }
        let mut all = Vec::with_capacity(leaves.len());
        for index in leaves {
            let items = set.items(index, 1)?;
            let Some((element, label)) = items.first() else { continue };
            let place = usize::try_from(index).unwrap_or(usize::MAX);
            all.push(OpenedLeaf {
                index,
                element: element.shown(),
                bytes: hex::encode(element.as_bytes()),
                attached: hex::encode(label),
                salt: hex::encode(leaf_salt(&set.salt, index).map_err(broken)?),
                path: hex::encode(tree.prove_inclusion(place).as_bytes()),
            });
        }
        Ok(Opened { round: id, member, count: set.count, leaves: all })
    });
    opened.await.map_err(|_| Error::refused("opening broke off", "try again"))?
}

/// Verifies what the other side of a round opened, by the root that it committed to then.
///
/// # Errors
/// When the round isn't known here, or a leaf doesn't hold.
pub async fn verify(place: &Place, opened: &Opened) -> Result<Verified> {
    let round = matches::round(&place.store, &opened.round).await?;
    let terms: Terms = serde_json::from_str(&round.terms)
        .map_err(|_| Error::refused("the round's terms in the store can't be read", "restore a backup of the store"))?;
    let party = [&terms.receiver, &terms.sender].into_iter().find(|party| party.name == opened.member);
    let party = party.filter(|party| party.name != place.name).ok_or_else(|| {
        Error::refused(format!("`{}` isn't the other side of that round", opened.member), "take the file that it sent")
    })?;
    if opened.count == 0 || opened.count > party.size || stillwatch_matching::padded(opened.count) != party.size {
        return Err(Error::refused(
            format!("a set of {} isn't what was announced ({})", opened.count, party.size),
            "the set that was matched has another size: ask for the one that was committed to",
        ));
    }
    let wrong = |index: u64| {
        Error::refused(
            format!("leaf {index} isn't in the set that `{}` committed to", opened.member),
            "what was opened isn't what was matched: take it up with that member",
        )
    };
    let root = RootHash::<Sha256>::new(party.root.into(), opened.count);
    let mut elements = Vec::with_capacity(opened.leaves.len());
    for leaf in &opened.leaves {
        let bytes = |text: &str| hex::decode(text).map_err(|_| wrong(leaf.index));
        let (element, salt) = (bytes(&leaf.bytes)?, bytes(&leaf.salt)?);
        let salt: [u8; 16] = salt.as_slice().try_into().map_err(|_| wrong(leaf.index))?;
        let element = Element::from_bytes(terms.namespace, &element).map_err(|_| wrong(leaf.index))?;
        let hashed = Hashed(Leaf::opened(&salt, element.as_bytes(), &bytes(&leaf.attached)?));
        let path = InclusionProof::<Sha256>::try_from_bytes(bytes(&leaf.path)?).map_err(|_| wrong(leaf.index))?;
        root.verify_inclusion(&hashed, leaf.index, &path).map_err(|_| wrong(leaf.index))?;
        elements.push(element);
    }
    let dense = walk::audit(&elements).and_then(|alarm| match alarm {
        Alarm::Dense { share, .. } => Some(share),
        _ => None,
    });
    Ok(Verified { leaves: elements.len(), dense })
}
