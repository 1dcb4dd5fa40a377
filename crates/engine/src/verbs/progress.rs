//! Progress: what is being done, how fast and how long still, on a terminal only.
//! In: a name for it, the shared tally. Out: a bar on stderr; a spinner as long as nobody knows how much there is to do.
//! Invariant: nothing is drawn when stderr is no terminal.
//! Not here: counting (`scan::Tally`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

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
        style(&bar, "{spinner} {prefix}");
        bar.set_prefix(what);
        let stop = Arc::new(AtomicBool::new(false));
        let follow = (!bar.is_hidden()).then(|| {
            let (bar, stop) = (bar.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    follow(&bar, &tally);
                    std::thread::park_timeout(Duration::from_millis(120));
                }
            })
        });
        Self { bar, stop, follow }
    }

    /// Something that takes a while, and nobody knows how long.
    pub(crate) fn spin(what: &'static str) -> Self {
        Self::start(Arc::default(), what)
    }

    /// How much there is to read; until this is told there is no bar.
    pub(crate) fn total(&self, bytes: u64) {
        self.bar.set_length(bytes);
        style(&self.bar, "{prefix} {wide_bar} {bytes}/{total_bytes} {msg}");
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(bar: &ProgressBar, template: &str) {
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner()));
}

fn follow(bar: &ProgressBar, tally: &Tally) {
    let (bytes, records) = (tally.bytes(), tally.records());
    if bar.length().is_none() || bytes == 0 {
        bar.tick();
        return;
    }
    bar.set_position(bytes);
    let rate = records as f64 / bar.elapsed().as_secs_f64().max(1e-3);
    bar.set_message(format!("· {records} exchanges, {rate:.0}/s · {:#} left", HumanDuration(bar.eta())));
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(follow) = self.follow.take() {
            follow.thread().unpark();
            // The thread only draws: how it ended doesn't matter.
            let _ = follow.join();
        }
        self.bar.finish_and_clear();
    }
}
