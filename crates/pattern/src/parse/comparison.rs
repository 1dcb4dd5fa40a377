//! Comparison: what stands in brackets: comparisons, paths, constants (STIX 2.1, 9.2, 9.6, 9.7).
//! In: tokens. Out: a condition, or the place where it stops being one.
//! Invariant: a set holds one type; keywords in paths are quoted.
//! Not here: observations and qualifiers (`parse.rs`).

use super::{Parsed, Parser};
use crate::lex::Token;
use crate::path::{KEYWORDS, ObjectPath, Step};
use crate::syntax::{Condition, Constant, Operator, Test};

/// An operator of what stands on its right.
type Make<T> = fn(T) -> Operator;

impl Parser<'_> {
    pub(super) fn condition_or(&mut self) -> Parsed<Condition> {
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

    pub(super) fn path(&mut self) -> Parsed<ObjectPath> {
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
