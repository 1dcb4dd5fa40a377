//! Clock: a time that never goes back and never leaps, whatever is done to the system's clock.
//! In: readings of the system's clock and of one that only counts on. Out: the time that decisions are looked up at, and by how much the two differ.
//! Invariant: what ended doesn't hold again because a clock was moved; a leap forward ends nothing early.
//! Not here: reading clocks (`node`).

/// Seconds that the two clocks may drift apart between readings before that counts as a leap.
const DRIFT: i64 = 5;

/// A steady time.
#[derive(Debug, Clone, Copy)]
pub struct Steady {
    wall: i64,
    counted: i64,
    last: i64,
}

/// What a reading says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The time, in seconds since 1970.
    pub now: i64,
    /// Seconds by which the system's clock was moved and is not followed; 0 when all is well. Worth an alarm.
    pub moved: i64,
}

impl Steady {
    /// Begins. `floor`: the latest time in what was kept; a clock that stands before it was moved back while nothing ran.
    #[must_use]
    pub fn begin(wall: i64, counted: i64, floor: i64) -> Self {
        let now = wall.max(floor);
        Steady { wall: now, counted, last: now }
    }

    /// The time at a reading of both clocks, in seconds.
    pub fn read(&mut self, wall: i64, counted: i64) -> Reading {
        let expected = self.wall.saturating_add(counted.saturating_sub(self.counted).max(0));
        let moved = wall.saturating_sub(expected);
        if moved.abs() <= DRIFT {
            // Small corrections (NTP) are followed, but never backwards.
            (self.wall, self.counted) = (wall, counted);
            self.last = self.last.max(wall);
            return Reading { now: self.last, moved: 0 };
        }
        self.last = self.last.max(expected);
        Reading { now: self.last, moved }
    }

    /// A person says that the system's clock is right after all; false, and nothing is done, where that would bring back what ended.
    pub fn accept(&mut self, wall: i64, counted: i64) -> bool {
        let may = wall >= self.read(wall, counted).now;
        if may {
            *self = Steady { wall, counted, last: wall };
        }
        may
    }
}
