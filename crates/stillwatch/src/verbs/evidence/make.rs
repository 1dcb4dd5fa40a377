//! Make: writes a bundle.
//! In: a campaign, a store, a ledger. Out: one new file, and what is in it.
//! Invariant: a view of examples is recorded before anything is written; a file appears as a whole or not at all.
//! Not here: what is in a bundle (`contents.rs`, `ledger.rs`), its form (`archive.rs`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::json;
use stillwatch_ledger::{Entry, What};
use stillwatch_model::number::thousands;
use stillwatch_track::By;
use stillwatch_track::case::{Case, case};

use super::contents::{Asked, contents, named};
use super::manifest::{Accounts, FORMAT, Includes, Manifest, Program, VERSION, seal};
use super::{Args, archive, facts, ledger, readme, verify};
use crate::verbs::ledger::{public, read_key};
use crate::verbs::store::{Format, block_on, print, print_json, say, told};
use stillwatch_node::own::OWN;

/// Runs the verb.
pub(super) fn run(args: &Args) -> Result<u8, String> {
    let (Some(campaign), Some(out)) = (&args.campaign, &args.out) else {
        return Err("error: no campaign or no file was named\nhint: stillwatch evidence CAMPAIGN --out FILE".into());
    };
    free(out)?;
    let from = from(args)?;
    let by = args.author.by();
    let case = block_on(async {
        let store = args.data.open(&by).await?;
        let read = case(&store, campaign, OWN).await.map_err(told);
        store.close().await;
        read
    })?;
    let viewed = if args.examples { record(args, &case, &by)? } else { None };
    let (manifest, files) = bundle(args, &case, from.as_ref())?;
    let bytes = archive::write(Vec::new(), &files).map_err(|error| failed(out, &error))?;
    if bytes.len() as u64 > archive::MOST_BYTES {
        return Err(format!(
            "error: the bundle would have {} bytes; {} are allowed\nhint: split the campaign, or leave the examples out",
            bytes.len(),
            archive::MOST_BYTES
        ));
    }
    // What is handed on has been looked at as whoever gets it will.
    let checked = verify::check(&bytes, from.as_ref().map(|from| &from.public))
        .map_err(|why| format!("error: what was made isn't a bundle: {why}\nhint: report this as a bug"))?;
    write(out, &bytes)?;
    tell(args, &manifest, (&case, out), (files.len(), bytes.len(), &checked.sha256), viewed)?;
    Ok(0)
}

/// The files of a bundle, and what its manifest says.
fn bundle(
    args: &Args,
    case: &Case,
    from: Option<&ledger::From>,
) -> Result<(Manifest, BTreeMap<String, Vec<u8>>), String> {
    let accounts = if args.accounts { Accounts::Names } else { Accounts::Numbers };
    let producer = args.producer.as_deref();
    let made = contents(case, Asked { accounts, examples: args.examples, producer })?;
    let (mut files, mut ids) = (made.files, made.ids);
    ids.extend(args.about.iter().cloned());
    let ledger = from.map(|from| ledger::prove(from, &ids, &mut files)).transpose()?;
    let method = facts::method(case);
    let mut manifest = Manifest {
        format: FORMAT.into(),
        version: VERSION,
        program: Program { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() },
        campaign: case.course.campaign.id.clone(),
        window: facts::window(case),
        includes: Includes {
            accounts,
            named_in_texts: named(&files, case, accounts)?,
            examples: args.examples.then_some(case.examples.len() as u64),
            stix: args.producer.clone(),
        },
        known_limits: facts::limits(case, &method),
        method,
        retention: case.retention.iter().map(|(kind, days)| (kind.name().to_owned(), *days)).collect(),
        not_kept: facts::not_kept(),
        ledger,
        files: Vec::new(),
    };
    files.insert(readme::PATH.into(), readme::readme(&manifest).into_bytes());
    manifest.files = super::manifest::files(&files);
    seal(&manifest, &mut files)?;
    Ok((manifest, files))
}

/// The ledger that is asked for.
fn from(args: &Args) -> Result<Option<ledger::From>, String> {
    let Some(folder) = args.ledger.clone() else { return Ok(None) };
    let given = args.public.as_deref().map(public).transpose()?;
    let own = args.key.as_deref().map(read_key).transpose()?.map(|key| key.public());
    let public = match (given, own) {
        (Some(given), Some(own)) if given != own => {
            return Err(
                "error: `--public` and `--key` are of different ledgers\nhint: give the two that `ledger init` wrote"
                    .into(),
            );
        }
        (Some(public), _) | (None, Some(public)) => public,
        (None, None) => {
            return Err("error: `--ledger` needs its key\nhint: give `--public`, a file or the line itself".into());
        }
    };
    Ok(Some(ledger::From { folder, public, at: args.at.clone() }))
}

/// Records that the examples are looked at; the entry's index.
fn record(args: &Args, case: &Case, by: &By) -> Result<Option<u64>, String> {
    let (Some(folder), Some(key), Some(reason)) = (&args.ledger, &args.key, &args.reason) else {
        return Err(
            "error: examples need `--ledger`, `--key` and `--reason`\nhint: the ledger records who looked at them"
                .into(),
        );
    };
    if case.examples.is_empty() {
        return Ok(None);
    }
    let entry = Entry {
        at: jiff::Timestamp::now(),
        by: by.author.clone(),
        what: What::View {
            about: case.course.campaign.id.clone(),
            count: case.examples.len() as u64,
            reason: reason.clone(),
        },
    };
    ledger::record_view(folder, key, &entry).map(Some)
}

/// Nothing is overwritten: somebody may have told its hash.
fn free(out: &Path) -> Result<(), String> {
    if out.symlink_metadata().is_ok() {
        return Err(format!(
            "error: `{}` is there already\nhint: choose another name; evidence is never overwritten",
            out.display()
        ));
    }
    Ok(())
}

/// A new file that only its owner may read: all of it or nothing.
fn write(out: &Path, bytes: &[u8]) -> Result<(), String> {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = out.with_file_name(name);
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&part).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    // A link is made only where nothing is; where links can't be made, what came meanwhile is overwritten.
    let done = written.and_then(|()| match std::fs::hard_link(&part, out) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => std::fs::rename(&part, out),
        other => other,
    });
    let _ = std::fs::remove_file(&part);
    done.map_err(|error| failed(out, &error))
}

fn tell(
    args: &Args,
    manifest: &Manifest,
    (case, out): (&Case, &Path),
    (files, bytes, sha256): (usize, usize, &str),
    viewed: Option<u64>,
) -> Result<(), String> {
    let campaign = &case.course.campaign;
    if args.format == Format::Json {
        return print_json(&json!({
            "file": out, "campaign": manifest.campaign, "sha256": sha256, "bytes": bytes, "files": files,
            "ledger": manifest.ledger, "view": viewed, "named_in_texts": manifest.includes.named_in_texts,
        }));
    }
    let mut text = format!(
        "{}: {} ({})\n{} files, {} bytes, sha256 {sha256}\n{} to {}, {} findings, {} accounts{}\n",
        manifest.campaign,
        campaign.technique,
        campaign.status.name(),
        files,
        thousands(bytes as u64),
        manifest.window.from,
        manifest.window.to,
        manifest.method.findings,
        thousands(case.members.len() as u64),
        if args.accounts { ", by name" } else { ", by number" }
    );
    match &manifest.ledger {
        Some(ledger) => {
            text += &format!("{} entries of {}, proven at size {}\n", ledger.entries.len(), ledger.origin, ledger.size)
        }
        None => text += "no ledger was given: nothing shows what was released, viewed or decided\n",
    }
    if let (true, Some(index)) = (args.examples, viewed) {
        text += &format!("{} examples; entry {index} of the ledger says who looked at them\n", case.examples.len());
    } else if args.examples {
        text += "no examples: none were looked up, or they expired\n";
    }
    print(text)?;
    for named in &manifest.includes.named_in_texts {
        say(&format!(
            "{} names accounts all the same, in texts: {}; read them before you hand it on",
            named.file, named.texts
        ));
    }
    if args.producer.is_none() {
        say("nothing as STIX 2.1 is in it: `--producer NAME` says who would tell it");
    }
    say(&format!("wrote {}", out.display()));
    Ok(())
}

fn failed(out: &Path, error: &std::io::Error) -> String {
    format!(
        "error: cannot write `{}`: {error}\nhint: check that the folder exists, may be written to and has space",
        out.display()
    )
}
