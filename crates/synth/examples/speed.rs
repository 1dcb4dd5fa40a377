//! Speed
use stillwatch_synth::*;
fn main() {
    let n: u64 = std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(400_000);
    let h: u32 = std::env::args().nth(2).and_then(|s| s.parse().ok()).unwrap_or(2000);
    let t = std::time::Instant::now();
    let w = accounts(&Plan { exchanges: Some(n), honest_accounts: h, ..Plan::default() });
    println!("world {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let mut out = Default::default();
    let mut all = w.exchanges();
    let (mut c, mut b) = (0u64, 0usize);
    while all.fill(&mut out) {
        c += 1;
        b += out.prompt.as_ref().map_or(0, |p| p.len())
            + out.messages.as_ref().map_or(0, |m| m.iter().map(|m| m.content.len()).sum::<usize>());
    }
    let e = t.elapsed().as_secs_f64();
    println!("{c} in {e:.2}s = {:.0}/s, {:.1} MB/s, {} B each", c as f64 / e, b as f64 / e / 1e6, b as u64 / c);
}
