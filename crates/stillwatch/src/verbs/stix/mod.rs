//! STIX: bundles out of the store and into it.
//! In: campaigns, or others' bundles. Out: bundles, or objects kept as they were written.
//! Invariant: what was imported is given back byte for byte; what is made says least by default.
//! Not here: what an object says (`stix`), how it is kept (`track`).

pub(crate) mod export;
pub(crate) mod import;

/// Whether a text is a STIX pattern, for `validate` and `import`.
pub(crate) fn pattern(text: &str) -> Result<(), String> {
    stillwatch_pattern::Pattern::parse(text, &stillwatch_pattern::Limits::default())
        .map(drop)
        .map_err(|error| error.to_string())
}
