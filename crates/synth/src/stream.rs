//! Stream: finds the moments of all exchanges, one slice of time after the other, in bounded memory.
//! In: `World`. Out: exchanges in order of time.
//! Invariant: the length of a slice and the place where a stream starts never show in what comes out.
//! Not here: what an exchange holds (`exchange.rs`).

use stillwatch_model::{Exchange, Message, Micros};

use crate::actor::Actor;
use crate::clock::{HOUR, Rhythm, SECOND};
use crate::dice::{key, unit_of};
use crate::world::World;

/// No session is longer.
const LONGEST: Micros = 2 * HOUR;
/// About how many exchanges are held at once.
const HELD: u64 = 100_000;

/// One exchange to come. The order of the fields is the order of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) time: Micros,
    pub(crate) actor: u32,
    pub(crate) session: u32,
    pub(crate) turn: u8,
    /// How many turns the session has.
    pub(crate) of: u8,
}

/// The exchanges of a window, in order of time.
#[derive(Debug)]
pub struct Exchanges<'w> {
    world: &'w World,
    slice: Micros,
    from: Micros,
    to: Micros,
    next: Micros,
    due: Vec<Moment>,
    at: usize,
    later: Vec<Moment>,
    pub(crate) spare: Vec<Message>,
}

impl<'w> Exchanges<'w> {
    pub(crate) fn new(world: &'w World, from: Micros, to: Micros) -> Self {
        let hours = ((world.end - world.start) / HOUR).max(1);
        let slice = (HELD * hours as u64 / world.expected().max(1)).clamp(1, 48) as i64 * HOUR;
        let next = (from - LONGEST).max(world.start);
        let to = to.min(world.end);
        Self { world, slice, from, to, next, due: Vec::new(), at: 0, later: Vec::new(), spare: Vec::new() }
    }

    /// The same with slices of `hours` hours: more memory or less, the same exchanges.
    #[must_use]
    pub fn with_slice(mut self, hours: u32) -> Self {
        self.slice = i64::from(hours.max(1)) * HOUR;
        self
    }

    /// Writes the next exchange over `out`, reusing its buffers; false when there is none left.
    pub fn fill(&mut self, out: &mut Exchange) -> bool {
        loop {
            if let Some(moment) = self.due.get(self.at).copied() {
                self.at += 1;
                if moment.time < self.from {
                    continue;
                }
                self.world.write(moment, out, &mut self.spare);
                return true;
            }
            if !self.advance() {
                return false;
            }
        }
    }

    /// Finds the moments of the next slice.
    fn advance(&mut self) -> bool {
        if self.next >= self.to {
            return false;
        }
        let (from, to) = (self.next, (self.next + self.slice).min(self.to));
        self.next = to;
        self.due.clear();
        self.at = 0;
        let due = &mut self.due;
        self.later.retain(|moment| {
            let wait = moment.time >= to;
            if !wait {
                due.push(*moment);
            }
            wait
        });
        let rhythms = self.world.rhythms.all();
        let edges: Vec<(f64, f64)> = rhythms.iter().map(|r| (r.at(from), r.at(to))).collect();
        for (number, actor) in self.world.actors.iter().enumerate() {
            if actor.sessions == 0 || actor.to <= from || actor.from >= to {
                continue;
            }
            let rhythm = &rhythms[actor.rhythm as usize];
            for session in actor.candidates(edges[actor.rhythm as usize], from, to) {
                let time = actor.begins(session, rhythm);
                if time >= from && time < to {
                    self.session(number as u32, actor, session, time, to);
                }
            }
        }
        self.due.sort_unstable();
        true
    }

    /// Adds the turns of one session.
    fn session(&mut self, number: u32, actor: &Actor, session: u32, begin: Micros, to: Micros) {
        let Some(cast) = self.world.casts.get(actor.cast as usize) else { return };
        let turns = cast.turns(actor, session);
        let mut dice = actor.dice(session, 0x9a9);
        let mut time = begin;
        for turn in 0..turns.count {
            if turn > 0 {
                time += SECOND + (dice.exponential(turns.gap) * SECOND as f64) as Micros;
            }
            if time >= actor.to || time >= begin + LONGEST {
                break;
            }
            let moment = Moment { time, actor: number, session, turn, of: turns.count };
            if time < to { self.due.push(moment) } else { self.later.push(moment) }
        }
    }
}

impl Iterator for Exchanges<'_> {
    type Item = Exchange;

    fn next(&mut self) -> Option<Exchange> {
        let mut out = Exchange::default();
        self.fill(&mut out).then_some(out)
    }
}

impl Actor {
    /// Sessions are spread over the actor's share of its rhythm in blocks: as many in each, anywhere within it.
    fn block(&self) -> u32 {
        (self.sessions / 6).clamp(8, 64)
    }

    /// The sessions that may begin between the rhythm's weights `edges`.
    fn candidates(&self, edges: (f64, f64), from: Micros, to: Micros) -> std::ops::Range<u32> {
        let n = f64::from(self.sessions);
        let (a, b) = if self.high > self.low {
            let scale = n / (self.high - self.low);
            ((edges.0 - self.low) * scale, (edges.1 - self.low) * scale)
        } else {
            // The rhythm is silent in all of the actor's window: spread evenly.
            let scale = n / (self.to - self.from).max(1) as f64;
            ((from - self.from) as f64 * scale, (to - self.from) as f64 * scale)
        };
        let block = self.block();
        let first = (a - 0.01).clamp(0.0, n) as u32 / block * block;
        let last = ((b + 0.01).clamp(0.0, n) as u32 / block + 1) * block;
        first..last.min(self.sessions)
    }

    /// When session `session` begins.
    pub(crate) fn begins(&self, session: u32, rhythm: &Rhythm) -> Micros {
        let block = self.block();
        let first = session / block * block;
        let width = f64::from(block.min(self.sessions - first));
        let place =
            (f64::from(first) + width * unit_of(key(&[self.seed, u64::from(session)]))) / f64::from(self.sessions);
        let time = if self.high > self.low {
            rhythm.instant(self.low + (self.high - self.low) * place)
        } else {
            self.from + ((self.to - self.from) as f64 * place) as Micros
        };
        time.clamp(self.from, self.to - 1)
    }
}
