//! Pcre: `MATCHES` (STIX 2.1, 9.6), whose expressions are Perl-compatible, run by the `regex` crate in linear time.
//! In: an expression. Out: the same for our engine, or a refusal that names what it can't do.
//! Invariant: what would silently mean something else is rewritten or refused: look-around, backreferences, possessive and atomic
//! groups, recursion and verbs are refused; class arithmetic, `\<`, bare braces and `$` before a last line break are rewritten.
//! Not here: wildcards (`like.rs`).

use regex::{Regex, RegexBuilder, bytes};

use crate::like::nfc;
use crate::limits::Limits;
use crate::value::Value;

/// A compiled expression.
#[derive(Debug, Clone)]
pub(crate) struct Pcre {
    text: Regex,
    /// For values that are bytes; none when the expression has characters above 255.
    bytes: Option<bytes::Regex>,
    /// `$` also stands before a line break that ends the text.
    dollar: bool,
}

impl Pcre {
    /// Compiles; the error says why not, and what to do.
    pub(crate) fn new(written: &str, of_bytes: bool, limits: &Limits) -> Result<Self, (String, String)> {
        let normal = nfc(written);
        let (ours, dollar) = Rewriter::new(&normal).run().map_err(|(why, cure)| (why.to_owned(), cure.to_owned()))?;
        let text = RegexBuilder::new(&ours)
            .size_limit(limits.regex)
            .dfa_size_limit(limits.regex)
            .nest_limit(64)
            .build()
            .map_err(|error| told(&error, limits))?;
        let latin = normal.chars().all(|letter| u32::from(letter) < 256);
        let bytes = (of_bytes && latin)
            .then(|| {
                let escaped: String = ours.chars().map(byte).collect();
                bytes::RegexBuilder::new(&escaped).unicode(false).size_limit(limits.regex).nest_limit(64).build().ok()
            })
            .flatten();
        Ok(Self { text, bytes, dollar })
    }

    /// Whether the expression is found somewhere in the value.
    pub(crate) fn found_in(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Text(text) => {
                let text = nfc(text);
                self.text.is_match(&text)
                    || (self.dollar && text.strip_suffix('\n').is_some_and(|text| self.text.is_match(text)))
            }
            Value::Bytes(bytes) => self.bytes.as_ref().is_some_and(|regex| {
                regex.is_match(bytes)
                    || (self.dollar && bytes.strip_suffix(b"\n").is_some_and(|bytes| regex.is_match(bytes)))
            }),
            _ => false,
        }
    }
}

fn byte(letter: char) -> String {
    if letter.is_ascii() { letter.to_string() } else { format!("\\x{:02x}", u32::from(letter)) }
}

fn told(error: &regex::Error, limits: &Limits) -> (String, String) {
    match error {
        regex::Error::CompiledTooBig(_) => (
            format!("the expression compiles to more than {} bytes", limits.regex),
            "use smaller repetitions, or LIKE".to_owned(),
        ),
        error => {
            let last = error.to_string();
            let because = last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            (because, "write it with what the Rust `regex` crate knows".to_owned())
        }
    }
}

type Refused = (&'static str, &'static str);

const LOOK: Refused = (
    "look-around needs a backtracking engine",
    "match the surrounding text too, or use a second comparison with AND or NOT",
);
const BACK: Refused = ("backreferences need a backtracking engine", "write the alternatives out");
const POSSESSIVE: Refused = (
    "possessive and atomic groups need a backtracking engine",
    "take the `+` or `?>` away: our engine never backtracks",
);
const RECURSION: Refused =
    ("recursion, conditions and verbs need a backtracking engine", "write the levels out that you need");

struct Rewriter<'a> {
    rest: std::iter::Peekable<std::str::CharIndices<'a>>,
    text: &'a str,
    ours: String,
    dollar: bool,
}

impl<'a> Rewriter<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text.char_indices().peekable(), text, ours: String::with_capacity(text.len() + 8), dollar: false }
    }

    fn run(mut self) -> Result<(String, bool), Refused> {
        let mut quantified = false;
        while let Some((at, letter)) = self.rest.next() {
            let after = &self.text[at + letter.len_utf8()..];
            let mut quantifies = false;
            match letter {
                '\\' => self.escape(false)?,
                '[' => self.class()?,
                '(' => self.group(after)?,
                '$' => {
                    self.dollar = true;
                    self.ours.push('$');
                }
                '{' => match braces(after) {
                    Some(length) => {
                        self.ours.push('{');
                        self.copy(length);
                        quantifies = true;
                    }
                    None => self.ours.push_str("\\{"),
                },
                '+' if quantified => return Err(POSSESSIVE),
                '*' | '+' | '?' => {
                    self.ours.push(letter);
                    // A `?` after a quantifier makes it lazy, and ends it.
                    quantifies = !(letter == '?' && quantified);
                }
                letter => self.ours.push(letter),
            }
            quantified = quantifies;
        }
        Ok((self.ours, self.dollar))
    }

    fn copy(&mut self, letters: usize) {
        self.ours.extend(self.rest.by_ref().take(letters).map(|(_, letter)| letter));
    }

    fn escape(&mut self, in_class: bool) -> Result<(), Refused> {
        let Some((_, letter)) = self.rest.next() else {
            self.ours.push('\\');
            return Ok(());
        };
        match letter {
            '1'..='9' | 'k' | 'g' if !in_class => return Err(BACK),
            '0'..='9' => {
                return Err(("octal escapes are not known to our engine", "write the character as in `\\x{1b}`"));
            }
            'Q' | 'E' | 'G' | 'K' | 'R' | 'X' | 'C' | 'N' | 'c' => {
                return Err((
                    "it uses an escape of Perl's that our engine does not know",
                    "write out what it stands for",
                ));
            }
            'b' if in_class => self.ours.push_str("\\x08"),
            'e' => self.ours.push_str("\\x1b"),
            'h' if !in_class => self.ours.push_str("[ \\t]"),
            'Z' if !in_class => {
                self.dollar = true;
                self.ours.push_str("\\z");
            }
            '<' | '>' => self.ours.push(letter),
            letter => self.ours.extend(['\\', letter]),
        }
        Ok(())
    }

    fn group(&mut self, after: &str) -> Result<(), Refused> {
        let begins = |some: &[&str]| some.iter().any(|begin| after.starts_with(begin));
        if begins(&["?=", "?!", "?<=", "?<!"]) {
            return Err(LOOK);
        }
        if begins(&["?>"]) {
            return Err(POSSESSIVE);
        }
        if begins(&["?P="]) {
            return Err(BACK);
        }
        if begins(&["?|"]) {
            return Err((
                "groups that count anew are not known to our engine",
                "write `(?:` in place of `(?|`: numbers of groups don't matter here",
            ));
        }
        if begins(&["?P>", "?&", "?R", "?(", "*", "?+"])
            || after.strip_prefix('?').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            return Err(RECURSION);
        }
        if begins(&["?#"]) {
            return Err(("comments in a group are not known to our engine", "take the comment out"));
        }
        self.ours.push('(');
        // The `?` of `(?:` is no quantifier.
        if after.starts_with('?') {
            self.copy(1);
        }
        Ok(())
    }

    /// A class; in PCRE a `[` inside it and `&&`, `--`, `~~` are plain letters.
    fn class(&mut self) -> Result<(), Refused> {
        self.ours.push('[');
        if self.rest.next_if(|(_, letter)| *letter == '^').is_some() {
            self.ours.push('^');
        }
        if self.rest.next_if(|(_, letter)| *letter == ']').is_some() {
            self.ours.push_str("\\]");
        }
        let mut previous = '[';
        while let Some((at, letter)) = self.rest.next() {
            match letter {
                ']' => {
                    self.ours.push(']');
                    return Ok(());
                }
                '\\' => self.escape(true)?,
                '[' => match self.text[at..].find(":]").filter(|_| self.text[at..].starts_with("[:")) {
                    Some(end) => {
                        self.ours.push('[');
                        let letters = self.text[at + 1..at + end + 2].chars().count();
                        self.copy(letters);
                    }
                    None => self.ours.push_str("\\["),
                },
                '&' | '~' => self.ours.extend(['\\', letter]),
                '-' if previous == '-' => self.ours.push_str("\\-"),
                letter => self.ours.push(letter),
            }
            previous = letter;
        }
        Ok(())
    }
}

/// Letters of `n}`, `n,}` or `n,m}`, if that follows.
fn braces(after: &str) -> Option<usize> {
    let inside = &after[..after.find('}')?];
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    (!least.is_empty() && digits(least) && digits(most)).then_some(inside.len() + 1)
}
