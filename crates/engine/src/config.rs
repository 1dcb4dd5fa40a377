//! Config: flags that one sets for good, from a file.
//! In: `--config FILE`, `STILLWATCH_CONFIG`, or `stillwatch.toml` in the current folder. Out: defaults of flags.
//! Invariant: flags win over the environment, the environment over the file, the file over what is built in; no key is ignored.
//! Not here: what the flags mean (`verbs/reading.rs`).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::OsStr;
use clap::{Command, ValueEnum};
use serde::Deserialize;

use crate::verbs::{Failure, Format, share, size};

/// The file that is looked for when none is named.
const FILE: &str = "stillwatch.toml";
/// The variable that names a file; empty: none at all.
const VARIABLE: &str = "STILLWATCH_CONFIG";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    memory: Option<String>,
    spill_dir: Option<String>,
    threads: Option<u16>,
    max_bad: Option<f64>,
    source: Option<String>,
    accounts: Option<String>,
    aggregator: Option<Vec<String>>,
    format: Option<String>,
}

/// Values of flags, by the flags' ids.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Config(Vec<(&'static str, Vec<OsStr>)>);

impl Config {
    /// Finds and reads the file; without one there is nothing in it.
    ///
    /// # Errors
    /// When a file that was named can't be read, or a file holds what no flag is or takes.
    pub fn load(arguments: &[OsString]) -> Result<Self, Failure> {
        let named = named(arguments).or_else(|| std::env::var_os(VARIABLE));
        let path = match named {
            Some(path) if path.is_empty() => return Ok(Self::default()),
            Some(path) => PathBuf::from(path),
            None if Path::new(FILE).is_file() => FILE.into(),
            None => return Ok(Self::default()),
        };
        let text = std::fs::read_to_string(&path).map_err(|e| {
            Failure::new(format!("cannot read `{}`: {e}", path.display()), "check `--config` and `STILLWATCH_CONFIG`")
        })?;
        Self::read(&text, &path)
    }

    fn read(text: &str, path: &Path) -> Result<Self, Failure> {
        let wrong = |what: String| {
            Failure::new(
                format!("`{}`: {what}", path.display()),
                "the keys are memory, spill_dir, threads, max_bad, source, accounts, aggregator (a list) and format; each means what its flag does",
            )
        };
        let file: File = toml::from_str(text).map_err(|e| {
            let line = 1 + e.span().map_or(0, |span| text[..span.start].matches('\n').count());
            wrong(format!("line {line}: {}", e.message().trim_end()))
        })?;
        let of = |key: &str, why: String| wrong(format!("key `{key}`: {why}"));
        if let Some(memory) = &file.memory {
            size(memory).map_err(|why| of("memory", why))?;
        }
        if let Some(max_bad) = file.max_bad {
            share(&max_bad.to_string()).map_err(|why| of("max_bad", why))?;
        }
        if let Some(format) = &file.format {
            Format::from_str(format, false).map_err(|_| of("format", "neither `table` nor `json`".into()))?;
        }
        if file.threads == Some(0) {
            return Err(of("threads", "at least one is needed".into()));
        }
        // A path in the file starts at the file's folder, so that it means the same wherever the command is run.
        let folder = path.parent().unwrap_or(Path::new(""));
        let beside = |path: String| OsStr::from(folder.join(path).display().to_string());
        let values = [
            ("memory", file.memory.map(Into::into)),
            ("spill_dir", file.spill_dir.map(beside)),
            ("threads", file.threads.map(|n| n.to_string().into())),
            ("max_bad", file.max_bad.map(|n| n.to_string().into())),
            ("source", file.source.map(Into::into)),
            ("accounts", file.accounts.map(beside)),
            ("format", file.format.map(Into::into)),
        ];
        let mut values: Vec<_> = values.into_iter().filter_map(|(flag, value)| Some((flag, vec![value?]))).collect();
        values.extend(file.aggregator.map(|names| ("aggregator", names.into_iter().map(Into::into).collect())));
        Ok(Self(values))
    }

    /// Makes the values the defaults of those verbs' flags that read logs; `format` is that of `detect`.
    #[must_use]
    pub fn defaults(&self, command: Command) -> Command {
        command.mut_subcommands(|mut verb| {
            if verb.get_arguments().all(|argument| argument.get_id() != "memory") {
                return verb;
            }
            for (flag, value) in &self.0 {
                if *flag != "format" || verb.get_name() == "detect" {
                    verb = verb.mut_arg(flag, |argument| argument.default_values(value.clone()));
                }
            }
            verb
        })
    }
}

/// The file named by a flag. Looked for by hand, as it must be read before the arguments can be.
fn named(arguments: &[OsString]) -> Option<OsString> {
    let mut arguments = arguments.iter().take_while(|argument| *argument != "--");
    while let Some(argument) = arguments.next() {
        if argument == "--config" {
            return arguments.next().cloned();
        }
        if let Some(value) = argument.to_str().and_then(|a| a.strip_prefix("--config=")) {
            return Some(value.into());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        Config::read(text, Path::new("lab/stillwatch.toml")).expect_err("an error").message
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert!(
            said("memory = \"1GiB\"\nmemmory = \"2GiB\"\n")
                .starts_with("`lab/stillwatch.toml`: line 2: unknown field `memmory`")
        );
        assert!(said("threads = \"many\"").contains("line 1"));
        assert!(said("memory = \"lots\"").contains("key `memory`"));
        assert!(said("max_bad = 2.0").contains("key `max_bad`"));
        assert!(said("format = \"xml\"").contains("key `format`"));
        assert!(said("threads = 0").contains("key `threads`"));
    }

    #[test]
    fn a_path_starts_at_the_files_folder() {
        let config = Config::read("accounts = \"accounts.jsonl\"\nthreads = 2", Path::new("lab/stillwatch.toml"));
        let values = vec![("threads", vec!["2".into()]), ("accounts", vec!["lab/accounts.jsonl".into()])];
        assert_eq!(config.expect("a config"), Config(values));
    }

    #[test]
    fn the_flag_is_found_in_both_forms() {
        let of = |text: &str| named(&text.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("detect --config a.toml x"), Some("a.toml".into()));
        assert_eq!(of("detect x --config=b.toml"), Some("b.toml".into()));
        assert_eq!(of("detect -- --config c.toml"), None);
    }
}
