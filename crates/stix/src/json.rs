//! JSON: a strict reader that remembers where each value stands.
//! In: text. Out: a tree of borrowed values with their places, or the first thing wrong.
//! Invariant: reads what RFC 8259 allows and RFC 7493 (I-JSON) keeps: no key twice, no lone surrogate; depth is bounded.
//! Not here: meaning (`stix`).
//!
//! `serde_json` is not used to read what others wrote because it keeps no places, turns numbers above 2^53 into others, and
//! passes over a key that comes twice.

use std::borrow::Cow;
use std::collections::HashSet;

use memchr::memchr2;

/// A value and the bytes that it was read from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node<'a> {
    /// First byte.
    pub(crate) at: usize,
    /// Byte behind the last.
    pub(crate) end: usize,
    pub(crate) value: Value<'a>,
}

/// A JSON value; numbers as written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) key_at: usize,
    pub(crate) node: Node<'a>,
}

impl<'a> Node<'a> {
    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(crate) fn members(&self) -> &[Member<'a>] {
        if let Value::Object(members) = &self.value { members } else { &[] }
    }

    pub(crate) fn items(&self) -> &[Node<'a>] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    pub(crate) fn field(&self, key: &str) -> Option<&Node<'a>> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.node)
    }

    /// What kind of value it is, for a sentence.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// What is wrong with a text, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub(crate) at: usize,
    pub(crate) because: String,
}

fn broken<T>(at: usize, because: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { at, because: because.into() })
}

/// Reads `text[at..end]` as one value, nothing behind it but white space.
pub(crate) fn read(text: &str, at: usize, end: usize, depth: usize) -> Result<Node<'_>, Broken> {
    let text = text.get(..end).unwrap_or(text);
    let mut reader = Reader { text, bytes: text.as_bytes(), at };
    let node = reader.value(depth)?;
    reader.space();
    if reader.at < end {
        return broken(reader.at, "there is something behind the value");
    }
    Ok(node)
}

/// Where the value that begins at `at` ends, found by brackets and quotes alone: right for any JSON, and a good guess for most
/// that is broken, because a line's end ends a string too. `None` when the text ends before.
pub(crate) fn end_of(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut open = 0usize;
    loop {
        match *bytes.get(at)? {
            b'"' => {
                at = end_of_text(bytes, at)?;
                if open == 0 {
                    return Some(at);
                }
            }
            b'{' | b'[' => {
                open += 1;
                at += 1;
            }
            b'}' | b']' => {
                if open <= 1 {
                    return Some(if open == 0 { at } else { at + 1 });
                }
                open -= 1;
                at += 1;
            }
            b',' | b' ' | b'\n' | b'\r' | b'\t' if open == 0 => return Some(at),
            _ => at += 1,
        }
    }
}

fn end_of_text(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    loop {
        let rest = bytes.get(at..)?;
        at += memchr::memchr3(b'"', b'\\', b'\n', rest)?;
        match bytes.get(at)? {
            b'\\' => at += 2,
            _ => return Some(at + 1),
        }
    }
}

/// The first byte from `at` on that is no white space.
pub(crate) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn space(&mut self) {
        self.at = skip_space(self.bytes, self.at);
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Broken> {
        self.space();
        let at = self.at;
        let value = match self.bytes.get(at) {
            None => return broken(at, "the text ends where a value should be"),
            Some(b'{' | b'[') if depth == 0 => return broken(at, "nested too deeply"),
            Some(b'{') => self.object(depth - 1)?,
            Some(b'[') => self.list(depth - 1)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            Some(_) => return broken(at, "this is no JSON value"),
        };
        Ok(Node { at, end: self.at, value })
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Broken> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return broken(self.at, "this is no JSON value");
        }
        self.at += word.len();
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, Broken> {
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut seen = HashSet::new();
        self.at += 1;
        self.space();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let key_at = self.at;
            if self.bytes.get(key_at) != Some(&b'"') {
                return broken(key_at, "a key in quotes should be here");
            }
            let key = self.string()?;
            // Few keys are compared one by one; many are remembered.
            let twice = match members.len() {
                0..16 => members.iter().any(|member| member.key == key),
                16 => {
                    seen.extend(members.iter().map(|member| member.key.clone()));
                    !seen.insert(key.clone())
                }
                _ => !seen.insert(key.clone()),
            };
            if twice {
                return broken(key_at, format!("the key `{key}` comes twice"));
            }
            self.space();
            if !self.take(b':') {
                return broken(self.at, "a colon should be here");
            }
            let node = self.value(depth)?;
            members.push(Member { key, key_at, node });
            self.space();
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return broken(self.at, "a comma or `}` should be here");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, Broken> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            if !self.take(b',') {
                return broken(self.at, "a comma or `]` should be here");
            }
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is);
        is
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Broken> {
        let begin = self.at + 1;
        let mut from = begin;
        let mut made = String::new();
        loop {
            let rest = self.bytes.get(from..).unwrap_or_default();
            let Some(length) = memchr2(b'"', b'\\', rest) else { return broken(self.at, "the string has no end") };
            let to = from + length;
            if let Some(odd) = self.bytes[from..to].iter().position(|&byte| byte < 0x20) {
                return broken(from + odd, "a control character in a string must be escaped");
            }
            // Quotes and backslashes are characters of their own: the bytes between them are whole characters.
            let piece = self.text.get(from..to).unwrap_or_default();
            if self.bytes[to] == b'"' {
                self.at = to + 1;
                if made.is_empty() && from == begin {
                    return Ok(Cow::Borrowed(piece));
                }
                made.push_str(piece);
                return Ok(Cow::Owned(made));
            }
            made.push_str(piece);
            from = self.escape(to, &mut made)?;
        }
    }

    /// Reads the escape at `at`; gives back where the text goes on.
    fn escape(&self, at: usize, into: &mut String) -> Result<usize, Broken> {
        let plain = match self.bytes.get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let Some(first) = self.four(at + 2) else { return broken(at, "`\\u` needs four hexadecimal digits") };
                let (code, end) = match first {
                    0xd800..=0xdbff => {
                        let low = if self.bytes.get(at + 6..at + 8) == Some(b"\\u") { self.four(at + 8) } else { None };
                        match low {
                            Some(low @ 0xdc00..=0xdfff) => {
                                (0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00), at + 12)
                            }
                            _ => return broken(at, "half of a surrogate pair is no character"),
                        }
                    }
                    other => (other, at + 6),
                };
                match char::from_u32(code) {
                    Some(character) => {
                        into.push(character);
                        return Ok(end);
                    }
                    None => return broken(at, "half of a surrogate pair is no character"),
                }
            }
            _ => return broken(at, "no such escape"),
        };
        into.push(plain);
        Ok(at + 2)
    }

    fn four(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 4)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    fn number(&mut self) -> Result<&'a str, Broken> {
        let begin = self.at;
        self.take(b'-');
        let whole = self.at;
        if self.digits() == 0 {
            return broken(begin, "this is no number");
        }
        if self.bytes[whole] == b'0' && self.at > whole + 1 {
            return broken(begin, "a number must not begin with 0");
        }
        if self.take(b'.') && self.digits() == 0 {
            return broken(begin, "digits should follow the point");
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return broken(begin, "digits should follow the exponent");
            }
        }
        Ok(self.text.get(begin..self.at).unwrap_or_default())
    }

    fn digits(&mut self) -> usize {
        let begin = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - begin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn because(text: &str) -> (usize, String) {
        read(text, 0, text.len(), 8).map_or_else(|b| (b.at, b.because), |_| (0, String::new()))
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, at, what) in [
            ("", 0, "the text ends"),
            ("{\"a\":1,}", 7, "a key in quotes"),
            ("[1 2]", 3, "a comma or `]`"),
            ("{\"a\" 1}", 5, "a colon"),
            ("01", 0, "must not begin with 0"),
            ("\"\u{1}\"", 1, "control character"),
            (r#""\ud800""#, 1, "surrogate"),
            (r#""\x""#, 1, "no such escape"),
            (r#"{"a":1,"a":2}"#, 7, "comes twice"),
            ("[[[[[[[[[1]]]]]]]]]", 8, "nested too deeply"),
            ("1 x", 2, "behind the value"),
            ("nul", 0, "no JSON value"),
            ("1.e3", 0, "digits should follow"),
        ] {
            let (place, told) = because(text);
            assert!(place == at && told.contains(what), "{text}: {place} {told}");
        }
    }

    proptest::proptest! {
        /// What `serde_json` reads we read, with the same strings; what it refuses we refuse, or it is a key that comes twice.
        #[test]
        fn agrees_with_serde_json(text in r#"[\[\]{}:,"\\/bfnrtu0-9eE.+ \-aé]{0,24}"#) {
            let ours = read(&text, 0, text.len(), 100);
            match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(value) => match ours {
                    Ok(node) => proptest::prop_assert_eq!(node.text(), value.as_str()),
                    Err(broken) => proptest::prop_assert!(broken.because.contains("comes twice")),
                },
                Err(error) => proptest::prop_assert!(ours.is_err() || error.to_string().contains("out of range"), "{}: {}", text, error),
            }
        }
    }
}
