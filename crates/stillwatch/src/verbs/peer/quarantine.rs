//! Quarantine: what peers sent and was not taken; a person decides.
//! In: places. Out: a list; something let in, or thrown away.
//! Invariant: only what can be read as a STIX object can be let in; everything decided stays on record.
//! Not here: why something is there (`stillwatch_node::peer`).

use serde_json::json;
use stillwatch_stix::{Limits, Object};
use stillwatch_track::peers::{self, Kept};
use stillwatch_track::{By, Store, instant};

use super::Format;
use crate::verbs::store::{plain, print, print_json, say, told};

/// Arguments of `peer quarantine`.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Of this peer only
    #[arg(long, value_name = "NAME")]
    peer: Option<String>,
    /// Behind this place
    #[arg(long, value_name = "PLACE", default_value_t = 0)]
    after: i64,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// With the text of each
    #[arg(long)]
    text: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Arguments of `peer let` and `peer drop`.
#[derive(Debug, clap::Args)]
pub(super) struct DecideArgs {
    /// Its place, as `stillwatch peer quarantine` shows it
    place: i64,
}

pub(super) async fn list(store: &Store, args: &ListArgs) -> Result<u8, String> {
    let all = peers::open(store, args.peer.as_deref(), args.after, args.limit).await.map_err(told)?;
    if args.format == Format::Json {
        let all: Vec<_> = all
            .iter()
            .map(|one| {
                json!({
                    "place": one.place, "peer": one.peer, "collection": one.collection, "id": one.id,
                    "because": one.because, "received": instant(one.recorded), "text": one.json,
                })
            })
            .collect();
        print_json(&all)?;
        return Ok(0);
    }
    if all.is_empty() {
        print("nothing waits in the quarantine\n")?;
        return Ok(0);
    }
    let mut text = String::new();
    for one in &all {
        text.push_str(&format!(
            "{:>6}  {}/{}  {}  {}\n        {}\n",
            one.place,
            one.peer,
            one.collection,
            super::when(Some(one.recorded)),
            plain(&one.id),
            plain(&one.because)
        ));
        if args.text {
            text.push_str(&format!("        {}\n", plain(&one.json)));
        }
    }
    if all.len() == args.limit as usize
        && let Some(last) = all.last()
    {
        text.push_str(&format!("more with --after {}\n", last.place));
    }
    print(text)?;
    Ok(0)
}

pub(super) async fn let_in(store: &Store, args: &DecideArgs, by: &By) -> Result<u8, String> {
    let all = peers::open(store, None, args.place - 1, 1).await.map_err(told)?;
    let kept: Option<&Kept> = all.first().filter(|kept| kept.place == args.place);
    let kept = kept.ok_or_else(|| {
        format!("error: nothing waits at {}\nhint: `stillwatch peer quarantine` shows what does", args.place)
    })?;
    let object = Object::read(&kept.json, Limits::default().depth).map_err(|e| {
        format!("error: it can't be let in, for it is no STIX object: {e}\nhint: `stillwatch peer drop {}`", args.place)
    })?;
    let version = object.version().unwrap_or_default().to_owned();
    peers::let_in(store, args.place, (&object.head.kind, &version), by).await.map_err(told)?;
    say(&format!("`{}` was let in", kept.id));
    Ok(0)
}

pub(super) async fn drop_it(store: &Store, args: &DecideArgs, by: &By) -> Result<u8, String> {
    peers::drop_it(store, args.place, by).await.map_err(told)?;
    say("thrown away; it stays on record, and won't come back");
    Ok(0)
}
