//! Syntax: a pattern as a tree, as it was written.
//! In: what the parser read. Out: plain types, printed back by `print.rs`.
//! Invariant: `And`, `Or` and `FollowedBy` hold two or more; parentheses that change nothing are not kept.
//! Not here: what it means over observations (`plan.rs`, `check.rs`).

use crate::path::ObjectPath;

/// Observation expressions (STIX 2.1, 9.3 to 9.5).
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// `[ … ]`: one observation.
    Observation(Condition),
    /// `a AND b`: different observations, in any order.
    And(Vec<Expression>),
    /// `a OR b`.
    Or(Vec<Expression>),
    /// `a FOLLOWEDBY b`: different observations, one not before the other.
    FollowedBy(Vec<Expression>),
    /// An expression and its qualifiers, innermost first.
    Qualified(Box<Expression>, Vec<Qualifier>),
}

/// Observation expression qualifiers (STIX 2.1, 9.4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Qualifier {
    /// `WITHIN n SECONDS`; n is above 0.
    Within(f64),
    /// `REPEATS n TIMES`; n is 1 or more.
    Repeats(u32),
    /// `START t'…' STOP t'…'`, in microseconds since 1970; the end is excluded.
    StartStop(i64, i64),
}

/// Comparison expressions (STIX 2.1, 9.6), all about one object of one observation.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// One comparison.
    Test(Test),
    /// All hold for one object.
    And(Vec<Condition>),
    /// One holds.
    Or(Vec<Condition>),
}

/// One comparison: an object path, an operator, a constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// Where the value is.
    pub path: ObjectPath,
    /// `NOT` stands before the operator.
    pub not: bool,
    /// What is asked of the value.
    pub operator: Operator,
}

/// Comparison operators (STIX 2.1, 9.6).
#[derive(Debug, Clone, PartialEq)]
pub enum Operator {
    /// `=`
    Equal(Constant),
    /// `!=`
    NotEqual(Constant),
    /// `<`
    Less(Constant),
    /// `<=`
    LessOrEqual(Constant),
    /// `>`
    Greater(Constant),
    /// `>=`
    GreaterOrEqual(Constant),
    /// `IN ( … )`; all of one type, numbers may mix.
    In(Vec<Constant>),
    /// `LIKE`: `%` is any text, `_` any one character.
    Like(String),
    /// `MATCHES`: a Perl-compatible regular expression.
    Matches(String),
    /// `ISSUBSET`: the value lies in this network.
    IsSubset(String),
    /// `ISSUPERSET`: the value is a network that holds this one.
    IsSuperset(String),
    /// `EXISTS`: there is a value.
    Exists,
}

/// Constants (STIX 2.1, 9.2).
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// `5`
    Int(i64),
    /// `5.0`
    Float(f64),
    /// `'text'`
    Text(String),
    /// `true`
    Bool(bool),
    /// `h'ff'`
    Hex(Vec<u8>),
    /// `b'/w=='`
    Binary(Vec<u8>),
    /// `t'2024-01-15T12:30:45Z'`, in microseconds since 1970.
    Time(i64),
}

impl Expression {
    /// Every comparison, from left to right.
    pub fn tests(&self) -> Vec<&Test> {
        let mut all = Vec::new();
        self.each_condition(&mut |condition| condition.each_test(&mut |test| all.push(test)));
        all
    }

    fn each_condition<'a>(&'a self, visit: &mut dyn FnMut(&'a Condition)) {
        match self {
            Expression::Observation(condition) => visit(condition),
            Expression::And(parts) | Expression::Or(parts) | Expression::FollowedBy(parts) => {
                parts.iter().for_each(|part| part.each_condition(visit));
            }
            Expression::Qualified(of, _) => of.each_condition(visit),
        }
    }
}

impl Condition {
    pub(crate) fn each_test<'a>(&'a self, visit: &mut dyn FnMut(&'a Test)) {
        match self {
            Condition::Test(test) => visit(test),
            Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| part.each_test(visit)),
        }
    }
}
