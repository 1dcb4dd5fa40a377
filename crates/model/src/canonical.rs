//! Canonical: the one encoding that is hashed or signed (RFC 8785, JSON Canonicalization Scheme).
//! In: any serialisable value. Out: bytes that are the same on every machine and build.
//! Invariant: keys sorted by UTF-16 code units, shortest numbers, no white space; map order of the input never shows.
//! Not here: hashing for sketches (`detect::text`).

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// Namespace of every deterministic id that Stillwatch makes.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f2c_8a41_2d52_5c0b_9a0e_51b1_7a7c_4e11);

/// The canonical bytes of `value`.
///
/// # Errors
/// When `value` can't be represented in JSON (a map with non-string keys, say).
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json_canonicalizer::to_vec(value)
}

/// Appends the canonical form of a value to a text that is written piece by piece: what `encode` would say of it, quicker
/// for the strings and whole numbers that most values are.
///
/// # Errors
/// As `encode`.
pub fn push(out: &mut String, value: &Value) -> Result<(), serde_json::Error> {
    // Whole numbers up to here are the same as a double (RFC 8785, section 3.2.2.3).
    const EXACT: u64 = 1 << 53;
    match value {
        Value::String(text) if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') => {
            out.push('"');
            out.push_str(text);
            out.push('"');
        }
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) if number.as_u64().is_some_and(|number| number <= EXACT) => {
            out.push_str(&number.to_string());
        }
        other => out.push_str(&String::from_utf8_lossy(&encode(other)?)),
    }
    Ok(())
}

/// A deterministic id `kind--<uuid5>` over the canonical form of `value`.
#[must_use]
pub fn id(kind: &str, value: &Value) -> String {
    // A `Value` always encodes; its text form is the fallback that can't be reached.
    let bytes = encode(value).unwrap_or_else(|_| value.to_string().into_bytes());
    format!("{kind}--{}", Uuid::new_v5(&NAMESPACE, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_of_keys_never_shows() -> Result<(), serde_json::Error> {
        assert_eq!(encode(&json!({"b": 1, "a": [1.0, "é"]}))?, r#"{"a":[1,"é"],"b":1}"#.as_bytes());
        assert_eq!(id("campaign", &json!({"x": 1, "y": 2})), id("campaign", &json!({"y": 2, "x": 1})));
        assert_ne!(id("campaign", &json!({"x": 1})), id("campaign", &json!({"x": 2})));
        Ok(())
    }

    #[test]
    fn what_is_pushed_is_what_is_encoded() -> Result<(), serde_json::Error> {
        let texts = ["", "a b", "é\u{1f600}", "\"\\/", "\n\u{0}\u{1f}\u{7f}\u{80}\u{2028}"].map(|text| json!(text));
        let numbers =
            [json!(0), json!(-1), json!(1_u64 << 53), json!((1_u64 << 53) + 1), json!(u64::MAX), json!(i64::MIN)];
        let odd = [
            json!(0.5),
            json!(1e21),
            json!(-0.0),
            json!(1.0),
            json!(null),
            json!(true),
            json!(false),
            json!({"b": [1], "a": {}}),
        ];
        for value in texts.iter().chain(&numbers).chain(&odd) {
            let mut text = String::new();
            push(&mut text, value)?;
            assert_eq!(text.as_bytes(), encode(value)?);
        }
        Ok(())
    }
}
