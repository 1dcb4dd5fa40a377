//! Voice: how one person types: capitals, full stops, slips of the finger, greetings.
//! In: a text and the person's seed. Out: the text as that person would have typed it.
//! Invariant: changes letters of the Latin alphabet only; the same person and text give the same result.
//! Not here: what is asked (`grammar`).

use crate::dice::Dice;

/// One person's manner of typing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    lower: bool,
    no_stop: bool,
    slips: f64,
    /// The chance of a greeting before the text.
    pub(crate) greets: f64,
    /// The chance of thanks after the text.
    pub(crate) thanks: f64,
}

impl Voice {
    /// The voice that `dice` (an actor's habit) gives.
    pub(crate) fn of(dice: &mut Dice) -> Self {
        Self {
            lower: dice.chance(0.35),
            no_stop: dice.chance(0.4),
            slips: dice.pick(&[0.0, 0.0, 0.0, 0.002, 0.005, 0.012]),
            greets: dice.pick(&[0.0, 0.0, 0.05, 0.3]),
            thanks: dice.pick(&[0.0, 0.0, 0.05, 0.25]),
        }
    }

    /// Retypes `text` from byte `start` on.
    pub(crate) fn speak(self, text: &mut String, start: usize, dice: &mut Dice) {
        if self.lower
            && let Some(part) = text.get_mut(start..)
        {
            part.make_ascii_lowercase();
        }
        if self.no_stop && text.ends_with(['.', '?', '!']) {
            text.pop();
        }
        if self.slips > 0.0 {
            let mut bytes = std::mem::take(text).into_bytes();
            let mut at = start;
            loop {
                at += 1 + dice.exponential(1.0 / self.slips) as usize;
                let (Some(&a), Some(&b)) = (bytes.get(at), bytes.get(at + 1)) else { break };
                if a.is_ascii_lowercase() && b.is_ascii_lowercase() {
                    bytes.swap(at, at + 1);
                }
            }
            // Only ASCII letters changed places, so it's still UTF-8.
            *text = String::from_utf8(bytes).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_change_places_and_nothing_is_lost() {
        for seed in 0..300 {
            let mut habit = Dice::of(&[seed]);
            let voice = Voice::of(&mut habit);
            let before = "[[kept]] Where is the größte 图书馆 of Port Kelham, please? I asked twice, nobody knew.";
            let mut after = before.to_owned();
            voice.speak(&mut after, 8, &mut habit);
            assert!(after.starts_with("[[kept]]"));
            let letters = |text: &str| {
                let mut all: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
                all.sort_unstable();
                all
            };
            assert_eq!(letters(before), letters(&after));
        }
    }
}
