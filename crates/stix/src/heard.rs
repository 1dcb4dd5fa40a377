//! Heard: what one received object says of indicators: an indicator itself, a sighting of one, opinions on some.
//! In: an object. Out: `Heard`, plain data; `None` for objects that say nothing of indicators.
//! Invariant: what isn't understood is left out, never guessed; texts are bounded and hold no control characters.
//! Not here: many objects and what ties them (`campaign::receive`), what it is worth (`gate::standing`).

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use stillwatch_model::IndicatorKind;
use stillwatch_pattern::syntax::{Condition, Constant, Expression, Operator, Test};
use stillwatch_pattern::{Limits, ObjectPath, Pattern, Step, by_meaning};

use crate::extension::{CLIENT, TEXT_SKETCH};
use crate::object::Object;
use crate::opinion::Opinion;

/// Longest name kept, characters.
const NAME: usize = 200;
/// Longest pattern kept, characters; the whole stands in the object.
const PATTERN: usize = 4000;
/// Most values of one pattern.
const VALUES: usize = 256;
/// Most objects that one opinion is about.
const ABOUT: usize = 256;

/// What an object says of indicators.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// It is one.
    Indicator(Box<Told>),
    /// Somebody saw one.
    Sighting(Sighted),
    /// Somebody thinks something of some.
    Opinion(Voiced),
}

/// An indicator (STIX 2.1, section 4.7).
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its name; may be empty.
    pub name: String,
    /// Its pattern, or the beginning of one.
    pub pattern: String,
    /// The pattern's language.
    pub pattern_type: String,
    /// What it is about.
    pub kind: IndicatorKind,
    /// Single values of which each alone meets the pattern: (`network`, `ja4` or `account`, value).
    pub values: Vec<(&'static str, String)>,
    /// 0 to 100.
    pub confidence: Option<u8>,
    /// From when it holds.
    pub valid_from: Option<Timestamp>,
    /// Until when it holds.
    pub valid_until: Option<Timestamp>,
}

/// A sighting of an indicator (STIX 2.1, section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighted {
    /// The indicator.
    pub of: String,
    /// How often; `None` where it isn't said. 0: looked for, and not seen.
    pub count: Option<u64>,
    /// First time.
    pub first: Option<Timestamp>,
    /// Last time.
    pub last: Option<Timestamp>,
}

/// An opinion (STIX 2.1, section 4.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voiced {
    /// The indicators that it is about.
    pub about: Vec<String>,
    /// What it says.
    pub word: Opinion,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    name: Value,
    pattern: Value,
    pattern_type: Value,
    indicator_types: Value,
    confidence: Value,
    valid_from: Value,
    valid_until: Value,
    sighting_of_ref: Value,
    count: Value,
    first_seen: Value,
    last_seen: Value,
    opinion: Value,
    object_refs: Value,
    extensions: Value,
}

/// What an object says of indicators.
#[must_use]
pub fn heard(object: &Object<'_>) -> Option<Heard> {
    let kind = object.head.kind.as_ref();
    if !matches!(kind, "indicator" | "sighting" | "opinion") {
        return None;
    }
    let says: Properties = serde_json::from_str(object.raw()).ok()?;
    match kind {
        "indicator" => Some(Heard::Indicator(Box::new(told(&says)))),
        "sighting" => {
            let of = says.sighting_of_ref.as_str().filter(|id| is_indicator(id))?.to_owned();
            let (first, last) = (time(&says.first_seen), time(&says.last_seen));
            Some(Heard::Sighting(Sighted { of, count: says.count.as_u64(), first, last }))
        }
        _ => {
            let word = Opinion::of(says.opinion.as_str()?)?;
            let refs = says.object_refs.as_array()?.iter().filter_map(Value::as_str);
            let mut about: Vec<String> = refs.filter(|id| is_indicator(id)).take(ABOUT).map(str::to_owned).collect();
            about.sort();
            about.dedup();
            (!about.is_empty()).then_some(Heard::Opinion(Voiced { about, word }))
        }
    }
}

/// The version's instant: `modified`, else `created`, else none.
#[must_use]
pub fn version(object: &Object<'_>) -> Option<Timestamp> {
    object.version().and_then(|text| text.parse().ok())
}

/// When it was made.
#[must_use]
pub fn created(object: &Object<'_>) -> Option<Timestamp> {
    object.head.created.as_deref().and_then(|text| text.parse().ok())
}

fn is_indicator(id: &str) -> bool {
    crate::id::check(id, Some("indicator")).is_ok()
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn text(value: &Value, most: usize) -> String {
    value.as_str().unwrap_or_default().chars().filter(|c| !c.is_control()).take(most).collect()
}

fn told(says: &Properties) -> Told {
    let pattern_type = text(&says.pattern_type, NAME);
    let parsed = (pattern_type == "stix")
        .then(|| Pattern::parse(says.pattern.as_str().unwrap_or_default(), &Limits::default()).ok())
        .flatten()
        .map(|pattern| by_meaning(&pattern));
    let is_exit = says.indicator_types.as_array().into_iter().flatten().any(|kind| kind == "anonymization");
    let is_sketch = says.extensions.get(TEXT_SKETCH).is_some();
    let kinds = parsed.iter().flat_map(|pattern| pattern.expression().tests()).map(|test| kind(&test.path));
    let kind = if is_sketch { IndicatorKind::Template } else { kinds.min().unwrap_or(IndicatorKind::Other) };
    let mut values = Vec::new();
    if let Some(pattern) = parsed.as_ref().filter(|_| !is_sketch) {
        alternatives(pattern.expression(), &mut values);
    }
    values.sort();
    values.dedup();
    values.truncate(VALUES);
    Told {
        name: text(&says.name, NAME),
        pattern: text(&says.pattern, PATTERN),
        pattern_type,
        kind: if is_exit && kind == IndicatorKind::Address { IndicatorKind::Proxy } else { kind },
        values,
        confidence: says.confidence.as_u64().filter(|c| *c <= 100).and_then(|c| u8::try_from(c).ok()),
        valid_from: time(&says.valid_from),
        valid_until: time(&says.valid_until),
    }
}

/// What a path is about.
fn kind(path: &ObjectPath) -> IndicatorKind {
    let has = |name: &str| path.steps().iter().any(|step| matches!(step, Step::Key(key) if key.as_ref() == name));
    match path.object_type() {
        _ if has(TEXT_SKETCH) => IndicatorKind::Template,
        "network-traffic" | "software" | "x-ja4" if has("ja4") => IndicatorKind::Ja4,
        "ipv4-addr" | "ipv6-addr" if has("number") => IndicatorKind::Network,
        "ipv4-addr" | "ipv6-addr" => IndicatorKind::Address,
        "network-traffic" if has("src_ref") || has("dst_ref") => IndicatorKind::Address,
        "network-traffic" if has("User-Agent") || has("user-agent") => IndicatorKind::Agent,
        "autonomous-system" => IndicatorKind::Network,
        "domain-name" => IndicatorKind::Domain,
        "url" => IndicatorKind::Url,
        kind if kind.contains("payment") => IndicatorKind::Payment,
        "user-account" if path.to_string().contains("payment") => IndicatorKind::Payment,
        "user-account" | "email-addr" => IndicatorKind::Account,
        _ => IndicatorKind::Other,
    }
}

/// Values of which each alone, seen once, meets the pattern.
fn alternatives(of: &Expression, values: &mut Vec<(&'static str, String)>) {
    match of {
        Expression::Observation(condition) => alternative(condition, values),
        Expression::Or(parts) => parts.iter().for_each(|part| alternatives(part, values)),
        Expression::And(_) | Expression::FollowedBy(_) | Expression::Qualified(..) => {}
    }
}

fn alternative(of: &Condition, values: &mut Vec<(&'static str, String)>) {
    match of {
        Condition::Or(parts) => parts.iter().for_each(|part| alternative(part, values)),
        Condition::And(_) => {}
        Condition::Test(test) if !test.not => {
            for said in constants(test).into_iter().take(VALUES) {
                values.extend(value(&test.path, said, matches!(test.operator, Operator::IsSubset(_))));
            }
        }
        Condition::Test(_) => {}
    }
}

fn constants(test: &Test) -> Vec<&str> {
    match &test.operator {
        Operator::Equal(Constant::Text(text)) | Operator::IsSubset(text) => vec![text],
        Operator::In(all) => {
            let texts = all.iter().map(|constant| if let Constant::Text(text) = constant { text.as_str() } else { "" });
            texts.filter(|text| !text.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

fn value(path: &ObjectPath, said: &str, is_range: bool) -> Option<(&'static str, String)> {
    match path.to_string().as_str() {
        "ipv4-addr:value" | "ipv6-addr:value" | "network-traffic:src_ref.value" => {
            network(said, is_range).map(|net| ("network", net))
        }
        "user-account:user_id" => plain(said).map(|account| ("account", account)),
        other if other == format!("network-traffic:extensions.'{CLIENT}'.ja4") => plain(said).map(|ja4| ("ja4", ja4)),
        _ => None,
    }
}

fn plain(said: &str) -> Option<String> {
    (!said.is_empty() && said.len() <= 256 && !said.chars().any(char::is_control)).then(|| said.to_owned())
}

/// An address or range in CIDR notation, without host bits; IPv4 in IPv6 is IPv4.
fn network(said: &str, is_range: bool) -> Option<String> {
    let (address, length) = match said.split_once('/') {
        Some((address, length)) if is_range => (address, Some(length.parse::<u32>().ok()?)),
        Some(_) => return None,
        None => (said, None),
    };
    let address = address.parse::<IpAddr>().ok()?;
    Some(match (address, address.to_canonical()) {
        (IpAddr::V6(_), IpAddr::V4(v4)) if length.is_none() => format!("{v4}/32"),
        (IpAddr::V4(v4), _) => {
            let length = length.unwrap_or(32);
            let mask = if length <= 32 { u32::MAX.checked_shl(32 - length).unwrap_or(0) } else { return None };
            format!("{}/{length}", std::net::Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        (IpAddr::V6(v6), _) => {
            let length = length.unwrap_or(128);
            let mask = if length <= 128 { u128::MAX.checked_shl(128 - length).unwrap_or(0) } else { return None };
            format!("{}/{length}", std::net::Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

    fn of(pattern: &str, more: &str) -> Option<Told> {
        let pattern = serde_json::to_string(pattern).ok()?;
        let raw = format!(
            r#"{{"type":"indicator","spec_version":"2.1","id":"indicator--{ID}","pattern_type":"stix","pattern":{pattern}{more}}}"#
        );
        match heard(&Object::read(&raw, 16).ok()?)? {
            Heard::Indicator(told) => Some(*told),
            _ => None,
        }
    }

    #[test]
    fn patterns_tell_their_kind_and_their_values() {
        let told = |pattern: &str, more: &str| {
            of(pattern, more).map(|told| {
                let values: Vec<String> = told.values.iter().map(|(what, value)| format!("{what} {value}")).collect();
                (told.kind.name(), values.join(", "))
            })
        };
        let ja4 = "t13d1516h2_8daaf6152771_b186095e22b6";
        for (pattern, more, kind, values) in [
            ("[ipv4-addr:value = '198.51.100.7']", "", "address", "network 198.51.100.7/32"),
            (
                "[ipv4-addr:value = '198.51.100.7']",
                r#","indicator_types":["anonymization"]"#,
                "proxy",
                "network 198.51.100.7/32",
            ),
            ("[ipv4-addr:value = '198.51.100.7/24']", "", "address", "network 198.51.100.0/24"),
            (
                "[ipv6-addr:value IN ('2001:DB8::1','2001:db8::2')]",
                "",
                "address",
                "network 2001:db8::1/128, network 2001:db8::2/128",
            ),
            (&format!("[network-traffic:extensions.'{CLIENT}'.ja4 = '{ja4}']"), "", "ja4", &format!("ja4 {ja4}")),
            (
                &format!(
                    "[network-traffic:extensions.'{CLIENT}'.ja4 = '{ja4}' AND network-traffic:src_ref.value = '198.51.100.7']"
                ),
                "",
                "address",
                "",
            ),
            ("[ipv4-addr:value != '198.51.100.7']", "", "address", ""),
            ("[ipv4-addr:value = '198.51.100.7'] REPEATS 5 TIMES", "", "address", ""),
            ("[domain-name:value = 'harvest.example']", "", "domain", ""),
            ("[autonomous-system:number = 64500]", "", "network", ""),
            ("[user-account:user_id = 'acct-1']", "", "account", "account acct-1"),
            ("[x-payment-instrument:fingerprint = 'f']", "", "payment", ""),
            (&format!("[network-traffic:extensions.'{TEXT_SKETCH}'.body[*] IN ('0000000a')]"), "", "template", ""),
            ("[file:name = 'x']", "", "other", ""),
            ("[broken", "", "other", ""),
        ] {
            assert_eq!(told(pattern, more), Some((kind, values.to_owned())), "{pattern}");
        }
    }

    #[test]
    fn what_is_odd_is_left_out() {
        let odd =
            of("[ipv4-addr:value = '198.51.100.7']", r#","confidence":300,"valid_until":"soon","name":"a\u0000b""#);
        let odd = odd.map(|told| (told.confidence, told.valid_until, told.name));
        assert_eq!(odd, Some((None, None, "ab".to_owned())));
        for raw in [
            format!(
                r#"{{"type":"sighting","spec_version":"2.1","id":"sighting--{ID}","sighting_of_ref":"campaign--{ID}"}}"#
            ),
            format!(
                r#"{{"type":"opinion","spec_version":"2.1","id":"opinion--{ID}","opinion":"maybe","object_refs":["indicator--{ID}"]}}"#
            ),
            format!(r#"{{"type":"tool","spec_version":"2.1","id":"tool--{ID}","name":"x"}}"#),
        ] {
            assert_eq!(Object::read(&raw, 16).ok().and_then(|object| heard(&object)), None, "{raw}");
        }
    }
}
