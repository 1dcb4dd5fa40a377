//! Labels: writes what people concluded, for calibration and training.
//! In: the store. Out: JSONL files.
//! Invariant: what a verdict doesn't say is left out, and that is said.
//! Not here: what a verdict says (`stillwatch_track::labels`).

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde::Serialize;
use stillwatch_track::Store;

use crate::verbs::store::{say, told};

/// Arguments of `campaigns labels`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch campaigns labels --out labels.jsonl                        verdicts on campaigns and accounts
  stillwatch campaigns labels --out labels.jsonl --quiet quiet.jsonl    and honest texts, which `stillwatch train` reads
  stillwatch train labelled.jsonl quiet.jsonl --out cues.bin

A verdict is on campaigns and accounts: what their score was made of can be held against it. Of texts it says one thing only: those of
false positives are honest. Which cue a text of a confirmed campaign shows is for somebody to say who reads it.
The files hold accounts and text of customers. Exit codes: 0 done, 1 nobody has judged anything, 2 failure.")]
pub(super) struct Args {
    /// Where to write verdicts, a JSON object a line
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to write texts of false positives, as `stillwatch train` reads them
    #[arg(long, value_name = "FILE")]
    quiet: Option<PathBuf>,
}

/// Runs the verb.
pub(super) async fn run(store: &Store, args: &Args) -> Result<u8, String> {
    let labels = stillwatch_track::labels(store).await.map_err(told)?;
    write(&args.out, &labels.labels)?;
    say(&format!(
        "wrote {}: {} labels; {} campaigns are not judged",
        args.out.display(),
        labels.labels.len(),
        labels.open
    ));
    if let Some(path) = &args.quiet {
        write(path, &labels.quiet)?;
        say(&format!("wrote {}: {} honest texts", path.display(), labels.quiet.len()));
    }
    if labels.left_out > 0 {
        say(&format!(
            "{} texts of confirmed or benign campaigns are left out: a verdict names no cue",
            labels.left_out
        ));
    }
    Ok(u8::from(labels.labels.is_empty()))
}

/// Writes lines beside the path, then renames: all of them or none.
fn write<T: Serialize>(path: &Path, lines: &[T]) -> Result<(), String> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written = (|| {
        let mut out = std::io::BufWriter::new(std::fs::File::create(&part)?);
        for line in lines {
            serde_json::to_writer(&mut out, line)?;
            out.write_all(b"\n")?;
        }
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        std::fs::rename(&part, path)
    })();
    written.map_err(|e| {
        // It may never have come to be.
        let _ = std::fs::remove_file(&part);
        format!("error: cannot write `{}`: {e}\nhint: check the path, and that there is space", path.display())
    })
}
