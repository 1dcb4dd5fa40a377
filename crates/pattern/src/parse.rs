//! Parse: a text as a pattern (STIX 2.1, 9.8).
//! In: tokens. Out: a tree, or the place where the text stops being a pattern.
//! Invariant: recursion no deeper than `Limits::depth`; one token of look-ahead but for a parenthesis.
//! Not here: whether the pattern can be evaluated (`compile.rs`).

use std::borrow::Cow;

use crate::error::{SyntaxError, short};
use crate::lex::{Spanned, Token, tokens};
use crate::limits::Limits;
use crate::path::{KEYWORDS, ObjectPath, Step};
use crate::syntax::{Condition, Constant, Expression, Operator, Qualifier, Test};

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
/// An operator of what stands on its right.
type Make<T> = fn(T) -> Operator;

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

    fn condition_or(&mut self) -> Parsed<Condition> {
        self.chain("OR", Self::condition_and, Condition::Or)
    }

    fn condition_and(&mut self) -> Parsed<Condition> {
        self.chain("AND", Self::test, Condition::And)
    }

    fn test(&mut self) -> Parsed<Condition> {
        if self.eat("(") {
            let inner = self.deeper(Self::condition_or)?;
            self.expect(")", "`)`, `AND` or `OR`")?;
            return Ok(inner);
        }
        let not = self.eat("NOT");
        if self.eat("EXISTS") {
            return Ok(Condition::Test(Test { path: self.path()?, not, operator: Operator::Exists }));
        }
        if not {
            return Err(self.wrong("`EXISTS`").hint("`NOT` stands before the operator, as in [a:b NOT = 5]"));
        }
        let path = self.path()?;
        let not = self.eat("NOT");
        let operator = self.operator()?;
        Ok(Condition::Test(Test { path, not, operator }))
    }

    fn operator(&mut self) -> Parsed<Operator> {
        if self.eat("=") {
            return Ok(Operator::Equal(self.constant(true)?));
        }
        if self.eat("!=") {
            return Ok(Operator::NotEqual(self.constant(true)?));
        }
        let ordered: [(&str, Make<Constant>); 4] = [
            ("<", Operator::Less),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            (">=", Operator::GreaterOrEqual),
        ];
        for (word, make) in ordered {
            if self.eat(word) {
                return Ok(make(self.constant(false)?));
            }
        }
        if self.eat("IN") {
            return self.set().map(Operator::In);
        }
        let texts: [(&str, Make<String>); 4] = [
            ("LIKE", Operator::Like),
            ("MATCHES", Operator::Matches),
            ("ISSUBSET", Operator::IsSubset),
            ("ISSUPERSET", Operator::IsSuperset),
        ];
        for (word, make) in texts {
            if self.eat(word) {
                let Some(Token::Text(text)) = self.peek() else { return Err(self.wrong("a string in single quotes")) };
                let operator = make(text.clone().into_owned());
                self.at += 1;
                return Ok(operator);
            }
        }
        Err(self.wrong("a comparison operator (`=`, `!=`, `<`, `<=`, `>`, `>=`, `IN`, `LIKE`, `MATCHES`, `ISSUBSET`, `ISSUPERSET`)"))
    }

    fn constant(&mut self, also_bool: bool) -> Parsed<Constant> {
        let constant = match self.peek() {
            Some(Token::Int(number)) => Constant::Int(*number),
            Some(Token::Float(number)) => Constant::Float(*number),
            Some(Token::Text(text)) => Constant::Text(text.clone().into_owned()),
            Some(Token::Hex(bytes)) => Constant::Hex(bytes.clone()),
            Some(Token::Binary(bytes)) => Constant::Binary(bytes.clone()),
            Some(Token::Time(micros)) => Constant::Time(*micros),
            Some(Token::Word("true")) if also_bool => Constant::Bool(true),
            Some(Token::Word("false")) if also_bool => Constant::Bool(false),
            Some(Token::Word("true" | "false")) => {
                return Err(self
                    .wrong("a constant that has an order")
                    .hint("truth values are equal or not, neither is greater"));
            }
            Some(Token::Word(_)) => {
                return Err(self
                    .wrong("a constant")
                    .hint("strings are written in single quotes; `true` and `false` in lower case"));
            }
            _ => return Err(self.wrong("a constant")),
        };
        self.at += 1;
        Ok(constant)
    }

    /// `( … )`, all of one type (STIX 2.1, 9.2, set).
    fn set(&mut self) -> Parsed<Vec<Constant>> {
        self.expect("(", "`(`")?;
        let mut constants: Vec<Constant> = Vec::new();
        if self.eat(")") {
            return Ok(constants);
        }
        loop {
            let at = self.at;
            let constant = self.constant(true)?;
            if constants.first().is_some_and(|first| kind(first) != kind(&constant)) {
                self.at = at;
                return Err(self
                    .wrong("a constant of the same type as those before it")
                    .hint("a set holds one type; use `OR` to mix"));
            }
            constants.push(constant);
            if !self.eat(",") {
                self.expect(")", "`,` or `)`")?;
                return Ok(constants);
            }
        }
    }

    fn path(&mut self) -> Parsed<ObjectPath> {
        let kind = match self.peek() {
            Some(&Token::Word(word)) if !KEYWORDS.contains(&word) => word,
            Some(&Token::Hyphened(word)) => word,
            _ => return Err(self.wrong("an object path, such as `ipv4-addr:value`")),
        };
        self.at += 1;
        self.expect(":", "`:`")?;
        let mut steps = vec![Step::Key(self.key()?)];
        loop {
            if self.eat(".") {
                steps.push(Step::Key(self.key()?));
            } else if self.eat("[") {
                let step = match self.peek() {
                    Some(Token::Int(index)) => Step::Index(*index),
                    Some(Token::Symbol("*")) => Step::Any,
                    _ => return Err(self.wrong("a list index or `*`")),
                };
                self.at += 1;
                self.expect("]", "`]`")?;
                steps.push(step);
            } else {
                return Ok(ObjectPath::new(kind, steps));
            }
        }
    }

    fn key(&mut self) -> Parsed<Box<str>> {
        let key = match self.peek() {
            Some(&Token::Word(word)) if KEYWORDS.contains(&word) => {
                return Err(self
                    .wrong("a property")
                    .hint(format!("`{word}` is a keyword: write '{word}' in single quotes")));
            }
            Some(&Token::Word(word)) => word.into(),
            Some(Token::Text(text)) => text.clone().into_owned().into_boxed_str(),
            Some(&Token::Hyphened(word)) => {
                return Err(self.wrong("a property").hint(format!("a name with a hyphen is quoted: '{word}'")));
            }
            _ => return Err(self.wrong("a property")),
        };
        self.at += 1;
        Ok(key)
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

/// Types that a set may not mix; integers and floats are one.
fn kind(constant: &Constant) -> u8 {
    match constant {
        Constant::Int(_) | Constant::Float(_) => 0,
        Constant::Text(_) => 1,
        Constant::Bool(_) => 2,
        Constant::Hex(_) | Constant::Binary(_) => 3,
        Constant::Time(_) => 4,
    }
}
