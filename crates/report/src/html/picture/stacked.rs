//! Stacked: the exchanges of all campaigns over time, one colour a campaign.
//! In: a `Report`. Out: a figure, UTC.
//! Invariant: a campaign's steps are spread over the columns they overlap, so that totals stay.
//! Not here: one campaign (`timeline.rs`).

use maud::{Markup, html};
use stillwatch_model::{Micros, Report, Timeline};

use super::axis::{self, Area};
use super::{px, svg};
use crate::{number, when, words};

/// Campaigns with a colour of their own; the others share one.
const COLOURS: usize = 7;
/// Columns at most.
const COLUMNS: i64 = 130;
/// Lengths of a column, seconds: round, so that columns meet the steps they are made of.
const LENGTHS: [u64; 13] =
    [60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_419_200];
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 232.0;
const AREA: Area = Area { left: 52.0, top: 12.0, width: 936.0, height: 192.0 };

/// One layer of the stack.
struct Layer {
    name: String,
    class: String,
    counts: Vec<f64>,
}

/// The figure, or nothing where no case has a timeline.
pub(in crate::html) fn figure(report: &Report) -> Markup {
    let Some(columns) = columns(report) else { return html! {} };
    let (from, to) = (columns.from, columns.from + columns.each * columns.count as i64);
    let layers = layers(report, &columns);
    let totals: Vec<f64> =
        (0..columns.count).map(|column| layers.iter().map(|layer| at(layer, column)).sum()).collect();
    let most = totals.iter().copied().fold(0.0, f64::max);
    let (top, step) = axis::round_top(most, 4.0);
    let pitch = AREA.width / columns.count as f64;
    let gap = (pitch * 0.18).min(2.0);
    let length = when::length((columns.each / when::SECOND) as u64);
    let says = format!(
        "Exchanges of {} from {} to {} UTC, stacked; at most {} in {length}.",
        number::counted(report.findings.campaigns.len() as u64, "campaign"),
        when::minute_of(from),
        when::minute_of(to),
        number::thousands(most.round() as u64),
    );
    let marks = html! {
        (axis::time(AREA, from, to, AREA.top))
        (axis::counts(AREA, top, step))
        @for (column, total) in totals.iter().enumerate() {
            @if *total > 0.0 {
                @let x = px(AREA.left + pitch * column as f64 + gap / 2.0);
                g.step {
                    title {
                        (when::minute_of(from + columns.each * column as i64)) " UTC"
                        @for layer in layers.iter().filter(|layer| at(layer, column) >= 0.5) {
                            ", " (layer.name) " " (number::thousands(at(layer, column).round() as u64))
                        }
                    }
                    @for (level, layer) in layers.iter().enumerate() {
                        @let below: f64 = layers.iter().take(level).map(|layer| at(layer, column)).sum();
                        @let upper = AREA.y(below + at(layer, column), top);
                        @let height = AREA.y(below, top) - upper;
                        @if height > 0.05 {
                            rect class=(layer.class) x=(x) y=(px(upper)) width=(px(pitch - gap)) height=(px(height)) {}
                        }
                    }
                }
            }
        }
    };
    html! {
        figure {
            figcaption {
                h3 { "Campaigns over time" }
                ul.legend {
                    @for layer in &layers { li { span class={ "key " (layer.class) } {} (layer.name) } }
                    li.faint { "exchanges a column of " (length) }
                }
            }
            (svg(WIDTH, HEIGHT, &says, marks))
        }
    }
}

fn at(layer: &Layer, column: usize) -> f64 {
    layer.counts.get(column).copied().unwrap_or(0.0)
}

/// Equal spans of time that the stack is drawn over.
struct Columns {
    from: Micros,
    each: Micros,
    count: usize,
}

/// Round columns from the first step of any timeline to the end of the last, widened to the traffic's window.
fn columns(report: &Report) -> Option<Columns> {
    let drawn = || report.cases.iter().map(|case| &case.timeline).filter(|timeline| !timeline.exchanges.is_empty());
    drawn().next()?;
    let window = &report.findings.window;
    let from = drawn().map(|timeline| timeline.from).chain(when::micros(&window.from)).min()?;
    let to = drawn().map(end).chain(when::micros(&window.to)).max()?;
    let span = to.checked_sub(from).filter(|span| *span > 0)?;
    let each = LENGTHS
        .into_iter()
        .map(|seconds| seconds as i64 * when::SECOND)
        .find(|each| span / each < COLUMNS - 1)
        .unwrap_or(span / (COLUMNS - 1) + 1);
    let start = from.div_euclid(each) * each;
    let count = ((to - start) as f64 / each as f64).ceil() as usize;
    Some(Columns { from: start, each, count })
}

fn end(timeline: &Timeline) -> Micros {
    timeline.from.saturating_add(step_micros(timeline).saturating_mul(timeline.exchanges.len() as i64))
}

fn step_micros(timeline: &Timeline) -> Micros {
    (timeline.step_seconds as i64).saturating_mul(when::SECOND)
}

fn layers(report: &Report, columns: &Columns) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    for (rank, campaign) in report.findings.campaigns.iter().enumerate() {
        let Some(case) = words::case_of(report, campaign) else { continue };
        let counts = spread(&case.timeline, columns);
        match layers.last_mut() {
            Some(others) if rank > COLOURS => {
                others.counts.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
            _ if rank == COLOURS => {
                layers.push(Layer { name: "others".to_owned(), class: "others".to_owned(), counts });
            }
            _ => {
                let id = words::short_id(&report.findings, &campaign.id);
                let name = format!("{} {id}", words::technique(Some(case)));
                layers.push(Layer { name, class: format!("campaign{rank}"), counts });
            }
        }
    }
    layers
}

/// A timeline's exchanges over the columns, by overlap.
fn spread(timeline: &Timeline, columns: &Columns) -> Vec<f64> {
    let mut counts = vec![0.0; columns.count];
    let step = step_micros(timeline);
    if step <= 0 {
        return counts;
    }
    let column = columns.each as f64;
    for (index, count) in timeline.exchanges.iter().enumerate() {
        let start = (timeline.from.saturating_add(step.saturating_mul(index as i64)).saturating_sub(columns.from))
            as f64
            / column;
        let end = start + step as f64 / column;
        let (first, last) = (start.max(0.0).floor() as usize, (end.ceil().max(0.0) as usize).min(columns.count));
        for (place, sum) in counts.iter_mut().enumerate().take(last).skip(first) {
            let overlap = end.min((place + 1) as f64) - start.max(place as f64);
            *sum += *count as f64 * overlap.max(0.0) / (end - start);
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreading_keeps_totals() {
        let timeline = Timeline { from: 500, step_seconds: 7, exchanges: vec![10, 0, 33], ..Timeline::default() };
        let columns = Columns { from: 0, each: 3_000_000, count: 10 };
        let total: f64 = spread(&timeline, &columns).iter().sum();
        assert!((total - 43.0).abs() < 1e-9, "{total}");
    }
}
