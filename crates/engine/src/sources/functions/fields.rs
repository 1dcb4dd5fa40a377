//! Fields: takes many fields out of a JSON text in one walk.
//! In: JSON text and paths. Out: the values at the paths, as `json_as_text` would give them one by one.
//! Invariant: what is on no path is passed over without being looked into; the first of equal keys counts.
//! Not here: finding out which fields a plan wants (`scan/once.rs`).

use std::{borrow::Cow, sync::Arc};

use datafusion::{
    arrow::{
        array::{ArrayRef, StringViewBuilder, StructArray, cast::AsArray},
        compute::cast,
        datatypes::{DataType, Field, Fields},
    },
    error::Result,
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
};

/// A step on a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Key(String),
    Item(usize),
}

/// A function of one text that gives a struct with a field for each path, `f0`, `f1`, ...
pub(crate) fn json_fields(paths: Vec<Vec<Step>>) -> ScalarUDF {
    let mut tree = Node::default();
    for (number, path) in paths.iter().enumerate() {
        tree.add(path, number);
    }
    // Volatile, though it is not, so that no rule of the optimizer takes it apart into one walk for each field again.
    ScalarUDF::new_from_impl(JsonFields { paths, tree, signature: Signature::any(1, Volatility::Volatile) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonFields {
    paths: Vec<Vec<Step>>,
    tree: Node,
    signature: Signature,
}

impl ScalarUDFImpl for JsonFields {
    fn name(&self) -> &str {
        "json_fields"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(self.fields()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let texts = arrays.first().map(|array| cast(array, &DataType::Utf8View)).transpose()?;
        let mut builders: Vec<StringViewBuilder> =
            self.paths.iter().map(|_| StringViewBuilder::new().with_fixed_block_size(1 << 16)).collect();
        let mut found: Vec<Option<(usize, usize)>> = vec![None; self.paths.len()];
        for text in texts.iter().flat_map(|texts| texts.as_string_view().iter()) {
            found.fill(None);
            let text = text.unwrap_or_default();
            let _ = Walk { text: text.as_bytes(), at: 0 }.value(&self.tree, &mut found);
            for (place, builder) in found.iter().zip(&mut builders) {
                let value = place.and_then(|(start, end)| text.get(start..end)).and_then(value);
                builder.append_option(value);
            }
        }
        let columns: Vec<ArrayRef> =
            builders.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new_with_length(self.fields(), columns, None, rows)?)))
    }
}

impl JsonFields {
    fn fields(&self) -> Fields {
        (0..self.paths.len()).map(|number| Field::new(format!("f{number}"), DataType::Utf8View, true)).collect()
    }
}

/// A string decoded, null as nothing, any other value as its text.
fn value(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes() {
        b"null" => None,
        [b'"', inner @ .., b'"'] if memchr::memchr(b'\\', inner).is_none() => {
            Some(Cow::Borrowed(&raw[1..raw.len() - 1]))
        }
        [b'"', ..] => serde_json::from_str(raw).ok().map(Cow::Owned),
        _ => Some(Cow::Borrowed(raw)),
    }
}

/// The paths as a tree.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
struct Node {
    below: Vec<(Step, Node)>,
    /// The paths that end here.
    ends: Vec<usize>,
}

impl Node {
    fn add(&mut self, path: &[Step], number: usize) {
        let Some((step, rest)) = path.split_first() else { return self.ends.push(number) };
        let at = self.below.iter().position(|(known, _)| known == step).unwrap_or_else(|| {
            self.below.push((step.clone(), Node::default()));
            self.below.len() - 1
        });
        self.below[at].1.add(rest, number);
    }

    fn key(&self, key: &[u8]) -> Option<&Node> {
        self.below
            .iter()
            .find(|(step, _)| matches!(step, Step::Key(known) if known.as_bytes() == key))
            .map(|(_, node)| node)
    }

    fn item(&self, number: usize) -> Option<&Node> {
        let is = |step: &Step| match step {
            Step::Item(known) => *known == number,
            Step::Key(key) => key.parse() == Ok(number),
        };
        self.below.iter().find(|(step, _)| is(step)).map(|(_, node)| node)
    }
}

/// A walk through a JSON text. `None` stops it where the text is no JSON; what was found before stays.
struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn value(&mut self, node: &Node, found: &mut [Option<(usize, usize)>]) -> Option<()> {
        self.space();
        let start = self.at;
        match self.text.get(start)? {
            b'{' if !node.below.is_empty() => self.object(node, found)?,
            b'[' if !node.below.is_empty() => self.list(node, found)?,
            _ => self.skip()?,
        }
        for &number in &node.ends {
            found[number].get_or_insert((start, self.at));
        }
        Some(())
    }

    fn object(&mut self, node: &Node, found: &mut [Option<(usize, usize)>]) -> Option<()> {
        self.at += 1;
        loop {
            self.space();
            match self.text.get(self.at)? {
                b'}' => break,
                b',' => {
                    self.at += 1;
                    continue;
                }
                b'"' => {}
                _ => return None,
            }
            let start = self.at;
            self.string()?;
            let raw = &self.text[start..self.at];
            let inner = raw.get(1..raw.len().checked_sub(1)?)?;
            let below = if memchr::memchr(b'\\', inner).is_none() {
                node.key(inner)
            } else {
                node.key(serde_json::from_slice::<String>(raw).ok()?.as_bytes())
            };
            self.space();
            if self.text.get(self.at) != Some(&b':') {
                return None;
            }
            self.at += 1;
            match below {
                Some(below) => self.value(below, found)?,
                None => {
                    self.space();
                    self.skip()?;
                }
            }
        }
        self.at += 1;
        Some(())
    }

    fn list(&mut self, node: &Node, found: &mut [Option<(usize, usize)>]) -> Option<()> {
        self.at += 1;
        let mut number = 0;
        loop {
            self.space();
            match self.text.get(self.at)? {
                b']' => break,
                b',' => {
                    self.at += 1;
                    number += 1;
                }
                _ => match node.item(number) {
                    Some(below) => self.value(below, found)?,
                    None => self.skip()?,
                },
            }
        }
        self.at += 1;
        Some(())
    }

    fn space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes over a string; the walk stands at its quote.
    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.text.get(self.at..)?)? + 1;
            match self.text[self.at - 1] {
                b'"' => return Some(()),
                _ => self.at += 1,
            }
        }
    }

    /// Passes over any value, whatever is in it.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.text.get(self.at)? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\n' | b'\t' | b'\r' => self.at += 1,
                _ => self.scalar(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn scalar(&mut self) {
        while !matches!(self.text.get(self.at), None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str, paths: &[&[&str]]) -> Vec<Option<String>> {
        let mut tree = Node::default();
        for (number, path) in paths.iter().enumerate() {
            let path: Vec<Step> = path
                .iter()
                .map(|step| step.parse().map_or_else(|_| Step::Key((*step).to_owned()), Step::Item))
                .collect();
            tree.add(&path, number);
        }
        let mut found = vec![None; paths.len()];
        let _ = Walk { text: json.as_bytes(), at: 0 }.value(&tree, &mut found);
        found.iter().map(|place| place.and_then(|(start, end)| value(&json[start..end])).map(Cow::into_owned)).collect()
    }

    #[test]
    fn fields_are_found_at_every_depth() {
        let json =
            r#" { "a" : "x\ny" , "b":{"c":[1,{"d":true}, "}\""],"e":null}, "k\u0065y":2.5, "a":"second", "last":[] } "#;
        let paths: [&[&str]; 10] = [
            &["a"],
            &["b", "c", "1", "d"],
            &["b", "c", "2"],
            &["b", "e"],
            &["key"],
            &["last"],
            &["b", "c"],
            &["none"],
            &["a", "b"],
            &[],
        ];
        let expected = [
            Some("x\ny"),
            Some("true"),
            Some("}\""),
            None,
            Some("2.5"),
            Some("[]"),
            Some(r#"[1,{"d":true}, "}\""]"#),
            None,
            None,
            Some(json.trim()),
        ];
        assert_eq!(fields(json, &paths), expected.map(|text| text.map(str::to_owned)));
    }

    #[test]
    fn what_is_no_json_gives_what_came_before() {
        assert_eq!(fields(r#"{"a":1,"b":"#, &[&["a"], &["b"]]), [Some("1".to_owned()), None]);
        for text in ["", "{", "nothing", "{\"a\"", "{\"a\":\"", "[", "}", "{\"a\":1]", "{\"a\\"] {
            let _ = fields(text, &[&["a"], &["a", "0"]]);
        }
    }
}
