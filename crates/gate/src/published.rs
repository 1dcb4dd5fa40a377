//! Published: the schemas in `schemas/`, held against the types that make them; for tests.
//! In: the types. Out: a failed assertion when a file differs.
//! Invariant: compared as values; `STILLWATCH_UPDATE` writes them first.
//! Not here: the types.

use std::error::Error;

use serde_json::Value;

#[test]
fn schemas_are_current() -> Result<(), Box<dyn Error>> {
    let made = [
        ("decision.schema.json", schemars::schema_for!(crate::Decision)),
        ("decide-request.schema.json", schemars::schema_for!(crate::Request)),
        ("decide-answer.schema.json", schemars::schema_for!(crate::Answer)),
        ("facts.schema.json", schemars::schema_for!(crate::Facts)),
    ];
    for (name, schema) in made {
        let path = format!("{}/../../schemas/gate/{name}", env!("CARGO_MANIFEST_DIR"));
        let made = serde_json::to_string_pretty(&schema)? + "\n";
        if std::env::var_os("STILLWATCH_UPDATE").is_some() {
            std::fs::write(&path, &made)?;
        }
        let value = |text: &str| serde_json::from_str::<Value>(text);
        assert_eq!(value(&std::fs::read_to_string(&path)?)?, value(&made)?, "{name}");
    }
    Ok(())
}
