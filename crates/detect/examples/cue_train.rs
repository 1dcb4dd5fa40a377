//! Trains the cue weights from labelled texts, and prints figures by source.
//! In: files of `Labelled` lines. Out: weights (`--out FILE`), figures as a table.
//! Invariant: same files in the same order, same weights.
//! Not here: making the files (`cue_examples`, `weights/label_corpora.py`).
//!
//! `cargo run -p stillwatch-detect --release --example cue_train -- own.jsonl corpora.jsonl --out crates/detect/weights/cues.bin`
//! `--without SOURCE` (repeatable) keeps a source from training: its figures are then of texts unlike any that were learned.

use std::io::{BufRead, BufReader};

use stillwatch_detect::cues::{Cue, Figures, Labelled, Options, Split, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut files, mut without, mut out, mut options, mut json) =
        (Vec::new(), Vec::new(), None, Options::default(), false);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("`{arg}` needs a value"));
        match arg.as_str() {
            "--without" => without.push(value()?),
            "--out" => out = Some(value()?),
            "--epochs" => options.epochs = value()?.parse()?,
            "--features" => options.features = value()?.parse()?,
            "--groups" => options.groups = value()?.parse()?,
            "--rate" => options.rate = value()?.parse()?,
            "--l2" => options.l2 = value()?.parse()?,
            "--drop" => options.drop = value()?.parse()?,
            "--mixed" => options.mixed = value()?.parse()?,
            "--floor" => options.floor = value()?.parse()?,
            "--balance" => options.balance = value()?.parse()?,
            "--false-rate" => options.false_rate = value()?.parse()?,
            "--json" => json = true,
            _ => files.push(arg),
        }
    }
    let mut texts = Vec::new();
    for file in &files {
        for line in BufReader::new(std::fs::File::open(file)?).lines() {
            let mut text: Labelled = serde_json::from_str(&line?)?;
            if without.contains(&text.source) {
                text.split = Split::Test;
            }
            texts.push(text);
        }
    }
    let trained = train(texts, &options);
    if let Some(out) = out {
        std::fs::write(out, trained.model.to_bytes())?;
    }
    if json {
        println!("{}", serde_json::to_string(&trained.figures)?);
    } else {
        print(&trained.figures);
    }
    Ok(())
}

fn print(figures: &Figures) {
    println!("{} n-grams; thresholds {:?}", figures.features, figures.thresholds);
    for source in &figures.sources {
        let mut line = format!("{:26} {:5} {:6}", source.source, source.split.name(), source.texts);
        for cue in Cue::ALL {
            let at = cue as usize;
            let share = |part: u64, all: u64| 100.0 * part as f64 / all.max(1) as f64;
            if source.wanted[at] > 0 {
                line += &format!(" {}:hit={:.1}%", cue.name(), share(source.hits[at], source.wanted[at]));
            }
            if source.false_alarms[at] > 0 {
                line += &format!(" {}:false={:.2}%", cue.name(), share(source.false_alarms[at], source.quiet[at]));
            }
            let other = source.fired[at] - source.hits[at] - source.false_alarms[at];
            if other > 0 {
                line += &format!(
                    " {}:unsure={:.1}%",
                    cue.name(),
                    share(other, source.texts - source.wanted[at] - source.quiet[at])
                );
            }
        }
        if source.capability_known > 0 {
            line +=
                &format!(" capability={:.1}%", 100.0 * source.capability_right as f64 / source.capability_known as f64);
        }
        println!("{line}");
    }
}
