//! Warning: lists of addresses that many honest people share, so that silly indicators don't match.
//! In: the lists that come with Stillwatch, the operator's own. Out: which list an indicator's addresses are on.
//! Invariant: an indicator on a list is told, never dropped in silence.
//! Not here: what is looked for (`wanted.rs`).

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use serde::Deserialize;
use stillwatch_pattern::Pattern;
use stillwatch_pattern::syntax::{Constant, Operator};

use crate::verbs::{Failure, file_failure};

/// The lists that come with Stillwatch: `name` lines, each followed by its ranges (`lists.py` makes the file).
const SHIPPED: &[u8] = include_bytes!("warning/lists.txt.zst");
/// Prefixes shorter than these name whole providers.
const WIDEST: (u8, u8) = (16, 32);

/// Ranges by list.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    names: Vec<String>,
    ranges: HashMap<IpNet, usize>,
    lengths: (HashSet<u8>, HashSet<u8>),
}

/// A list as MISP publishes them.
#[derive(Deserialize)]
struct Misp {
    name: String,
    list: Vec<String>,
}

impl Lists {
    /// The lists that come with Stillwatch.
    pub(crate) fn shipped() -> Result<Self, Failure> {
        let text = zstd::decode_all(SHIPPED)
            .map_err(|e| Failure::new(format!("cannot read the warning lists: {e}"), "report this as a bug"))?;
        let mut lists = Self::default();
        for line in String::from_utf8_lossy(&text).lines() {
            match line.strip_prefix("# ") {
                Some(name) => lists.names.push(name.to_owned()),
                None => drop(lists.add(line)),
            }
        }
        Ok(lists)
    }

    /// Adds a list of the operator's: JSON as MISP's warning lists are, or an address or range a line.
    pub(crate) fn read(&mut self, path: &Path) -> Result<(), Failure> {
        let text = std::fs::read_to_string(path).map_err(|e| file_failure("read", path, &e))?;
        let (name, list): (String, Vec<String>) = match serde_json::from_str::<Misp>(&text) {
            Ok(misp) => (misp.name, misp.list),
            Err(_) => (path.display().to_string(), text.lines().map(str::to_owned).collect()),
        };
        self.names.push(name);
        for (at, line) in list.iter().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if !line.is_empty() && !self.add(line) {
                return Err(Failure::new(
                    format!("{}: entry {}: `{line}` is no address and no range", path.display(), at + 1),
                    "an address or range such as 192.0.2.0/24 a line, or a MISP warning list of type `cidr`",
                ));
            }
        }
        Ok(())
    }

    fn add(&mut self, text: &str) -> bool {
        let Some(range) = range(text) else { return false };
        let lengths = if range.addr().is_ipv4() { &mut self.lengths.0 } else { &mut self.lengths.1 };
        lengths.insert(range.prefix_len());
        self.ranges.entry(range).or_insert(self.names.len().saturating_sub(1));
        true
    }

    /// The first address or range that a pattern names and a list holds, and the list's name.
    pub(crate) fn warn(&self, pattern: &Pattern) -> Option<(String, String)> {
        pattern.expression().tests().into_iter().filter(|test| !test.not).find_map(|test| {
            let named: Vec<&str> = match &test.operator {
                Operator::Equal(Constant::Text(text)) | Operator::IsSubset(text) | Operator::IsSuperset(text) => {
                    vec![text]
                }
                Operator::In(all) => all
                    .iter()
                    .filter_map(|constant| if let Constant::Text(text) = constant { Some(text.as_str()) } else { None })
                    .collect(),
                _ => Vec::new(),
            };
            named.into_iter().find_map(|text| Some((text.to_owned(), self.holds(range(text)?)?)))
        })
    }

    /// The list that holds a range, or why the range says nothing.
    fn holds(&self, range: IpNet) -> Option<String> {
        let v4 = range.addr().is_ipv4();
        let widest = if v4 { WIDEST.0 } else { WIDEST.1 };
        if range.prefix_len() < widest {
            return Some(format!("a range wider than /{widest}"));
        }
        let lengths = if v4 { &self.lengths.0 } else { &self.lengths.1 };
        lengths
            .iter()
            .filter(|&&length| length <= range.prefix_len())
            .filter_map(|&length| IpNet::new(range.addr(), length).ok())
            .filter_map(|wider| self.ranges.get(&wider.trunc()))
            .min()
            .and_then(|&list| self.names.get(list).cloned())
    }
}

fn range(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse::<IpNet>().ok().map(|range| range.trunc()).or_else(|| Some(text.parse::<IpAddr>().ok()?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(lists: &Lists, pattern: &str) -> Option<String> {
        let pattern = Pattern::parse(pattern, &stillwatch_pattern::Limits::default()).expect("a pattern");
        lists.warn(&pattern).map(|(_, list)| list)
    }

    #[test]
    fn resolvers_clouds_and_test_addresses_are_on_lists_and_others_are_not() {
        let lists = Lists::shipped().expect("lists");
        for address in ["8.8.8.8", "127.0.0.1", "10.1.2.3", "192.0.2.7", "100.64.0.9"] {
            assert!(warned(&lists, &format!("[ipv4-addr:value = '{address}']")).is_some(), "{address}");
        }
        assert!(warned(&lists, "[ipv6-addr:value = '2001:db8::1']").is_some());
        assert_eq!(
            warned(&lists, "[ipv4-addr:value ISSUBSET '185.0.0.0/8']").as_deref(),
            Some("a range wider than /16")
        );
        assert_eq!(warned(&lists, "[ipv4-addr:value = '185.199.0.77']"), None);
        assert_eq!(warned(&lists, "[autonomous-system:number = 64500]"), None);
    }

    #[test]
    fn the_operators_lists_are_read_in_both_forms_and_faults_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let mut lists = Lists::default();
        lists.read(&file("campus.txt", "# campus\n203.0.114.0/24 # hall\n\n")).expect("a list");
        lists.read(&file("misp.json", r#"{"name":"Dormitory","type":"cidr","list":["203.0.115.1"]}"#)).expect("a list");
        assert!(warned(&lists, "[ipv4-addr:value = '203.0.114.9']").is_some_and(|list| list.ends_with("campus.txt")));
        assert_eq!(warned(&lists, "[ipv4-addr:value = '203.0.115.1']").as_deref(), Some("Dormitory"));
        let fault = lists.read(&file("bad.txt", "203.0.114.0/24\nnowhere\n")).expect_err("no list");
        assert!(fault.message.contains("entry 2: `nowhere`"), "{}", fault.message);
    }
}
