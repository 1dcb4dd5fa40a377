//! Prompts: seeded texts of 650 bytes on average, from the grammar that synthetic traffic is made with.
//! In: how many. Out: strings; or a file of them, each ended by a zero byte.
//! Invariant: the same number gives the same prompts.
//! Not here: what is done with them.

use std::fs;

use stillwatch_model::Exchange;
use stillwatch_synth::{Plan, accounts};

/// Turns of one log strung together until each text has its length, 350 to 950 bytes.
pub fn make(count: usize) -> Vec<String> {
    let world = accounts(&Plan { exchanges: Some(count as u64 * 12 + 10_000), ..Plan::default() });
    let (mut all, mut turn) = (world.exchanges(), Exchange::default());
    let mut state = 1u64;
    let mut prompts = Vec::with_capacity(count);
    while prompts.len() < count {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let length = 350 + (state >> 33) as usize % 600;
        let mut text = String::new();
        while text.len() < length {
            if !all.fill(&mut turn) {
                return prompts;
            }
            text.push_str(turn.prompt.as_deref().unwrap_or_default());
            text.push(' ');
        }
        let end = (0..=length).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        prompts.push(text);
    }
    prompts
}

pub fn write(path: &str, count: usize) -> std::io::Result<()> {
    fs::write(path, make(count).iter().flat_map(|p| [p.as_bytes(), b"\0"].concat()).collect::<Vec<u8>>())
}

pub fn read(path: &str) -> std::io::Result<Vec<String>> {
    let text = fs::read_to_string(path)?;
    Ok(text.split_terminator('\0').map(String::from).collect())
}
