//! Shape: what the values of a field must look like to leave at all, whatever a rule says.
//! In: a JSON value. Out: whether it is of that shape; or the same value made coarser.
//! Invariant: a shape that isn't free text can't carry text: closed alphabets, bounded lengths, parsed where there is a parser.
//! Not here: which form is asked for (`form.rs`), what slips through free text (`scan`).

use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};
use stillwatch_stix::effect::BOUNDS;
use stillwatch_stix::extension::is_ja4;
use stillwatch_stix::{id, version};

/// What values look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// The object's type.
    Kind,
    /// An id of the object's own type.
    Id,
    /// An id of another object.
    Ref,
    /// A word of a vocabulary: up to 48 of a-z, 0-9, `.`, `-`, with at most 7 parts.
    Word,
    /// One of these words.
    One(Vec<&'static str>),
    /// A short name: letters, digits, spaces and `-,:/()`, up to 64.
    Title,
    /// Free text, up to 4,096 characters.
    Text,
    /// RFC 3339.
    Time,
    /// RFC 3339, a whole hour.
    Hour,
    /// True or false.
    Flag,
    /// 0 to 100.
    Percent,
    /// A change in per cent, in tens.
    Tens,
    /// 0 to 1.
    Share,
    /// An order of magnitude, 0 to 19.
    Magnitude,
    /// A count, which leaves as the least of its order of magnitude.
    Count,
    /// An IP address or network.
    Address,
    /// Number of an autonomous system.
    Asn,
    /// Eight hexadecimal digits.
    Slot,
    /// JA4 fingerprint.
    Ja4,
    /// HTTP user agent.
    Agent,
    /// A STIX pattern of one of the four forms that are exported (`docs/stix.md`).
    Pattern,
    /// Version of a language: digits and dots.
    Version,
    /// Catalogue of techniques.
    Source,
    /// Number in a catalogue: `AML.T0024.002`, `T1090.003`.
    Catalogue,
    /// Link to a technique of ATLAS.
    Atlas,
    /// Leaves only as part of a published object.
    Published,
}

impl Shape {
    pub(crate) fn of(word: &'static str) -> Option<Self> {
        if let Some(words) = word.strip_prefix("one:") {
            return Some(Shape::One(words.split(',').collect()));
        }
        Some(match word {
            "kind" => Shape::Kind,
            "id" => Shape::Id,
            "ref" => Shape::Ref,
            "word" => Shape::Word,
            "title" => Shape::Title,
            "text" => Shape::Text,
            "time" => Shape::Time,
            "hour" => Shape::Hour,
            "flag" => Shape::Flag,
            "percent" => Shape::Percent,
            "tens" => Shape::Tens,
            "share" => Shape::Share,
            "magnitude" => Shape::Magnitude,
            "count" => Shape::Count,
            "address" => Shape::Address,
            "asn" => Shape::Asn,
            "slot" => Shape::Slot,
            "ja4" => Shape::Ja4,
            "agent" => Shape::Agent,
            "pattern" => Shape::Pattern,
            "version" => Shape::Version,
            "source" => Shape::Source,
            "catalogue" => Shape::Catalogue,
            "atlas" => Shape::Atlas,
            "published" => Shape::Published,
            _ => return None,
        })
    }

    /// Whether a value is of the shape, in an object of that type.
    #[must_use]
    pub fn holds(&self, value: &Value, kind: &str) -> bool {
        let text = value.as_str().unwrap_or_default();
        let whole = |most| value.as_u64().is_some_and(|number| number <= most);
        match self {
            Shape::Kind => text == kind,
            Shape::Id => id::check(text, Some(kind)).is_ok(),
            Shape::Ref => id::check(text, None).is_ok(),
            Shape::Word => is_word(text),
            Shape::One(words) => words.contains(&text),
            Shape::Title => {
                let fits = |c: char| c.is_ascii_alphanumeric() || " -,:/()".contains(c);
                !text.is_empty() && text.len() <= 64 && text.chars().all(fits)
            }
            Shape::Text => !text.is_empty() && text.len() <= 4096,
            Shape::Time => text.len() <= 40 && version::timestamp(text).is_some(),
            Shape::Hour => {
                let whole = matches!(text.get(13..), Some(":00:00Z" | ":00:00.0Z" | ":00:00.00Z" | ":00:00.000Z"));
                whole && version::timestamp(text).is_some()
            }
            Shape::Flag => value.is_boolean(),
            Shape::Percent => whole(100),
            Shape::Tens => value.as_i64().is_some_and(|tens| tens % 10 == 0 && (BOUNDS.0..=BOUNDS.1).contains(&tens)),
            Shape::Share => value.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)),
            Shape::Magnitude => whole(19),
            Shape::Count => whole(999_999_999),
            Shape::Address => network(text).is_some(),
            Shape::Asn => whole(u64::from(u32::MAX)),
            Shape::Slot => is_slot(text),
            Shape::Ja4 => is_ja4(text),
            Shape::Agent => is_agent(text),
            Shape::Pattern => pattern(text).is_some(),
            Shape::Version => {
                text.len() <= 8 && !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.')
            }
            Shape::Source => matches!(text, "mitre-atlas" | "mitre-attack" | "capec"),
            Shape::Catalogue => CATALOGUE.is_match(text),
            Shape::Atlas => {
                text.strip_prefix("https://atlas.mitre.org/techniques/").is_some_and(|t| CATALOGUE.is_match(t))
            }
            Shape::Published => false,
        }
    }

    /// The value made coarser: times to their day, shares to quarters, counts to orders of magnitude, addresses to their
    /// network. `None` where the shape has no coarser form.
    #[must_use]
    pub fn coarse(&self, value: &Value) -> Option<Value> {
        let text = value.as_str().unwrap_or_default();
        match self {
            Shape::Time => version::timestamp(text)?.get(..10).map(|day| json!(format!("{day}T00:00:00.000Z"))),
            Shape::Percent => value.as_u64().map(|number| json!(number / 25 * 25)),
            Shape::Share => value.as_f64().map(|share| json!((share * 4.0).floor() / 4.0)),
            // Three orders of magnitude: tens, thousands, millions.
            Shape::Magnitude => value.as_u64().map(|number| json!(number / 3 * 3)),
            Shape::Count => value.as_u64().map(|n| json!(stillwatch_stix::extension::floor(n))),
            Shape::Address => network(text).map(|network| json!(network)),
            Shape::Pattern => pattern(text).and_then(coarse_pattern),
            _ => None,
        }
    }
}

fn is_word(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.' || c == '_';
    (1..=48).contains(&text.len()) && text.chars().all(fits) && text.split(['-', '.', '_']).count() <= 7
}

fn is_slot(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Printable ASCII without what e-mail addresses and patterns are made of.
fn is_agent(text: &str) -> bool {
    let fits = |c: char| (c == ' ' || c.is_ascii_graphic()) && !"@'\"\\<>{}".contains(c);
    (1..=256).contains(&text.len()) && text.chars().all(fits)
}

/// The network that an address belongs to: /24, or /48 for IPv6; what is coarser stays.
fn network(text: &str) -> Option<String> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (text, None),
    };
    match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => {
            let length = length.unwrap_or(32);
            let length = (length <= 32).then_some(length.min(24))?;
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            Some(format!("{}/{length}", std::net::Ipv4Addr::from_bits(address.to_bits() & mask)))
        }
        IpAddr::V6(address) => {
            let length = length.unwrap_or(128);
            let length = (length <= 128).then_some(length.min(48))?;
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            Some(format!("{}/{length}", std::net::Ipv6Addr::from_bits(address.to_bits() & mask)))
        }
    }
}

/// The form of a pattern.
enum Form<'a> {
    Address(&'a str, String),
    System,
    Client,
    Text,
}

#[expect(clippy::unwrap_used, reason = "the expressions are constants, read by every test")]
fn regex(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

static CATALOGUE: LazyLock<Regex> = LazyLock::new(|| regex(r"^(AML\.)?(T|CAPEC-)[0-9]{1,4}(\.[0-9]{3})?$"));
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^\[(ipv4-addr|ipv6-addr):value (?:=|ISSUBSET) '([0-9a-fA-F:./]{2,43})'\]$"));
static SYSTEM: LazyLock<Regex> = LazyLock::new(|| regex(r"^\[autonomous-system:number = [0-9]{1,10}\]$"));
static CLIENT: LazyLock<Regex> = LazyLock::new(|| {
    let agent = r"network-traffic:extensions\.'http-request-ext'\.request_header\.'User-Agent'\[\*\] = '(?P<agent>[^'\\]{1,256})'";
    let ja4 = r"network-traffic:extensions\.'extension-definition--[0-9a-f-]{36}'\.ja4 = '(?P<ja4>[a-z0-9_]{36})'";
    regex(&format!(r"^\[(?:{agent}(?: AND {ja4})?|{})\]$", ja4.replace("P<ja4>", "P<alone>")))
});
static TEXT: LazyLock<Regex> = LazyLock::new(|| {
    let part = r"network-traffic:extensions\.'extension-definition--[0-9a-f-]{36}'\.(?:body\[\*\]|system\[\*\]|head|tail) (?:= '[0-9a-f]{8}'|IN \('[0-9a-f]{8}'(?:, ?'[0-9a-f]{8}'){0,255}\))";
    regex(&format!(r"^\[{part}(?: (?:OR|AND) {part}){{0,7}}\]$"))
});

fn pattern(text: &str) -> Option<Form<'_>> {
    if text.len() > 16_384 {
        return None;
    }
    if let Some(found) = ADDRESS.captures(text) {
        let (kind, value) = (found.get(1)?.as_str(), found.get(2)?.as_str());
        let network = network(value)?;
        return ((kind == "ipv6-addr") == network.contains(':')).then_some(Form::Address(kind, network));
    }
    if SYSTEM.is_match(text) {
        return Some(Form::System);
    }
    if let Some(found) = CLIENT.captures(text) {
        let agent = found.name("agent").is_none_or(|agent| is_agent(agent.as_str()));
        let ja4 = found.name("ja4").or_else(|| found.name("alone")).is_none_or(|ja4| is_ja4(ja4.as_str()));
        return (agent && ja4).then_some(Form::Client);
    }
    TEXT.is_match(text).then_some(Form::Text)
}

fn coarse_pattern(form: Form<'_>) -> Option<Value> {
    match form {
        Form::Address(kind, network) => Some(json!(format!("[{kind}:value ISSUBSET '{network}']"))),
        Form::System | Form::Client | Form::Text => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_patterns_that_are_exported_pass() {
        for good in [
            "[ipv4-addr:value = '198.51.100.1']",
            "[ipv6-addr:value = '2001:db8::1']",
            "[autonomous-system:number = 64500]",
            "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*] = 'harvest/1.0 (linux)']",
        ] {
            assert!(pattern(good).is_some(), "{good}");
        }
        for bad in [
            "[ipv4-addr:value = '2001:db8::1']",
            "[ipv4-addr:value = '198.51.100.1'] OR [email-addr:value = 'a@b.example']",
            "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*] = 'x@example.com']",
            "[email-addr:value = 'a@b.example']",
            "[ipv4-addr:value = '198.51.100.1'] ",
        ] {
            assert!(pattern(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_hour_is_a_whole_one() {
        assert!(Shape::Hour.holds(&json!("2026-12-01T09:00:00.000Z"), ""));
        for other in
            ["2026-12-01T09:00:01.000Z", "2026-12-01T09:10:00.000Z", "+02026-12-01T09:00:00Z", "we join in :00:00Z"]
        {
            assert!(!Shape::Hour.holds(&json!(other), ""), "{other}");
        }
    }

    #[test]
    fn coarser_is_less() {
        assert_eq!(Shape::Address.coarse(&json!("198.51.100.77")), Some(json!("198.51.100.0/24")));
        assert_eq!(Shape::Address.coarse(&json!("2001:db8:1:2::9")), Some(json!("2001:db8:1::/48")));
        assert_eq!(Shape::Time.coarse(&json!("2026-05-01T10:11:12.5Z")), Some(json!("2026-05-01T00:00:00.000Z")));
        assert_eq!(Shape::Count.coarse(&json!(31_337)), Some(json!(10_000)));
        assert_eq!(Shape::Text.coarse(&json!("anything")), None);
    }
}
