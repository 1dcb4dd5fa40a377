//! Show: one received indicator, with source, path and marking; and why it counts as much as it does.
//! In: its id or the beginning of one. Out: text, or JSON.
//! Invariant: what came from others is shown as such, on one line each, without what a terminal would obey.
//! Not here: lists (`list.rs`).

use std::fmt::Write;

use stillwatch_node::intel::{Decay, Weighed, weigh};
use stillwatch_track::{By, Store, intel};

use super::{minute, now, plain};
use crate::verbs::record::failed;
use crate::verbs::store::{Format, print, print_json, told};

/// Arguments of `intel show` and `intel why`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 done, 2 failure. JSON has times as microseconds since 1970, UTC.")]
pub(super) struct Args {
    /// Its id, or the beginning of one
    id: String,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

async fn one(store: &Store, given: &str, decay: &Decay, by: &By) -> Result<Weighed, String> {
    let id = intel::find(store, given).await.map_err(told)?;
    let mut all = weigh(store, std::slice::from_ref(&id), decay, now(by)).await.map_err(failed)?;
    all.remove(&id).ok_or_else(|| format!("error: no received indicator `{id}`\nhint: `stillwatch intel list`"))
}

pub(super) async fn why(store: &Store, args: &Args, decay: &Decay, by: &By) -> Result<u8, String> {
    let one = one(store, &args.id, decay, by).await?;
    if args.format == Format::Json {
        print_json(&one.standing)?;
        return Ok(0);
    }
    let mut text = format!("{}\n", one.id);
    for because in &one.standing.because {
        let _ = writeln!(text, "  {}", plain(because));
    }
    print(text)?;
    Ok(0)
}

pub(super) async fn show(store: &Store, args: &Args, decay: &Decay, by: &By) -> Result<u8, String> {
    let one = one(store, &args.id, decay, by).await?;
    let history = intel::history(store, &one.id).await.map_err(told)?;
    if args.format == Format::Json {
        print_json(&serde_json::json!({ "indicator": one, "history": history }))?;
        return Ok(0);
    }
    let mut text = format!("{}\n", one.id);
    // Writing to a string can't fail.
    if let Some(newest) = one.newest() {
        let _ = writeln!(text, "name      {}", plain(&newest.name));
        let _ = writeln!(text, "kind      {}", newest.kind);
        let _ = writeln!(text, "pattern   {} ({})", plain(&newest.pattern), plain(&newest.pattern_type));
    }
    text += "\ntold:\n";
    for told in &one.told {
        let said = told.confidence.map_or("no confidence".to_owned(), |said| format!("confidence {said}"));
        let _ = writeln!(
            text,
            "  by {} over {}: {said}, TLP:{} PAP:{}{}",
            plain(&told.producer),
            plain(&told.peer),
            told.tlp.to_uppercase(),
            told.pap.to_uppercase(),
            if told.unread { " (a marking isn't known here: the strictest is taken)" } else { "" }
        );
        let until = told.valid_until.map_or("without end".to_owned(), |until| format!("until {}", minute(until)));
        let _ = writeln!(
            text,
            "    version {}, valid {until}; came {}, last {}",
            plain(&told.version),
            minute(told.first_received),
            minute(told.last_received)
        );
        if told.revoked {
            text += "    taken back by its author\n";
        }
        if let Some(gone) = told.gone {
            let _ = writeln!(text, "    the peer has it no longer, since {}", minute(gone));
        }
    }
    text += "\nothers say:\n";
    if one.remarks.is_empty() {
        text += "  nothing\n";
    }
    for said in &one.remarks {
        let what = match (&said.word, said.count) {
            (Some(word), _) => format!("opinion {word}"),
            (None, Some(0)) => "looked for it, and did not see it".to_owned(),
            (None, count) => {
                let last = said.last_seen.map_or(String::new(), |last| format!(" last {}", minute(last)));
                format!("sighting{}{last}", count.map_or(String::new(), |count| format!(" {count} times")))
            }
        };
        let ends = if said.revoked || said.gone.is_some() { ", taken back" } else { "" };
        let _ = writeln!(
            text,
            "  {}: {what}, by {} over {}, TLP:{}{ends}",
            minute(said.instant),
            plain(&said.producer),
            plain(&said.peer),
            said.tlp.to_uppercase()
        );
    }
    text += "\nwe:\n";
    match &one.hit {
        None => text += "  have not seen it\n",
        Some(hit) => {
            let _ = writeln!(
                text,
                "  saw it {} times, {} accounts, {} to {} ({}): {}",
                hit.count,
                hit.accounts,
                minute(hit.first_seen),
                minute(hit.last_seen),
                hit.state,
                plain(&hit.because)
            );
            if let Some(campaign) = &hit.campaign {
                let _ = writeln!(text, "  in {campaign}");
            }
        }
    }
    if let Some(verdict) = &one.verdict {
        let (word, code) = (&verdict.word, plain(&verdict.code));
        let _ = writeln!(text, "  say {word}, because {code} ({}, by {})", verdict.state, plain(&verdict.author));
    }
    text += "\nworth:\n";
    for because in &one.standing.because {
        let _ = writeln!(text, "  {}", plain(because));
    }
    if !history.is_empty() {
        text += "\nhistory:\n";
        for step in &history {
            let (by, because) = (plain(&step.by), plain(&step.because));
            let _ = writeln!(text, "  {}  {by}  {}  {because}", minute(step.at), step.what);
        }
    }
    print(text)?;
    Ok(0)
}
