//! Stage: how long each part of a run took, and the most memory that was held so far.
//! In: a beginning and an end. Out: a line on stderr, with `--verbose` or `RUST_LOG=info`.
//! Invariant: measures only; nothing depends on it.
//! Not here: progress (`progress.rs`).

use std::time::Instant;

/// A part of a run.
pub(crate) struct Stage {
    what: &'static str,
    begun: Instant,
}

impl Stage {
    pub(crate) fn begin(what: &'static str) -> Self {
        Self { what, begun: Instant::now() }
    }

    /// Tells how long it took, and the rate at which it went over `exchanges`.
    pub(crate) fn end(self, exchanges: u64) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let rate = exchanges as f64 / seconds.max(1e-9);
        tracing::info!("{}: {seconds:.2} s, {rate:.0} exchanges/s, peak memory {}", self.what, peak());
    }
}

/// The most memory that this process has held, as the kernel tells it; unknown elsewhere.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib / 1024))
}
