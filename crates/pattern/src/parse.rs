//! Parse: a text as a pattern (STIX 2.1, 9.8).
//! In: tokens. Out: a tree, or the place where the text stops being a pattern.
//! Invariant: recursion no deeper than `Limits::depth`; one token of look-ahead but for a parenthesis.
//! Not here: what stands in brackets (`comparison.rs`), whether the pattern can be evaluated (`pattern.rs`).

mod comparison;

use std::borrow::Cow;

use crate::error::{SyntaxError, short};
use crate::lex::{Spanned, Token, tokens};
use crate::limits::Limits;
use crate::path::{KEYWORDS, ObjectPath};
use crate::syntax::{Expression, Qualifier};

/// Reads a pattern.
pub(crate) fn pattern(text: &str, limits: &Limits) -> Result<Expression, SyntaxError> {
    if text.len() > limits.bytes {
        let found = format!("{} bytes", text.len());
        return Err(SyntaxError::at(text, 0, format!("a pattern of at most {} bytes", limits.bytes), found)
            .hint("split it into several indicators"));
    }
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, deepest: limits.depth };
    if !parser.tokens.iter().any(|token| token.token == Token::Symbol("[")) {
        return Err(SyntaxError::at(text, 0, "`[`", parser.here())
            .hint("a pattern is written in square brackets, as in [ipv4-addr:value = '203.0.113.5']"));
    }
    let found = parser.followed_by()?;
    if parser.at < parser.tokens.len() {
        return Err(parser.wrong("`AND`, `OR`, `FOLLOWEDBY`, a qualifier or the end of the pattern"));
    }
    Ok(found)
}

/// Reads an object path that stands alone.
pub(crate) fn path(text: &str) -> Result<ObjectPath, SyntaxError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, deepest: 1 };
    let path = parser.path()?;
    if parser.at < parser.tokens.len() { Err(parser.wrong("the end of the path")) } else { Ok(path) }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Spanned<'a>>,
    at: usize,
    depth: usize,
    deepest: usize,
}

type Parsed<T> = Result<T, SyntaxError>;

impl<'a> Parser<'a> {
    fn followed_by(&mut self) -> Parsed<Expression> {
        self.chain("FOLLOWEDBY", Self::or, Expression::FollowedBy)
    }

    fn or(&mut self) -> Parsed<Expression> {
        self.chain("OR", Self::and, Expression::Or)
    }

    fn and(&mut self) -> Parsed<Expression> {
        self.chain("AND", Self::observation, Expression::And)
    }

    /// `part (word part)*`; one part alone stands for itself.
    fn chain<T>(&mut self, word: &str, part: fn(&mut Self) -> Parsed<T>, whole: fn(Vec<T>) -> T) -> Parsed<T> {
        let first = part(self)?;
        if !self.eat(word) {
            return Ok(first);
        }
        let mut parts = vec![first, part(self)?];
        while self.eat(word) {
            parts.push(part(self)?);
        }
        Ok(whole(parts))
    }

    fn observation(&mut self) -> Parsed<Expression> {
        let of = if self.eat("[") {
            let condition = self.condition_or()?;
            self.expect("]", "`]`, `AND` or `OR`")?;
            Expression::Observation(condition)
        } else if self.eat("(") {
            let inner = self.deeper(Self::followed_by)?;
            self.expect(")", "`)`, `AND`, `OR`, `FOLLOWEDBY` or a qualifier")?;
            inner
        } else {
            return Err(self.wrong("`[` or `(`"));
        };
        let mut qualifiers = Vec::new();
        while let Some(qualifier) = self.qualifier()? {
            qualifiers.push(qualifier);
        }
        Ok(if qualifiers.is_empty() { of } else { Expression::Qualified(Box::new(of), qualifiers) })
    }

    fn qualifier(&mut self) -> Parsed<Option<Qualifier>> {
        if self.eat("WITHIN") {
            let seconds = match self.peek() {
                Some(Token::Int(number)) if *number > 0 => *number as f64,
                Some(Token::Float(number)) if *number > 0.0 => *number,
                _ => return Err(self.wrong("a number of seconds above 0")),
            };
            self.at += 1;
            self.expect("SECONDS", "`SECONDS`")?;
            return Ok(Some(Qualifier::Within(seconds)));
        }
        if self.eat("REPEATS") {
            let times = match self.peek() {
                Some(Token::Int(number)) => u32::try_from(*number).ok().filter(|times| *times > 0),
                _ => None,
            };
            let Some(times) = times else { return Err(self.wrong("a whole number of times, 1 or more")) };
            self.at += 1;
            self.expect("TIMES", "`TIMES`")?;
            return Ok(Some(Qualifier::Repeats(times)));
        }
        if self.eat("START") {
            let start = self.time()?;
            self.expect("STOP", "`STOP`")?;
            return Ok(Some(Qualifier::StartStop(start, self.time()?)));
        }
        Ok(None)
    }

    fn time(&mut self) -> Parsed<i64> {
        let Some(&Token::Time(micros)) = self.peek() else {
            let error = self.wrong("a timestamp");
            let old = matches!(self.peek(), Some(Token::Text(_)));
            return Err(if old {
                error.hint("STIX 2.1 writes t'2024-01-15T12:30:45Z'; a plain string is STIX 2.0")
            } else {
                error
            });
        };
        self.at += 1;
        Ok(micros)
    }

    fn deeper<T>(&mut self, inner: fn(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > self.deepest {
            let expected = format!("at most {} levels of parentheses", self.deepest);
            return Err(self.wrong(&expected).hint("take out parentheses that change nothing, or split the pattern"));
        }
        let found = inner(self);
        self.depth -= 1;
        found
    }

    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at).map(|spanned| &spanned.token)
    }

    /// Takes a keyword or symbol if it is next.
    fn eat(&mut self, word: &str) -> bool {
        let next = match self.peek() {
            Some(Token::Word(text)) => *text == word,
            Some(Token::Symbol(text)) => *text == word,
            _ => false,
        };
        self.at += usize::from(next);
        next
    }

    fn expect(&mut self, word: &str, expected: &str) -> Parsed<()> {
        if self.eat(word) { Ok(()) } else { Err(self.wrong(expected)) }
    }

    fn here(&self) -> Cow<'static, str> {
        match self.tokens.get(self.at) {
            Some(spanned) => format!("`{}`", short(spanned.text)).into(),
            None => "the end of the pattern".into(),
        }
    }

    fn wrong(&self, expected: &str) -> SyntaxError {
        let offset = self.tokens.get(self.at).map_or(self.text.len(), |spanned| spanned.offset);
        let error = SyntaxError::at(self.text, offset, expected, self.here());
        match self.peek() {
            Some(Token::Word(word)) if !KEYWORDS.contains(word) => match keyword(word) {
                Some(keyword) => error.hint(format!("keywords are written in one case only: `{keyword}`")),
                None => error,
            },
            _ => error,
        }
    }
}

/// The keyword that a word is but for its case.
fn keyword(word: &str) -> Option<&'static str> {
    KEYWORDS.into_iter().find(|keyword| keyword.eq_ignore_ascii_case(word))
}
