//! Prepared: a set in a file, with the commitment to it.
//! In: elements in order. Out: any part of them, read again; how many there are; the commitment's root and salt.
//! Invariant: the file is whole or not there; what was committed to is what is read, or the protocol refuses it.
//! Not here: where it comes from.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rand_chacha::rand_core::Rng;
use stillwatch_matching::commit::{Commitment, Salt};
use stillwatch_matching::{Element, LABEL, Namespace, padded};
use zeroize::Zeroizing;

use super::sorted::Sorted;
use crate::error::{Error, Result};
use crate::matching::agreed::May;
use crate::matching::{broken, files};

const START: [u8; 8] = *b"SMSET001";
/// Start, namespace, widths of element and label, count, root, salt.
const HEAD: usize = 8 + 1 + 2 + 2 + 8 + 32 + 32;
/// The file's name in a round's folder.
const NAME: &str = "set";

/// A set in a file.
#[derive(Clone)]
pub struct Prepared {
    path: PathBuf,
    /// Of which namespace.
    pub namespace: Namespace,
    /// Elements.
    pub count: u64,
    /// Root of the commitment.
    pub root: [u8; 32],
    /// The commitment's salt.
    pub salt: Salt,
    /// Bytes of a label.
    pub label: u16,
    width: usize,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prepared({} of {})", self.count, self.namespace.name())
    }
}

impl Prepared {
    /// How large it is said to be.
    #[must_use]
    pub fn size(&self) -> u64 {
        padded(self.count)
    }

    /// Writes a set.
    pub(super) fn write(folder: &Path, mut sorted: Sorted, may: &May) -> Result<Self> {
        files::folder(folder)?;
        sorted.sort();
        let mut salt = Zeroizing::new([0; 32]);
        crate::matching::key::random().fill_bytes(salt.as_mut_slice());
        let label = LABEL + sorted.sketch;
        let (namespace, width) = (sorted.namespace, 2 + sorted.longest() + label);
        let mut commitment = Commitment::new(salt.clone());
        let mut root = None;
        let path = folder.join(NAME);
        let mut failed = None;
        files::whole(&path, |out| {
            out.write_all(&[0; HEAD])?;
            let mut record = vec![0; width];
            for (element, known, sketch) in sorted.each() {
                let told = [may.label(&known).to_bytes().as_slice(), sketch].concat();
                if let Err(error) = commitment.add(element, &told) {
                    failed = Some(error);
                    break;
                }
                record.fill(0);
                record[..2].copy_from_slice(&u16::try_from(element.len()).unwrap_or(u16::MAX).to_le_bytes());
                record[2..2 + element.len()].copy_from_slice(element);
                record[width - label..].copy_from_slice(&told);
                out.write_all(&record)?;
            }
            match commitment.root() {
                Ok(made) => root = Some(made),
                Err(error) => failed = Some(error),
            }
            out.seek(SeekFrom::Start(0))?;
            out.write_all(&START)?;
            out.write_all(&[namespace as u8])?;
            out.write_all(&u16::try_from(width).unwrap_or(u16::MAX).to_le_bytes())?;
            out.write_all(&u16::try_from(label).unwrap_or(u16::MAX).to_le_bytes())?;
            out.write_all(&commitment.count().to_le_bytes())?;
            out.write_all(&root.unwrap_or_default())?;
            out.write_all(salt.as_slice())
        })?;
        match failed {
            Some(error) => Err(broken(error)),
            None => Self::open(folder)?.ok_or_else(|| bad(&path, "it is gone")),
        }
    }

    /// The set that is in a folder, where there is one.
    ///
    /// # Errors
    /// When there is something else.
    pub fn open(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(NAME);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(files::failed(&path)(error)),
        };
        let mut head = [0; HEAD];
        file.read_exact(&mut head).map_err(|_| bad(&path, "it was cut"))?;
        let namespace = Namespace::ALL.into_iter().find(|one| *one as u8 == head[8]);
        let namespace = namespace.filter(|_| head[..8] == START).ok_or_else(|| bad(&path, "it isn't one"))?;
        let short = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let (width, label) = (usize::from(short(9)), short(11));
        let mut number = [0; 8];
        number.copy_from_slice(&head[13..21]);
        let count = u64::from_le_bytes(number);
        let (mut root, mut salt) = ([0; 32], Zeroizing::new([0; 32]));
        root.copy_from_slice(&head[21..53]);
        salt.copy_from_slice(&head[53..85]);
        let length = file.metadata().map_err(files::failed(&path))?.len();
        let fits = width > 2 + usize::from(label) && count > 0 && length == HEAD as u64 + count * width as u64;
        if !fits {
            return Err(bad(&path, "its length isn't what it says"));
        }
        Ok(Some(Self { path, namespace, count, root, salt, label, width }))
    }

    /// Whether an element is in it: found by halving, for they are in order.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn has(&self, wanted: &Element) -> Result<bool> {
        let (mut from, mut to) = (0, self.count);
        while from < to {
            let middle = from + (to - from) / 2;
            let Some((element, _)) = self.items(middle, 1)?.pop() else { return Ok(false) };
            match element.as_bytes().cmp(wanted.as_bytes()) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        Ok(false)
    }

    /// Elements from one on, at most so many, with their labels.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn items(&self, from: u64, most: usize) -> Result<Vec<(Element, Vec<u8>)>> {
        let count = usize::try_from(self.count.saturating_sub(from)).unwrap_or(usize::MAX).min(most);
        let mut file = File::open(&self.path).map_err(files::failed(&self.path))?;
        file.seek(SeekFrom::Start(HEAD as u64 + from * self.width as u64)).map_err(files::failed(&self.path))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut record = vec![0; self.width];
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            reader.read_exact(&mut record).map_err(files::failed(&self.path))?;
            let length = usize::from(u16::from_le_bytes([record[0], record[1]]));
            let label = self.width - usize::from(self.label);
            let element = record.get(2..2 + length).filter(|_| 2 + length <= label);
            let element = element.and_then(|bytes| Element::from_bytes(self.namespace, bytes).ok());
            all.push((element.ok_or_else(|| bad(&self.path, "an element isn't one"))?, record[label..].to_vec()));
        }
        Ok(all)
    }
}

fn bad(path: &Path, why: &str) -> Error {
    Error::setup(format!("the set in `{}` can't be read: {why}", path.display()), "begin the match anew")
}
