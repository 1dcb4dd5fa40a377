//! Inputs: turns what the user named into files.
//! In: paths, globs, directories. Out: `Input`s in a stable order, each once.
//! Invariant: a name that leads to no file is an error, never silently nothing.
//! Not here: what the files hold (`sniff.rs`).

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use glob::MatchOptions;

use super::{cursor::plain, error::ScanError};

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// The directory in which it was found; nothing if it was named itself.
    pub(crate) within: Option<PathBuf>,
}

/// Finds the files. `except` is left out where it is only met in a directory or by a glob.
pub(crate) fn find(names: &[String], except: Option<&Path>) -> Result<Vec<Input>, ScanError> {
    if names.is_empty() {
        return Err(ScanError::NoInput);
    }
    let mut files = Vec::new();
    for name in names {
        let path = Path::new(name);
        if path.exists() {
            add(path, None, &mut files)?;
        } else if name.contains(['*', '?', '[']) {
            matching(name, &mut files)?;
        } else {
            // Where a directory on the way may not be entered, `exists` says no as well.
            return Err(match fs::metadata(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => unreadable(path, &error),
                _ => ScanError::NotFound { path: path.to_owned() },
            });
        }
    }
    let except = except.and_then(|path| path.canonicalize().ok());
    let mut met = BTreeSet::new();
    files.retain(|input| {
        let real = input.path.canonicalize().unwrap_or_else(|_| input.path.clone());
        let excepted = input.within.is_some() && except.as_ref() == Some(&real);
        !excepted && met.insert(real)
    });
    Ok(files)
}

fn matching(pattern: &str, files: &mut Vec<Input>) -> Result<(), ScanError> {
    let nothing = || ScanError::NoMatch { pattern: pattern.to_owned() };
    let before = files.len();
    let as_a_shell =
        MatchOptions { require_literal_leading_dot: true, require_literal_separator: true, ..MatchOptions::new() };
    let paths = glob::glob_with(pattern, as_a_shell).map_err(|_| nothing())?;
    for path in paths {
        let path =
            path.map_err(|error| ScanError::Unreadable { path: error.path().to_owned(), why: plain(error.error()) })?;
        if path.is_file() {
            let parent = path.parent().unwrap_or(Path::new("")).to_owned();
            add(&path, Some(&parent), files)?;
        }
    }
    if files.len() == before { Err(nothing()) } else { Ok(()) }
}

fn add(path: &Path, within: Option<&Path>, files: &mut Vec<Input>) -> Result<(), ScanError> {
    let about = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if about.is_dir() {
        let before = files.len();
        let mut others = 0;
        walk(path, path, files, &mut others)?;
        if files.len() == before {
            let why = if others == 0 {
                "it is empty".to_owned()
            } else {
                "nothing but hidden or special files is in it".to_owned()
            };
            return Err(ScanError::EmptyDirectory { path: path.to_owned(), why });
        }
    } else {
        fs::File::open(path).map_err(|error| unreadable(path, &error))?;
        files.push(Input { path: path.to_owned(), size: about.len(), within: within.map(Path::to_owned) });
    }
    Ok(())
}

fn walk(root: &Path, directory: &Path, files: &mut Vec<Input>, others: &mut usize) -> Result<(), ScanError> {
    let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(|error| unreadable(directory, &error)))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Hidden files, and the markers that Spark and Hive leave (`_SUCCESS`).
        if name.starts_with(['.', '_']) {
            *others += 1;
            continue;
        }
        let about = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        if about.is_dir() {
            walk(root, &path, files, others)?;
        } else if about.is_file() {
            add(&path, Some(root), files)?;
        } else {
            *others += 1;
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> ScanError {
    ScanError::Unreadable { path: path.to_owned(), why: plain(error) }
}
