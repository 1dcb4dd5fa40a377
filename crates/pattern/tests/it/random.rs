//! Random: patterns and observations made at random, small enough that much comes together.
//! In: proptest's choices. Out: trees, observations as columns, and strings close to patterns.
//! Invariant: every tree made here is one that the parser can make.
//! Not here: what must hold of them (`laws.rs`).

use proptest::prelude::*;
use stillwatch_pattern::syntax::{Condition, Constant, Expression, Operator, Qualifier, Test};
use stillwatch_pattern::{Limits, ObjectPath, Pattern, Schema, Span, SyntaxError, Value};

/// A path by its text, as the parser reads it.
pub(crate) fn path(text: &str) -> Option<ObjectPath> {
    let pattern = Pattern::parse(&format!("[EXISTS {text}]"), &Limits::default()).ok()?;
    pattern.expression().tests().first().map(|test| test.path.clone())
}

fn paths() -> impl Strategy<Value = ObjectPath> {
    let text = prop_oneof![
        4 => "(x|ipv4-addr):(a|b|value)",
        1 => r"(x|y-z):(a|'b c'|'START'|'o\\\\\\'clock')(\.(c_ref|'d-e')|\[(\*|0|12|-1)\]){0,3}",
    ];
    text.prop_filter_map("no path", |text| path(&text))
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab]",
        2 => "192\\.0\\.2\\.[0-3]|2001:db8::[12]",
        1 => any::<String>(),
    ]
}

fn times() -> impl Strategy<Value = i64> {
    prop_oneof![
        3 => (0i64..20).prop_map(|second| second * 1_000_000),
        1 => -62_000_000_000_000_000i64..250_000_000_000_000_000,
    ]
}

fn constants() -> impl Strategy<Value = Constant> {
    prop_oneof![
        3 => words().prop_map(Constant::Text),
        2 => (-2i64..3).prop_map(Constant::Int),
        1 => any::<i64>().prop_map(Constant::Int),
        1 => prop_oneof![(-4i32..5).prop_map(|half| f64::from(half) / 2.0), -1e300f64..1e300, proptest::num::f64::SUBNORMAL].prop_map(Constant::Float),
        1 => proptest::collection::vec(any::<u8>(), 0..5).prop_map(Constant::Hex),
        1 => proptest::collection::vec(any::<u8>(), 0..5).prop_map(Constant::Binary),
        1 => times().prop_map(Constant::Time),
    ]
}

fn operators() -> impl Strategy<Value = Operator> {
    prop_oneof![
        4 => prop_oneof![constants(), any::<bool>().prop_map(Constant::Bool)].prop_map(Operator::Equal),
        1 => prop_oneof![constants(), any::<bool>().prop_map(Constant::Bool)].prop_map(Operator::NotEqual),
        1 => constants().prop_map(Operator::Less),
        1 => constants().prop_map(Operator::LessOrEqual),
        1 => constants().prop_map(Operator::Greater),
        1 => constants().prop_map(Operator::GreaterOrEqual),
        1 => proptest::collection::vec(words().prop_map(Constant::Text), 0..4).prop_map(Operator::In),
        1 => proptest::collection::vec(prop_oneof![(-2i64..3).prop_map(Constant::Int), (-2.0..3.0).prop_map(Constant::Float)], 0..4)
            .prop_map(Operator::In),
        1 => prop_oneof!["[ab_%]{0,4}".boxed(), any::<String>().boxed()].prop_map(Operator::Like),
        1 => prop_oneof!["[ab.]{0,3}[*+?$]?", "\\PC{0,6}"].prop_map(Operator::Matches),
        1 => "192\\.0\\.2\\.[0-3](/(3[0-2]|24))?|2001:db8::/(32|127)".prop_map(Operator::IsSubset),
        1 => "192\\.0\\.2\\.[0-3](/(3[0-2]|24))?".prop_map(Operator::IsSuperset),
        1 => Just(Operator::Exists),
    ]
}

fn conditions() -> impl Strategy<Value = Condition> {
    let test = (paths(), any::<bool>(), operators())
        .prop_map(|(path, not, operator)| Condition::Test(Test { path, not, operator }));
    test.prop_recursive(2, 6, 3, |inner| {
        let some = proptest::collection::vec(inner, 2..4);
        prop_oneof![some.clone().prop_map(Condition::And), some.prop_map(Condition::Or)]
    })
}

fn qualifiers() -> impl Strategy<Value = Qualifier> {
    prop_oneof![
        3 => (1u32..6).prop_map(|seconds| Qualifier::Within(f64::from(seconds))),
        1 => (1e-6..1e9).prop_map(Qualifier::Within),
        2 => (1u32..4).prop_map(Qualifier::Repeats),
        1 => (times(), times()).prop_map(|(start, stop)| Qualifier::StartStop(start, stop)),
    ]
}

/// Whole patterns of at most a few observations.
pub(crate) fn expressions() -> impl Strategy<Value = Expression> {
    combined(conditions().prop_map(Expression::Observation).boxed())
}

/// Patterns whose conditions are equalities with `a` and `b`, so that many observations fit.
pub(crate) fn simple_expressions() -> impl Strategy<Value = Expression> {
    let test = prop_oneof![3 => Just("[x:a = 'a']"), 3 => Just("[x:a = 'b']"), 1 => Just("[EXISTS x:a]")];
    let leaf =
        test.prop_filter_map("parses", |text| text.parse::<Pattern>().ok().map(|pattern| pattern.expression().clone()));
    combined(leaf.boxed())
}

fn combined(leaf: BoxedStrategy<Expression>) -> impl Strategy<Value = Expression> {
    leaf.prop_recursive(3, 6, 3, |inner| {
        let some = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            some.clone().prop_map(Expression::And),
            some.clone().prop_map(Expression::Or),
            some.prop_map(Expression::FollowedBy),
            (inner, proptest::collection::vec(qualifiers(), 1..3)).prop_map(|(of, qualifiers)| match of {
                // What the parser reads `[…] A B` as, whoever wrote it.
                Expression::Qualified(..)
                | Expression::Observation(_)
                | Expression::And(_)
                | Expression::Or(_)
                | Expression::FollowedBy(_) => Expression::Qualified(Box::new(of), qualifiers),
            }),
        ]
    })
}

/// One object `x` with `a` and `b`, one `ipv4-addr` with `value`.
pub(crate) fn schema() -> Result<Schema, SyntaxError> {
    let mut schema = Schema::new();
    let (x, address) = (schema.object("x"), schema.object("ipv4-addr"));
    for (object, path) in [(x, "x:a"), (x, "x:b"), (address, "ipv4-addr:value")] {
        let column = schema.column();
        schema.place(column, object, path)?;
    }
    Ok(schema)
}

/// A value that owns its text.
#[derive(Debug, Clone)]
pub(crate) enum Owned {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl Owned {
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Owned::Text(text) => Value::Text(text),
            Owned::Int(int) => Value::Int(*int),
            Owned::Float(float) => Value::Float(*float),
            Owned::Bool(truth) => Value::Bool(*truth),
        }
    }
}

fn values() -> impl Strategy<Value = Option<Owned>> {
    prop_oneof![
        1 => Just(None),
        5 => words().prop_map(|text| Some(Owned::Text(text))),
        1 => (-2i64..3).prop_map(|int| Some(Owned::Int(int))),
        1 => (-4i32..5).prop_map(|half| Some(Owned::Float(f64::from(half) / 2.0))),
        1 => any::<bool>().prop_map(|truth| Some(Owned::Bool(truth))),
    ]
}

/// A row of the schema.
pub(crate) type Given = (Span, [Option<Owned>; 3]);

fn spans() -> impl Strategy<Value = Span> {
    let length = prop_oneof![3 => Just(0i64), 1 => 1i64..5];
    let count = prop_oneof![3 => Just(1u32), 1 => 2u32..4];
    (0i64..12, length, count).prop_map(|(first, length, count)| Span {
        first: first * 1_000_000,
        last: (first + length) * 1_000_000,
        count,
    })
}

/// Rows, sorted by their begin.
pub(crate) fn rows(most: usize) -> impl Strategy<Value = Vec<Given>> {
    let row = (spans(), [values(), values(), values()]);
    proptest::collection::vec(row, 0..most).prop_map(|mut rows| {
        rows.sort_by_key(|(span, _)| span.first);
        rows
    })
}
