//! Value: what is found in an observation, and how it compares with a constant (STIX 2.1, 9.6).
//! In: a value and a constant. Out: equal or not, before or after, or that they can't be compared.
//! Invariant: types never compare across, but for numbers, bytes with text whose characters are below 256, and times with their text.
//! Not here: `LIKE` (`like.rs`), `MATCHES` (`pcre.rs`), networks (`network.rs`).

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::error::{Undecided, short};
use crate::syntax::Constant;
use crate::timestamp;

/// A value found in an observation.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A string.
    Text(&'a str),
    /// An integer.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// Bytes, from a property that ends in `_hex` or `_bin`.
    Bytes(Cow<'a, [u8]>),
    /// An instant, in microseconds since 1970; in JSON an instant is its text.
    Time(i64),
    /// An object, a list or null: it exists, and equals no constant.
    Other,
}

impl Value<'_> {
    /// Whether the value equals a constant.
    ///
    /// # Errors
    /// When the constant is a timestamp and the value a text that is none (as `stix2-matcher` has it).
    pub fn equals(&self, constant: &Constant) -> Result<bool, Undecided> {
        Ok(self.compare(constant)? == Some(Ordering::Equal))
    }

    /// How the value stands to a constant; none when the two can't be compared.
    ///
    /// # Errors
    /// As `equals`.
    pub fn compare(&self, constant: &Constant) -> Result<Option<Ordering>, Undecided> {
        Ok(match (self, constant) {
            (Value::Text(text), Constant::Text(other)) => Some((*text).cmp(other.as_str())),
            (Value::Int(number), Constant::Int(other)) => Some(number.cmp(other)),
            (Value::Int(number), Constant::Float(other)) => mixed(*number, *other),
            (Value::Float(number), Constant::Int(other)) => mixed(*other, *number).map(Ordering::reverse),
            (Value::Float(number), Constant::Float(other)) => number.partial_cmp(other),
            (Value::Bool(truth), Constant::Bool(other)) => Some(truth.cmp(other)),
            (Value::Bytes(bytes), Constant::Hex(other) | Constant::Binary(other)) => Some(bytes.as_ref().cmp(other)),
            (Value::Bytes(bytes), Constant::Text(other)) => latin(other).map(|other| bytes.as_ref().cmp(&other)),
            (Value::Text(text), Constant::Hex(other) | Constant::Binary(other)) => {
                latin(text).map(|text| text.cmp(other))
            }
            (Value::Time(micros), Constant::Time(other)) => Some(micros.cmp(other)),
            (Value::Text(text), Constant::Time(other)) => match timestamp::parse(text) {
                Some(micros) => Some(micros.cmp(other)),
                None => {
                    return Err(Undecided::Value(format!(
                        "`{}` is compared with a timestamp, and is none",
                        short(text)
                    )));
                }
            },
            _ => None,
        })
    }
}

/// An integer against a float, exactly.
fn mixed(number: i64, other: f64) -> Option<Ordering> {
    const EDGE: f64 = 9_223_372_036_854_775_808.0;
    if other.is_nan() {
        None
    } else if other >= EDGE {
        Some(Ordering::Less)
    } else if other < -EDGE {
        Some(Ordering::Greater)
    } else {
        Some(
            number
                .cmp(&(other.trunc() as i64))
                .then_with(|| 0.0.partial_cmp(&other.fract()).unwrap_or(Ordering::Equal)),
        )
    }
}

/// The bytes of a text whose characters are all below 256; other texts compare with no bytes.
pub(crate) fn latin(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
}
