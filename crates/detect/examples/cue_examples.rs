//! Makes invented labelled prompts from the grammars in `weights/grammar`, one JSON object a line.
//! In: the grammars. Out: `Labelled` lines on standard output.
//! Invariant: same grammars, same lines; every eighth template is kept for figures only.
//! Not here: training (`cue_train`).
//!
//! `cargo run -p stillwatch-detect --release --example cue_examples > own.jsonl`

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use stillwatch_detect::cues::{Cue, Labelled, Split};
use stillwatch_model::Capability;

/// Texts made from one template, unless its header says `variants=N`: then N, each a group of its own, since what differs
/// between them is whole sentences.
const EACH: usize = 32;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/grammar");
    let mut files: Vec<_> = std::fs::read_dir(&folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut shared = HashMap::new();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for file in files {
        let name = file.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned();
        let mut slots = shared.clone();
        let templates = read(&std::fs::read_to_string(&file)?, &mut slots).map_err(|e| format!("{name}: {e}"))?;
        if name.starts_with('_') {
            shared = slots;
            continue;
        }
        for template in &templates {
            let mut random = Random(stillwatch_detect::text::hash(template.text.as_bytes()));
            let kept = random.below(8) == 0 && template.variants == 0;
            let mut made = std::collections::HashSet::new();
            for at in 0..if template.variants > 0 { template.variants } else { EACH } {
                let text = expand(&template.text, &slots, &mut random, 0)
                    .map_err(|e| format!("{name}, line {}: {e}", template.line))?;
                if !made.insert(text.clone()) {
                    continue;
                }
                let mut example = Labelled { text, ..template.labels.clone() };
                frame(&mut example, &template.language, &slots, &mut random)?;
                example.source = format!("own/{name}");
                example.group = format!("{name}/{}", template.line);
                if template.variants > 0 {
                    example.group += &format!("/{at}");
                }
                example.split = if kept { Split::Test } else { Split::Train };
                writeln!(out, "{}", serde_json::to_string(&example)?)?;
            }
        }
    }
    Ok(())
}

struct Template {
    line: usize,
    text: String,
    language: String,
    variants: usize,
    labels: Labelled,
}

/// Reads a grammar: `@slot` lists, `[cues=... unsure=... capability=... lang=...]` headers, and templates, one a line.
fn read(text: &str, slots: &mut HashMap<String, Vec<String>>) -> Result<Vec<Template>, Failure> {
    let (mut out, mut slot, mut labels, mut language, mut variants) =
        (Vec::new(), None, Labelled::default(), String::new(), 0);
    for (at, line) in text.lines().enumerate() {
        if line.is_empty() {
            slot = None;
        } else if line.starts_with("# ") {
        } else if let Some(name) =
            line.strip_prefix('@').filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        {
            slot = Some(name.to_owned());
        } else if let Some(name) = &slot {
            slots.entry(name.clone()).or_default().push(line.to_owned());
        } else if let Some(head) = line
            .strip_prefix('[')
            .and_then(|l| l.strip_suffix(']'))
            .filter(|l| l.starts_with("cues=") || l.starts_with("capability="))
        {
            (labels, language, variants) = (Labelled::default(), "en".to_owned(), 0);
            for part in head.split(' ') {
                match part.split_once('=') {
                    Some(("cues", names)) => labels.cues = cues(names)?,
                    Some(("unsure", names)) => labels.unsure = cues(names)?,
                    Some(("capability", name)) => labels.capability = Some(capability(name)?),
                    Some(("variants", number)) => variants = number.parse()?,
                    Some(("lang", name)) => language = name.to_owned(),
                    _ => return Err(format!("line {}: `{part}` is not a label", at + 1).into()),
                }
            }
        } else {
            out.push(Template {
                line: at + 1,
                text: line.to_owned(),
                language: language.clone(),
                variants,
                labels: labels.clone(),
            });
        }
    }
    Ok(out)
}

fn cues(names: &str) -> Result<Vec<Cue>, Failure> {
    names
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| {
            Cue::ALL.into_iter().find(|c| c.name() == name).ok_or_else(|| format!("`{name}` is not a cue").into())
        })
        .collect()
}

fn capability(name: &str) -> Result<Capability, Failure> {
    Capability::ALL.into_iter().find(|c| c.name() == name).ok_or_else(|| format!("`{name}` is not a capability").into())
}

/// Fills a template: `{a|b}` one of these, `$name` a slot, `\x` the character itself, `\n` a new line.
fn expand(
    text: &str,
    slots: &HashMap<String, Vec<String>>,
    random: &mut Random,
    depth: usize,
) -> Result<String, Failure> {
    if depth > 8 {
        return Err("slots that name one another without end".into());
    }
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (String::new(), 0);
    while let Some(&c) = chars.get(at) {
        at += 1;
        match c {
            '\\' => {
                match chars.get(at) {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some(&c) => out.push(c),
                    None => {}
                }
                at += 1;
            }
            '{' => {
                let (mut level, start, mut choices, mut from) = (1, at, Vec::new(), at);
                while level > 0 {
                    match chars.get(at) {
                        None => return Err(format!("`{{` without `}}` after character {start}").into()),
                        Some('\\') => at += 1,
                        Some('{') => level += 1,
                        Some('}') => level -= 1,
                        Some('|') if level == 1 => {
                            choices.push(from..at);
                            from = at + 1;
                        }
                        Some(_) => {}
                    }
                    at += 1;
                }
                choices.push(from..at - 1);
                let chosen: String = chars[choices.swap_remove(random.below(choices.len()))].iter().collect();
                out.push_str(&expand(&chosen, slots, random, depth)?);
            }
            '$' if chars.get(at).is_some_and(char::is_ascii_lowercase) => {
                let start = at;
                while chars.get(at).is_some_and(|c| c.is_ascii_lowercase() || *c == '_') {
                    at += 1;
                }
                let name: String = chars[start..at].iter().collect();
                let slot = slots.get(&name).ok_or_else(|| format!("no slot `{name}`"))?;
                out.push_str(&expand(&slot[random.below(slot.len())], slots, random, depth + 1)?);
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Puts polite or idle words around a text, the same for all cues and for none; or makes the text a system text.
fn frame(
    example: &mut Labelled,
    language: &str,
    slots: &HashMap<String, Vec<String>>,
    random: &mut Random,
) -> Result<(), Failure> {
    let (opening, closing, question) = match language {
        "zh" => ("$zh_opening", "$zh_closing", "$zh_question"),
        "en" => ("$opening", "$closing", "{$question|$problem|$instruction|$passage}"),
        _ => return Ok(()),
    };
    let gap = if language == "zh" { "" } else { " " };
    match random.below(10) {
        0 | 1 => {
            example.text = format!(
                "{}{}{}",
                expand(opening, slots, random, 0)?,
                if random.below(2) == 0 { gap } else { "\n\n" },
                example.text
            )
        }
        2 => {
            example.text = format!(
                "{}{}{}",
                example.text,
                if random.below(2) == 0 { gap } else { "\n\n" },
                expand(closing, slots, random, 0)?
            )
        }
        3 => example.system = expand(opening, slots, random, 0)?,
        4 => example.system = std::mem::replace(&mut example.text, expand(question, slots, random, 0)?),
        5 => example.text = format!("{}\n\n{}", expand(question, slots, random, 0)?, example.text),
        _ => {}
    }
    Ok(())
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = stillwatch_detect::text::fold(
            self.0 ^ 0xe703_7ed1_a0b4_28db,
            0x8ebc_6af0_9c88_c6e3 ^ self.0.rotate_left(32),
        );
        ((u128::from(z) * n as u128) >> 64) as usize
    }
}
