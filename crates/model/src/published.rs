//! Published: the schemas in `schemas/`, held against the types that make them; for tests.
//! In: a file's name, the schema as the types make it. Out: a failed assertion when they differ.
//! Invariant: compared as values: in which order a map prints depends on what else is built (`serde_json/preserve_order`).
//! Not here: the types.

use std::error::Error;

use serde_json::Value;

/// Asserts that the file is what was made; `STILLWATCH_UPDATE` writes it first.
pub(crate) fn is_current(name: &str, schema: &Value) -> Result<(), Box<dyn Error>> {
    let path = format!("{}/../../schemas/{name}", env!("CARGO_MANIFEST_DIR"));
    let made = serde_json::to_string_pretty(schema)? + "\n";
    if std::env::var_os("STILLWATCH_UPDATE").is_some() {
        std::fs::write(&path, &made)?;
    }
    let value = |text: &str| serde_json::from_str::<Value>(text);
    assert_eq!(value(&std::fs::read_to_string(&path)?)?, value(&made)?);
    Ok(())
}
