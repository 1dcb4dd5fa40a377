//! Form: in which a field leaves.
//! In: a value, its shape, the recipient's key. Out: the value in that form, or nothing.
//! Invariant: forms are ordered, most open first, and the stricter of two wins; a form that can't be made drops the field.
//! Not here: which form a field leaves in (`plan.rs`).

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::shape::Shape;

/// In which form a field leaves; most open first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// As it is.
    AsIs,
    /// Coarsened: to a bucket, a day, a network.
    Coarse,
    /// Its skeleton: letters and digits masked.
    Skeleton,
    /// A keyed token: the same value gives the same token for this audience, and nobody without the key can guess it.
    Token,
    /// Not at all.
    Drop,
}

impl Form {
    /// Every form.
    pub const ALL: [Form; 5] = [Form::AsIs, Form::Coarse, Form::Skeleton, Form::Token, Form::Drop];

    /// Its word, as rules write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Form::AsIs => "as-is",
            Form::Coarse => "coarse",
            Form::Skeleton => "skeleton",
            Form::Token => "token",
            Form::Drop => "drop",
        }
    }

    /// Whether values of that shape have this form; `policy check` refuses rules that ask for others.
    #[must_use]
    pub fn suits(self, shape: &Shape) -> bool {
        match self {
            Form::AsIs | Form::Drop => true,
            Form::Coarse => matches!(
                shape,
                Shape::Time
                    | Shape::Percent
                    | Shape::Share
                    | Shape::Magnitude
                    | Shape::Count
                    | Shape::Address
                    | Shape::Pattern
            ),
            Form::Skeleton | Form::Token => matches!(shape, Shape::Text | Shape::Title | Shape::Agent),
        }
    }
}

/// Key of the tokens that one audience gets; at least 16 bytes. Different audiences must have different keys.
#[derive(Clone)]
pub struct TokenKey(Vec<u8>);

impl TokenKey {
    /// A key; `None` when it is too short to keep anything.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() >= 16).then(|| TokenKey(bytes.to_vec()))
    }

    /// HMAC-SHA-256 over where it stands and what it is, the first 128 bits (RFC 2104; NIST SP 800-107, section 5.3.4).
    fn token(&self, place: &str, value: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(b"stillwatch-token-1\0");
        mac.update(place.as_bytes());
        mac.update(b"\0");
        mac.update(value.as_bytes());
        Some(format!("token-{}", hex::encode(mac.finalize().into_bytes().get(..16)?)))
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

/// A value in a form; `None` where it can't be made. `place` keeps tokens of different properties apart.
pub(crate) fn apply(form: Form, shape: &Shape, value: &Value, place: &str, key: Option<&TokenKey>) -> Option<Value> {
    match form {
        Form::AsIs => Some(value.clone()),
        Form::Coarse => shape.coarse(value),
        Form::Skeleton => value.as_str().map(|text| json!(skeleton(text))),
        Form::Token => key?.token(place, value.as_str()?).map(Value::String),
        Form::Drop => None,
    }
}

/// Letters as `x`, digits as `9`, each run no longer than four; signs stay. At most 200 characters.
fn skeleton(text: &str) -> String {
    let (mut masked, mut last, mut run) = (String::new(), ' ', 0);
    for c in text.chars() {
        let mask = match c {
            c if c.is_numeric() => '9',
            c if c.is_alphabetic() => 'x',
            c if c.is_ascii_punctuation() => c,
            // Anything that a text could be hidden in is white space.
            _ => ' ',
        };
        run = if mask == last { run + 1 } else { 1 };
        last = mask;
        if run <= 4 {
            masked.push(mask);
        }
        if masked.len() >= 200 {
            break;
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skeleton_holds_no_letter_and_no_digit_of_the_text() {
        assert_eq!(skeleton("Write {n} haiku, 2026-11: «naïve»\u{200b}!"), "xxxx {x} xxxx, 9999-99:  xxxx  !");
    }

    #[test]
    fn tokens_differ_by_key_and_place() -> Result<(), &'static str> {
        let (one, two) = (TokenKey::new(&[1; 32]).ok_or("short")?, TokenKey::new(&[2; 32]).ok_or("short")?);
        assert_eq!(one.token("campaign.name", "a"), one.token("campaign.name", "a"));
        assert_ne!(one.token("campaign.name", "a"), two.token("campaign.name", "a"));
        assert_ne!(one.token("campaign.name", "a"), one.token("note.content", "a"));
        assert!(TokenKey::new(&[1; 15]).is_none());
        Ok(())
    }
}
