//! Overview: the page's top: numbers, the table of campaigns, all campaigns over time; and the table of suspects.
//! In: a `Report`. Out: markup.
//! Invariant: the table's rows lead to the cases below.
//! Not here: one campaign at length (`case.rs`).

use maud::{Markup, html};
use stillwatch_model::{Campaign, Findings, Report};

use super::{CASES, anchor, picture, safe};
use crate::{number, when, words};

/// Suspects that are listed.
const SUSPECTS: usize = 50;
const STRONGEST: usize = 3;

/// Numbers, the table of campaigns and the timeline of all.
pub(super) fn section(report: &Report) -> Markup {
    let findings = &report.findings;
    html! {
        section aria-labelledby="overview" {
            h2.hidden #overview { "Overview" }
            p.lead { (in_a_sentence(findings)) }
            (tiles(findings))
            @if !findings.campaigns.is_empty() {
                div.card {
                    h3 { "Campaigns" }
                    (campaigns(report))
                    @if findings.campaigns.len() > CASES {
                        p.meta { "The strongest " (CASES) " are described below; " code { "--explain ID" } " describes any." }
                    }
                    (picture::stacked::figure(report))
                }
            }
        }
    }
}

/// The table of suspects.
pub(super) fn suspects(findings: &Findings) -> Markup {
    html! {
        @if !findings.suspects.is_empty() {
            section.card aria-labelledby="suspects" {
                h2 #suspects { "Suspects" }
                p.meta { "Accounts that look like harvesting but are linked to no other. One account alone is no campaign: look before you act." }
                div.scroll {
                    table.stack {
                        thead { tr {
                            th scope="col" { "Account" }
                            th.number scope="col" { "Score" }
                            th.number scope="col" { "Exchanges" }
                            th scope="col" { "Why" }
                        } }
                        tbody {
                            @for suspect in findings.suspects.iter().take(SUSPECTS) {
                                tr {
                                    th.account scope="row" { span.mono { bdi { (safe(&suspect.account)) } } }
                                    td.number data-label="score" { (number::score(suspect.score)) }
                                    td.number data-label="exchanges" { (number::thousands(suspect.exchanges)) }
                                    td data-label="why" { (words::strongest(&suspect.signals, STRONGEST)) }
                                }
                            }
                        }
                    }
                }
                @if findings.suspects.len() > SUSPECTS {
                    p.meta { "+" (number::thousands((findings.suspects.len() - SUSPECTS) as u64)) " more" }
                }
            }
        }
    }
}

fn in_a_sentence(findings: &Findings) -> String {
    let read = format!(
        "{} of {}",
        number::counted(findings.exchanges, "exchange"),
        number::counted(findings.accounts, "account")
    );
    if findings.exchanges == 0 {
        return "Nothing to look at: no exchanges were read.".to_owned();
    }
    if findings.campaigns.is_empty() {
        let off = match findings.off.len() {
            0 => String::new(),
            off => format!(
                " {} could not be computed, so this is not proof that there are none.",
                number::counted(off as u64, "signal")
            ),
        };
        return format!("No campaigns were found in {read}.{off}");
    }
    let actionable = findings.campaigns.iter().filter(|campaign| campaign.actionable).count();
    let members = members(findings);
    let share = number::percent(exchanges(findings) as f64 / findings.exchanges.max(1) as f64);
    format!(
        "{}{} found in {read}, {actionable} actionable. Together they hold {} and sent {share} of the traffic.",
        number::counted(findings.campaigns.len() as u64, "campaign"),
        words::weaker(findings),
        number::counted(members, "account"),
    )
}

fn members(findings: &Findings) -> u64 {
    findings.campaigns.iter().map(|campaign| campaign.accounts.len() as u64).sum()
}

fn exchanges(findings: &Findings) -> u64 {
    findings.campaigns.iter().map(|campaign| campaign.exchanges).sum()
}

fn tiles(findings: &Findings) -> Markup {
    let tiles = [
        ("exchanges read", findings.exchanges),
        ("accounts seen", findings.accounts),
        ("campaigns", findings.campaigns.len() as u64),
        ("accounts in campaigns", members(findings)),
        ("exchanges in campaigns", exchanges(findings)),
        ("suspects", findings.suspects.len() as u64),
    ];
    html! {
        dl.tiles {
            @for (name, count) in tiles {
                div.tile title=(number::thousands(count)) {
                    dt { (name) }
                    dd { (number::compact(count)) }
                }
            }
        }
    }
}

fn campaigns(report: &Report) -> Markup {
    html! {
        div.scroll {
            table.stack.campaigns {
                thead { tr {
                    th scope="col" { "Campaign" }
                    th scope="col" { "Severity" }
                    th.number scope="col" { "Score" }
                    th.number scope="col" { "Accounts" }
                    th.number scope="col" { "Exchanges" }
                    th scope="col" { "Aims at" }
                    th scope="col" { "Since (UTC)" }
                    th scope="col" { "Why" }
                } }
                tbody {
                    @for (rank, campaign) in report.findings.campaigns.iter().enumerate() { (row(report, campaign, rank < CASES)) }
                }
            }
        }
    }
}

fn row(report: &Report, campaign: &Campaign, has_case: bool) -> Markup {
    let technique = words::technique(words::case_of(report, campaign));
    html! {
        tr {
            th scope="row" {
                @if has_case { a href={ "#" (anchor(campaign)) } { (technique) } } @else { (technique) }
                br;
                span.mono.faint { (words::short_id(&report.findings, &campaign.id)) }
            }
            td {
                (severity(campaign))
                @if let Some(reservation) = words::reservation(campaign) { br; span.faint { (reservation) } }
            }
            td.number data-label="score" { (number::score(campaign.score)) }
            td.number data-label="accounts" { (number::thousands(campaign.accounts.len() as u64)) }
            td.number data-label="exchanges" { (number::thousands(campaign.exchanges)) }
            td data-label="aims at" { (words::capabilities(&campaign.capabilities, 3)) }
            td.day data-label="since (UTC)" { (when::day(&campaign.first_seen)) }
            td data-label="why" { (words::strongest(&campaign.signals, STRONGEST)) }
        }
    }
}

/// The severity as a word in its colour.
pub(super) fn severity(campaign: &Campaign) -> Markup {
    let word = words::severity(campaign.severity);
    html! { span class={ "pill " (word) } { (word) } }
}
