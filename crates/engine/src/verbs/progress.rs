//! Progress: a line with rate and time left, on a terminal only.
//! In: the shared tally. Out: a bar on stderr.
//! Invariant: nothing is drawn when stderr is no terminal.
//! Not here: counting (`scan::Tally`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::scan::Tally;

/// A bar that follows a tally.
pub(crate) struct Bar {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
    follow: Option<JoinHandle<()>>,
}

impl Bar {
    pub(crate) fn start(tally: Arc<Tally>, what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        let style = ProgressStyle::with_template(
            "{prefix} {bar:24} {bytes}/{total_bytes} {bytes_per_sec} · {msg} · {eta} left",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(what);
        let stop = Arc::new(AtomicBool::new(false));
        let follow = (!bar.is_hidden()).then(|| {
            let (bar, stop) = (bar.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    bar.set_position(tally.bytes());
                    let rate = tally.records() as f64 / bar.elapsed().as_secs_f64().max(1e-3);
                    bar.set_message(format!("{} exchanges, {rate:.0}/s", tally.records()));
                    std::thread::sleep(Duration::from_millis(120));
                }
            })
        });
        Self { bar, stop, follow }
    }

    pub(crate) fn total(&self, bytes: u64) {
        self.bar.set_length(bytes);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(follow) = self.follow.take() {
            // The thread only draws: how it ended doesn't matter.
            let _ = follow.join();
        }
        self.bar.finish_and_clear();
    }
}
