//! Number: counts as people read them.
//! In: a count. Out: text.
//! Invariant: exact; the same wherever a count is told.
//! Not here: scores and shares (the `report` crate).

/// A count with thousands separators: `1,204,311`.
#[must_use]
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
