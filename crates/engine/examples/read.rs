//! Read: measures how fast logs are read. `cargo run --release -p stillwatch-engine --example read -- FILE…`
//! In: paths. Out: records, seconds, rates.
//! Invariant: none; a tool for whoever works on the scan.
//! Not here: detection.
use std::{sync::Arc, time::Instant};

use datafusion::{
    functions::expr_fn::octet_length,
    functions_aggregate::expr_fn::{count, max, sum},
    prelude::*,
};
use stillwatch_engine::scan::{ScanOptions, Tally, open};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let ctx = SessionContext::new();
    let tally = Arc::new(Tally::default());
    let begun = Instant::now();
    let options = ScanOptions { max_bad: 1.0, ..ScanOptions::default() };
    let opened =
        open(&ctx, &paths, &options, tally.clone()).await.map_err(|e| anyhow::anyhow!("{e}\nhint: {}", e.help()))?;
    println!("open {:?} {:?} {:?}", begun.elapsed(), opened.source, opened.present);
    let of = |frame: &DataFrame| -> anyhow::Result<DataFrame> {
        Ok(frame.clone().aggregate(
            vec![],
            vec![
                count(col("account")),
                max(col("time")),
                sum(octet_length(col("prompt"))),
                sum(octet_length(col("system"))),
                sum(col("output_tokens")),
                sum(col("completion_bytes")),
                count(col("tools")),
                count(col("ip")),
                max(col("user_agent")),
            ],
        )?)
    };
    let frame = of(&opened.frame)?;
    println!("{}", frame.clone().explain(false, false)?.to_string().await?);
    let begun = Instant::now();
    frame.show().await?;
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{} good, {} bad, {seconds:.3} s, {:.0} MB/s, {:.0} rows/s",
        tally.good(),
        tally.bad(),
        opened.bytes as f64 / 1e6 / seconds,
        tally.records() as f64 / seconds
    );
    for quote in tally.quotes() {
        println!("{quote}");
    }
    Ok(())
}
