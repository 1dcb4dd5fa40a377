//! Files: profiles, objects, names and keys, read from disk or from the store.
//! In: paths. Out: bytes and sets, or what keeps them from being read.
//! Invariant: bounded; only a profile's own files are read, no folder within it, no link out of it.
//! Not here: what they mean (`share`).

use std::io::Read;
use std::path::{Path, PathBuf};

use stillwatch_share::scan::Scanners;
use stillwatch_share::{Draft, Files, MAX_BYTES, MAX_FILES, Set, TokenKey};
use stillwatch_stix::{Bundle, Limits};
use stillwatch_track::objects::{self, After, Which};

use crate::verbs::store::{Author, Data, block_on, told};

/// Objects to decide over, and what the scanners and tokens need.
#[derive(Debug, clap::Args)]
pub(super) struct Over {
    #[command(flatten)]
    data: Data,
    /// A bundle, in place of what the store keeps
    #[arg(long, value_name = "FILE")]
    over: Option<PathBuf>,
    /// Names that must not leave, one a line
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
    /// Key of the recipient's tokens, at least 16 bytes; without it what leaves as a token does not leave
    #[arg(long, value_name = "FILE")]
    token_key: Option<PathBuf>,
}

impl Over {
    /// The objects.
    pub(super) fn set(&self) -> Result<Set, String> {
        let set = match &self.over {
            Some(file) => {
                let bytes = read(file, Limits::default().bytes)?;
                let bundle =
                    Bundle::read(&bytes, &Limits::default()).map_err(|e| format!("error: {}: {e}", file.display()))?;
                for fault in &bundle.faults {
                    eprintln!("{}:{fault}", file.display());
                }
                Set::of(bundle.objects.iter().map(stillwatch_stix::Object::raw))
            }
            None => block_on(self.stored())?,
        };
        for (what, why) in &set.refused {
            eprintln!("passed over: {what}: {why}");
        }
        Ok(set)
    }

    async fn stored(&self) -> Result<Set, String> {
        let store = self.data.open(&Author::default().by()).await?;
        let (mut texts, mut after): (Vec<String>, Option<After>) = (Vec::new(), None);
        loop {
            let page = objects::page(&store, &Which::default(), 10_000, after.as_ref()).await.map_err(told)?;
            let Some(last) = page.last() else { break };
            after = Some(last.into());
            texts.extend(page.into_iter().map(|object| object.json));
        }
        Ok(Set::of(texts.iter().map(String::as_str)))
    }

    /// What is looked for in what would leave.
    pub(super) fn scanners(&self) -> Result<Scanners, String> {
        scanners(self.names.as_deref())
    }

    /// Key of the recipient's tokens.
    pub(super) fn key(&self) -> Result<Option<TokenKey>, String> {
        self.token_key.as_deref().map(token_key).transpose()
    }
}

/// What is looked for in what would leave, with a file of names.
pub(crate) fn scanners(names: Option<&Path>) -> Result<Scanners, String> {
    let Some(file) = names else { return Ok(Scanners::default()) };
    let text = String::from_utf8(read(file, 16 << 20)?).map_err(|e| format!("error: {}: {e}", file.display()))?;
    let names: Vec<String> = text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok(Scanners::new(&names, None))
}

/// A key of tokens, from a file.
pub(crate) fn token_key(file: &Path) -> Result<TokenKey, String> {
    TokenKey::new(&read(file, 4096)?).ok_or_else(|| format!("error: {}: a key has at least 16 bytes", file.display()))
}

/// A profile as it stands in its directory.
pub(super) fn draft(folder: &Path) -> Result<Draft, String> {
    Draft::read(files(folder)?).map_err(|error| format!("error: {}/{error}", folder.display()))
}

/// The files of a profile.
pub(super) fn files(folder: &Path) -> Result<Files, String> {
    let failed = |error: std::io::Error| {
        format!("error: cannot read `{}`: {error}\nhint: name the profile's directory", folder.display())
    };
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        // Neither folders nor links: a link's target is not what was signed. Hidden files are editors'.
        if !entry.file_type().map_err(failed)?.is_file() || name.to_string_lossy().starts_with('.') {
            continue;
        }
        if files.len() > MAX_FILES {
            break;
        }
        let name = name.into_string().map_err(|name| format!("error: {}: a name that is no UTF-8", name.display()))?;
        files.insert(name, read(&entry.path(), MAX_BYTES + 1)?);
    }
    Ok(files)
}

/// A file, up to so many bytes.
pub(super) fn read(file: &Path, most: usize) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("error: cannot read `{}`: {error}", file.display());
    let mut bytes = Vec::new();
    std::fs::File::open(file).map_err(failed)?.take(most as u64).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
