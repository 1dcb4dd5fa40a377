//! Cohort: does this traffic, accounts unknown, contain harvesting?
//! In: exchanges of a window and of the lab's own quiet traffic, as `Sample`s. Out: `Cohort`.
//! Invariant: the threshold comes from quiet against quiet only; deterministic.
//! Not here: which accounts (`campaign.rs`): this is an alarm, not a finding.
//!
//! Maximum mean discrepancy (Gretton et al. 2012) with random Fourier features (Rahimi, Recht 2007), after Liu, Guo and Dong
//! (arXiv 2606.05725), on what sketches keep of an exchange: topic, cues, capability.

use stillwatch_model::Cohort;

use crate::calibrate::round;
use crate::cues::CUES;
use crate::sketch::{Sample, TOPIC};
use crate::text::fold;

/// Exchanges a window; fewer say too little (at 500 the method's authors find 80 % of windows with a tenth of attackers).
pub const WINDOW: usize = 1000;
/// Quiet windows without which no threshold can be set.
pub const QUIET: usize = 5;
const INPUT: usize = TOPIC + CUES + 9;
const FEATURES: usize = 256;

/// Why no alarm could be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CohortError {
    /// Too little quiet traffic.
    #[error("the baseline has {0} windows of {WINDOW} exchanges, and at least {QUIET} are needed to set a threshold")]
    Baseline(usize),
    /// Too little traffic.
    #[error("the traffic has fewer than {WINDOW} exchanges with a prompt: no window to test")]
    Traffic,
}

/// Tests traffic against quiet traffic, in windows of [`WINDOW`] exchanges in order of time.
///
/// # Errors
/// When either has too few exchanges.
pub fn test(quiet: Vec<Sample>, traffic: Vec<Sample>) -> Result<Cohort, CohortError> {
    let map = Map::new();
    let quiet = windows(quiet, &map);
    if quiet.len() < QUIET {
        return Err(CohortError::Baseline(quiet.len()));
    }
    let tested = windows(traffic, &map);
    if tested.is_empty() {
        return Err(CohortError::Traffic);
    }
    let all = mean(quiet.iter());
    // Each quiet window against the others: what windows of the same traffic differ by.
    let n = quiet.len() as f64;
    let apart: Vec<f64> = quiet.iter().map(|w| distance(w, &all) * n / (n - 1.0)).collect();
    let usual = apart.iter().sum::<f64>() / n;
    let spread = (apart.iter().map(|d| (d - usual).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let threshold = apart.iter().copied().fold(0.0, f64::max).max(usual + 3.0 * spread);
    let found: Vec<f64> = tested.iter().map(|w| distance(w, &all)).collect();
    Ok(Cohort {
        windows: tested.len() as u64,
        alarms: found.iter().filter(|&&d| d > threshold).count() as u64,
        worst: round(found.iter().copied().fold(0.0, f64::max)),
        threshold: round(threshold),
    })
}

fn windows(mut samples: Vec<Sample>, map: &Map) -> Vec<Vec<f64>> {
    samples.sort_by_key(|s| (s.time, s.key));
    samples
        .chunks_exact(WINDOW)
        .map(|window| mean(window.iter().map(|s| map.of(s)).collect::<Vec<_>>().iter()))
        .collect()
}

fn mean<'a>(vectors: impl Iterator<Item = &'a Vec<f64>>) -> Vec<f64> {
    let (mut sum, mut n) = (vec![0.0; FEATURES], 0.0);
    for vector in vectors {
        for (s, v) in sum.iter_mut().zip(vector) {
            *s += v;
        }
        n += 1.0;
    }
    sum.iter_mut().for_each(|s| *s /= f64::max(n, 1.0));
    sum
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
}

/// A random Fourier feature map of the Gaussian kernel.
struct Map {
    directions: Vec<[f64; INPUT]>,
    phases: Vec<f64>,
}

impl Map {
    fn new() -> Self {
        let mut state = 0x5eed_u64;
        let mut uniform = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            (fold(state, 0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1u64 << 53) as f64
        };
        let mut normal = || (-2.0 * uniform().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        let directions = (0..FEATURES).map(|_| std::array::from_fn(|_| normal())).collect();
        let phases = (0..FEATURES).map(|_| normal().abs().fract() * std::f64::consts::TAU).collect();
        Self { directions, phases }
    }

    fn of(&self, sample: &Sample) -> Vec<f64> {
        let mut x = [0.0; INPUT];
        for (at, &t) in sample.topic.iter().enumerate() {
            x[at] = f64::from(t) / 40.0;
        }
        for bit in 0..CUES {
            x[TOPIC + bit] = f64::from(sample.cues >> bit & 1);
        }
        x[TOPIC + CUES + usize::from(sample.capability).min(8)] = 0.7;
        let scale = (2.0 / FEATURES as f64).sqrt();
        self.directions
            .iter()
            .zip(&self.phases)
            .map(|(d, p)| scale * (d.iter().zip(&x).map(|(a, b)| a * b).sum::<f64>() + p).cos())
            .collect()
    }
}
