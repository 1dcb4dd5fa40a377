//! Evidence: a case's tables: signals as bars, links, members, models, examples.
//! In: a campaign and its local side. Out: markup.
//! Invariant: all signals are shown, with their sum and the score that follows from it.
//! Not here: pictures with axes (`picture`).

use maud::{Markup, html};
use stillwatch_model::{Campaign, Case, Example, Signal};

use super::{picture, safe};
use crate::{number, text, when, words};

/// Members that are listed.
const MEMBERS: usize = 12;
/// Examples that are shown.
const EXAMPLES: usize = 10;
/// Models that are listed.
const MODELS: usize = 8;

/// What the score is made of: a bar a signal, the figure and the sentence, then the sum.
pub(super) fn signals(campaign: &Campaign) -> Markup {
    let signals = &campaign.signals;
    let most =
        signals.iter().map(|signal| signal.contribution.abs()).filter(|size| size.is_finite()).fold(0.0, f64::max);
    let sum: f64 = signals.iter().map(|signal| signal.contribution).sum();
    html! {
        section {
            h3 { "What the score is made of" }
            div.scroll {
                table.stack.signals {
                    thead { tr {
                        th scope="col" { "Signal" }
                        th scope="col" { "against " span.divider { "|" } " for" }
                        th.number scope="col" { "Log-odds" }
                        th.number scope="col" { "Figure" }
                        th scope="col" { "Because" }
                    } }
                    tbody {
                        @for signal in signals { (signal_row(signal, most)) }
                    }
                    tfoot { tr {
                        th scope="row" { "Sum" }
                        td { }
                        td.number { strong { (number::signed(sum)) } }
                        td { }
                        td {
                            "score = 1 / (1 + exp(" (number::signed(-sum)) ")) = "
                            strong { (number::exact_score(number::logistic(sum))) }
                            @if (number::logistic(sum) - campaign.score).abs() > 0.0005 {
                                "; the findings record " (number::exact_score(campaign.score)) ", which differs"
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn signal_row(signal: &Signal, most: f64) -> Markup {
    html! {
        tr {
            th scope="row" { (words::signal(&signal.name)) br; span.faint { (words::family_of(signal)) } }
            td.bar { (picture::bar::contribution(signal.contribution, most)) }
            td.number data-label="log-odds" { (number::signed(signal.contribution)) }
            td.number data-label="figure" { (words::figure_of(signal)) }
            td { (safe(&signal.because)) }
        }
    }
}

/// The kinds of link among members.
pub(super) fn links(campaign: &Campaign) -> Markup {
    html! {
        @if !campaign.links.is_empty() {
            section {
                h3 { "Links" }
                div.scroll {
                    table.stack {
                        thead { tr {
                            th scope="col" { "Kind" }
                            th.number scope="col" { "Pairs" }
                            th.number scope="col" { "Mean log-odds" }
                            th scope="col" { "Meaning" }
                        } }
                        tbody {
                            @for link in &campaign.links {
                                tr {
                                    th scope="row" { (picture::graph::link_key(link.kind)) " " (words::link(link.kind)) }
                                    td.number data-label="pairs" { (number::thousands(link.pairs)) }
                                    td.number data-label="mean log-odds" { (number::signed(link.strength)) }
                                    td { (words::link_meaning(link.kind)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The strongest members, each with its own score.
pub(super) fn members(campaign: &Campaign, case: &Case) -> Markup {
    let more = campaign.accounts.len().saturating_sub(case.members.len().min(MEMBERS));
    html! {
        @if !case.members.is_empty() {
            section {
                h3 { "Members" }
                div.scroll {
                    table.stack {
                        thead { tr {
                            th scope="col" { "Account" }
                            th.number scope="col" { "Own score" }
                            th.number scope="col" { "Exchanges" }
                            th scope="col" { "Because" }
                        } }
                        tbody {
                            @for member in case.members.iter().take(MEMBERS) {
                                tr {
                                    th.account scope="row" { span.mono { bdi { (safe(&member.account)) } } }
                                    td.number data-label="own score" { (number::score(member.score)) }
                                    td.number data-label="exchanges" { (number::thousands(member.exchanges)) }
                                    td { (safe(&member.because)) }
                                }
                            }
                        }
                    }
                }
                @if more > 0 { p.meta { "+" (number::thousands(more as u64)) " more, weaker" } }
            }
        }
    }
}

/// Exchanges by model.
pub(super) fn models(case: &Case) -> Markup {
    let all: u64 = case.models.iter().map(|(_, exchanges)| exchanges).sum();
    html! {
        @if !case.models.is_empty() {
            section {
                h3 { "Models" }
                table {
                    thead { tr {
                        th scope="col" { "Model" }
                        th.number scope="col" { "Exchanges" }
                        th.number scope="col" { "Share" }
                    } }
                    tbody {
                        @for (model, exchanges) in case.models.iter().take(MODELS) {
                            tr {
                                th scope="row" { span.mono { (safe(model)) } }
                                td.number { (number::thousands(*exchanges)) }
                                td.number { (number::percent(*exchanges as f64 / all.max(1) as f64)) }
                            }
                        }
                    }
                }
                @if case.models.len() > MODELS { p.meta { "+" (case.models.len() - MODELS) " more" } }
            }
        }
    }
}

/// Shortened exchanges, folded away: they are text from the log.
pub(super) fn examples(examples: &[Example]) -> Markup {
    html! {
        @if !examples.is_empty() {
            details {
                summary {
                    (number::counted(examples.len().min(EXAMPLES) as u64, "example")) " from the log, shortened: keep inside"
                }
                @for example in examples.iter().take(EXAMPLES) { (one_example(example)) }
            }
        }
    }
}

fn one_example(example: &Example) -> Markup {
    html! {
        figure.example {
            figcaption { span.mono { bdi { (safe(&example.account)) } } ", " (when::minute(&example.time)) " UTC" }
            blockquote { p { bdi { (safe(&example.text)) } } }
            @for (cue, group) in words::by_cue(&example.words) {
                p.meta {
                    (words::signal(cue)) ": "
                    @for (number, (word, contribution)) in group.iter().enumerate() {
                        @if number > 0 { ", " }
                        span.chip { (safe(&text::shortened(word, 60))) } " " (number::signed(*contribution))
                    }
                }
            }
        }
    }
}
