//! Readme: the page that goes with a bundle, for whoever has none of our programs.
//! In: the manifest. Out: plain text.
//! Invariant: says nothing of a campaign that the manifest doesn't.
//! Not here: the facts (`facts.rs`).

use std::fmt::Write;

use super::manifest::{Accounts, Manifest};

/// The page's path.
pub(super) const PATH: &str = "README.txt";
/// Most columns of a line.
const WIDTH: usize = 78;

/// Writes the page.
pub(super) fn readme(manifest: &Manifest) -> String {
    let mut page = format!(
        "EVIDENCE ON {}\n\nA campaign of accounts that harvest a model's answers, as {} {} knows it.\n\
         Traffic from {} to {}, {} findings.\n",
        manifest.campaign,
        manifest.program.name,
        manifest.program.version,
        manifest.window.from,
        manifest.window.to,
        manifest.method.findings
    );
    page += CHECKING;
    match &manifest.ledger {
        Some(ledger) => {
            let _ = write!(
                page,
                "\nTHE LEDGER\n\nThe ledger `{}` had {} entries when its checkpoint was signed;\n{} of them are here.\n",
                ledger.origin,
                ledger.size,
                ledger.entries.len()
            );
            page += LEDGER;
        }
        None => {
            page += "\nTHE LEDGER\n\nNo ledger was given: nothing here shows what was released, viewed or decided.\n"
        }
    }
    page += FILES;
    page += "\nHOW IT WAS FOUND\n\n";
    for text in [format!("Score: {}", manifest.method.score), format!("Actionable: {}.", manifest.method.actionable)] {
        item(&mut page, &text);
    }
    if manifest.method.calibrated {
        item(
            &mut page,
            "Scores were shifted by what people concluded of earlier campaigns: the signal `verdicts` says by how much.",
        );
    }
    page += "\nKNOWN LIMITS\n\n";
    manifest.known_limits.iter().for_each(|text| item(&mut page, text));
    page += "\nWHAT IS NOT HERE\n\n";
    item(
        &mut page,
        match manifest.includes.accounts {
            Accounts::Names => "Accounts are named as the log names them.",
            Accounts::Numbers => "Names of accounts: they have numbers, in the order of their names.",
        },
    );
    if !manifest.includes.named_in_texts.is_empty() {
        let told = manifest.includes.named_in_texts.iter().map(|named| format!("{} in {}", named.texts, named.file));
        let told = told.collect::<Vec<_>>().join(", ");
        item(&mut page, &format!("Some texts name accounts all the same, and stand as they were written: {told}."));
    }
    item(
        &mut page,
        match manifest.includes.examples {
            None => "Examples of exchanges, which are text of customers: they were not asked for.",
            Some(0) => "Examples of exchanges: they were asked for, and the store has none.",
            Some(_) => "Exchanges but for the examples, which the store keeps shortened.",
        },
    );
    if manifest.includes.stix.is_none() {
        item(&mut page, "The campaign as STIX 2.1: no producer was named.");
    }
    manifest.not_kept.iter().for_each(|text| item(&mut page, &format!("Never kept: {text}.")));
    page
}

/// A point of a list, broken into lines.
fn item(page: &mut String, text: &str) {
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column == 0 {
            page.push_str("- ");
            column = 2;
        } else if column + 1 + length > WIDTH {
            page.push_str("\n  ");
            column = 2;
        } else {
            page.push(' ');
            column += 1;
        }
        page.push_str(word);
        column += length;
    }
    page.push('\n');
}

const CHECKING: &str = "
HOW TO CHECK IT

1. Unpack the archive in an empty folder: tar -xf FILE
2. In that folder: sha256sum -c SHA256SUMS
   (shasum -a 256 -c SHA256SUMS on a Mac). Every file must be OK.
3. Compare: the files there are those in SHA256SUMS and SHA256SUMS itself,
   no more; manifest.json lists all but these two, with their sizes.
4. Whoever makes a new bundle makes new hashes. That this is the one that was
   made then, only its SHA-256 shows (sha256sum FILE), where you were told it
   in another way: in a letter, on the record.
5. The same store and ledger give the same archive, byte for byte: who has
   them can make it again and compare. `stillwatch evidence verify FILE` does
   1 to 3 at once, and the proofs.
";

const LEDGER: &str = "
ledger/N.json is entry N as it was recorded; ledger/N.tlog-proof proves that
it is in the ledger (C2SP tlog-proof); ledger/checkpoint is the ledger's size
and root, signed (C2SP tlog-checkpoint, signed-note). Take the ledger's public
key from the ledger's owner or a witness: ledger/key.pub is only what this
bundle says it is. Then either

   stillwatch evidence verify FILE --public KEY
   stillwatch ledger check ledger/N.tlog-proof ledger/N.json --public KEY

or, without our programs, with golang.org/x/mod/sumdb/note (the signature)
and golang.org/x/mod/sumdb/tlog, CheckRecord (the hashes of the proof's
lines, in base64). By hand, as RFC 6962, section 2.1: the hash of an entry is
SHA-256 of a byte 00 and the file; two hashes make one as SHA-256 of a byte
01, the left and the right; the last is the root in the checkpoint.

Entries are those about this campaign, objects that tell of it, and profiles
by which these were released. The proofs show that entries are there, not
that none is missing: for that, ask for the whole ledger (ledger export).
An entry's time is as whoever acted said it.
";

const FILES: &str = "
THE FILES

campaign.json    what the campaign is now: score, signals, addresses, clients
course.json      how it went: windows, days, other ids that mean it
runs.json        what each run of the detector found: every signal's figure
members.json     the accounts, since when, how surely, and why
evidence.json    statements, by factor; observed ones were read from a log,
                 inferred ones are conclusions
claims.json      who is said to be behind it: hypotheses, which may compete
notes.json       what people noted
history.json     every change: who, when, what, before and after
labels.json      what people judged
releases.json    what was proposed to leave, who approved it, who got it (microseconds since 1970, UTC)
tombstones.json  what was deleted: the hash, when, by which rule
told.json        STIX objects that were told of it, as they were written
stix.json        what would be told of it now as STIX 2.1, if a producer
                 was named
examples.json    shortened exchanges, if they were asked for
All are canonical JSON (RFC 8785) in UTF-8; times are UTC; whole numbers in
`found` of runs.json that are times are microseconds since 1970.
";
