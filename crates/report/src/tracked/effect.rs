//! Effect: what came of a campaign after decisions about it, as text.
//! In: an `Effect`. Out: a section with a timeline for a terminal.
//! Invariant: each verdict stands with its figures; hours in which no run looked are drawn, and are never drawn as quiet ones.
//! Not here: working it out (`track/effect.rs`), what it looks like that it came back as (`again.rs`).

use stillwatch_model::effect::{Acted, Effect, Outcome, Stretch};

use crate::sparkline::{Fold, folded, sparkline, steps_a_column};
use crate::table::{Pen, push_rows};
use crate::{number, text, when};

/// Columns of the timeline.
const COLUMNS: usize = 60;

/// The section.
pub(super) fn effect(out: &mut String, effect: &Effect, pen: &Pen) {
    super::course::title(out, pen, "WHAT CAME OF IT (before and after decisions, UTC)");
    text::hang(out, "", &verdict(effect), pen.columns());
    text::hang(out, "", &done(&effect.acted), pen.columns());
    days(out, effect);
    out.push('\n');
    let (before, after) = (&effect.before, &effect.after);
    let mut rows = pen.rows(&["", "before", "after"], &[1, 2]);
    let both = |of: &dyn Fn(&Stretch) -> String| [of(before), of(after)];
    for (name, [one, other]) in [
        ("from", both(&|s| when::minute(&s.from))),
        ("to", both(&|s| when::minute(&s.to))),
        ("hours that runs looked at", both(&|s| format!("{} of {}", s.observed, s.hours))),
        ("exchanges a day", both(&|s| rate(s, s.exchanges))),
        ("  by members decided on", both(&|s| rate(s, s.by_decided))),
        ("  by others", both(&|s| rate(s, s.by_others))),
        ("active accounts", both(&|s| number::thousands(s.accounts))),
        ("  new since the first decision", both(&|s| number::thousands(s.new_accounts))),
        ("read of everybody, a day", both(&|s| rate(s, s.read))),
    ] {
        rows.add_row([name.to_owned(), one, other]);
    }
    push_rows(out, &rows);
    let estimated = if effect.estimated { " Hours are in part estimated from samples." } else { "" };
    let caveat = "What came after isn't proven to come of it; what no run found to be part of it isn't counted.";
    text::hang(out, "", &format!("{caveat}{estimated}"), pen.columns());
}

/// A count as a rate a day; `-` where nobody looked.
fn rate(stretch: &Stretch, count: u64) -> String {
    if stretch.observed == 0 { "-".to_owned() } else { figure(stretch.per_day(count)) }
}

/// A rate, whole where a fraction says nothing.
fn figure(rate: f64) -> String {
    if rate >= 10.0 { number::thousands(rate.round() as u64) } else { number::figure((rate * 10.0).round() / 10.0) }
}

fn verdict(effect: &Effect) -> String {
    let (before, after) = (&effect.before, &effect.after);
    let share = if before.a_day() > 0.0 { after.a_day() / before.a_day() } else { 0.0 };
    let volume = format!(
        "{} exchanges a day before, {} after ({})",
        figure(before.a_day()),
        rate(after, after.exchanges),
        number::percent(share)
    );
    let last = match &effect.last_seen {
        Some(at) => format!("last seen {}", when::minute(at)),
        None => "not seen since".to_owned(),
    };
    match effect.outcome {
        Outcome::Stopped => format!("It stopped: {volume}; {last}."),
        Outcome::CameBack => match &effect.came_back {
            Some(back) => format!(
                "It came back on {}, after {} quiet days: {} since, by {}, {} of them new, {} seen before the first decision.",
                when::minute(&back.at),
                figure(back.quiet_hours as f64 / 24.0),
                number::counted(back.exchanges, "exchange"),
                number::counted(back.accounts, "account"),
                number::thousands(back.new_accounts),
                number::thousands(back.accounts.saturating_sub(back.new_accounts)),
            ),
            None => format!("It came back; {last}."),
        },
        Outcome::Moved => {
            let lost = before.per_day(before.by_decided) - after.per_day(after.by_decided);
            let won = after.per_day(after.by_others) - before.per_day(before.by_others);
            format!(
                "It moved: members decided on send {} exchanges a day less, others {} more ({}), {} new.",
                figure(lost),
                figure(won),
                number::percent(won / lost.max(f64::MIN_POSITIVE)),
                number::counted(after.new_accounts, "account")
            )
        }
        Outcome::Fell => format!("It fell: {volume}; {last}."),
        Outcome::Unchanged => format!("It goes on: {volume}; {last}."),
        Outcome::TooEarly => {
            format!(
                "Too early to say: seven days aren't over. So far {volume}, in {} hours that runs looked at.",
                after.observed
            )
        }
        Outcome::HeldTooShort => format!("Not known: decisions held for less than seven days. {volume}; {last}."),
        Outcome::NotObserved => format!(
            "Not known: runs looked at {} of the {} hours after it, and read {} exchanges of everybody a day ({} before). Silence says nothing; {last}.",
            after.observed,
            after.hours,
            rate(after, after.read),
            rate(before, before.read)
        ),
        Outcome::NothingBefore => {
            format!(
                "Not known: nothing of it was seen in the seven days before, so there is nothing to compare with; {last}."
            )
        }
    }
}

fn done(acted: &Acted) -> String {
    let mut whom = number::counted(acted.members, "member");
    if acted.others > 0 {
        whom.push_str(&format!(" and {}", number::counted(acted.others, "other subject")));
    }
    let actions: Vec<String> = acted
        .actions
        .iter()
        .map(|(action, count)| format!("{} {}", number::thousands(*count), text::clean(action)))
        .collect();
    let until = if acted.first == acted.last {
        format!("On {}", when::minute(&acted.first))
    } else {
        format!("From {} to {}", when::minute(&acted.first), when::minute(&acted.last))
    };
    let holds = match &acted.ended {
        Some(at) => format!("none holds since {}", when::minute(at)),
        None => format!("they hold for {} now", number::thousands(acted.hold)),
    };
    let back = match acted.taken_back {
        0 => String::new(),
        count => format!(", and were taken back for {}", number::thousands(count)),
    };
    format!("{until} decisions were made about {whom} ({}); {holds}{back}.", actions.join(", "))
}

/// Exchanges, with a line where decisions were made, and where nobody looked.
fn days(out: &mut String, effect: &Effect) {
    let days = &effect.days;
    let step = steps_a_column(days.exchanges.len(), COLUMNS);
    let each = if step == 1 { "a day".to_owned() } else { format!("in {step} days") };
    let volume = folded(&days.exchanges, COLUMNS, Fold::Sum);
    let most = volume.iter().copied().max().unwrap_or(0);
    out.push_str(&format!("exchanges {each}, from {}; most {}\n", text::clean(&days.from), number::thousands(most)));
    let decided = folded(&days.decided, COLUMNS, Fold::Sum);
    let observed = folded(&days.observed, COLUMNS, Fold::Sum);
    // A column in which nobody looked is no quiet one.
    let cells = sparkline(&volume);
    let drawn = cells.chars().zip(&observed).map(|(cell, hours)| if *hours == 0 { '?' } else { cell });
    let marks = |counts: &[u64]| counts.iter().map(|count| if *count > 0 { '│' } else { ' ' }).collect::<String>();
    let lines = [("decisions", marks(&decided)), ("exchanges", drawn.collect())];
    for (name, cells) in lines {
        out.push_str(&format!("  {name}  {}\n", cells.trim_end()));
    }
    if observed.contains(&0) {
        out.push_str("  ? no run looked\n");
    }
}
