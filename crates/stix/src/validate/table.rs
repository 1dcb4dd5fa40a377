//! Table: the specification's objects, vocabularies and relationships, read once.
//! In: the three text files beside this one. Out: looked-up rows.
//! Invariant: every row of the files is understood, or a test fails.
//! Not here: what is checked with them (`object.rs`, `value.rs`).

use std::collections::HashMap;
use std::sync::LazyLock;

/// Class of an object: which common properties it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Domain,
    Relationship,
    Observable,
    Meta,
}

#[derive(Debug)]
pub(super) struct Kind {
    pub(super) class: Class,
    pub(super) properties: Vec<Property>,
    /// Lists of properties of which one must be there; `true`: exactly one.
    pub(super) groups: Vec<(bool, Vec<&'static str>)>,
}

#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) shape: Shape,
}

/// What a property's value should be.
#[derive(Debug)]
pub(super) enum Shape {
    Text,
    Texts,
    Bool,
    Int(Option<i128>, Option<i128>),
    Number(f64, f64),
    /// A timestamp; not before (or, strictly, after) that of another property.
    Time {
        precise: bool,
        not_before: Option<&'static str>,
        strictly: bool,
    },
    Enum(Vec<&'static str>),
    Enums(Vec<&'static str>),
    Vocab(&'static str),
    Vocabs(&'static str),
    Ref(Vec<&'static str>),
    Refs(Vec<&'static str>),
    /// Anything with a reader of its own.
    Own(&'static str),
}

/// Every object of the specification, by type.
static OBJECTS: LazyLock<HashMap<&'static str, Kind>> =
    LazyLock::new(|| objects().into_iter().filter(|(name, _)| *name != "common").collect());

/// Common properties, by class.
static COMMON: LazyLock<HashMap<Class, Kind>> = LazyLock::new(|| {
    objects().into_iter().filter(|(name, _)| *name == "common").map(|(_, kind)| (kind.class, kind)).collect()
});

fn objects() -> Vec<(&'static str, Kind)> {
    let mut kinds: Vec<(&str, Kind)> = Vec::new();
    for line in rows(include_str!("objects.txt")) {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        if !line.starts_with(' ') {
            let kind = Kind { class: class(first), properties: Vec::new(), groups: Vec::new() };
            kinds.push((words.next().unwrap_or_default(), kind));
            continue;
        }
        let Some((_, kind)) = kinds.last_mut() else { continue };
        let rest: Vec<_> = words.collect();
        if first == "some" || first == "one" {
            kind.groups.push((first == "one", rest));
            continue;
        }
        if let Some(shape) = shape(&rest) {
            let (name, required) = first.strip_suffix('!').map_or((first, false), |name| (name, true));
            kind.properties.push(Property { name, required, shape });
        }
    }
    kinds
}

static VOCABULARIES: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    rows(include_str!("vocabularies.txt"))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, words)| (name, words.split_whitespace().collect()))
        .collect()
});

/// Kinds of relationships and where they may lead, by type of the source.
static RELATIONSHIPS: LazyLock<HashMap<&'static str, HashMap<&'static str, Vec<&'static str>>>> = LazyLock::new(|| {
    let mut all: HashMap<_, HashMap<_, _>> = HashMap::new();
    for line in rows(include_str!("relationships.txt")) {
        if let Some((tie, targets)) = line.split_once(':')
            && let Some((source, kind)) = tie.split_once(' ')
        {
            all.entry(source).or_default().insert(kind, targets.split_whitespace().collect());
        }
    }
    all
});

/// The row of a type.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    OBJECTS.get(name)
}

/// Common properties of a class.
pub(super) fn common(class: Class) -> Option<&'static Kind> {
    let class = if class == Class::Relationship { Class::Domain } else { class };
    COMMON.get(&class)
}

/// The words of an open vocabulary.
pub(super) fn vocabulary(name: &str) -> &'static [&'static str] {
    VOCABULARIES.get(name).map(Vec::as_slice).unwrap_or_default()
}

/// Types that a relationship of that kind may lead to from that type; `None` where there is no such relationship.
pub(super) fn targets(source: &str, kind: &str) -> Option<&'static [&'static str]> {
    RELATIONSHIPS.get(source)?.get(kind).map(Vec::as_slice)
}

fn rows(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

fn class(word: &str) -> Class {
    match word {
        "sro" => Class::Relationship,
        "sco" => Class::Observable,
        "meta" => Class::Meta,
        _ => Class::Domain,
    }
}

fn shape(words: &[&'static str]) -> Option<Shape> {
    let (first, rest) = words.split_first()?;
    let range = || rest.first().and_then(|range| range.split_once("..")).unwrap_or_default();
    Some(match *first {
        "text" => Shape::Text,
        "texts" => Shape::Texts,
        "bool" => Shape::Bool,
        "int" => Shape::Int(range().0.parse().ok(), range().1.parse().ok()),
        "number" => Shape::Number(range().0.parse().unwrap_or(f64::MIN), range().1.parse().unwrap_or(f64::MAX)),
        "time" | "stamp" => Shape::Time {
            precise: *first == "stamp",
            not_before: rest.get(1).copied(),
            strictly: rest.first() == Some(&">"),
        },
        "enum" => Shape::Enum(rest.to_vec()),
        "enums" => Shape::Enums(rest.to_vec()),
        "vocab" => Shape::Vocab(rest.first()?),
        "vocabs" => Shape::Vocabs(rest.first()?),
        "ref" => Shape::Ref(rest.to_vec()),
        "refs" => Shape::Refs(rest.to_vec()),
        own => Shape::Own(own),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_understood() {
        // 19 domain, 2 relationship, 18 observable, 3 meta objects, and three lists of common properties.
        assert_eq!((OBJECTS.len(), COMMON.len()), (19 + 2 + 18 + 3, 3));
        let rows_of_objects = rows(include_str!("objects.txt")).filter(|line| line.starts_with(' ')).count();
        let read: usize =
            OBJECTS.values().chain(COMMON.values()).map(|kind| kind.properties.len() + kind.groups.len()).sum();
        assert_eq!(read, rows_of_objects);
        for kind in OBJECTS.values().chain(COMMON.values()) {
            for property in &kind.properties {
                match &property.shape {
                    Shape::Vocab(name) | Shape::Vocabs(name) => assert!(!vocabulary(name).is_empty(), "{name}"),
                    Shape::Own(own) => assert!(super::super::content::KNOWN.contains(own), "{own}"),
                    Shape::Ref(kinds) | Shape::Refs(kinds) => {
                        for name in kinds.iter().map(|name| name.trim_start_matches('!')) {
                            assert!(name == "sco" || name == "bundle" || super::kind(name).is_some(), "{name}");
                        }
                    }
                    _ => {}
                }
            }
        }
        for (source, kinds) in RELATIONSHIPS.iter() {
            assert!(kinds.values().flatten().chain([source]).all(|name| kind(name).is_some()), "{source}: {kinds:?}");
        }
    }
}
