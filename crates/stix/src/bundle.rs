//! Bundle: many STIX objects in one text, read one by one and written again.
//! In: bytes of a bundle, a TAXII envelope, or a single object. Out: objects as written, and a fault for each that is none.
//! Invariant: one bad object never loses the others; reading is bounded by `Limits`; writing changes no object.
//! Not here: whether objects keep to the specification (`validate`).

use std::collections::HashSet;

use uuid::Uuid;

use crate::fault::{Fault, Lines};
use crate::json;
use crate::object::Object;
use crate::{Limits, id};

/// A bundle that was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bundle<'a> {
    /// What the bundle itself has besides its objects, in order: name in quotes, and value, both as written.
    pub own: Vec<(&'a str, &'a str)>,
    /// Whether it has a list of objects, be it empty.
    pub listed: bool,
    /// Its objects, in order.
    pub objects: Vec<Object<'a>>,
    /// What was passed over, and why; in order.
    pub faults: Vec<Fault>,
}

impl<'a> Bundle<'a> {
    /// Reads everything that can be read.
    ///
    /// # Errors
    /// When it is no text, too long, or nothing of it is a bundle.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, Fault> {
        let mut pieces = Pieces::of(bytes, limits)?;
        let mut bundle = Bundle::default();
        let mut more = 0usize;
        for piece in pieces.by_ref() {
            match piece.object {
                Ok(object) => bundle.objects.push(object),
                Err(fault) if bundle.faults.len() < limits.faults => bundle.faults.push(fault),
                Err(_) => more += 1,
            }
        }
        if more > 0
            && let Some(last) = bundle.faults.last_mut()
        {
            last.hint = Some(format!("{more} more objects have faults"));
        }
        bundle.listed = pieces.listed;
        // What breaks off before any list isn't a bundle: it may have been an object.
        if bundle.listed || bundle.faults.is_empty() {
            bundle.own = pieces.own;
        }
        Ok(bundle)
    }

    /// The bundle's text: its own properties as they were, then its objects as they were.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = String::with_capacity(self.objects.iter().map(|object| object.raw().len() + 2).sum());
        let mut separator = "{";
        for (name, value) in &self.own {
            text.push_str(separator);
            text.push_str(name);
            text.push(':');
            text.push_str(value);
            separator = ",";
        }
        if self.listed || !self.objects.is_empty() || self.own.is_empty() {
            text.push_str(separator);
            list(&mut text, self.objects.iter().map(Object::raw));
        }
        text.push_str("}\n");
        text
    }
}

/// Writes a bundle of objects that are JSON texts; the id is made from them, so that the same objects are the same bundle.
#[must_use]
pub fn write<'a>(objects: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::from("{\"id\":\"bundle--");
    // The id's place is held until what it is made from is there: large texts are not copied.
    let place = text.len()..text.len() + 36;
    text.push_str(&Uuid::nil().to_string());
    text.push_str("\",");
    let from = text.len();
    list(&mut text, objects);
    let id = Uuid::new_v5(&TEXTS, text.as_bytes().get(from..).unwrap_or_default());
    text.replace_range(place, &id.to_string());
    text.push_str(",\"type\":\"bundle\"}\n");
    text
}

/// Namespace of bundles' ids, which are made from their text.
const TEXTS: Uuid = Uuid::from_u128(0x0d2b_41f7_8c33_5a6e_b1c4_7e02_94d5_a86f);

fn list<'a>(text: &mut String, objects: impl IntoIterator<Item = &'a str>) {
    text.push_str("\"objects\":[");
    for (at, object) in objects.into_iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(object);
    }
    text.push_str("\n]");
}

/// One element of a bundle's `objects`.
#[derive(Debug)]
pub struct Piece<'a> {
    /// Its place in the list, from 0.
    pub index: usize,
    /// First byte of it.
    pub at: usize,
    /// Its text, as far as it could be told from what follows.
    pub raw: &'a str,
    /// The object, or what keeps it from being one.
    pub object: Result<Object<'a>, Fault>,
}

/// The elements of a bundle, read one by one as they are asked for.
#[derive(Debug)]
pub struct Pieces<'a> {
    text: &'a str,
    lines: Lines<'a>,
    limits: Limits,
    begin: usize,
    at: usize,
    index: usize,
    /// How often brackets didn't match and reading went on at what looked like the next object.
    resumed: usize,
    /// Whether a list of objects was seen; where none was, the text may be an object by itself.
    listed: bool,
    place: Place,
    /// Names of the bundle's own properties.
    keys: HashSet<String>,
    /// What the bundle has besides its objects; whole when the iterator has ended.
    pub own: Vec<(&'a str, &'a str)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between the bundle's own properties.
    Outside,
    /// In the list of objects.
    Inside,
    Done,
}

impl<'a> Pieces<'a> {
    /// Begins to read.
    ///
    /// # Errors
    /// When it is no UTF-8, longer than allowed, or no JSON object.
    pub fn of(bytes: &'a [u8], limits: &Limits) -> Result<Self, Fault> {
        if bytes.len() > limits.bytes {
            let mut fault = Lines::of("").fault(
                0,
                "$",
                "too-large",
                format!("{} bytes are more than the {} allowed", bytes.len(), limits.bytes),
            );
            fault.hint = Some("split the bundle".to_owned());
            return Err(fault);
        }
        // A byte order mark is no JSON, but some write it.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let valid =
                    std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default()).unwrap_or_default();
                return Err(Lines::of(valid).fault(valid.len(), "$", "encoding", "this byte is no UTF-8"));
            }
        };
        let lines = Lines::of(text);
        let at = json::skip_space(bytes, 0);
        if bytes.get(at) != Some(&b'{') {
            let mut fault = lines.fault(at, "$", "syntax", "a bundle should begin with `{`");
            fault.hint = Some("give a STIX 2.1 bundle: {\"type\": \"bundle\", \"id\": …, \"objects\": […]}".to_owned());
            return Err(fault);
        }
        let (listed, place) = (false, Place::Outside);
        Ok(Pieces {
            text,
            lines,
            limits: *limits,
            begin: at,
            at: at + 1,
            index: 0,
            resumed: 0,
            listed,
            place,
            keys: HashSet::new(),
            own: Vec::new(),
        })
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// Whether what was read came from a list of objects; an object by itself doesn't.
    #[must_use]
    pub fn listed(&self) -> bool {
        self.listed
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn piece(&mut self, from: usize, to: usize) -> Piece<'a> {
        let raw = self.text.get(from..to).unwrap_or_default();
        let index = self.index;
        self.index += 1;
        let object = Object::read(raw, self.limits.depth).map_err(|wrong| {
            let place = if self.listed { format!("$.objects[{index}]") } else { "$".to_owned() };
            let path = match wrong.property {
                Some(property) => format!("{place}.{property}"),
                None => place,
            };
            let mut fault = self.lines.fault(from + wrong.at, &path, wrong.code, wrong.because);
            fault.hint = wrong.hint.map(str::to_owned);
            fault
        });
        Piece { index, at: from, raw, object }
    }

    /// A fault that ends the reading, as a last piece.
    fn stop(&mut self, at: usize, path: &str, because: &str) -> Option<Piece<'a>> {
        self.place = Place::Done;
        let fault = self.lines.fault(at, path, "syntax", because);
        Some(Piece { index: self.index, at, raw: "", object: Err(fault) })
    }

    /// Goes over the bundle's own properties to its objects.
    fn outside(&mut self) -> Option<Piece<'a>> {
        let bytes = self.bytes();
        loop {
            self.at = json::skip_space(bytes, self.at);
            match bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.place = Place::Done;
                    let behind = json::skip_space(bytes, self.at + 1);
                    if behind < bytes.len() {
                        return self.stop(behind, "$", "there is something behind the bundle");
                    }
                    let single = !self.listed
                        && self.own.iter().any(|(name, kind)| *name == "\"type\"" && *kind != "\"bundle\"");
                    if single {
                        self.own.clear();
                        return Some(self.piece(self.begin, self.at + 1));
                    }
                    return None;
                }
                Some(b'"') => {
                    let key_at = self.at;
                    let Some(end) = json::end_of(bytes, key_at) else {
                        return self.stop(key_at, "$", "the string has no end");
                    };
                    let colon = json::skip_space(bytes, end);
                    if bytes.get(colon) != Some(&b':') {
                        return self.stop(colon, "$", "a colon should be here");
                    }
                    let key = match json::read(self.text, key_at, end, 0) {
                        Ok(node) => node.text().unwrap_or_default().to_owned(),
                        Err(broken) => return self.stop(broken.at, "$", &broken.because),
                    };
                    // Of two lists of objects, programs take the first, or the last, or both.
                    if !self.keys.insert(key.clone()) {
                        return self.stop(key_at, "$", &format!("the key `{}` comes twice", id::cut(&key)));
                    }
                    let from = json::skip_space(bytes, colon + 1);
                    if key == "objects" && bytes.get(from) == Some(&b'[') {
                        self.at = from + 1;
                        self.listed = true;
                        self.place = Place::Inside;
                        return self.inside();
                    }
                    let Some(to) = json::end_of(bytes, from) else {
                        return self.stop(from, "$", "the value has no end");
                    };
                    if let Err(broken) = json::read(self.text, from, to, self.limits.depth) {
                        return self.stop(broken.at, "$", &broken.because);
                    }
                    let written = |from, to| self.text.get(from..to).unwrap_or_default();
                    self.own.push((written(key_at, end), written(from, to)));
                    self.at = to;
                }
                _ => return self.stop(self.at, "$", "a key in quotes or `}` should be here"),
            }
        }
    }

    /// The next object, or what comes behind the last.
    fn inside(&mut self) -> Option<Piece<'a>> {
        let bytes = self.bytes();
        self.at = json::skip_space(bytes, self.at);
        if self.index > 0 && bytes.get(self.at) == Some(&b',') {
            self.at = json::skip_space(bytes, self.at + 1);
        }
        match bytes.get(self.at) {
            Some(b']') => {
                self.at += 1;
                self.place = Place::Outside;
                self.outside()
            }
            None => self.stop(self.at, "$.objects", "the list of objects has no end"),
            Some(_) if self.index >= self.limits.objects => {
                let because = format!("more than {} objects; the rest isn't read", self.limits.objects);
                self.stop(self.at, "$.objects", &because)
            }
            Some(_) => {
                let from = self.at;
                let end = json::end_of(bytes, from).filter(|&end| end > from);
                // Brackets that don't match: what looks like the next object is where reading goes on.
                let to = match end {
                    Some(end) if matches!(bytes.get(json::skip_space(bytes, end)), Some(b',' | b']')) => end,
                    // Each time the rest may have been looked through to its end.
                    _ if self.resumed == RESUMED => {
                        return self.stop(from, "$.objects", "too much of this is broken; the rest isn't read");
                    }
                    _ => {
                        self.resumed += 1;
                        next_object(bytes, from + 1).unwrap_or(bytes.len())
                    }
                };
                self.at = to;
                Some(self.piece(from, to))
            }
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        match self.place {
            Place::Outside => self.outside(),
            Place::Inside => self.inside(),
            Place::Done => None,
        }
    }
}

/// Objects with brackets that don't match after which reading goes on.
const RESUMED: usize = 64;

/// Where an object seems to begin: `{` behind a comma, with a common property's name as its first key.
fn next_object(bytes: &[u8], from: usize) -> Option<usize> {
    const FIRST: [&[u8]; 7] = [
        b"\"type\"",
        b"\"id\"",
        b"\"spec_version\"",
        b"\"created\"",
        b"\"created_by_ref\"",
        b"\"modified\"",
        b"\"confidence\"",
    ];
    let rest = bytes.get(from..)?;
    memchr::memchr_iter(b'{', rest).map(|at| from + at).find(|&at| {
        let key = json::skip_space(bytes, at + 1);
        let before = bytes.get(..at).unwrap_or_default().trim_ascii_end().last();
        before == Some(&b',') && bytes.get(key..).is_some_and(|rest| FIRST.iter().any(|first| rest.starts_with(first)))
    })
}
