//! Show: what would leave, field by field, and what was dropped by which rule.
//! In: a release. Out: text for the reviewer, JSON, or the exact bytes.
//! Invariant: objects of one type whose fields fare alike are told of together; nothing that leaves is left out.
//! Not here: deciding (`decide.rs`).

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Value, json};
use stillwatch_track::Store;
use stillwatch_track::releases::{self, Fate, Item};

use super::{minute, plain};
use crate::verbs::store::{Format, print, print_json, told};

/// Arguments of `release show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch release show 81c2
  stillwatch release show 81c2 --to lab-one.example --bytes    exactly what would leave, an object a line
  stillwatch release show 81c2 --format json                   everything, with the bytes

Exit codes: 0 done, 2 failure, also when there is no such release.")]
pub(super) struct Args {
    /// Its id, or the beginning of one
    id: String,
    /// What is for this member only
    #[arg(long, value_name = "MEMBER")]
    to: Option<String>,
    /// The exact bytes, an object a line
    #[arg(long)]
    bytes: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, env = "STILLWATCH_FORMAT")]
    format: Format,
}

/// What became of a field, as the release keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Note {
    outcome: String,
    path: String,
    class: String,
    rules: Vec<String>,
    policies: Vec<String>,
    because: String,
}

pub(super) async fn run(store: &Store, args: &Args) -> Result<u8, String> {
    let release = releases::release(store, &args.id).await.map_err(told)?;
    let mut items = releases::items(store, &release.id).await.map_err(told)?;
    items.retain(|item| args.to.as_ref().is_none_or(|to| *to == item.recipient));
    if args.bytes {
        for item in items.iter().filter(|item| item.fate == Fate::Leaves) {
            print(format!("{}\n", item.body))?;
        }
        return Ok(0);
    }
    let approvals = releases::approvals(store, &release.id).await.map_err(told)?;
    let steps = releases::history(store, &release.id).await.map_err(told)?;
    let deliveries = releases::deliveries(store, &release.id).await.map_err(told)?;
    if args.format == Format::Json {
        let items: Vec<Value> = items.iter().map(item_json).collect();
        print_json(&json!({
            "release": release, "approvals": approvals, "items": items, "deliveries": deliveries, "steps": steps,
        }))?;
        return Ok(0);
    }
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = writeln!(text, "{}  {}", release.id, release.state.name());
    if let Some(revokes) = &release.revokes {
        let _ = writeln!(text, "takes back   {revokes}");
    }
    let what = if release.subject.starts_with("campaign--") { "campaign" } else { "about" };
    let _ = writeln!(text, "{what:12} {}", release.subject);
    let _ = writeln!(text, "profile      {} version {} (sha256:{})", release.profile, release.version, release.digest);
    let _ = writeln!(text, "purpose      {}", plain(&release.purpose));
    let _ = writeln!(text, "legal basis  {}", plain(&release.legal_basis));
    let _ = writeln!(text, "proposed     {} by {}", minute(release.proposed), plain(&release.author));
    let _ = write!(text, "approvals    {} of {}", release.approved, release.needed);
    for approval in &approvals {
        let _ = write!(text, "; {} {}", plain(&approval.by), minute(approval.at));
    }
    let _ = writeln!(text);
    if release.state == releases::State::Proposed {
        let _ = writeln!(text, "decide by    {}", minute(release.lapses));
    }
    let mut members: Vec<&str> = items.iter().map(|item| item.recipient.as_str()).collect();
    members.dedup();
    for member in members {
        let mine: Vec<&Item> = items.iter().filter(|item| item.recipient == member).collect();
        recipient(&mut text, member, &mine)?;
        for delivery in deliveries.iter().filter(|delivery| delivery.recipient == member) {
            let _ =
                writeln!(text, "  delivery {}: {} {}", delivery.id, delivery.state.name(), minute(delivery.changed));
        }
    }
    let _ = writeln!(text, "\nsteps:");
    for step in &steps {
        let _ = writeln!(text, "  {}  {}  {}  {}", minute(step.at), plain(&step.by), step.what, plain(&step.because));
    }
    print(text)?;
    Ok(0)
}

fn recipient(text: &mut String, member: &str, items: &[&Item]) -> Result<(), String> {
    let of = |fate: Fate| items.iter().filter(|item| item.fate == fate).copied().collect::<Vec<_>>();
    let (leaves, known, held) = (of(Fate::Leaves), of(Fate::Known), of(Fate::Held));
    let _ = writeln!(
        text,
        "\nto {member}: {} leave, {} they have already, {} are held back",
        counted(leaves.len()),
        counted(known.len()),
        counted(held.len())
    );
    let mut alike: BTreeMap<(&str, String, &str), Vec<&Item>> = BTreeMap::new();
    for item in leaves {
        let (tlp, pap) = (item.tlp.to_uppercase(), item.pap.to_uppercase());
        let kept =
            if item.until == i64::MAX { "kept for good".into() } else { format!("kept until {}", minute(item.until)) };
        let terms = format!("TLP:{tlp} PAP:{pap}, {kept}; {}", plain(&item.because));
        alike.entry((&item.kind, terms, &item.notes)).or_default().push(item);
    }
    for ((kind, terms, notes), items) in alike {
        let _ = writeln!(text, "\n  {kind} × {}: {terms}", items.len());
        for item in items.iter().take(3) {
            let _ = writeln!(text, "    {} sha256:{}", item.object, item.hash.get(..16).unwrap_or_default());
        }
        if items.len() > 3 {
            let _ = writeln!(text, "    and {} more: --bytes has each", items.len() - 3);
        }
        fields(text, notes)?;
    }
    let mut why: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for item in &held {
        // A hint is for who made the object, in lines of their own.
        *why.entry((&item.kind, item.because.lines().next().unwrap_or_default())).or_default() += 1;
    }
    for ((kind, because), count) in why {
        let _ = writeln!(text, "\n  held back: {kind} × {count}: {}", plain(because));
    }
    Ok(())
}

fn fields(text: &mut String, notes: &str) -> Result<(), String> {
    if notes == "[]" {
        let _ = writeln!(text, "      as it is  (as a whole)");
        return Ok(());
    }
    let mut notes: Vec<Note> = serde_json::from_str(notes)
        .map_err(|error| format!("error: what becomes of the fields can't be read: {error}"))?;
    notes.sort();
    let width = notes.iter().map(|note| note.path.chars().count()).max().unwrap_or(0).min(56);
    for (outcome, title) in [("leaves", "as it is"), ("changed", "changed"), ("dropped", "dropped")] {
        for note in notes.iter().filter(|note| note.outcome == outcome) {
            let by = if note.rules.is_empty() { &note.policies } else { &note.rules };
            let by = if by.is_empty() { String::new() } else { format!(" [{}]", by.join(", ")) };
            let _ = writeln!(text, "      {title:8}  {:width$}  {:11}  {}{by}", note.path, note.class, note.because);
        }
    }
    Ok(())
}

fn counted(count: usize) -> String {
    if count == 1 { "1 object".to_owned() } else { format!("{count} objects") }
}

fn item_json(item: &Item) -> Value {
    let mut value = serde_json::to_value(item).unwrap_or(Value::Null);
    if let (Some(members), Ok(notes)) = (value.as_object_mut(), serde_json::from_str::<Value>(&item.notes)) {
        members.insert("notes".into(), notes);
    }
    value
}
