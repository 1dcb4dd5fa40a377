//! Again: campaigns that look like one that was acted on, as text, on both of them.
//! In: `Reappearance`s, and whose page it is. Out: lines for a terminal.
//! Invariant: what figures suppose is never told as what a person confirmed; refused ones stay readable.
//! Not here: a return that is the same campaign (`effect.rs`).

use stillwatch_model::Reappearance;
use stillwatch_model::effect::Thought;

use super::short;
use crate::table::Pen;
use crate::{number, text, when};

/// The lines; none where there are no links.
#[must_use]
pub fn reappearances(list: &[Reappearance], id: &str, width: Option<u16>, colour: bool) -> String {
    let pen = Pen { width, colour };
    let mut out = String::new();
    if list.is_empty() {
        return out;
    }
    super::course::title(&mut out, &pen, "COME BACK AS ANOTHER CAMPAIGN");
    for one in list {
        let (later, earlier) = match one.campaign == id {
            true => ("this one".to_owned(), short(&one.earlier)),
            false => (short(&one.campaign), "this one".to_owned()),
        };
        let word = match one.state {
            Thought::Supposed => "looks like",
            Thought::Confirmed => "is",
            Thought::Refused => "isn't",
        };
        let whose = match one.state {
            Thought::Supposed => "supposed, nobody looked".to_owned(),
            _ => {
                let why =
                    if one.because.is_empty() { String::new() } else { format!(": {}", text::clean(&one.because)) };
                format!("{} on {}{why}", text::clean(&one.author), when::day(&one.at))
            }
        };
        let told = format!(
            "{later} {word} {earlier} come back, {} days after that was acted on ({whose}); likeness {}: texts {:.2}, addresses {:.2}, \
             clients {:.2}, techniques and capabilities {:.2}",
            number::figure((one.days * 10.0).round() / 10.0),
            number::score(one.score),
            one.texts,
            one.addresses,
            one.clients,
            one.habits
        );
        text::hang(&mut out, "  - ", &told, pen.columns());
        if one.state == Thought::Supposed {
            let verb = format!(
                "`stillwatch campaigns reappears {} {}` confirms it; with --refuse it isn't",
                short(&one.campaign),
                short(&one.earlier)
            );
            text::hang(&mut out, "    ", &verb, pen.columns());
        }
    }
    out
}
