//! Sample: prints the invented report as a table and an explanation, and writes the page to a file.
//! In: the path of the HTML file to write (and `quiet`, `empty` or `hostile` for another report). Out: text and a page.
//! Invariant: every name is invented.
//! Not here: the report itself (`tests/it/fixture`).

#[path = "../tests/it/fixture/mod.rs"]
mod fixture;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next();
    let report = match arguments.next().as_deref() {
        Some("quiet") => fixture::quiet(),
        Some("empty") => fixture::empty(),
        Some("hostile") => fixture::hostile(),
        _ => fixture::sample(),
    };
    println!("{}", stillwatch_report::table(&report, Some(160), false));
    for name in ["3f9a", "acct-kestrel-004", "acct-lone-00", "acct-lone-99", "3f9"] {
        match stillwatch_report::explain(&report, name) {
            Ok(text) => println!("--- explain {name}\n{text}"),
            Err(error) => println!("--- explain {name}\n{error}\n"),
        }
    }
    match path {
        Some(path) => std::fs::write(path, stillwatch_report::html(&report, "Sample report")),
        None => Ok(()),
    }
}
