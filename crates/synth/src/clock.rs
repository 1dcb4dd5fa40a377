//! Clock: when people wake, offices open and jobs run; never what time it is now.
//! In: a `Pace` and the plan's window. Out: a `Rhythm`, the share of an actor's traffic that falls before any instant.
//! Invariant: a rhythm never runs backwards, so instants can be found from shares and shares from instants.
//! Not here: how much traffic there is (`world.rs`).

use std::collections::HashMap;

use stillwatch_model::Micros;

use crate::dice::{key, unit_of};

/// One second in microseconds.
pub(crate) const SECOND: Micros = 1_000_000;
/// One minute in microseconds.
pub(crate) const MINUTE: Micros = 60 * SECOND;
/// One hour in microseconds.
pub(crate) const HOUR: Micros = 60 * MINUTE;
/// One day in microseconds.
pub(crate) const DAY: Micros = 24 * HOUR;

/// How somebody's traffic goes with the hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Pace {
    /// A person: evenings and days of a time zone, weekends quieter. `late` shifts the day, in hours.
    Waking {
        /// Hours east of UTC.
        zone: i8,
        /// Hours that this person's day is late.
        late: i8,
    },
    /// A desk: working hours of a time zone, next to nothing at weekends.
    Office {
        /// Hours east of UTC.
        zone: i8,
    },
    /// Customers of a product: broad days, never quite still, weekends nearly as busy.
    Customers {
        /// Hours east of UTC.
        zone: i8,
    },
    /// A term's deadlines: evenings, busiest on `due` (0 is Monday) and the day before.
    Homework {
        /// Hours east of UTC.
        zone: i8,
        /// Weekday on which homework is due.
        due: u8,
    },
    /// Round the clock.
    Flat,
    /// A job that runs for two hours from `hour` UTC each night.
    Nightly {
        /// UTC hour at which the job starts.
        hour: u8,
    },
    /// Jobs that are started and stopped together: hours on, hours off.
    Waves {
        /// Whose waves.
        seed: u64,
    },
    /// Only between two UTC hours, Monday to Saturday.
    Shift {
        /// First UTC hour.
        from: u8,
        /// UTC hour that ends the shift.
        to: u8,
    },
}

const WAKING: [f64; 24] = [
    0.18, 0.09, 0.05, 0.03, 0.03, 0.06, 0.18, 0.42, 0.7, 0.92, 1.0, 0.98, 0.9, 0.95, 1.0, 1.0, 0.96, 0.9, 0.86, 0.95,
    1.02, 0.94, 0.7, 0.4,
];

impl Pace {
    /// The weight of the hour that starts at `hour`.
    fn weight(self, hour: Micros) -> f64 {
        let local = |zone: i8| hour + i64::from(zone) * HOUR;
        match self {
            Self::Waking { zone, late } => {
                let at = local(zone) - i64::from(late) * HOUR;
                WAKING[hour_of(at)] * if weekday(at) >= 5 { 0.55 } else { 1.0 }
            }
            Self::Office { zone } => {
                let at = local(zone);
                let day = if weekday(at) >= 5 { 0.04 } else { 1.0 };
                day * match hour_of(at) {
                    9..=11 | 13..=16 => 1.0,
                    8 | 12 | 17 => 0.6,
                    7 | 18 => 0.25,
                    19..=21 => 0.08,
                    _ => 0.01,
                }
            }
            Self::Customers { zone } => {
                let at = local(zone);
                (0.12 + WAKING[hour_of(at)]) * if weekday(at) >= 5 { 0.8 } else { 1.0 }
            }
            Self::Homework { zone, due } => {
                let at = local(zone);
                let left = (i64::from(due) + 7 - weekday(at)) % 7;
                let evening = match hour_of(at) {
                    18..=23 => 1.0,
                    0..=1 => 0.5,
                    10..=17 => 0.35,
                    _ => 0.02,
                };
                evening * if left <= 1 { 1.6 } else { 0.4 }
            }
            Self::Flat => 1.0,
            Self::Nightly { hour: first } => {
                f64::from(u8::from((hour_of(hour) + 24 - usize::from(first)) % 24 < 2)) + 1e-9
            }
            Self::Waves { seed } => {
                // Runs of six hours share one strength; some runs are pauses.
                let run = unit_of(key(&[seed, (hour / (6 * HOUR)) as u64]));
                let wobble = 0.8 + 0.4 * unit_of(key(&[seed, hour as u64]));
                wobble * if run < 0.2 { 0.08 } else { 0.4 + run }
            }
            Self::Shift { from, to } => {
                let inside = (usize::from(from)..usize::from(to)).contains(&hour_of(hour)) && weekday(hour) < 6;
                f64::from(u8::from(inside))
            }
        }
    }
}

/// The hour of the day, 0 to 23.
fn hour_of(at: Micros) -> usize {
    (at.rem_euclid(DAY) / HOUR) as usize
}

/// The day of the week, 0 is Monday (1970-01-01 was a Thursday).
fn weekday(at: Micros) -> i64 {
    (at.div_euclid(DAY) + 3).rem_euclid(7)
}

/// A pace over one window: `mass[h]` is the weight of all hours before hour `h`.
#[derive(Debug, Clone)]
pub(crate) struct Rhythm {
    start: Micros,
    mass: Vec<f64>,
}

impl Rhythm {
    fn new(pace: Pace, start: Micros, hours: usize) -> Self {
        let mut mass = Vec::with_capacity(hours + 1);
        let mut sum = 0.0;
        mass.push(sum);
        for h in 0..hours {
            sum += pace.weight(start + h as i64 * HOUR);
            mass.push(sum);
        }
        Self { start, mass }
    }

    /// The weight before `at`.
    pub(crate) fn at(&self, at: Micros) -> f64 {
        let since = at - self.start;
        let hour = since.div_euclid(HOUR);
        if hour < 0 {
            return 0.0;
        }
        let last = self.mass.last().copied().unwrap_or(0.0);
        match (self.mass.get(hour as usize), self.mass.get(hour as usize + 1)) {
            (Some(a), Some(b)) => a + (b - a) * (since.rem_euclid(HOUR) as f64 / HOUR as f64),
            _ => last,
        }
    }

    /// The instant before which `weight` lies.
    pub(crate) fn instant(&self, weight: f64) -> Micros {
        let above = self.mass.partition_point(|&m| m <= weight).clamp(1, self.mass.len().max(2) - 1);
        let (a, b) = (self.mass[above - 1], self.mass[above]);
        let part = if b > a { ((weight - a) / (b - a)).clamp(0.0, 1.0) } else { 0.0 };
        self.start + (above as i64 - 1) * HOUR + ((part * HOUR as f64) as i64).min(HOUR - 1)
    }
}

/// Every rhythm of a world, each made once.
#[derive(Debug, Default)]
pub(crate) struct Rhythms {
    all: Vec<Rhythm>,
    known: HashMap<Pace, u32>,
}

impl Rhythms {
    /// The index of the rhythm of `pace` over the window.
    pub(crate) fn of(&mut self, pace: Pace, start: Micros, hours: usize) -> u32 {
        let all = &mut self.all;
        *self.known.entry(pace).or_insert_with(|| {
            all.push(Rhythm::new(pace, start, hours));
            all.len() as u32 - 1
        })
    }

    /// All of them, by index.
    pub(crate) fn all(&self) -> &[Rhythm] {
        &self.all
    }
}

/// Writes `at` as RFC 3339 with microseconds into `out`.
pub(crate) fn write_instant(out: &mut String, at: Micros) {
    let (days, mut rest) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let mut buffer = *b"0000-00-00T00:00:00.000000Z";
    let mut put = |from: usize, width: usize, mut value: i64| {
        for at in (from..from + width).rev() {
            buffer[at] = b'0' + (value % 10) as u8;
            value /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
    for (from, unit) in [(11, HOUR), (14, MINUTE), (17, SECOND)] {
        put(from, 2, rest / unit);
        rest %= unit;
    }
    put(20, 6, rest);
    out.push_str(std::str::from_utf8(&buffer).unwrap_or_default());
}

/// Year, month and day of a count of days since 1970-01-01 (proleptic Gregorian).
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: Micros = 1_772_409_600_000_000;

    #[test]
    fn instants_are_written_as_jiff_reads_them() {
        for at in [0, MONDAY, MONDAY + 123_456, 951_827_696_000_001, 4_102_444_799_999_999] {
            let mut text = String::new();
            write_instant(&mut text, at);
            assert_eq!(text.parse::<jiff::Timestamp>().map(|t| t.as_microsecond()).ok(), Some(at), "{text}");
        }
        assert_eq!(weekday(MONDAY), 0);
    }

    #[test]
    fn shares_and_instants_are_inverse() {
        for pace in [Pace::Flat, Pace::Waking { zone: 9, late: 0 }, Pace::Waves { seed: 5 }] {
            let rhythm = Rhythm::new(pace, MONDAY, 168);
            let all = rhythm.at(MONDAY + 7 * DAY);
            for i in 0..1000 {
                let weight = all * f64::from(i) / 1000.0;
                let at = rhythm.instant(weight);
                assert!((MONDAY..MONDAY + 7 * DAY).contains(&at));
                assert!((rhythm.at(at) - weight).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn people_sleep_and_shifts_end() {
        let night = Pace::Waking { zone: 1, late: 0 }.weight(MONDAY + 2 * HOUR);
        let noon = Pace::Waking { zone: 1, late: 0 }.weight(MONDAY + 10 * HOUR);
        assert!(night * 10.0 < noon);
        assert!(Pace::Shift { from: 1, to: 10 }.weight(MONDAY + 12 * HOUR) == 0.0);
    }
}
