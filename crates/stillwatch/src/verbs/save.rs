//! Save: takes runs that `detect --save` wrote into the store.
//! In: files, or the spool of the data folder. Out: what became of each finding, on stderr.
//! Invariant: a run that was saved before changes nothing; a file given by name stays where it is.
//! Not here: finding campaigns (`detect`).

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use stillwatch_track::spool::{self, Taken};
use stillwatch_track::{How, Missing, Outcome, Place, Store};

use super::store::{Author, Data, block_on, say, told};

/// Arguments of `save`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch save                          what waits in the spool of the data folder
  stillwatch save run.json                 a run in a file; the file stays
  stillwatch save --data postgres://lab@db/stillwatch --spool /var/lib/stillwatch/spool

`detect --save` writes to the spool, and every verb that reads the store takes in what waits there.
Exit codes: 0 done, 1 a file was set aside because it can't be read, 2 failure.")]
pub(crate) struct Args {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    author: Author,
    /// Runs, as `detect --save` writes them
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The spool to take in, if not that of the data folder
    #[arg(long, value_name = "DIR", conflicts_with = "files")]
    spool: Option<PathBuf>,
}

/// Runs the verb.
pub(crate) fn run(args: &Args) -> Result<u8, String> {
    let by = args.author.by();
    block_on(async {
        let store = Store::open(&args.data.place(), Missing::Make).await.map_err(told)?;
        if !args.files.is_empty() {
            for file in &args.files {
                let outcome = spool::take(&store, file, &by).await.map_err(told)?;
                say(&sentence(&outcome));
            }
            store.close().await;
            return Ok(0);
        }
        let folder = match (&args.spool, args.data.place()) {
            (Some(folder), _) => folder.clone(),
            (None, Place::Folder(data)) => data.join(spool::FOLDER),
            (None, Place::Server(_)) => {
                return Err("error: a database has no spool of its own\nhint: give `--spool DIR`, or files".into());
            }
        };
        let taken = spool::take_in(&store, &folder, &by).await.map_err(told)?;
        store.close().await;
        if taken.is_empty() {
            say(&format!("nothing waits in `{}`", folder.display()));
        }
        tell(&taken);
        Ok(u8::from(taken.iter().any(|t| matches!(t, Taken::Refused(..)))))
    })
}

/// Takes in a spool, for `detect --save`.
pub(crate) fn take_in(data: &OsStr, folder: &Path) -> Result<(), String> {
    let by = Author::default().by();
    block_on(async {
        let store = Store::open(&Place::parse(data), Missing::Make).await.map_err(told)?;
        tell(&spool::take_in(&store, folder, &by).await.map_err(told)?);
        Ok(())
    })
}

/// Says what became of files of a spool.
pub(crate) fn tell(taken: &[Taken]) {
    for one in taken {
        match one {
            Taken::Saved(_, outcome) => say(&sentence(outcome)),
            Taken::Refused(aside, error) => {
                say(&format!("warning: {error}; it was set aside as `{}`", aside.display()));
            }
        }
    }
}

fn sentence(outcome: &Outcome) -> String {
    let run: String = outcome.run.chars().take(13).collect();
    if outcome.already {
        return format!("{run}: saved before, nothing changed");
    }
    let count = |is: fn(&How) -> bool| outcome.kept.iter().filter(|k| is(&k.how)).count();
    let absorbed: usize = outcome.kept.iter().map(|k| k.absorbed.len()).sum();
    let parts = [
        (count(|h| *h == How::New), "new"),
        (count(|h| *h == How::Seen), "seen again"),
        (count(|h| *h == How::Returned), "returned"),
        (count(|h| matches!(h, How::Split(_))), "split off"),
        (absorbed, "absorbed by another"),
    ];
    let told: Vec<String> = parts.iter().filter(|p| p.0 > 0).map(|(n, what)| format!("{n} {what}")).collect();
    let told = if told.is_empty() { "no campaigns".to_owned() } else { told.join(", ") };
    format!("{run}: saved; campaigns: {told}")
}
