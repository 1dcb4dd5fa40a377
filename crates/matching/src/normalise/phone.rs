//! Phone: telephone numbers and their first digits, in E.164.
//! In: text with the country code, punctuation as people write it. Out: `+` and digits.
//! Invariant: a number without a country code is refused: labs in different countries would read it differently.
//! Not here: who a number belongs to.

use phonenumber::Mode;

type Canonical = std::result::Result<String, &'static str>;

pub(super) fn number(value: &str) -> Canonical {
    if !value.starts_with(['+', '＋']) {
        return Err("it doesn't start with `+` and a country code");
    }
    let number = phonenumber::parse(None, value).map_err(|_| "it is no telephone number")?;
    if number.extension().is_some() {
        return Err("it has an extension");
    }
    if !number.is_valid() {
        return Err("no country has such a number");
    }
    let digits = number.format().mode(Mode::E164).to_string();
    plain(&digits, 7..=15)
}

/// 2 to 10 digits: a country code and what follows.
pub(super) fn prefix(value: &str) -> Canonical {
    let kept: String = value.chars().filter(|c| !" -.()/".contains(*c)).collect();
    plain(&kept, 2..=10)
}

fn plain(value: &str, digits: std::ops::RangeInclusive<usize>) -> Canonical {
    match value.strip_prefix('+') {
        Some(rest)
            if digits.contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()) && !rest.starts_with('0') =>
        {
            Ok(value.to_owned())
        }
        _ => Err("it isn't `+` and digits, as many as E.164 allows"),
    }
}
