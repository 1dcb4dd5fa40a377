//! Grammar: turns a rule into text, fresh each time or fixed for one author.
//! In: the rule files beside this one (their syntax is below). Out: text appended to a buffer.
//! Invariant: the same rule, dice and author give the same text; rules never refer to themselves.
//! Not here: who says what (`honest`, `campaign`).
//!
//! A line `:name` opens a rule, each following line is one alternative; `:name |` splits its lines at `|` instead. `-` is
//! the empty alternative, `\n` a line break, `\$` a dollar; lines that start with `# ` are comments. In an alternative:
//!
//! | written | means |
//! | --- | --- |
//! | `$name`, `${name}` | a fresh draw of rule `name` |
//! | `$^name` | the same with a capital letter |
//! | `$!name` | the same draw wherever it is written so in this text |
//! | `$@name` | the author always takes the same alternative; what is inside it is fresh |
//! | `$=name` | the author always says exactly this |
//! | `$#3-9`, `$#10-400/10` | a number (in steps); `$=#3-9` fixed for the author |
//! | `$*2-5:name`, `$+2-5:name` | several draws, on lines of their own or in a row |

mod builtin;

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::dice::{Dice, key};
use builtin::Builtin;

const FILES: &[&str] = &[
    include_str!("words.txt"),
    include_str!("prose.txt"),
    include_str!("chat.txt"),
    include_str!("office.txt"),
    include_str!("code.txt"),
    include_str!("agent.txt"),
    include_str!("jobs.txt"),
    include_str!("products.txt"),
    include_str!("judge.txt"),
    include_str!("bench.txt"),
    include_str!("homework.txt"),
    include_str!("zh.txt"),
    include_str!("es_ja.txt"),
    include_str!("harvest.txt"),
    include_str!("extract.txt"),
];

/// A rule's place in the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RuleId(u16);

/// The habits of whoever wrote the prompt: a company's template, a campaign's generator, a person.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Author {
    /// Whose `$@` and `$=` choices these are.
    pub(crate) family: u64,
    /// The chance that such a choice is made afresh.
    pub(crate) paraphrase: f64,
}

impl Author {
    /// An author who never varies.
    pub(crate) fn fixed(family: u64) -> Self {
        Self { family, paraphrase: 0.0 }
    }
}

/// All rules.
#[derive(Debug)]
pub(crate) struct Grammar {
    rules: Vec<Rule>,
    names: HashMap<&'static str, RuleId>,
}

#[derive(Debug)]
enum Rule {
    Alternatives(Vec<Vec<Node>>),
    Builtin(Builtin),
}

#[derive(Debug)]
enum Node {
    Text(&'static str),
    /// `article`: what stands before it is `a `, which becomes `an ` before a vowel.
    Slot {
        how: How,
        capital: bool,
        what: What,
        salt: u64,
        article: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Fresh,
    Same,
    Frame,
    Constant,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Rule(RuleId),
    Number { low: i32, high: i32, step: i32 },
    Many { low: u8, high: u8, rule: RuleId, lines: bool },
}

/// One text being written.
struct Run {
    text: u64,
    author: Author,
}

impl Grammar {
    /// Reads the rule files.
    pub(crate) fn new() -> Self {
        let mut bodies: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
        for file in FILES {
            let mut split = false;
            for line in file.lines() {
                if line.is_empty() || line.starts_with("# ") {
                    continue;
                }
                if let Some(name) = line.strip_prefix(':') {
                    split = name.ends_with(" |");
                    bodies.push((name.trim_end_matches(" |"), Vec::new()));
                } else if let Some((_, lines)) = bodies.last_mut() {
                    if split {
                        lines.extend(line.split('|').map(str::trim).filter(|s| !s.is_empty()));
                    } else {
                        lines.push(line);
                    }
                }
            }
        }
        let mut names = HashMap::new();
        let mut rules = vec![Rule::Alternatives(Vec::new())];
        for &(name, builtin) in builtin::ALL {
            names.insert(name, RuleId(rules.len() as u16));
            rules.push(Rule::Builtin(builtin));
        }
        for (i, (name, _)) in bodies.iter().enumerate() {
            names.insert(name, RuleId((rules.len() + i) as u16));
        }
        let mut salt = 0;
        for (_, lines) in &bodies {
            rules.push(Rule::Alternatives(lines.iter().map(|line| parse(line, &names, &mut salt)).collect()));
        }
        Self { rules, names }
    }

    /// The rule called `name`.
    pub(crate) fn rule(&self, name: &str) -> Option<RuleId> {
        self.names.get(name).copied()
    }

    /// Appends one draw of `rule` to `out`.
    pub(crate) fn write(&self, rule: RuleId, author: Author, dice: &mut Dice, out: &mut String) {
        let run = Run { text: dice.bits(), author };
        self.expand(rule, &run, dice, out);
    }

    fn expand(&self, rule: RuleId, run: &Run, dice: &mut Dice, out: &mut String) {
        match self.rules.get(usize::from(rule.0)) {
            Some(Rule::Alternatives(alternatives)) => {
                if let Some(nodes) = alternatives.get(dice.below(alternatives.len())) {
                    self.nodes(nodes, run, dice, out);
                }
            }
            Some(Rule::Builtin(builtin)) => builtin.write(dice, out),
            None => {}
        }
    }

    fn nodes(&self, nodes: &[Node], run: &Run, dice: &mut Dice, out: &mut String) {
        for node in nodes {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Slot { how, capital, what, salt, article } => {
                    let start = out.len();
                    self.slot(*how, *what, *salt, run, dice, out);
                    if *capital && let Some(first) = out.get_mut(start..start + 1) {
                        first.make_ascii_uppercase();
                    }
                    if *article
                        && out
                            .get(start..)
                            .is_some_and(|word| word.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']))
                    {
                        out.insert(start - 1, 'n');
                    }
                }
            }
        }
    }

    fn slot(&self, how: How, what: What, salt: u64, run: &Run, dice: &mut Dice, out: &mut String) {
        let own = matches!(how, How::Frame | How::Constant)
            && !(run.author.paraphrase > 0.0 && dice.chance(run.author.paraphrase));
        let mut fixed = match (how, what) {
            (How::Same, What::Rule(rule)) => Dice::of(&[run.text, u64::from(rule.0)]),
            (How::Same, _) => Dice::of(&[run.text, salt]),
            (How::Frame, What::Rule(RuleId(rule))) if own => {
                // The alternative is the author's, its content is today's.
                let mut choice = Dice::of(&[run.author.family, salt]);
                match self.rules.get(usize::from(rule)) {
                    Some(Rule::Alternatives(alternatives)) => {
                        if let Some(nodes) = alternatives.get(choice.below(alternatives.len())) {
                            self.nodes(nodes, run, dice, out);
                        }
                    }
                    Some(Rule::Builtin(builtin)) => builtin.write(&mut choice, out),
                    None => {}
                }
                return;
            }
            (How::Frame | How::Constant, _) if own => Dice::of(&[run.author.family, salt]),
            _ => return self.draw(what, run, dice, out),
        };
        self.draw(what, run, &mut fixed, out);
    }

    fn draw(&self, what: What, run: &Run, dice: &mut Dice, out: &mut String) {
        match what {
            What::Rule(rule) => self.expand(rule, run, dice, out),
            What::Number { low, high, step } => {
                let number = i64::from(low) + i64::from(step) * dice.range(0, i64::from((high - low) / step));
                // Writing to a `String` can't fail.
                let _ = write!(out, "{number}");
            }
            What::Many { low, high, rule, lines } => {
                for i in 0..dice.range(low.into(), high.into()) {
                    if i > 0 {
                        out.push(if lines { '\n' } else { ' ' });
                    }
                    self.expand(rule, run, dice, out);
                }
            }
        }
    }
}

/// Cuts one alternative into nodes. A slot that names no rule stays as it is written.
fn parse(line: &'static str, names: &HashMap<&'static str, RuleId>, salt: &mut u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut rest = if line == "-" { "" } else { line };
    while let Some(at) = rest.find(['$', '\\']) {
        let (before, from) = rest.split_at(at);
        if !before.is_empty() {
            nodes.push(Node::Text(before));
        }
        if let Some(after) = from.strip_prefix("\\n") {
            nodes.push(Node::Text("\n"));
            rest = after;
            continue;
        }
        if let Some(after) = from.strip_prefix("\\t") {
            nodes.push(Node::Text("\t"));
            rest = after;
            continue;
        }
        if let Some(after) = from.strip_prefix("\\$") {
            nodes.push(Node::Text("$"));
            rest = after;
            continue;
        }
        *salt += 1;
        if let Some((mut node, after)) = slot(from, names, *salt) {
            if let Node::Slot { article, .. } = &mut node {
                *article = before == "a " || before.ends_with(" a ") || before == "A " || before.ends_with(" A ");
            }
            nodes.push(node);
            rest = after;
        } else {
            nodes.push(Node::Text(&from[..1]));
            rest = &from[1..];
        }
    }
    if !rest.is_empty() {
        nodes.push(Node::Text(rest));
    }
    nodes
}

/// Reads one slot at the start of `from`; what follows it comes back too.
fn slot(from: &'static str, names: &HashMap<&'static str, RuleId>, salt: u64) -> Option<(Node, &'static str)> {
    let mut rest = from.strip_prefix('$')?;
    let (mut how, mut capital) = (How::Fresh, false);
    while let Some(sign) = rest.chars().next().filter(|c| "^!@=".contains(*c)) {
        match sign {
            '^' => capital = true,
            '!' => how = How::Same,
            '@' => how = How::Frame,
            _ => how = How::Constant,
        }
        rest = &rest[1..];
    }
    let (what, rest) = if let Some(after) = rest.strip_prefix('#') {
        let (low, after) = number(after)?;
        let (high, after) = number(after.strip_prefix('-')?)?;
        let stepped = after.strip_prefix('/').and_then(number);
        let (step, after) = stepped.unwrap_or((1, after));
        (What::Number { low, high, step: step.max(1) }, after)
    } else if let Some(after) = rest.strip_prefix(['*', '+']) {
        let (low, after) = number(after)?;
        let (high, after) = number(after.strip_prefix('-')?)?;
        let (rule, after) = named(after.strip_prefix(':')?, names)?;
        (What::Many { low, high, rule, lines: rest.starts_with('*') }, after)
    } else {
        let (rule, after) = named(rest, names)?;
        (What::Rule(rule), after)
    };
    // `salt` is where the slot stands; scrambled so that neighbours don't draw alike.
    Some((Node::Slot { how, capital, what, salt: key(&[salt]), article: false }, rest))
}

fn number<N: std::str::FromStr>(from: &'static str) -> Option<(N, &'static str)> {
    let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
    Some((from[..end].parse().ok()?, &from[end..]))
}

fn named(from: &'static str, names: &HashMap<&'static str, RuleId>) -> Option<(RuleId, &'static str)> {
    let braced = from.strip_prefix('{');
    let body = braced.unwrap_or(from);
    let end = body.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')).unwrap_or(body.len());
    let rest = if braced.is_some() { body[end..].strip_prefix('}')? } else { &body[end..] };
    Some((*names.get(&body[..end])?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn text(grammar: &Grammar, name: &str, author: Author, seed: u64) -> String {
        let mut out = String::new();
        if let Some(rule) = grammar.rule(name) {
            grammar.write(rule, author, &mut Dice::of(&[seed]), &mut out);
        }
        out
    }

    #[test]
    fn every_slot_names_a_rule_and_no_name_is_used_twice() {
        let (mut seen, mut bad) = (HashSet::new(), Vec::new());
        for file in FILES {
            assert_eq!(file.lines().take_while(|line| line.starts_with("# ")).count(), 4, "{}", &file[..40]);
            for line in file.lines() {
                if let Some(name) = line.strip_prefix(':') {
                    assert!(seen.insert(name.trim_end_matches(" |")), "rule {name} is written twice");
                }
            }
        }
        let grammar = Grammar::new();
        for (name, RuleId(rule)) in &grammar.names {
            if let Rule::Alternatives(alternatives) = &grammar.rules[usize::from(*rule)] {
                assert!(!alternatives.is_empty(), "rule {name} is empty");
            }
        }
        for line in FILES.iter().flat_map(|file| file.lines()).filter(|line| !line.starts_with("# ")) {
            for (at, _) in line.match_indices('$').filter(|(at, _)| !line[..*at].ends_with('\\')) {
                if slot(&line[at..], &grammar.names, 0).is_none() {
                    bad.push(line[at..].chars().take(20).collect::<String>());
                }
            }
        }
        assert!(bad.is_empty(), "unknown slots in {bad:?}");
    }

    #[test]
    fn no_rule_reaches_itself() {
        fn visit(grammar: &Grammar, rule: RuleId, path: &mut Vec<RuleId>, done: &mut HashSet<u16>) {
            assert!(!path.contains(&rule), "rule {rule:?} reaches itself");
            if !done.contains(&rule.0) {
                path.push(rule);
                if let Rule::Alternatives(alternatives) = &grammar.rules[usize::from(rule.0)] {
                    for node in alternatives.iter().flatten() {
                        if let Node::Slot { what: What::Rule(next) | What::Many { rule: next, .. }, .. } = node {
                            visit(grammar, *next, path, done);
                        }
                    }
                }
                path.pop();
                done.insert(rule.0);
            }
        }
        let grammar = Grammar::new();
        let mut done = HashSet::new();
        for rule in grammar.names.values() {
            visit(&grammar, *rule, &mut Vec::new(), &mut done);
        }
    }

    #[test]
    fn an_author_keeps_the_frame_and_changes_the_content() {
        let grammar = Grammar::new();
        let (a, b) = (Author::fixed(1), Author::fixed(2));
        let start = |author, seed| text(&grammar, "harvest_tasks", author, seed).chars().take(6).collect::<String>();
        assert_ne!(text(&grammar, "harvest_tasks", a, 1), text(&grammar, "harvest_tasks", a, 2));
        assert_eq!(start(a, 1), start(a, 2));
        assert_ne!(text(&grammar, "harvest_tasks", a, 1), text(&grammar, "harvest_tasks", b, 1));
    }

    #[test]
    fn strangers_seldom_say_the_same() {
        let grammar = Grammar::new();
        for rule in ["chat_ask", "chat_plan", "email_write", "code_question", "zh_chat", "es_chat", "ja_chat"] {
            let all: HashSet<String> = (0..2000).map(|i| text(&grammar, rule, Author::fixed(i), i)).collect();
            assert!(all.len() > 1950, "{rule}: {} of 2000 differ", all.len());
        }
    }
}
