//! Time: timestamps as STIX writes them (STIX 2.1, section 2.16).
//! In: text. Out: a time that can be compared, or what is wrong with the text.
//! Invariant: RFC 3339 in UTC with a capital `T` and `Z`, a day that exists.
//! Not here: which property must not be before which (`objects.txt`).

/// A time: seconds since the epoch, then the digits behind the point without closing zeros, which order as text.
pub(super) type Time<'a> = (i64, &'a str);

/// Reads a timestamp; `precise` asks for at least three digits of a second.
pub(super) fn read(text: &str, precise: bool) -> Result<Time<'_>, &'static str> {
    let bytes = text.as_bytes();
    let form = bytes.len() >= 20
        && bytes.iter().enumerate().take(19).all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            10 => *byte == b'T',
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !form || !text.ends_with('Z') {
        return Err("should be a timestamp in UTC such as `2026-01-31T12:00:00.000Z`");
    }
    let Some(fraction) = text.get(19..text.len() - 1) else { return Err("should be a timestamp in UTC") };
    let digits = fraction.strip_prefix('.').unwrap_or_default();
    if !fraction.is_empty() && (digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err("has no digits behind the point of its seconds");
    }
    if precise && digits.len() < 3 {
        return Err("needs at least three digits of a second");
    }
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<i8>().ok()).unwrap_or(-1);
    // A leap second is a second.
    if number(11, 13) > 23 || number(14, 16) > 59 || number(17, 19) > 60 {
        return Err("names an hour, minute or second that there isn't");
    }
    let date = text.get(..10).and_then(|date| date.parse::<jiff::civil::Date>().ok());
    let Some(day) = date.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok()) else {
        return Err("names a day that there isn't");
    };
    let seconds = day.timestamp().as_second()
        + i64::from(number(11, 13)) * 3600
        + i64::from(number(14, 16)) * 60
        + i64::from(number(17, 19));
    Ok((seconds, digits.trim_end_matches('0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_compare_whatever_their_digits() -> Result<(), &'static str> {
        assert_eq!(read("2026-01-31T12:00:00Z", false)?, read("2026-01-31T12:00:00.000Z", true)?);
        assert!(read("2026-01-31T12:00:00.1Z", false)? < read("2026-01-31T12:00:00.12Z", false)?);
        assert!(read("2016-12-31T23:59:60Z", false).is_ok());
        Ok(())
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31t12:00:00Z",
            "2026-01-31T12:00:00+00:00",
            "2026-02-30T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00.1xZ",
            "2026-01-31T12:60:00Z",
            "ééééééééééZ",
        ] {
            assert!(read(text, false).is_err(), "{text}");
        }
        assert!(read("2026-01-31T12:00:00.00Z", true).is_err());
    }
}
