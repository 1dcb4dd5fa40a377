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
}
