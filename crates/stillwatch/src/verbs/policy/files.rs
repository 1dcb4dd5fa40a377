//! Files: profiles, objects, names and keys, read from disk or from the store.
//! In: paths. Out: bytes and sets, or what keeps them from being read.
//! Invariant: bounded; only a profile's own files are read, no folder within it, no link out of it.
//! Not here: what they mean (`share`).

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use stillwatch_model::TextSketch;
use stillwatch_node::{VerifyingKey, own};
use stillwatch_share::scan::{Scanners, prompts};
use stillwatch_share::{Draft, Files, MAX_BYTES, MAX_FILES, Set, TokenKey};
use stillwatch_stix::{Bundle, Limits};
use stillwatch_track::Place;
use stillwatch_track::objects::{self, After, Which};

use crate::verbs::record::failed;
use crate::verbs::store::{Author, Data, block_on, told};

/// Objects to decide over, and what the scanners and tokens need.
#[derive(Debug, clap::Args)]
pub(super) struct Over {
    #[command(flatten)]
    data: Data,
    /// What to decide over: a bundle, or a store (its folder, or a URL of PostgreSQL) [default: the store of --data]
    #[arg(long, value_name = "FILE|DIR|URL")]
    over: Option<OsString>,
    /// Passes over the prompts that the store knows: what leaves is then not compared with them
    #[arg(long)]
    without_prompts: bool,
    /// Names that must not leave, one a line
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
    /// Key of the recipient's tokens, at least 16 bytes; without it what leaves as a token does not leave
    #[arg(long, value_name = "FILE")]
    token_key: Option<PathBuf>,
}

/// The file by which a folder is known as a store.
const STORE: &str = "stillwatch.sqlite";

/// Where objects come from.
enum Source<'a> {
    Bundle(&'a Path),
    Store(Data),
}

impl Over {
    /// The objects, and what is looked for in what would leave of them: names, and the prompts of the campaigns in the store.
    /// A bundle is compared with the prompts of the store of --data, where there is one.
    pub(super) fn read(&self) -> Result<(Set, Scanners), String> {
        let names = names(self.names.as_deref())?;
        let (set, texts) = match self.source() {
            Source::Bundle(file) => {
                (bundle(file)?, self.known(&self.data, Path::new(&self.data.data).join(STORE).is_file())?)
            }
            Source::Store(data) => (block_on(stored(&data))?, self.known(&data, true)?),
        };
        for (what, why) in &set.refused {
            eprintln!("passed over: {what}: {why}");
        }
        let check = (!texts.is_empty()).then(|| prompts(&texts));
        Ok((set, Scanners::new(&names, check)))
    }

    /// By what it is: a URL is a store, a folder too, anything else a bundle.
    fn source(&self) -> Source<'_> {
        let Some(over) = &self.over else { return Source::Store(self.data.clone()) };
        let data = Data { data: over.clone() };
        match data.place() {
            Place::Folder(folder) if !folder.is_dir() => Source::Bundle(Path::new(over)),
            Place::Folder(_) | Place::Server(_) => Source::Store(data),
        }
    }

    /// Sketches of the prompts that a store knows.
    fn known(&self, data: &Data, is_there: bool) -> Result<Vec<TextSketch>, String> {
        if self.without_prompts || !(is_there || matches!(data.place(), Place::Server(_))) {
            return Ok(Vec::new());
        }
        block_on(async {
            let store = data.open(&Author::default().by()).await?;
            own::sketches(&store).await.map_err(failed)
        })
    }

    /// Key of the recipient's tokens.
    pub(super) fn key(&self) -> Result<Option<TokenKey>, String> {
        self.token_key.as_deref().map(token_key).transpose()
    }
}

/// Names that must not leave, from a file, one a line.
pub(crate) fn names(file: Option<&Path>) -> Result<Vec<String>, String> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let text = String::from_utf8(read(file, 16 << 20)?).map_err(|e| format!("error: {}: {e}", file.display()))?;
    Ok(text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// Keys that are trusted: files with PEM, or 64 hexadecimal digits.
pub(crate) fn public_keys(given: &[String]) -> Result<Vec<VerifyingKey>, String> {
    let one = |key: &String| {
        let file = Path::new(key);
        let text =
            if file.is_file() { String::from_utf8_lossy(&read(file, 1 << 16)?).into_owned() } else { key.clone() };
        stillwatch_share::public_key(&text).map_err(|error| format!("error: `{key}`: {error}"))
    };
    given.iter().map(one).collect()
}

/// A key of tokens, from a file.
pub(crate) fn token_key(file: &Path) -> Result<TokenKey, String> {
    TokenKey::new(&read(file, 4096)?).ok_or_else(|| format!("error: {}: a key has at least 16 bytes", file.display()))
}

fn bundle(file: &Path) -> Result<Set, String> {
    let bytes = read(file, Limits::default().bytes)?;
    let bundle = Bundle::read(&bytes, &Limits::default()).map_err(|e| {
        format!("error: {}: {e}\nhint: --over takes a bundle, a store's folder, or a URL of PostgreSQL", file.display())
    })?;
    for fault in &bundle.faults {
        eprintln!("{}:{fault}", file.display());
    }
    Ok(Set::of(bundle.objects.iter().map(stillwatch_stix::Object::raw)))
}

async fn stored(data: &Data) -> Result<Set, String> {
    let store = data.open(&Author::default().by()).await?;
    let (mut texts, mut after): (Vec<String>, Option<After>) = (Vec::new(), None);
    loop {
        let page = objects::page(&store, &Which::default(), 10_000, after.as_ref()).await.map_err(told)?;
        let Some(last) = page.last() else { break };
        after = Some(last.into());
        texts.extend(page.into_iter().map(|object| object.json));
    }
    Ok(Set::of(texts.iter().map(String::as_str)))
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
