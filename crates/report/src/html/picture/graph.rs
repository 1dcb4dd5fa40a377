//! Graph: the accounts of a campaign and what links them.
//! In: a campaign's case. Out: a figure: nodes sized by exchanges, shaded by own score; edges coloured by kind.
//! Invariant: what is left out is said; a link to no node is not drawn.
//! Not here: where nodes stand (`layout.rs`).

use maud::{Markup, html};
use stillwatch_model::{Campaign, Case, Edge, LinkKind, Node};

use super::layout::{self, Point};
use super::{px, svg};
use crate::{number, text, words};

/// Nodes that are drawn.
const NODES: usize = 400;
/// Edges that are drawn, strongest first.
const EDGES: usize = 1200;
/// Names that are written where they have room.
const NAMES: usize = 8;
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 520.0;
/// Own scores from here up have the next shade.
const SHADES: [f64; 4] = [0.5, 0.7, 0.9, 0.97];

/// The figure, or nothing where the case has no graph.
pub(in crate::html) fn figure(campaign: &Campaign, case: &Case) -> Markup {
    let nodes: Vec<&Node> = case.nodes.iter().take(NODES).collect();
    if nodes.len() < 2 {
        return html! {};
    }
    let mut edges: Vec<&Edge> =
        case.edges.iter().filter(|edge| edge.a != edge.b && edge.a < nodes.len() && edge.b < nodes.len()).collect();
    edges.sort_by(|one, other| other.strength.total_cmp(&one.strength));
    let linked: u64 = campaign.links.iter().map(|link| link.pairs).sum();
    edges.truncate(EDGES);
    edges.reverse(); // The strongest are drawn last, on top.

    let radii = radii(&nodes);
    let pulls: Vec<(usize, usize, f64)> = edges.iter().map(|edge| (edge.a, edge.b, pull(edge))).collect();
    let points = layout::place(&pulls, &radii, WIDTH, HEIGHT);
    let kinds = kinds(&edges);

    // Many lines are drawn lighter, or nothing but lines would show.
    let thin = if edges.len() > nodes.len() * 4 { " thin" } else { "" };

    let says = format!(
        "Graph of {} and {} between them: {}.",
        number::counted(nodes.len() as u64, "account"),
        number::counted(edges.len() as u64, "link"),
        kinds.iter().map(|kind| words::link(*kind)).collect::<Vec<_>>().join(", ")
    );
    let marks = html! {
        @for edge in &edges {
            @if let (Some(from), Some(to)) = (points.get(edge.a), points.get(edge.b)) {
                line class={ "edge " (class(edge.kind)) (thin) } x1=(px(from.0)) y1=(px(from.1)) x2=(px(to.0)) y2=(px(to.1)) {}
            }
        }
        @for ((node, point), radius) in nodes.iter().zip(&points).zip(&radii) {
            circle class={ "node shade" (shade(node.score)) } cx=(px(point.0)) cy=(px(point.1)) r=(px(*radius)) {
                title {
                    (text::clean(&node.account)) ": " (number::counted(node.exchanges, "exchange"))
                    ", own score " (number::score(node.score))
                }
            }
        }
        @for (name, x, y) in names(&nodes, &points, &radii) {
            text.name x=(px(x)) y=(px(y)) { (name) }
        }
    };
    html! {
        figure {
            figcaption {
                h3 { "Accounts and links" }
                ul.legend {
                    @for kind in &kinds { li { (link_key(*kind)) (words::link(*kind)) } }
                }
                ul.legend {
                    li.faint { "own score" }
                    @for (level, from) in [0.0].into_iter().chain(SHADES).enumerate() {
                        li { span class={ "key round shade" (level) } {} @if level == 0 { "below 0.5" } @else { "from " (from) } }
                    }
                    li.faint { "size: exchanges" }
                }
            }
            (svg(WIDTH, HEIGHT, &says, marks))
            @if campaign.accounts.len() > nodes.len() || linked > edges.len() as u64 {
                p.meta {
                    "Drawn: "
                    @if campaign.accounts.len() > nodes.len() {
                        "the surest " (number::thousands(nodes.len() as u64)) " of " (number::counted(campaign.accounts.len() as u64, "account")) ", and "
                    }
                    "their strongest " (number::counted(edges.len() as u64, "link"))
                    ", one line a pair in the colour of its strongest kind. The table below counts every kind of every pair."
                }
            }
        }
    }
}

/// A short line in a link's colour and dashes.
pub(in crate::html) fn link_key(kind: LinkKind) -> Markup {
    html! {
        svg.linekey viewBox="0 0 22 8" aria-hidden="true" {
            line class={ "edge " (class(kind)) } x1="0" y1="4" x2="22" y2="4" {}
        }
    }
}

/// The CSS class of a kind: one hue a family, dashed for the second kind in it.
fn class(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Payment => "payment",
        LinkKind::Device => "device",
        LinkKind::SignUp => "signup",
        LinkKind::Network => "network",
        LinkKind::Template => "template",
        LinkKind::Injected => "injected",
        LinkKind::Replay => "replay",
        LinkKind::Timing => "timing",
        LinkKind::Creation => "creation",
        LinkKind::Pivot => "pivot",
        LinkKind::Succession => "succession",
    }
}

fn kinds(edges: &[&Edge]) -> Vec<LinkKind> {
    let mut kinds: Vec<LinkKind> = edges.iter().map(|edge| edge.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn pull(edge: &Edge) -> f64 {
    if edge.strength.is_finite() { (edge.strength / 3.0).clamp(0.2, 2.0) } else { 0.2 }
}

fn shade(score: f64) -> usize {
    SHADES.iter().filter(|from| score >= **from).count()
}

fn radii(nodes: &[&Node]) -> Vec<f64> {
    let most = nodes.iter().map(|node| node.exchanges).max().unwrap_or(0).max(1) as f64;
    // Smaller circles where there are many.
    let largest = (90.0 / (nodes.len() as f64).sqrt()).clamp(6.0, 16.0);
    nodes.iter().map(|node| 2.5 + (largest - 2.5) * (node.exchanges as f64 / most).sqrt()).collect()
}

/// Names of the largest accounts, right or left of them, left out where they would cover a name or a node.
fn names(nodes: &[&Node], points: &[Point], radii: &[f64]) -> Vec<(String, f64, f64)> {
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(nodes.get(*index).map(|node| node.exchanges)));
    let mut written: Vec<(String, f64, f64)> = Vec::new();
    for index in order {
        let (Some(node), Some(point), Some(radius)) = (nodes.get(index), points.get(index), radii.get(index)) else {
            continue;
        };
        let name = text::shortened(&text::clean(&node.account), 24);
        let wide = wide(&name);
        let y = point.1 + 4.0;
        let sides = [point.0 + radius + 4.0, point.0 - radius - 4.0 - wide];
        let has_room = |x: &f64| {
            let inside = *x > 2.0 && x + wide < WIDTH - 2.0;
            let covers_name = written.iter().any(|(other, left, line): &(String, f64, f64)| {
                (line - y).abs() < 14.0 && *x < left + self::wide(other) + 6.0 && *left < x + wide + 6.0
            });
            let covers_node = points.iter().zip(radii).enumerate().any(|(other, (at, size))| {
                other != index && (at.1 - point.1).abs() < size + 6.0 && at.0 + size > *x && at.0 - size < x + wide
            });
            inside && !covers_name && !covers_node
        };
        if let Some(x) = sides.into_iter().find(has_room) {
            written.push((name, x, y));
        }
        if written.len() == NAMES {
            break;
        }
    }
    written
}

/// About how wide a name is written.
fn wide(name: &str) -> f64 {
    name.chars().count() as f64 * 6.7
}
