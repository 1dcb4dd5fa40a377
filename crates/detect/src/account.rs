//! Account: one account's sketch, what is known of its holder, and what follows from the two alone.
//! In: `Sketch`, `AccountInfo`. Out: `Account` with its rhythm, repeats and shape.
//! Invariant: nothing here looks at another account; country and language are not read.
//! Not here: what accounts have in common (`link.rs`, `texts.rs`).

use stillwatch_model::{AccountInfo, Micros};

use crate::sketch::Sketch;
use crate::text;

/// An account with all that is known of it.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Name; a user inside an aggregator is `account/end_user`.
    pub name: String,
    /// The container's name, for a user inside an aggregator.
    pub container: Option<u64>,
    /// The summary of its traffic.
    pub sketch: Sketch,
    /// When it was created.
    pub created: Option<Micros>,
    /// Hash of the payment instrument.
    pub payment: Option<u64>,
    /// Hash of the sign-up device.
    pub device: Option<u64>,
    /// Hash of the sign-up e-mail domain.
    pub email_domain: Option<u64>,
    /// Hash of the sign-up phone prefix.
    pub phone_prefix: Option<u64>,
    /// Hash of the referrer.
    pub referrer: Option<u64>,
    /// Whether the holder's identity was verified.
    pub verified: Option<bool>,
}

impl Account {
    /// An account known by its traffic alone.
    #[must_use]
    pub fn new(name: String, sketch: Sketch) -> Self {
        let container = name.split_once('/').map(|(container, _)| text::hash(container.as_bytes()));
        Self { name, container, sketch, ..Self::default() }
    }

    /// Adds what is known of the holder. Unreadable creation times are left out.
    #[must_use]
    pub fn with_info(mut self, info: &AccountInfo) -> Self {
        let hash = |s: &Option<String>| s.as_ref().filter(|s| !s.is_empty()).map(|s| text::hash(s.as_bytes()));
        self.created =
            info.created.as_ref().and_then(|t| t.parse::<jiff::Timestamp>().ok()).map(jiff::Timestamp::as_microsecond);
        self.payment = hash(&info.payment);
        self.device = hash(&info.device);
        self.email_domain = hash(&info.email_domain);
        self.phone_prefix = hash(&info.phone_prefix);
        self.referrer = hash(&info.referrer);
        self.verified = info.verified;
        self
    }

    /// Exchanges.
    #[must_use]
    pub fn exchanges(&self) -> f64 {
        self.sketch.counts.exchanges as f64
    }

    /// Share of exchanges counted by `count`, 0 to 1.
    #[must_use]
    pub fn share(&self, count: u64) -> f64 {
        if self.sketch.counts.exchanges == 0 { 0.0 } else { count as f64 / self.exchanges() }
    }

    /// Hash of the one organisation named in its traffic.
    #[must_use]
    pub fn organization(&self) -> Option<u64> {
        self.sketch.organizations.entries().first().map(|&(hash, _)| hash)
    }

    /// Whether two accounts name one organisation: one declared customer.
    #[must_use]
    pub fn is_of_one_firm(&self, other: &Self) -> bool {
        self.organization().is_some_and(|firm| other.organization() == Some(firm))
    }

    /// The day on which its use of `model` begins, in days since the epoch, when it was active for a day or more before.
    pub(crate) fn began(&self, model: u64) -> Option<i32> {
        let days = &self.sketch.model_days;
        let first = days.iter().map(|d| d.day).min()?;
        let began = days.iter().filter(|d| d.model == model).map(|d| d.day).min()?;
        (began > first).then_some(began)
    }

    /// The models that it began to use after others, with the days on which it did.
    pub(crate) fn moves(&self) -> Vec<(u64, i32)> {
        let mut models: Vec<u64> = self.sketch.model_days.iter().map(|d| d.model).collect();
        models.sort_unstable();
        models.dedup();
        models.into_iter().filter_map(|model| Some((model, self.began(model)?))).collect()
    }

    /// The client that it uses most.
    #[must_use]
    pub fn client(&self) -> Option<u64> {
        self.sketch.clients.entries().iter().max_by_key(|&&(client, n)| (n, std::cmp::Reverse(client))).map(|c| c.0)
    }

    /// The daily rhythm; `None` when it was active on one day only.
    #[must_use]
    pub fn rhythm(&self) -> Option<Rhythm> {
        rhythm(self.sketch.hours())
    }

    /// Exchanges a distinct prompt, at least 1: reruns and regression tests repeat, harvests don't.
    #[must_use]
    pub fn repeats(&self) -> f64 {
        let distinct = self.sketch.prompts.distinct().max(1.0);
        (self.sketch.counts.prompts as f64 / distinct).max(1.0)
    }

    /// Response tokens a request token.
    #[must_use]
    pub fn answer_ratio(&self) -> f64 {
        let c = &self.sketch.counts;
        c.output_tokens as f64 / c.input_tokens.max(1) as f64
    }
}

/// How far activity is bound to a time of day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    /// Mean cosine between the times of day of two active hours: 0 round the clock, about 0.3 for a person's waking day.
    pub coherence: f64,
    /// Pairs of active hours that the mean is over.
    pub pairs: f64,
    /// Days of the week with activity.
    pub days: u32,
    /// Mean time of day as a unit vector: the hour at which the waking day has its middle.
    pub phase: (f64, f64),
}

/// Rhythm of an hour-of-week histogram. An hour counts once however busy it was: sessions and jobs come in bursts.
#[must_use]
pub fn rhythm(hours: &[u32]) -> Option<Rhythm> {
    let (mut x, mut y, mut n, mut days) = (0.0, 0.0, 0.0, 0u32);
    for (day, hours) in hours.chunks(24).enumerate() {
        for (hour, _) in hours.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let angle = hour as f64 * std::f64::consts::TAU / 24.0;
            x += angle.cos();
            y += angle.sin();
            n += 1.0;
            days |= 1 << day;
        }
    }
    if days.count_ones() < 2 {
        return None;
    }
    let pairs = n * (n - 1.0);
    let length = x.hypot(y).max(1e-9);
    Some(Rhythm {
        coherence: (x * x + y * y - n) / pairs,
        pairs: pairs / 2.0,
        days: days.count_ones(),
        phase: (x / length, y / length),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_the_clock_has_no_rhythm_and_office_hours_have_one() {
        let flat = vec![1u32; 168];
        let office: Vec<u32> = (0..168).map(|h| u32::from((9..17).contains(&(h % 24)))).collect();
        let one_night: Vec<u32> = (0..168).map(|h| u32::from(h < 6)).collect();
        assert!(rhythm(&flat).is_some_and(|r| r.coherence.abs() < 0.02 && r.days == 7));
        assert!(rhythm(&office).is_some_and(|r| r.coherence > 0.6));
        assert_eq!(rhythm(&one_night), None);
        assert_eq!(rhythm(&[]), None);
    }
}
