//! Proof: that an entry is in a ledger, that a ledger only grew; checked without the ledger.
//! In: texts. Out: verdicts.
//! Invariant: texts are C2SP tlog-proof, and the request body of C2SP tlog-witness; both end in a signed checkpoint.
//! Not here: making proofs (`reader.rs`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tlog_tiles::{Hash, check_record, check_tree, record_hash};

use crate::checkpoint::Signed;
use crate::error::{Error, Result};
use crate::key::PublicKey;

/// First line of an inclusion proof (C2SP tlog-proof, "Format").
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Most hashes of a proof: a tree has no more levels, and consistency takes one more.
const MAX_HASHES: usize = 64;

/// That a ledger has an entry at an index.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The index.
    pub index: u64,
    /// From the leaf's sibling to the root's child (RFC 6962, section 2.1.1).
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, byte for byte.
    pub checkpoint: Vec<u8>,
}

impl Proof {
    /// As text.
    #[must_use]
    pub fn to_text(&self) -> String {
        text(&format!("{HEADER}\nindex {}\n", self.index), &self.hashes, &self.checkpoint)
    }

    /// Reads a text; says nothing on whether the proof holds.
    ///
    /// # Errors
    /// [`Error::Proof`] where it is malformed.
    pub fn parse(text: &str) -> Result<Self> {
        let (head, checkpoint) = split(text)?;
        let mut lines = head.lines().peekable();
        if lines.next() != Some(HEADER) {
            return Err(Error::Proof(format!("it doesn't begin with `{HEADER}`")));
        }
        // Data of others' making, which nothing here authenticates.
        lines.next_if(|line| line.starts_with("extra "));
        Ok(Self { index: number(lines.next(), "index ")?, hashes: hashes(lines)?, checkpoint })
    }

    /// Checks that the ledger of this key has an entry with these bytes at the proof's index.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] where the checkpoint isn't signed; [`Error::Proof`] where the proof doesn't hold.
    pub fn check(&self, entry: &[u8], key: &PublicKey, witnesses: &[PublicKey]) -> Result<Signed> {
        let signed = Signed::read(&self.checkpoint, key, witnesses)?;
        self.check_tree(record_hash(entry), &signed)?;
        Ok(signed)
    }

    pub(crate) fn check_tree(&self, entry: Hash, signed: &Signed) -> Result<()> {
        if self.index >= signed.size {
            return Err(Error::Range { what: "entry", asked: self.index, size: signed.size });
        }
        check_record(&self.hashes, signed.size, signed.root, self.index, entry)
            .map_err(|_| Error::Proof(format!("entry {} isn't this one, or isn't in this ledger", self.index)))
    }
}

/// That a ledger only grew since it had a size.
#[derive(Debug, Clone, PartialEq)]
pub struct Consistency {
    /// The earlier size.
    pub old: u64,
    /// Hashes that lead from one root to the other (RFC 6962, section 2.1.2).
    pub hashes: Vec<Hash>,
    /// The later checkpoint, byte for byte.
    pub checkpoint: Vec<u8>,
}

impl Consistency {
    /// As text: what C2SP tlog-witness has a log send to a witness.
    #[must_use]
    pub fn to_text(&self) -> String {
        text(&format!("old {}\n", self.old), &self.hashes, &self.checkpoint)
    }

    /// Reads a text; says nothing on whether the proof holds.
    ///
    /// # Errors
    /// [`Error::Proof`] where it is malformed.
    pub fn parse(text: &str) -> Result<Self> {
        let (head, checkpoint) = split(text)?;
        let mut lines = head.lines();
        Ok(Self { old: number(lines.next(), "old ")?, hashes: hashes(lines)?, checkpoint })
    }

    /// Checks that the later checkpoint continues an earlier one, given by its root.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] where the later isn't signed; [`Error::Proof`] where the proof doesn't hold.
    pub fn check(&self, old_root: Hash, key: &PublicKey, witnesses: &[PublicKey]) -> Result<Signed> {
        let signed = Signed::read(&self.checkpoint, key, witnesses)?;
        let not =
            || Error::Proof(format!("the ledger of size {} doesn't continue that of size {}", signed.size, self.old));
        if self.old > signed.size {
            return Err(not());
        }
        if self.old == 0 || self.old == signed.size {
            let root = if self.old == 0 { tlog_tiles::EMPTY_HASH } else { signed.root };
            return if self.hashes.is_empty() && root == old_root { Ok(signed) } else { Err(not()) };
        }
        check_tree(&self.hashes, signed.size, signed.root, self.old, old_root).map_err(|_| not())?;
        Ok(signed)
    }
}

fn text(head: &str, hashes: &[Hash], checkpoint: &[u8]) -> String {
    let hashes: String = hashes.iter().map(|hash| format!("{hash}\n")).collect();
    format!("{head}{hashes}\n{}", String::from_utf8_lossy(checkpoint))
}

fn split(text: &str) -> Result<(&str, Vec<u8>)> {
    let (head, checkpoint) = text.split_once("\n\n").ok_or_else(|| Error::Proof("it has no checkpoint".into()))?;
    Ok((head, checkpoint.as_bytes().to_owned()))
}

fn number(line: Option<&str>, word: &str) -> Result<u64> {
    let number = line.and_then(|line| line.strip_prefix(word)).unwrap_or_default();
    match number.parse::<u64>() {
        Ok(value) if value.to_string() == number => Ok(value),
        _ => Err(Error::Proof(format!("a line `{word}N` is missing"))),
    }
}

fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Hash>> {
    let lines: Vec<&str> = lines.take(MAX_HASHES + 1).collect();
    if lines.len() > MAX_HASHES {
        return Err(Error::Proof(format!("it has more than {MAX_HASHES} hashes")));
    }
    let one = |line: &str| STANDARD.decode(line).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(Hash);
    let all: Option<Vec<Hash>> = lines.into_iter().map(one).collect();
    all.ok_or_else(|| Error::Proof("a line isn't a hash in base64".into()))
}
