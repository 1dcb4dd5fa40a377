//! Print: a pattern as text.
//! In: a tree. Out: a text that parses to the same tree.
//! Invariant: parse after print is the identity on trees; parentheses only where they change the tree.
//! Not here: reading (`parse.rs`).

use std::fmt::{self, Display, Formatter};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::path::quoted;
use crate::syntax::{Condition, Constant, Expression, Operator, Qualifier, Test};
use crate::timestamp;

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Observation(condition) => write!(f, "[{condition}]"),
            Expression::And(parts) => joined(f, parts, " AND ", |part| {
                matches!(part, Expression::And(_) | Expression::Or(_) | Expression::FollowedBy(_))
            }),
            Expression::Or(parts) => {
                joined(f, parts, " OR ", |part| matches!(part, Expression::Or(_) | Expression::FollowedBy(_)))
            }
            Expression::FollowedBy(parts) => {
                joined(f, parts, " FOLLOWEDBY ", |part| matches!(part, Expression::FollowedBy(_)))
            }
            Expression::Qualified(of, qualifiers) => {
                match of.as_ref() {
                    Expression::Observation(_) => write!(f, "{of}")?,
                    _ => write!(f, "({of})")?,
                }
                qualifiers.iter().try_for_each(|qualifier| write!(f, " {qualifier}"))
            }
        }
    }
}

fn joined<T: Display>(f: &mut Formatter<'_>, parts: &[T], word: &str, wrapped: impl Fn(&T) -> bool) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(word)?;
        }
        if wrapped(part) { write!(f, "({part})")? } else { write!(f, "{part}")? }
    }
    Ok(())
}

impl Display for Qualifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Qualifier::Within(seconds) => write!(f, "WITHIN {seconds} SECONDS"),
            Qualifier::Repeats(times) => write!(f, "REPEATS {times} TIMES"),
            Qualifier::StartStop(start, stop) => {
                write!(f, "START t'{}' STOP t'{}'", timestamp::print(*start), timestamp::print(*stop))
            }
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Test(test) => write!(f, "{test}"),
            Condition::And(parts) => {
                joined(f, parts, " AND ", |part| matches!(part, Condition::And(_) | Condition::Or(_)))
            }
            Condition::Or(parts) => joined(f, parts, " OR ", |part| matches!(part, Condition::Or(_))),
        }
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let not = if self.not { "NOT " } else { "" };
        let path = &self.path;
        match &self.operator {
            Operator::Exists => write!(f, "{not}EXISTS {path}"),
            Operator::Equal(constant) => write!(f, "{path} {not}= {constant}"),
            Operator::NotEqual(constant) => write!(f, "{path} {not}!= {constant}"),
            Operator::Less(constant) => write!(f, "{path} {not}< {constant}"),
            Operator::LessOrEqual(constant) => write!(f, "{path} {not}<= {constant}"),
            Operator::Greater(constant) => write!(f, "{path} {not}> {constant}"),
            Operator::GreaterOrEqual(constant) => write!(f, "{path} {not}>= {constant}"),
            Operator::In(constants) => {
                write!(f, "{path} {not}IN (")?;
                joined(f, constants, ", ", |_| false)?;
                f.write_str(")")
            }
            Operator::Like(text) => write!(f, "{path} {not}LIKE {}", quoted(text)),
            Operator::Matches(text) => write!(f, "{path} {not}MATCHES {}", quoted(text)),
            Operator::IsSubset(text) => write!(f, "{path} {not}ISSUBSET {}", quoted(text)),
            Operator::IsSuperset(text) => write!(f, "{path} {not}ISSUPERSET {}", quoted(text)),
        }
    }
}

impl Display for Constant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Constant::Int(number) => write!(f, "{number}"),
            // Never an exponent, which the grammar has not; always a point, which makes it no integer.
            Constant::Float(number) if number.fract() == 0.0 => write!(f, "{number:.1}"),
            Constant::Float(number) => write!(f, "{number}"),
            Constant::Text(text) => f.write_str(&quoted(text)),
            Constant::Bool(truth) => write!(f, "{truth}"),
            Constant::Hex(bytes) => write!(f, "h'{}'", hex::encode(bytes)),
            Constant::Binary(bytes) => write!(f, "b'{}'", STANDARD.encode(bytes)),
            Constant::Time(micros) => write!(f, "t'{}'", timestamp::print(*micros)),
        }
    }
}
