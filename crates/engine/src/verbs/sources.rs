//! Sources: the log formats that are understood.
//! In: nothing. Out: a list with a sample line each, and the signals that each can feed.
//! Invariant: says what each source cannot feed, never guesses.
//! Not here: the projections (`sources/*.sql`).

use clap::Args as ClapArgs;
use serde_json::json;
use stillwatch_detect::signals;

use crate::sources::{self, SourceInfo};

use super::detect::Format;
use super::{Exit, Failure, output};

/// Arguments of `sources`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch sources
  stillwatch sources --format json")]
pub struct Args {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// What a log that lacks a column lacks, in words.
const LACKS: [(&str, &str); 7] = [
    ("prompt", "no prompt text"),
    ("output_tokens", "no answers"),
    ("ip", "no addresses"),
    ("reasoning_presented", "no reasoning references"),
    ("status", "no outcomes"),
    ("organization", "no organisations"),
    ("model", "no models"),
];

fn fed(source: &SourceInfo) -> (Vec<&'static signals::Signal>, Vec<&'static signals::Signal>) {
    let feeds = |need: &&str| match *need {
        "messages" => source.feeds.contains(&"prompt"),
        "completion" => source.feeds.contains(&"completion_bytes"),
        // An accounts file goes with any source.
        need if need.starts_with("accounts.") => true,
        need => source.feeds.contains(&need),
    };
    signals::ALL.iter().partition(|signal| signal.needs.iter().any(feeds))
}

fn names(of: &[&signals::Signal]) -> Vec<&'static str> {
    of.iter().map(|signal| signal.name).collect()
}

/// Signals that are off, by what the log lacks for them: `no prompt text: template, injected`.
fn off(of: &[&signals::Signal]) -> String {
    let lack = |signal: &signals::Signal| {
        let known = LACKS.iter().find(|(column, _)| signal.needs.contains(column));
        known.map_or_else(|| format!("no {}", signal.needs.join(" or ")), |(_, words)| (*words).to_owned())
    };
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for signal in of {
        let lack = lack(signal);
        match groups.iter_mut().find(|(words, _)| *words == lack) {
            Some((_, names)) => names.push(signal.name),
            None => groups.push((lack, vec![signal.name])),
        }
    }
    let said: Vec<String> = groups.into_iter().map(|(lack, names)| format!("{} ({lack})", names.join(", "))).collect();
    said.join("; ")
}

/// Runs the verb.
///
/// # Errors
/// When stdout can't be written.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    match args.format {
        Format::Json => {
            let told = |source: &SourceInfo| {
                let (on, off) = fed(source);
                json!({
                    "name": source.name, "what": source.what, "sample": source.sample, "columns": source.feeds,
                    "signals": names(&on), "off": names(&off),
                })
            };
            let all: Vec<_> = sources::list().iter().map(told).collect();
            output::print(&format!("{:#}\n", json!(all)))?;
        }
        Format::Table => {
            let mut out = String::new();
            for source in sources::list() {
                block(&mut out, source);
            }
            out.push_str(OTHERS);
            output::print(&out)?;
        }
    }
    Ok(Exit::Done)
}

const OTHERS: &str =
    "A source is recognised by itself, or named with `--source`. What is called off is what such a log cannot tell.
Another format: `--source-sql FILE`, a SELECT over `records` onto the native columns.
What is known of accounts (payment, device, sign-up) comes from `--accounts FILE`, whatever the source.
";

/// A source, in lines no longer than the terminal.
fn block(out: &mut String, source: &SourceInfo) {
    let width = usize::from(output::width().unwrap_or(100)).max(60);
    let mut line = |name: &str, text: &str| {
        let lead = format!("{name:<17}");
        for (at, part) in stillwatch_report::wrapped(text, width - 17).into_iter().enumerate() {
            out.push_str(&if at == 0 { format!("{lead}{part}\n") } else { format!("{:17}{part}\n", "") });
        }
    };
    let (on, none) = fed(source);
    line(source.name, source.what);
    let all = signals::ALL.len();
    line(
        "  feeds",
        &if none.is_empty() { format!("all {all} signals") } else { format!("{} of {all} signals", on.len()) },
    );
    if !none.is_empty() {
        line("  off", &off(&none));
    }
    let sample = source.sample.lines().next().unwrap_or_default();
    let short: String = sample.chars().take(width - 18).collect();
    let more = if short.len() < sample.len() { "…" } else { "" };
    out.push_str(&format!("  {:<15}{short}{more}\n\n", "sample"));
}
