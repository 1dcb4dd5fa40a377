//! Kept: texts in which nothing was found, so that what repeats is looked through once.
//! In: a text. Out: whether it was looked through before.
//! Invariant: bounded in number and bytes; the whole text is compared, not a hash; kept for one list of names and prompts only.
//! Not here: looking.

use std::collections::HashSet;

use super::find::Reading;
use super::seam::Seam;

/// Most texts.
const MOST: usize = 4096;
/// Most bytes of one.
const LONGEST: usize = 256;

/// Texts in which nothing was found. For one `Scanners` and one thread.
#[derive(Debug, Default)]
pub struct Kept {
    texts: HashSet<Box<str>>,
    /// The same, put together of two.
    seams: HashSet<Box<str>>,
    /// Room for neighbours put together.
    pub(super) seam: Seam,
}

impl Kept {
    pub(super) fn has(&self, text: &str, reading: Reading) -> bool {
        text.len() <= LONGEST && self.of(reading).contains(text)
    }

    pub(super) fn keep(&mut self, text: &str, reading: Reading) {
        if text.len() > LONGEST {
            return;
        }
        // What repeats comes again soon.
        let texts = if reading == Reading::Seam { &mut self.seams } else { &mut self.texts };
        if texts.len() >= MOST {
            texts.clear();
        }
        texts.insert(text.into());
    }

    fn of(&self, reading: Reading) -> &HashSet<Box<str>> {
        if reading == Reading::Seam { &self.seams } else { &self.texts }
    }
}
