//! Lex: a pattern's text as tokens (STIX 2.1, 9.8; the lexer rules of the OASIS grammar).
//! In: text. Out: tokens with the place where each begins.
//! Invariant: linear in the text; white space and comments are dropped; a literal is checked here, in full.
//! Not here: which token may follow which (`parse.rs`).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use winnow::combinator::{alt, cut_err, delimited, opt, preceded, repeat};
use winnow::error::{ContextError, ErrMode};
use winnow::prelude::*;
use winnow::token::{one_of, take_until, take_while};

use crate::error::{SyntaxError, short};
use crate::timestamp;

/// A token and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spanned<'a> {
    pub(crate) offset: usize,
    pub(crate) token: Token<'a>,
    /// As it was written.
    pub(crate) text: &'a str,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'a> {
    /// A keyword or a name without hyphen.
    Word(&'a str),
    /// A name with a hyphen: object types only.
    Hyphened(&'a str),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Hex(Vec<u8>),
    Binary(Vec<u8>),
    Time(i64),
    /// One of `= != < <= > >= : . , ( ) [ ] *`; `==` and `<>` are read as the first two.
    Symbol(&'static str),
}

/// All tokens of a text.
pub(crate) fn tokens(text: &str) -> Result<Vec<Spanned<'_>>, SyntaxError> {
    let mut rest = text;
    let mut found = Vec::new();
    loop {
        if blank.parse_next(&mut rest).is_err() {
            let offset = text.len() - rest.len();
            return Err(SyntaxError::at(text, offset, "`*/`", "the end of the pattern")
                .hint("a comment that begins with `/*` must be closed"));
        }
        if rest.is_empty() {
            return Ok(found);
        }
        let before = rest;
        let offset = text.len() - rest.len();
        match token.parse_next(&mut rest) {
            Ok(token) => found.push(Spanned { offset, token, text: &before[..before.len() - rest.len()] }),
            Err(_) => return Err(complaint(text, offset)),
        }
    }
}

/// White space and comments.
fn blank(input: &mut &str) -> ModalResult<()> {
    let block = ("/*", cut_err(take_until(0.., "*/")), "*/").void();
    let line = ("//", take_while(0.., |c| c != '\r' && c != '\n')).void();
    let space = take_while(1.., is_space).void();
    repeat(0.., alt((space, block, line))).parse_next(input)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{a0}' | '\u{1680}')
        || matches!(c, '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

fn token<'a>(input: &mut &'a str) -> ModalResult<Token<'a>> {
    alt((marked, string.map(Token::Text), number, name, symbol)).parse_next(input)
}

/// `h'…'`, `b'…'`, `t'…'`.
fn marked<'a>(input: &mut &'a str) -> ModalResult<Token<'a>> {
    let inside = || delimited('\'', take_while(0.., |c| c != '\''), '\'');
    alt((
        preceded('h', inside()).verify_map(|digits: &str| hex::decode(digits).ok().map(Token::Hex)),
        preceded('b', inside()).verify_map(|text: &str| binary(text).map(Token::Binary)),
        preceded('t', inside()).verify_map(|text: &str| timestamp::parse(text).map(Token::Time)),
    ))
    .parse_next(input)
}

fn binary(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// `'…'` with `\'` and `\\` only.
fn string<'a>(input: &mut &'a str) -> ModalResult<Cow<'a, str>> {
    let plain = || take_while(1.., |c| c != '\'' && c != '\\').void();
    let escape = || ('\\', one_of(['\'', '\\'])).void();
    let inside = repeat::<_, _, (), _, _>(0.., alt((plain(), escape()))).take();
    let raw: &str = delimited('\'', inside, '\'').parse_next(input)?;
    if !raw.contains('\\') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut letters = raw.chars();
    while let Some(letter) = letters.next() {
        text.push(if letter == '\\' { letters.next().unwrap_or(letter) } else { letter });
    }
    Ok(Cow::Owned(text))
}

fn number<'a>(input: &mut &'a str) -> ModalResult<Token<'a>> {
    let digits = |least: usize| take_while(least.., |c: char| c.is_ascii_digit());
    let sign = || opt(one_of(['+', '-']));
    let float = (sign(), digits(0), '.', digits(1))
        .take()
        .verify_map(|text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Token::Float));
    let int = (sign(), digits(1)).take().verify_map(|text: &str| {
        let bare = text.trim_start_matches(['+', '-']);
        if bare.len() > 1 && bare.starts_with('0') { None } else { text.parse::<i64>().ok().map(Token::Int) }
    });
    alt((float, int)).parse_next(input)
}

fn name<'a>(input: &mut &'a str) -> ModalResult<Token<'a>> {
    (
        one_of(|c: char| c.is_ascii_alphabetic() || c == '_'),
        take_while(0.., |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-'),
    )
        .take()
        .map(|text: &str| if text.contains('-') { Token::Hyphened(text) } else { Token::Word(text) })
        .parse_next(input)
        .and_then(|token| match token {
            // A marked literal that `marked` did not take is wrong inside; it is no name and a string.
            Token::Word("h" | "b" | "t") if input.starts_with('\'') => Err(ErrMode::Backtrack(ContextError::new())),
            token => Ok(token),
        })
}

fn symbol<'a>(input: &mut &'a str) -> ModalResult<Token<'a>> {
    alt((
        alt(("==", "=")).value("="),
        alt(("!=", "<>")).value("!="),
        "<=".value("<="),
        "<".value("<"),
        ">=".value(">="),
        ">".value(">"),
        alt((":".value(":"), ".".value("."), ",".value(","), "*".value("*"))),
        alt(("(".value("("), ")".value(")"), "[".value("["), "]".value("]"))),
    ))
    .map(Token::Symbol)
    .parse_next(input)
}

/// Why there is no token at `offset`.
fn complaint(text: &str, offset: usize) -> SyntaxError {
    let rest = &text[offset..];
    let found = |expected: &str| SyntaxError::at(text, offset, expected, format!("`{}`", short(rest)));
    let first = rest.chars().next().unwrap_or_default();
    let literal = rest.get(1..).is_some_and(|rest| rest.starts_with('\''));
    match first {
        'h' if literal => found("a hexadecimal constant").hint("write pairs of hexadecimal digits, as in h'ffd8'"),
        'b' if literal => found("a binary constant").hint("write base64 with its padding, as in b'YWxpY2U='"),
        't' if literal => found("a timestamp")
            .hint("write UTC with upper-case T and Z and a day that exists, as in t'2024-01-15T12:30:45Z'"),
        '\'' if closed(rest) => {
            found("a string").hint("inside a string only `\\'` and `\\\\` are escapes: write each backslash twice")
        }
        '\'' => SyntaxError::at(text, offset, "a closing quote", "the end of the pattern"),
        '0'..='9' | '+' | '-' => found("a number")
            .hint("integers have no leading zero and lie between -9223372036854775808 and 9223372036854775807"),
        '"' => found("a constant, a path or an operator").hint("strings are written in single quotes"),
        _ => found("a constant, a path or an operator"),
    }
}

/// Whether a string that begins here ends somewhere, whatever its escapes.
fn closed(rest: &str) -> bool {
    let mut letters = rest.chars().skip(1);
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => _ = letters.next(),
            '\'' => return true,
            _ => {}
        }
    }
    false
}
