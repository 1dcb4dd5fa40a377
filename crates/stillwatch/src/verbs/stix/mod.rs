//! STIX: bundles out of the store and into it.
//! In: campaigns, or others' bundles. Out: bundles, or objects kept as they were written.
//! Invariant: what was imported is given back byte for byte; what is made says least by default.
//! Not here: what an object says (`stix`), how it is kept (`track`).

pub(crate) mod export;
pub(crate) mod import;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use stillwatch_stix::Limits;

/// Whether a text is a STIX pattern, for `validate` and `import`.
pub(crate) fn pattern(text: &str) -> Result<(), String> {
    stillwatch_pattern::Pattern::parse(text, &stillwatch_pattern::Limits::default())
        .map(drop)
        .map_err(|error| error.to_string())
}

/// A bundle's bytes, from a file or, for `-`, standard input: one byte more than is allowed tells that it was too much.
pub(crate) fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let most = Limits::default().bytes as u64 + 1;
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// What people call the file.
pub(crate) fn name(file: &Path) -> String {
    if file.as_os_str() == "-" { "standard input".to_owned() } else { file.display().to_string() }
}
