//! Tokens: the strings and numbers of a JSON text, as they stand in it.
//! In: JSON. Out: each name, string and number, in order; `None` where it isn't JSON.
//! Invariant: every byte is passed over once; a string without escapes is borrowed; nothing between the tokens says anything.
//! Not here: whether the text is well-formed altogether (whoever gets nothing from here reads it strictly).

use std::borrow::Cow;

/// One token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A property's name.
    Name(Cow<'a, str>),
    /// A string; whether it is an item of a list.
    Text(Cow<'a, str>, bool),
    /// A number.
    Number(&'a str),
}

/// Shows each token until the looker has seen enough (`true`); `false`: this is not JSON.
pub(super) fn each<'a>(json: &'a str, look: &mut dyn FnMut(Token<'a>) -> bool) -> bool {
    let bytes = json.as_bytes();
    // Whether each container that is open is a list.
    let mut open: Vec<bool> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let Some((text, end)) = string(json, at) else { return false };
                at = end;
                let named = open.last() == Some(&false) && bytes.get(at..).is_some_and(begins_with_colon);
                let token = if named { Token::Name(text) } else { Token::Text(text, open.last() == Some(&true)) };
                if look(token) {
                    return true;
                }
                continue;
            }
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let length = bytes.get(at..).unwrap_or_default().iter().take_while(|byte| is_part(byte)).count();
                let Some(number) = json.get(at..at + length) else { return false };
                if look(Token::Number(number)) {
                    return true;
                }
                at += length;
                continue;
            }
            b'{' => open.push(false),
            b'[' => open.push(true),
            b'}' | b']' if open.pop() != Some(*byte == b']') => return false,
            b'}' | b']' | b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => {}
            b't' | b'f' | b'n' => {
                let rest = json.get(at..).unwrap_or_default();
                let Some(word) = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word)) else {
                    return false;
                };
                at += word.len();
                continue;
            }
            _ => return false,
        }
        at += 1;
    }
    open.is_empty()
}

/// A string that begins at a quote, and where it ends.
fn string(json: &str, at: usize) -> Option<(Cow<'_, str>, usize)> {
    let rest = json.as_bytes().get(at + 1..)?;
    let first = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    if rest.get(first) == Some(&b'"') {
        return Some((Cow::Borrowed(json.get(at + 1..at + 1 + first)?), at + first + 2));
    }
    let mut end = first;
    loop {
        match rest.get(end)? {
            b'"' => break,
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    let text = serde_json::from_str(json.get(at..at + end + 2)?).ok()?;
    Some((Cow::Owned(text), at + end + 2))
}

fn begins_with_colon(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn tokens(json: &str) -> Option<Vec<String>> {
        let mut all = Vec::new();
        let whole = each(json, &mut |token| {
            all.push(match token {
                Token::Name(text) => format!("name {text}"),
                Token::Text(text, list) => format!("text {text} {list}"),
                Token::Number(number) => format!("number {number}"),
            });
            false
        });
        whole.then_some(all)
    }

    fn of(value: &Value, list: bool, all: &mut Vec<String>) {
        match value {
            Value::String(text) => all.push(format!("text {text} {list}")),
            Value::Number(number) => all.push(format!("number {number}")),
            Value::Array(items) => items.iter().for_each(|item| of(item, true, all)),
            Value::Object(members) => {
                for (name, value) in members {
                    all.push(format!("name {name}"));
                    of(value, false, all);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    #[test]
    fn odd_texts_are_told_apart() {
        assert_eq!(
            tokens(r#"{"a\"b": [1, "\u0041:", true]}"#).map(|all| all.join(",")).as_deref(),
            Some(r#"name a"b,number 1,text A: true"#)
        );
        for text in ["{", "}", r#""a"#, r#""a\"#, r#"["\x"]"#, "tru", "[}", "a", "{\"a\":1]"] {
            assert_eq!(tokens(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn tokens_are_what_a_parser_reads(texts in proptest::collection::vec("\\PC{0,12}|[\"\\\\:,\\[\\]{}a\\n\u{0}]{0,8}", 0..8), number: i64) {
            let value = serde_json::json!({"list": texts, "n": {"m": number}, "o": texts.concat(), "p": [[], {}, null, false]});
            let mut all = Vec::new();
            of(&value, false, &mut all);
            proptest::prop_assert_eq!(tokens(&value.to_string()), Some(all));
        }
    }
}
