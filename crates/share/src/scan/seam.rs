//! Seam: what neighbouring texts say together: a secret may be cut in two.
//! In: the strings of an object, in order. Out: each with the end of what stands before it.
//! Invariant: of a list everything is put together, else neighbours; texts that can't say anything are passed over, short
//! numbers apart.
//! Not here: looking.

use super::forms;

/// Bytes of a text that are put together with its neighbour.
const EDGE: usize = 96;

/// Where the last text ended.
#[derive(Debug, Default)]
pub(super) struct Seam {
    before: String,
    joined: String,
    listed: bool,
}

impl Seam {
    pub(super) fn clear(&mut self) {
        self.before.clear();
    }

    /// A text with the end of what stands before it; `None` where nothing does, or the text can't say anything.
    pub(super) fn join(&mut self, text: &str, listed: bool) -> Option<&str> {
        let digits = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        if (forms::is_harmless(text) && !digits) || forms::is_technical(text) || forms::is_ja4(text) {
            return None;
        }
        self.joined.clear();
        self.joined.push_str(&self.before);
        self.joined.push_str(text.get(..text.floor_char_boundary(EDGE)).unwrap_or_default());
        let first = self.before.is_empty();
        if listed && self.listed {
            self.before.push_str(text);
        } else {
            self.before.clear();
            self.before.push_str(text);
        }
        let cut = self.before.ceil_char_boundary(self.before.len().saturating_sub(EDGE));
        self.before.drain(..cut);
        self.listed = listed;
        (!first).then_some(&self.joined)
    }
}
