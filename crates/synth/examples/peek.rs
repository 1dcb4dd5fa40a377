//! Peek
use std::io::Write;
use stillwatch_synth::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let plan = match a[1].as_str() {
        "demo" => Plan::demo(),
        "quiet" => Plan::quiet(),
        "default" => Plan::default(),
        t => serde_json::from_str(t).unwrap(),
    };
    let w = accounts(&plan);
    let mut o = std::io::BufWriter::new(std::io::stdout());
    if a[2] == "accounts" {
        for x in w.accounts() {
            writeln!(o, "{}", serde_json::to_string(x).unwrap()).unwrap();
        }
    } else if a[2] == "truth" {
        for x in w.truth() {
            writeln!(o, "{}", serde_json::to_string(&x).unwrap()).unwrap();
        }
    } else {
        for e in w.exchanges() {
            writeln!(o, "{}", serde_json::to_string(&e).unwrap()).unwrap();
        }
    }
}
