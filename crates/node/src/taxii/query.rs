//! Query: what a client asks for in a URL's query (TAXII 2.1, sections 3.4 and 3.5).
//! In: the query, and which parameters the endpoint has. Out: a `Query` that can't be wrong.
//! Invariant: what can't be read, comes twice or isn't known to the endpoint as a filter is refused: never does a slip widen an answer.
//! Not here: `next` (`next.rs`), whose form only we know.

use stillwatch_model::Micros;
use stillwatch_stix::id;
use stillwatch_track::exchange::{Pick, Versions, instant_key};

/// Values that one request may name.
const MOST: usize = 500;

/// Parameters that an endpoint has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Objects, manifest: all of them.
    Everything,
    /// One object: not its id or type.
    OfOne,
    /// An object's versions: not which.
    OfVersions,
    /// Deletion: versions, no pages.
    OfRemoval,
}

impl Takes {
    fn fields(self) -> &'static [&'static str] {
        match self {
            Takes::Everything => &["id", "type", "version", "spec_version"],
            Takes::OfOne | Takes::OfRemoval => &["version", "spec_version"],
            Takes::OfVersions => &["spec_version"],
        }
    }
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Only what was added after this; finer digits than microseconds don't matter, since no object has any.
    pub after: Option<Micros>,
    /// How many objects at most; none is 0.
    pub limit: Option<usize>,
    /// Where the last page ended, as it was told.
    pub next: Option<String>,
    /// Ids, types and versions.
    pub pick: Pick,
    /// Whether versions were named.
    pub names_versions: bool,
    /// Whether objects of STIX 2.1 are wanted, which are all there are.
    pub wants_stix_2_1: bool,
}

impl Query {
    /// Reads a query, without its `?`.
    ///
    /// # Errors
    /// What can't be read, a sentence.
    pub fn read(text: &str, takes: Takes) -> Result<Self, String> {
        let mut query = Query { wants_stix_2_1: true, ..Query::default() };
        let mut seen: Vec<String> = Vec::new();
        let mut named = 0;
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let field = name.strip_prefix("match[").and_then(|rest| rest.strip_suffix(']'));
            let pages = takes != Takes::OfRemoval && matches!(name.as_ref(), "added_after" | "limit" | "next");
            if field.is_none() && !pages {
                // Not ours: what lies between may add its own.
                continue;
            }
            if seen.iter().any(|seen| *seen == name) {
                return Err(format!("`{name}` comes twice; give several values with commas"));
            }
            seen.push(name.clone().into_owned());
            if value.contains(['\u{fffd}', '\0']) || value.is_empty() {
                return Err(format!("`{name}` has no value that can be read"));
            }
            let Some(field) = field else {
                match name.as_ref() {
                    "added_after" => query.after = Some(after(&value)?),
                    "limit" => query.limit = Some(limit(&value)?),
                    _ => query.next = Some(value.into_owned()),
                }
                continue;
            };
            if !takes.fields().contains(&field) {
                let known: Vec<String> = takes.fields().iter().map(|field| format!("match[{field}]")).collect();
                return Err(format!("`match[{}]` is no filter here; there is {}", cut(field), known.join(", ")));
            }
            let values: Vec<&str> = value.split(',').collect();
            named += values.len();
            if named > MOST {
                return Err(format!("more than {MOST} values; ask in several requests"));
            }
            query.field(field, &values)?;
        }
        Ok(query)
    }

    fn field(&mut self, field: &str, values: &[&str]) -> Result<(), String> {
        let owned = || values.iter().map(|&value| value.to_owned()).collect();
        match field {
            "id" => {
                if let Some(because) = values.iter().find_map(|value| id::check(value, None).err()) {
                    return Err(format!("`match[id]`: {because}"));
                }
                self.pick.ids = owned();
            }
            "type" => {
                if let Some(odd) = values.iter().find(|value| !id::is_type(value)) {
                    return Err(format!("`match[type]`: `{}` is no type", cut(odd)));
                }
                self.pick.types = owned();
                self.pick.types.sort();
                self.pick.types.dedup();
            }
            "spec_version" => {
                let is_version = |value: &str| {
                    value.split_once('.').is_some_and(|(a, b)| {
                        [a, b].iter().all(|n| (1..=4).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
                    })
                };
                if let Some(odd) = values.iter().find(|value| !is_version(value)) {
                    return Err(format!("`match[spec_version]`: `{}` is no version such as `2.1`", cut(odd)));
                }
                self.wants_stix_2_1 = values.contains(&"2.1");
            }
            _ => {
                let mut versions = Versions { last: false, ..Versions::default() };
                for value in values {
                    match *value {
                        "first" => versions.first = true,
                        "last" => versions.last = true,
                        "all" => versions.all = true,
                        other => versions.at.push(instant_key(other).ok_or_else(|| {
                            let how = "is neither first, last, all nor a timestamp such as `2026-03-02T04:00:00.000Z`";
                            format!("`match[version]`: `{}` {how}", cut(other))
                        })?),
                    }
                }
                versions.at.sort();
                versions.at.dedup();
                self.pick.versions = versions;
                self.names_versions = true;
            }
        }
        Ok(())
    }
}

fn after(value: &str) -> Result<Micros, String> {
    let told = || format!("`added_after`: `{}` is no timestamp such as `2026-03-02T04:00:00.000000Z`", cut(value));
    // The key's form is checked more strictly than a clock type does.
    let key = instant_key(value).ok_or_else(told)?;
    // A fraction beyond microseconds lies between two of ours: what is after it is after the earlier one.
    let end = key.len().min("2026-03-02T04:00:00.000000".len());
    let text = format!("{}Z", key.get(..end).unwrap_or_default());
    text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_microsecond).map_err(|_| told())
}

fn limit(value: &str) -> Result<usize, String> {
    if !value.bytes().all(|b| b.is_ascii_digit()) || value.bytes().all(|b| b == b'0') {
        return Err(format!("`limit`: `{}` is no whole number above 0", cut(value)));
    }
    // More than fits is more than is ever given.
    Ok(value.parse().unwrap_or(usize::MAX))
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Query, String> {
        Query::read(text, Takes::Everything)
    }

    #[test]
    fn everything_is_read() -> Result<(), String> {
        let query = read(
            "added_after=2020-01-01T00:00:00Z&limit=7&next=abc&match%5Btype%5D=tool,malware&match[version]=first,2020-01-01T00:00:00.0Z&match[spec_version]=2.0,2.1&utm=1",
        )?;
        assert_eq!(
            (query.after, query.limit, query.next.as_deref()),
            (Some(1_577_836_800_000_000), Some(7), Some("abc"))
        );
        assert_eq!(query.pick.types, ["malware", "tool"]);
        assert!(query.pick.versions.first && !query.pick.versions.last && query.wants_stix_2_1);
        assert_eq!(query.pick.versions.at, ["2020-01-01T00:00:00"]);
        assert!(!read("match[spec_version]=2.0")?.wants_stix_2_1);
        assert_eq!(read("limit=99999999999999999999999")?.limit, Some(usize::MAX));
        assert!(read("")?.pick.versions.last);
        Ok(())
    }

    #[test]
    fn added_after_has_any_digits() -> Result<(), String> {
        let base = 1_577_836_800_000_000;
        for digits in 0..=9 {
            let fraction = "987654321".get(..digits).unwrap_or_default();
            let dot = if digits == 0 { "" } else { "." };
            let micros: i64 = format!("{fraction:0<6}").get(..6).unwrap_or_default().parse().map_err(|_| "number")?;
            assert_eq!(read(&format!("added_after=2020-01-01T00:00:00{dot}{fraction}Z"))?.after, Some(base + micros));
        }
        Ok(())
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for text in [
            "limit=0",
            "limit=-1",
            "limit=ten",
            "limit=1.5",
            "limit=",
            "limit=1&limit=2",
            "added_after=yesterday",
            "added_after=2020-01-01",
            "added_after=2020-01-01T00:00:00",
            "added_after=2020-01-01T00:00:00+00:00",
            "match[id]=nonsense",
            "match[id]=",
            "match[id]=tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f,",
            "match[type]=A%20B",
            "match[type]=tool&match[type]=malware",
            "match[version]=newest",
            "match[version]=last,",
            "match[spec_version]=two",
            "match[spec_version]=2",
            "match[name]=x",
            "match[]=x",
            "match[type]=%ff",
            "next=",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(Query::read("match[id]=tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", Takes::OfOne).is_err());
        assert!(Query::read("match[version]=last", Takes::OfVersions).is_err());
        let many = format!("match[type]=tool{}", ",tool".repeat(MOST));
        assert!(read(&many).is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,80}") {
            for takes in [Takes::Everything, Takes::OfOne, Takes::OfVersions, Takes::OfRemoval] {
                let _ = Query::read(&text, takes);
            }
        }

        #[test]
        fn the_order_of_parameters_does_not_matter(
            mut parts in Just(vec!["limit=5", "match[type]=tool,malware", "match[version]=all", "added_after=2020-01-01T00:00:00Z"]).prop_shuffle()
        ) {
            let one = read(&parts.join("&"));
            parts.sort_unstable();
            prop_assert!(one.is_ok());
            prop_assert_eq!(one, read(&parts.join("&")));
        }
    }
}
