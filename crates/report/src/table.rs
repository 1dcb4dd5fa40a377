//! Table: what `detect` prints in a terminal: campaigns, suspects, and what could not be seen.
//! In: a `Report`, the width, whether colour is wanted. Out: text.
//! Invariant: readable without colour; every row starts with what `--explain` takes.
//! Not here: one campaign at length (`explain`).

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, TableStyle};
use stillwatch_model::{Campaign, Findings, Report, Severity};

use crate::{number, text, when, words};

/// Suspects that are printed.
const SUSPECTS: usize = 20;
/// Narrower than this, campaigns are printed as blocks: nine columns would not fit.
const NARROWEST_TABLE: u16 = 110;
const STRONGEST: usize = 3;

/// The terminal table. `width` is the terminal's, or `None` for as wide as it needs.
#[must_use]
pub fn table(report: &Report, width: Option<u16>, colour: bool) -> String {
    let findings = &report.findings;
    let pen = Pen { width, colour };
    let mut out = String::new();
    if findings.campaigns.is_empty() {
        out.push_str(&nothing_found(findings, &pen));
    } else {
        out.push_str(&heading(findings, &pen));
        if pen.is_narrow() {
            campaign_blocks(&mut out, report, &pen);
        } else {
            campaign_table(&mut out, report, &pen);
        }
    }
    suspects(&mut out, findings, &pen);
    not_seen(&mut out, findings, &pen);
    hint(&mut out, findings);
    out
}

/// How lines are drawn: the width and whether colour is wanted.
pub(crate) struct Pen {
    pub(crate) width: Option<u16>,
    pub(crate) colour: bool,
}

impl Pen {
    pub(crate) fn bold(&self, words: &str) -> String {
        if self.colour { format!("\u{1b}[1m{words}\u{1b}[0m") } else { words.to_owned() }
    }

    pub(crate) fn is_narrow(&self) -> bool {
        self.width.is_some_and(|width| width < NARROWEST_TABLE)
    }

    pub(crate) fn columns(&self) -> usize {
        self.width.map_or(120, |width| usize::from(width).max(40))
    }

    pub(crate) fn rows(&self, header: &[&str], right: &[usize]) -> Table {
        let mut rows = Table::new();
        rows.force_no_tty();
        rows.load_style(TableStyle::new().header_separator(LineStyle::new('─', '─', '─', '─')));
        if self.colour {
            rows.enforce_styling();
        }
        if let Some(width) = self.width {
            rows.set_content_arrangement(ContentArrangement::Dynamic);
            rows.set_width(width);
        }
        rows.set_header(header.iter().map(|name| Cell::new(name).add_attribute(Attribute::Bold)));
        for column in rows.column_iter_mut() {
            column.set_padding((0, 1));
        }
        for index in right {
            if let Some(column) = rows.column_mut(*index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        rows
    }
}

fn heading(findings: &Findings, pen: &Pen) -> String {
    let campaigns = number::counted(findings.campaigns.len() as u64, "campaign");
    let mut lines = String::new();
    text::hang(&mut lines, "", &format!("{campaigns}{} in {}", words::weaker(findings), read(findings)), pen.columns());
    format!("{}\n", lines.replacen(&campaigns, &pen.bold(&campaigns), 1))
}

/// What was read: `148,210 exchanges of 1,204 accounts, 2026-03-01 00:00 to 2026-03-29 23:59 UTC`.
fn read(findings: &Findings) -> String {
    let mut sentence = format!(
        "{} of {}",
        number::counted(findings.exchanges, "exchange"),
        number::counted(findings.accounts, "account")
    );
    if !findings.window.from.is_empty() {
        let (from, to) = (when::minute(&findings.window.from), when::minute(&findings.window.to));
        sentence.push_str(&format!(", {from} to {to} UTC"));
    }
    sentence
}

fn nothing_found(findings: &Findings, pen: &Pen) -> String {
    if findings.exchanges == 0 {
        let cause = if findings.skipped.records > 0 {
            "every record was skipped; the first reason is below"
        } else {
            "check the path or the pattern that you gave"
        };
        return format!("nothing to look at: no exchanges were read ({cause})\n");
    }
    let mut sentence = String::new();
    text::hang(&mut sentence, "", &format!("no campaigns found in {}", read(findings)), pen.columns());
    if !findings.off.is_empty() {
        let off = number::counted(findings.off.len() as u64, "signal");
        let caveat = format!("{off} could not be computed (below), so this is not proof that there are none");
        text::hang(&mut sentence, "", &caveat, pen.columns());
    }
    sentence
}

fn campaign_table(out: &mut String, report: &Report, pen: &Pen) {
    let header = ["id", "severity", "score", "accounts", "exchanges", "capability", "technique", "since (UTC)", "why"];
    let mut rows = pen.rows(&header, &[2, 3, 4]);
    for campaign in &report.findings.campaigns {
        rows.add_row([
            Cell::new(words::short_id(&report.findings, &campaign.id)),
            severity_cell(campaign.severity),
            Cell::new(number::score(campaign.score)),
            Cell::new(number::thousands(campaign.accounts.len() as u64)),
            Cell::new(number::thousands(campaign.exchanges)),
            Cell::new(words::capabilities(&campaign.capabilities, 2)),
            Cell::new(words::technique(words::case_of(report, campaign))),
            Cell::new(when::minute(&campaign.first_seen)),
            Cell::new(why(campaign)),
        ]);
    }
    push_rows(out, &rows);
}

fn campaign_blocks(out: &mut String, report: &Report, pen: &Pen) {
    for campaign in &report.findings.campaigns {
        let technique = words::technique(words::case_of(report, campaign));
        let id = words::short_id(&report.findings, &campaign.id);
        let first =
            format!("{id}  {} {}  {technique}", words::severity(campaign.severity), number::score(campaign.score));
        out.push_str(&pen.bold(&first));
        out.push('\n');
        let facts = format!(
            "{}, {}, since {} UTC",
            number::counted(campaign.accounts.len() as u64, "account"),
            number::counted(campaign.exchanges, "exchange"),
            when::minute(&campaign.first_seen)
        );
        text::hang(out, "  ", &facts, pen.columns());
        text::hang(out, "  aims at ", &words::capabilities(&campaign.capabilities, 4), pen.columns());
        text::hang(out, "  why: ", &why(campaign), pen.columns());
        out.push('\n');
    }
    out.pop();
}

/// The strongest signals; a campaign that is not actionable says why first.
fn why(campaign: &Campaign) -> String {
    let strongest = words::strongest(&campaign.signals, STRONGEST);
    match words::reservation(campaign) {
        Some(reservation) => format!("({reservation}) {strongest}"),
        None => strongest,
    }
}

pub(crate) fn severity_cell(severity: Severity) -> Cell {
    let cell = Cell::new(words::severity(severity));
    match severity {
        Severity::Critical => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Severity::High => cell.fg(Color::Red),
        Severity::Medium => cell.fg(Color::Yellow),
        Severity::Low => cell,
    }
}

fn suspects(out: &mut String, findings: &Findings, pen: &Pen) {
    if findings.suspects.is_empty() {
        return;
    }
    let counted = number::counted(findings.suspects.len() as u64, "suspect");
    let heading = format!("{}, linked to no other account", pen.bold(&counted));
    out.push_str(&format!("\n{heading}\n\n"));
    // One signal keeps a suspect on one line of a narrow terminal.
    let strongest = if pen.is_narrow() { 1 } else { STRONGEST };
    let mut rows = pen.rows(&["account", "score", "exchanges", "why"], &[1, 2]);
    for suspect in findings.suspects.iter().take(SUSPECTS) {
        rows.add_row([
            text::clean(&suspect.account),
            number::score(suspect.score),
            number::thousands(suspect.exchanges),
            words::strongest(&suspect.signals, strongest),
        ]);
    }
    push_rows(out, &rows);
    if let Some(more) = findings.suspects.len().checked_sub(SUSPECTS).filter(|more| *more > 0) {
        out.push_str(&format!(" +{} more\n", number::thousands(more as u64)));
    }
}

fn not_seen(out: &mut String, findings: &Findings, pen: &Pen) {
    let mut lines = String::new();
    if let Some(cohort) = &findings.cohort {
        text::hang(&mut lines, "cohort: ", &words::cohort(cohort), pen.columns());
    }
    if findings.skipped.records > 0 {
        let mut sentence = number::counted(findings.skipped.records, "record");
        if let Some(first) = &findings.skipped.first_error {
            sentence.push_str(&format!("; the first: {}", text::clean(first)));
        }
        text::hang(&mut lines, "skipped: ", &sentence, pen.columns());
    }
    for off in &findings.off {
        let sentence = format!("{}: {}", words::signal(&off.name), text::clean(&off.because));
        text::hang(&mut lines, "off: ", &sentence, pen.columns());
    }
    if !lines.is_empty() {
        out.push('\n');
        out.push_str(&lines);
    }
}

fn hint(out: &mut String, findings: &Findings) {
    let example = match (findings.campaigns.first(), findings.suspects.first()) {
        (Some(campaign), _) => words::short_id(findings, &campaign.id),
        (None, Some(suspect)) => text::clean(&suspect.account),
        (None, None) => return,
    };
    out.push_str(&format!("\nhint: `--explain {example}` shows the evidence and the arithmetic\n"));
}

pub(crate) fn push_rows(out: &mut String, rows: &Table) {
    for line in rows.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}
