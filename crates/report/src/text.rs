//! Text: strangers' words made safe to print, and lines broken where people can read them.
//! In: account names, prompts, sentences. Out: one-line text without control or direction characters; wrapped lines.
//! Invariant: no terminal escape and no bidirectional override gets through.
//! Not here: HTML escaping (`maud` does it).

/// The text on one line: line breaks become `↵`, other control and direction characters are shown as escapes.
pub(crate) fn clean(stranger: &str) -> String {
    let mut out = String::with_capacity(stranger.len());
    for character in stranger.replace("\r\n", "\n").chars() {
        match character {
            '\n' => out.push('↵'),
            '\t' => out.push(' '),
            hidden if hidden.is_control() || is_invisible(hidden) => out.extend(hidden.escape_unicode()),
            plain => out.push(plain),
        }
    }
    out
}

/// At most `most` characters, ending in `…` when shortened.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(most.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// The text in lines of at most `width` characters, broken at spaces; a longer word stands alone.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let size = word.chars().count();
        if length > 0 && length + 1 + size > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += size;
    }
    if length > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Writes `text` behind `lead`, further lines indented to its end.
pub(crate) fn hang(out: &mut String, lead: &str, text: &str, width: usize) {
    let indent = lead.chars().count();
    let room = width.saturating_sub(indent).max(24);
    for (number, line) in wrapped(text, room).iter().enumerate() {
        if number == 0 {
            out.push_str(lead);
        } else {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(line);
        while out.ends_with(' ') {
            out.pop();
        }
        out.push('\n');
    }
}

/// Characters that change direction or hide: they could make one account look like another.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_are_shown_not_obeyed() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\nd"), "a\\u{1b}[31mb\\u{202e}c↵d");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrapped("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrapped("", 9), [""]);
    }

    #[test]
    fn further_lines_hang() {
        let mut out = String::new();
        hang(&mut out, "  - ", "aaaaaaaaaaaa bbbbbbbbbbbb cccccccccc", 28);
        assert_eq!(out, "  - aaaaaaaaaaaa\n    bbbbbbbbbbbb cccccccccc\n");
    }
}
