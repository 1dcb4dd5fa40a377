//! Seen: all that came to the hub, and all that it keeps.
//! In: a group whose hub wrote down what was said; a member's outputs. Out: nothing, or what shows.
//! Invariant: neither elements nor their hashes, nor outputs, are anywhere in it.
//! Not here: what the hub may learn.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use stillwatch_matching::{Namespace, normalise};

use super::group::{Group, address};
use crate::lab::Tested;

/// Looks through all that came to the hub, and all that it keeps.
pub(super) fn no_guess_can_be_tested_with(group: &Group, outputs: &[u8]) -> Tested {
    let mut seen = Vec::new();
    let mut folders = vec![group.hub.folder.path().to_owned(), group.hub.open.lab.folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path)?;
            if path.ends_with("transcript") {
                let text = String::from_utf8(bytes.clone())?;
                let said =
                    text.lines().filter_map(|line| line.split_once(' ').and_then(|(_, hex)| hex::decode(hex).ok()));
                said.for_each(|said| seen.extend_from_slice(&said));
            }
            seen.extend_from_slice(&bytes);
        }
    }
    assert!(seen.len() > 100_000, "{}", seen.len());
    assert_eq!(outputs.len(), 120 * 64);
    let windows: HashSet<&[u8]> = seen.windows(16).collect();
    assert!(outputs.chunks(16).all(|part| !windows.contains(part)));
    let mut by_length: HashMap<usize, HashSet<&[u8]>> = HashMap::new();
    // Not the one that ends in a zero: positions of bins are numbers with many of them.
    for n in 1..200 {
        let element = normalise(Namespace::Address, &address(n))?;
        let guesses = [
            address(n).into_bytes(),
            element.as_bytes().to_vec(),
            Sha256::digest(element.as_bytes()).to_vec(),
            Sha256::digest(element.canonical()).to_vec(),
            hex::encode(Sha256::digest(element.as_bytes())).into_bytes(),
        ];
        for guess in guesses {
            let windows = by_length.entry(guess.len()).or_insert_with(|| seen.windows(guess.len()).collect());
            assert!(!windows.contains(guess.as_slice()), "{n}");
        }
    }
    Ok(())
}
