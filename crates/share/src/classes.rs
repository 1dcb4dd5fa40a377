//! Classes: every field of every exported STIX type, and what it is (`classes.txt`, read once).
//! In: a type. Out: its fields as a tree that objects are walked with.
//! Invariant: what has no row is not in the tree, and so can't be reached; names of properties are never joined into paths.
//! Not here: what leaves (`plan.rs`), what values may look like (`shape.rs`).

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Serialize;
use stillwatch_stix::extension::DEFINITIONS;

use crate::shape::Shape;

/// What a field is, as the law looks at it (DOJ/FTC policy statement of 10 April 2014; CISA 2015, section 104(d)(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Technical threat information.
    Technical,
    /// About a person, or may be.
    Personal,
    /// What somebody wrote.
    Content,
    /// What a competitor could draw conclusions about business from.
    Competitive,
}

impl Class {
    /// Every class.
    pub const ALL: [Class; 4] = [Class::Technical, Class::Personal, Class::Content, Class::Competitive];

    /// Its word, as policies write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Class::Technical => "technical",
            Class::Personal => "personal",
            Class::Content => "content",
            Class::Competitive => "competitive",
        }
    }
}

/// One field of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Type of the object.
    pub kind: &'static str,
    /// Where it is within the object: `external_references[].source_name`.
    pub path: String,
    /// What it is.
    pub class: Class,
    /// What its values look like.
    pub shape: Shape,
    /// Without it the object, or the item that it is in, says nothing.
    pub required: bool,
    /// Why it is what it is.
    pub because: &'static str,
    /// Its place in `fields`.
    pub index: usize,
}

/// A place in an object.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// Properties below it.
    pub(crate) below: BTreeMap<&'static str, Place>,
    /// Whether it is a list, of which each item is this place.
    pub(crate) list: bool,
    /// The field, where this is one.
    pub(crate) field: Option<usize>,
}

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| read().unwrap_or_default());
static TREES: LazyLock<HashMap<&'static str, Place>> = LazyLock::new(trees);

/// Every field, in the order of the table.
#[must_use]
pub fn fields() -> &'static [Field] {
    &FIELDS
}

/// Types that have fields, in the order of the table.
#[must_use]
pub fn kinds() -> Vec<&'static str> {
    let mut kinds = Vec::new();
    for field in fields() {
        if !kinds.contains(&field.kind) {
            kinds.push(field.kind);
        }
    }
    kinds
}

/// The fields of a type as a tree; `None` for types that are not exported.
pub(crate) fn tree(kind: &str) -> Option<&'static Place> {
    TREES.get(kind)
}

fn read() -> Result<Vec<Field>, String> {
    let mut groups: HashMap<&str, Vec<&'static str>> = HashMap::new();
    let mut fields = Vec::new();
    for line in include_str!("classes.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(group) = line.strip_prefix("= ") {
            let mut words = group.split_whitespace();
            groups.insert(words.next().unwrap_or_default(), words.collect());
            continue;
        }
        let cells: Vec<&'static str> = line.split('|').map(str::trim).collect();
        let &[kinds, path, class, shape, because] = cells.as_slice() else { return Err(format!("not a row: {line}")) };
        let class =
            Class::ALL.into_iter().find(|known| known.name() == class).ok_or(format!("no such class: {line}"))?;
        let shape = Shape::of(shape).ok_or(format!("no such shape: {line}"))?;
        let required = path.ends_with('!');
        for name in kinds.split_whitespace() {
            for kind in groups.get(name).cloned().unwrap_or_else(|| vec![name]) {
                let path = path.trim_end_matches('!').to_owned();
                fields.push(Field { kind, path, class, shape: shape.clone(), required, because, index: 0 });
            }
        }
    }
    // Fields of one type stand together, whichever rows they come from.
    let mut order: Vec<&str> = Vec::new();
    for field in &fields {
        if !order.contains(&field.kind) {
            order.push(field.kind);
        }
    }
    fields.sort_by_key(|field| order.iter().position(|kind| *kind == field.kind));
    fields.iter_mut().enumerate().for_each(|(index, field)| field.index = index);
    Ok(fields)
}

fn trees() -> HashMap<&'static str, Place> {
    let mut trees: HashMap<&'static str, Place> = HashMap::new();
    for field in fields() {
        let mut place = trees.entry(field.kind).or_default();
        for segment in field.path.split('.') {
            let (name, list) = segment.strip_suffix("[]").map_or((segment, false), |name| (name, true));
            place = place.below.entry(property(name)).or_default();
            place.list |= list;
        }
        place.field = Some(field.index);
    }
    trees
}

/// A property's name as it stands in objects: extensions by their id.
fn property(name: &str) -> &'static str {
    let extension = name.strip_prefix('<').and_then(|name| name.strip_suffix('>'));
    match extension.and_then(|name| DEFINITIONS.iter().find(|definition| definition.name == name)) {
        Some(definition) => definition.id,
        None => intern(name),
    }
}

/// Names live as long as the program: there are some two hundred, made once.
fn intern(name: &str) -> &'static str {
    Box::leak(name.to_owned().into_boxed_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_understood_and_no_field_stands_twice() -> Result<(), String> {
        let fields = read()?;
        assert!(fields.len() > 250, "{}", fields.len());
        for (at, field) in fields.iter().enumerate() {
            assert!(!fields.iter().take(at).any(|other| (other.kind, &other.path) == (field.kind, &field.path)));
            assert!(!field.path.contains('<') || DEFINITIONS.iter().any(|d| field.path.contains(d.name)), "{field:?}");
        }
        Ok(())
    }
}
