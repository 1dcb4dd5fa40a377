//! Validate: whether bundles keep to STIX 2.1.
//! In: files, or standard input. Out: faults with line and path; exit 0 none, 1 some, 2 a file can't be read.
//! Invariant: reads nothing but the files named; every file is told of, whatever the others are.
//! Not here: the checks (`stix`).

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use stillwatch_stix::Limits;
use stillwatch_stix::validate::{Rules, validate};
use stillwatch_stix::{Fault, Severity};

use super::stix::{bytes, name};

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch validate bundle.json               faults with line, column and path
  stillwatch validate --errors-only *.json      only what breaks a MUST of STIX 2.1
  curl … | stillwatch validate --format json    from standard input, for programs

Exit codes: 0 no fault; 1 faults; 2 a file could not be read.")]
pub(crate) struct Args {
    /// Bundles, TAXII envelopes or single objects; `-` or none: standard input
    files: Vec<PathBuf>,
    /// How faults are printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Leave out warnings: what breaks a SHOULD, or is deprecated
    #[arg(long)]
    errors_only: bool,
    /// Most faults told of a file
    #[arg(long, default_value_t = 100, value_name = "N")]
    most: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a fault
    Table,
    /// One JSON object a file, with a list of faults
    Json,
}

pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let stdin = [PathBuf::from("-")];
    let files = if args.files.is_empty() { &stdin[..] } else { &args.files };
    let (mut out, mut code, mut unread) = (String::new(), 0, Vec::new());
    for file in files {
        let bytes = match bytes(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                unread.push(format!("error: cannot read `{}`: {error}", file.display()));
                continue;
            }
        };
        let mut faults = validate(
            &bytes,
            &Rules { limits: Limits { faults: 100_000, ..Limits::default() }, pattern: Some(&super::stix::pattern) },
        );
        faults.retain(|fault| !args.errors_only || fault.severity == Severity::Error);
        code = code.max(u8::from(!faults.is_empty()));
        let more = faults.len().saturating_sub(args.most);
        faults.truncate(args.most);
        out += &match args.format {
            Format::Table => table(file, &faults, more),
            Format::Json => json(file, &faults, more),
        };
    }
    // A reader that has seen enough is no failure.
    let _ = std::io::stdout().lock().write_all(out.as_bytes());
    if unread.is_empty() { Ok(code) } else { Err(unread.join("\n")) }
}

fn table(file: &Path, faults: &[Fault], more: usize) -> String {
    let name = name(file);
    let mut text: String = faults.iter().map(|fault| format!("{name}:{fault}\n")).collect();
    let count = |severity| faults.iter().filter(|fault| fault.severity == severity).count();
    text += &match (faults.is_empty(), more) {
        (true, _) => format!("{name}: no faults\n"),
        (false, 0) => format!("{name}: {} errors, {} warnings\n", count(Severity::Error), count(Severity::Warning)),
        (false, more) => format!("{name}: {more} more faults aren't shown (hint: --most {})\n", faults.len() + more),
    };
    text
}

fn json(file: &Path, faults: &[Fault], more: usize) -> String {
    serde_json::json!({"file": file.display().to_string(), "faults": faults, "more": more}).to_string() + "\n"
}
