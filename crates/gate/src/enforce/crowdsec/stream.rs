//! Stream: all that holds, or what changed since a bouncer last asked.
//! In: a table, the feed, the bouncer's cursor, the time. Out: `new` and `deleted`.
//! Invariant: who plays all answers in order (deleting first) holds just what `everything` says; answers may overlap.
//! Not here: JSON (`crowdsec.rs`), remembering cursors (`node`).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, Write};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::book::{Change, Done};
use crate::enforce::carve::Allowed;
use crate::enforce::crowdsec::{Decision, Filter, Stream, named, remediation, said};
use crate::entry::Course;
use crate::feed::Feed;
use crate::table::Table;
use crate::table::row::{Best, Key, Line};

/// What a bouncer has: changes up to a number, as of a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Number of the last change.
    pub number: u64,
    /// When, in seconds since 1970.
    pub at: i64,
}

/// All that holds. `ended`: what ended in the last day is named in `deleted`, for bouncers that were away and kept what they had.
#[must_use]
pub fn everything<'a>(table: &'a Table, filter: &Filter, ended: bool, now: i64) -> Stream<'a> {
    let mut stream = Stream::default();
    each(table, filter, now, |decision| stream.new.push(decision));
    if ended {
        each_ended(table, filter, now, |decision| stream.deleted.push(decision));
    }
    stream
}

/// The same, written as JSON one decision at a time: a million of them never lie in memory at once.
///
/// # Errors
/// What the writer says.
pub fn write_everything(table: &Table, filter: &Filter, ended: bool, now: i64, to: &mut impl Write) -> io::Result<()> {
    to.write_all(b"{\"new\":[")?;
    let mut list = List { to, first: true, failed: Ok(()) };
    each(table, filter, now, |decision| list.push(&decision));
    list.next(b"],\"deleted\":[");
    if ended {
        each_ended(table, filter, now, |decision| list.push(&decision));
    }
    list.next(b"]}");
    list.failed
}

struct List<'w, W> {
    to: &'w mut W,
    first: bool,
    failed: io::Result<()>,
}

impl<W: Write> List<'_, W> {
    fn push(&mut self, decision: &Decision<'_>) {
        if self.failed.is_ok() {
            let comma = if std::mem::take(&mut self.first) { Ok(()) } else { self.to.write_all(b",") };
            self.failed = comma.and_then(|()| serde_json::to_writer(&mut *self.to, decision).map_err(Into::into));
        }
    }

    fn next(&mut self, text: &[u8]) {
        self.first = true;
        if self.failed.is_ok() {
            self.failed = self.to.write_all(text);
        }
    }
}

fn each<'a>(table: &'a Table, filter: &Filter, now: i64, mut to: impl FnMut(Decision<'a>)) {
    let allowed = Allowed::of(table, now);
    for (key, best) in table.keys(now) {
        match pieces(&allowed, key).as_slice() {
            [whole] if *whole == key => say_best(key, &best, filter, now, &mut to),
            // A piece of a wide network may lie in a narrower one that is hit harder.
            pieces => pieces.iter().for_each(|piece| {
                if let Some(best) = table.find(*piece, now) {
                    say_best(*piece, &best, filter, now, &mut to);
                }
            }),
        }
    }
}

fn each_ended<'a>(table: &'a Table, filter: &Filter, now: i64, mut to: impl FnMut(Decision<'a>)) {
    let allowed = Allowed::of(table, now);
    for line in table.lines().filter(|line| line.expires <= now) {
        // What a wider network or another decision still says stands in `new`.
        for name in names(&[&allowed], line.key).into_iter().filter(|name| filter.wants(name)) {
            words(line.course).into_iter().for_each(|word| to(named(name, word, line.id, "ended", -1)));
        }
    }
}

/// What changed since; `None`: the feed doesn't reach back so far, only `everything` will do.
#[must_use]
pub fn delta<'a>(table: &'a Table, feed: &'a Feed, since: Cursor, filter: &Filter, now: i64) -> Option<Stream<'a>> {
    // Changes that the table hasn't got yet are told when it has.
    let changes: Vec<&Change> = feed.since(since.number)?.take_while(|c| c.number <= table.number()).collect();
    let mut touched = Touched::default();
    for change in &changes {
        touched.add(Key::of(&change.entry.subject), &change.entry.course, change.entry.id);
    }
    let turning = table.turning(since.at, now);
    for line in turning.iter().filter(|line| line.expires > since.at && line.changes(since.at) <= now) {
        touched.add(line.key, line.course, line.id);
    }
    touched.spread(table);
    let acting = |at| move |line: &&Line<'_>| line.acts(at) == Some(Action::Allow);
    let allowed = Allowed::new(turning.iter().filter(acting(now)).filter_map(|line| net(line.key)));
    let before = before(turning.iter().filter(acting(since.at)), &changes);
    let (mut told, mut was_told) = (BTreeMap::new(), BTreeMap::<Key<'a>, Was>::new());
    for (key, mut was) in touched.keys {
        was.words.extend(table.bearing(key).iter().flat_map(|line| words(line.course)));
        for name in names(&[&allowed, &before], key) {
            let known = was_told.entry(name).or_insert_with(|| Was { id: was.id, ..Was::default() });
            known.words.extend(&was.words);
        }
        if table.just(key).any(|line| now < line.expires) {
            told.extend(pieces(&allowed, key).into_iter().filter_map(|piece| Some((piece, table.find(piece, now)?))));
        }
    }
    // A name that was touched may be another network's, or a piece of one: then it still holds.
    for name in was_told.keys().filter(|name| !told.contains_key(name)).copied().collect::<Vec<_>>() {
        let Some(piece) = net(name) else { continue };
        let holds =
            |line: &Line<'_>| now < line.expires && net(line.key).is_some_and(|net| allowed.cut(net).contains(&piece));
        if table.bearing(name).iter().any(holds) {
            told.extend(table.find(name, now).map(|best| (name, best)));
        }
    }
    let mut stream = Stream::default();
    for (name, best) in &told {
        say_best(*name, best, filter, now, &mut |decision| stream.new.push(decision));
    }
    for (name, was) in was_told.into_iter().filter(|(name, _)| filter.wants(name)) {
        // What holds with the same word isn't taken back for a moment: `new` takes its place.
        let holds = told
            .get(&name)
            .and_then(|best| remediation(best.action).filter(|_| filter.wants_code(&best.line.course.code)));
        for word in was.words.into_iter().filter(|word| Some(*word) != holds) {
            stream.deleted.push(named(name, word, was.id, "ended", -1));
        }
    }
    Some(stream)
}

/// With which words a key may have been told, and by which decision.
#[derive(Debug, Default, Clone)]
struct Was {
    words: BTreeSet<&'static str>,
    id: u64,
}

/// Keys for which something else may hold than before.
#[derive(Debug, Default)]
struct Touched<'a> {
    keys: BTreeMap<Key<'a>, Was>,
    /// Networks that are, or were, let through.
    let_through: BTreeSet<IpNet>,
}

impl<'a> Touched<'a> {
    fn add(&mut self, key: Key<'a>, course: &Course, id: u64) {
        let was = self.keys.entry(key).or_default();
        was.words.extend(words(course));
        was.id = id;
        if let (Key::Network(net), Action::Allow) = (key, course.action) {
            self.let_through.insert(net);
        }
    }

    /// What holds for a network holds for those inside it; one that is let through cuts those around it.
    fn spread(&mut self, table: &'a Table) {
        let nets: Vec<(IpNet, Was)> =
            self.keys.iter().filter_map(|(key, was)| net(*key).zip(Some(was.clone()))).collect();
        for (inside, was) in nets {
            for line in table.inside(inside) {
                let entry = self.keys.entry(line.key).or_insert_with(|| Was { id: line.id, ..Was::default() });
                entry.words.extend(&was.words);
            }
        }
        // Those inside may be gone themselves: sorted, a network comes right before what is inside it.
        let mut around: Vec<(IpNet, BTreeSet<&'static str>)> = Vec::new();
        for (key, was) in &mut self.keys {
            let Some(inside) = net(*key) else { continue };
            while around.last().is_some_and(|(wide, _)| !wide.contains(&inside)) {
                around.pop();
            }
            was.words.extend(around.last().into_iter().flat_map(|(_, words)| words));
            around.push((inside, was.words.clone()));
        }
        for through in &self.let_through {
            for line in table.bearing(Key::Network(*through)) {
                self.keys.entry(line.key).or_insert_with(|| Was { id: line.id, ..Was::default() });
            }
        }
    }
}

/// Networks that were let through when the bouncer last asked; `acting`: lines that would have, were none of them changed.
fn before<'a>(acting: impl Iterator<Item = &'a Line<'a>>, changes: &[&Change]) -> Allowed {
    let mut seen = HashSet::new();
    // Of a decision that changed several times, the first change says whether there was one before.
    let first: Vec<&&Change> = changes.iter().filter(|change| seen.insert(change.entry.id)).collect();
    let changed =
        first.iter().filter(|change| change.done != Done::Made && change.entry.course.action == Action::Allow);
    let changed = changed.filter_map(|change| net(Key::of(&change.entry.subject)));
    let unchanged = acting.filter(|line| !seen.contains(&line.id));
    Allowed::new(changed.chain(unchanged.filter_map(|line| net(line.key))))
}

fn say_best<'a>(key: Key<'a>, best: &Best<'a>, filter: &Filter, now: i64, to: &mut impl FnMut(Decision<'a>)) {
    let word = remediation(best.action).filter(|_| filter.wants(&key) && filter.wants_code(&best.line.course.code));
    if let Some(word) = word {
        to(said(key, word, best, now));
    }
}

/// Names with which a key may be told: its own, and those of its pieces.
fn names<'a>(cuts: &[&Allowed], key: Key<'a>) -> BTreeSet<Key<'a>> {
    std::iter::once(key).chain(cuts.iter().flat_map(|cut| pieces(cut, key))).collect()
}

fn pieces<'a>(allowed: &Allowed, key: Key<'a>) -> Vec<Key<'a>> {
    match key {
        Key::Network(net) => allowed.cut(net).into_iter().map(Key::Network).collect(),
        Key::Exact(..) => vec![key],
    }
}

fn net(key: Key<'_>) -> Option<IpNet> {
    match key {
        Key::Network(net) => Some(net),
        Key::Exact(..) => None,
    }
}

/// Words of all that a course ever does.
fn words(course: &Course) -> BTreeSet<&'static str> {
    let actions = std::iter::once(course.action).chain(course.decays.iter().map(|step| step.action));
    actions.filter_map(remediation).collect()
}
