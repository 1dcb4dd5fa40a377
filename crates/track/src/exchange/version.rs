//! Version: an instant as text that sorts by time, whatever its precision.
//! In: an RFC 3339 timestamp as somebody wrote it. Out: `2026-03-02T04:00:00.5`: UTC, no trailing zeros, no zone.
//! Invariant: two texts for one instant have one key; keys sort as their instants do, bytewise.
//! Not here: the text as it was written, which is kept beside it.

use jiff::Timestamp;
use stillwatch_model::Micros;

/// The longest fraction that is read: STIX sets no bound (STIX 2.1, section 2.16), a store does.
const LONGEST: usize = 40;

/// The key of an instant; `None` where the text is no timestamp.
///
/// TAXII 2.1, section 3.4: versions are compared as instants, not as text.
#[must_use]
pub fn instant_key(text: &str) -> Option<String> {
    // Fractions finer than a nanosecond are legal, and are more than any clock type holds.
    let (whole, fraction, zone) = match text.split_once('.') {
        Some((whole, rest)) => {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let (fraction, zone) = rest.split_at(end);
            (whole, (1..=LONGEST).contains(&fraction.len()).then_some(fraction)?, zone)
        }
        None => (text, "", ""),
    };
    if whole.len() < 19 || whole.as_bytes().get(10).is_none_or(|b| !matches!(b, b'T' | b't')) {
        return None;
    }
    let at: Timestamp = format!("{whole}{zone}").parse().ok()?;
    // Years before 0 don't sort as text.
    if at < Timestamp::from_second(-62_167_219_200).ok()? {
        return None;
    }
    let mut key = at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let fraction = fraction.trim_end_matches('0');
    if !fraction.is_empty() {
        key.push('.');
        key.push_str(fraction);
    }
    Some(key)
}

/// The key of a `date_added`, which is the version of an object without versions (TAXII 2.1, section 3.4.1).
pub(crate) fn key_of(at: Micros) -> String {
    instant_key(&stamp(at)).unwrap_or_default()
}

/// An instant as TAXII writes it: UTC with six digits of a second (TAXII 2.1, section 2, `timestamp`).
#[must_use]
pub fn stamp(at: Micros) -> String {
    Timestamp::from_microsecond(at).map_or_else(|_| String::new(), |at| format!("{at:.6}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_instant_has_one_key() {
        for text in [
            "2020-01-01T00:00:00Z",
            "2020-01-01T00:00:00.0Z",
            "2020-01-01T00:00:00.000000000000Z",
            "2020-01-01T01:00:00.000+01:00",
        ] {
            assert_eq!(instant_key(text).as_deref(), Some("2020-01-01T00:00:00"), "{text}");
        }
    }

    #[test]
    fn keys_sort_as_instants_do() {
        let texts = [
            "0001-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999Z",
            "2020-01-01T00:00:00Z",
            "2020-01-01T00:00:00.000000000001Z",
            "2020-01-01T00:00:00.1Z",
            "2020-01-01T00:00:00.10001Z",
            "2020-01-01T00:00:00.2Z",
            "2020-01-01T00:00:01Z",
            "9999-12-30T00:00:00Z",
        ];
        let keys: Vec<_> = texts.iter().map(|text| instant_key(text)).collect();
        assert!(keys.iter().all(Option::is_some), "{keys:?}");
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
    }

    #[test]
    fn what_is_no_timestamp_has_none() {
        for text in [
            "",
            "2020",
            "2020-01-01",
            "2020-01-01T00:00:00",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:00.5",
            "2020-13-01T00:00:00Z",
            "2020-01-01 00:00:00Z",
            "-000001-01-01T00:00:00Z",
            "last",
        ] {
            assert_eq!(instant_key(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_added_is_an_instant() {
        assert_eq!(key_of(1_577_836_800_000_001), "2020-01-01T00:00:00.000001");
        assert_eq!(Some(key_of(1_577_836_800_500_000)), instant_key("2020-01-01T00:00:00.5Z"));
    }
}
