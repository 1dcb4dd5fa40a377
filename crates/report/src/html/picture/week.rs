//! Week: exchanges by hour of the week, as a heat strip of seven rows.
//! In: 168 counts, Monday 00:00 UTC first. Out: a figure.
//! Invariant: UTC hours only; nothing is read into them about where people live.
//! Not here: what regularity means; a signal says that.

use maud::{Markup, html};

use super::{px, svg};
use crate::number;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const CELL: f64 = 18.0;
const LEFT: f64 = 34.0;
const TOP: f64 = 4.0;
const WIDTH: f64 = LEFT + 24.0 * CELL + 6.0;
const HEIGHT: f64 = TOP + 7.0 * CELL + 22.0;

/// The figure, or nothing where no hour has an exchange.
pub(in crate::html) fn figure(hours: &[u64]) -> Markup {
    let most = hours.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return html! {};
    }
    let busiest = hours.iter().position(|count| *count == most).unwrap_or(0);
    let says = format!(
        "Exchanges by hour of the week, UTC. The busiest hour is {} {:02}:00 with {}.",
        DAYS.get(busiest / 24).copied().unwrap_or("-"),
        busiest % 24,
        number::thousands(most)
    );
    let marks = html! {
        @for (day, name) in DAYS.iter().enumerate() {
            text x=(px(LEFT - 6.0)) y=(px(TOP + day as f64 * CELL + 13.0)) text-anchor="end" { (name) }
            @for hour in 0..24 {
                @let count = hours.get(day * 24 + hour).copied().unwrap_or(0);
                @let share = count as f64 / most as f64;
                rect.cell x=(px(LEFT + hour as f64 * CELL)) y=(px(TOP + day as f64 * CELL)) width=(px(CELL - 2.0)) height=(px(CELL - 2.0)) rx="2" {}
                @if count > 0 {
                    rect.heat x=(px(LEFT + hour as f64 * CELL)) y=(px(TOP + day as f64 * CELL)) width=(px(CELL - 2.0)) height=(px(CELL - 2.0)) rx="2" fill-opacity=(format!("{:.2}", 0.08 + 0.92 * share)) {
                        title { (name) " " (format!("{hour:02}:00")) " UTC: " (number::counted(count, "exchange")) }
                    }
                }
            }
        }
        @for hour in [0_usize, 6, 12, 18] {
            text x=(px(LEFT + hour as f64 * CELL)) y=(px(HEIGHT - 6.0)) { (format!("{hour:02}:00")) }
        }
    };
    html! {
        figure {
            figcaption {
                h3 { "By hour of the week, UTC" }
                ul.legend { li { span.key.cell {} "none" } li { span.key.heat {} (number::counted(most, "exchange")) " an hour" } }
            }
            (svg(WIDTH, HEIGHT, &says, marks))
        }
    }
}
