//! Laws: what holds of every pattern and all observations.
//! In: what `random.rs` makes. Out: pass or fail.
//! Invariant: binding is held against trying every assignment; sets and watches against patterns one by one.
//! Not here: other programs' verdicts (`vectors.rs`).

use proptest::prelude::*;
use stillwatch_pattern::syntax::{Expression, Qualifier};
use stillwatch_pattern::{Found, Limits, Looking, Pattern, PatternSet, Span, Told, Value, Watch};

use crate::random::{Given, expressions, rows, schema, simple_expressions};

fn limits() -> Limits {
    Limits { steps: 2_000_000, ..Limits::default() }
}

fn failed(error: impl std::fmt::Display) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

/// What one way of binding comes to: observations used, latest begin, earliest end.
type Binding = (Vec<usize>, i64, i64);

/// Every binding of an expression, by trying all: what `stix2-matcher` does, written down from the specification.
fn bindings(expression: &Expression, rows: &[Given], leaf: &dyn Fn(&Expression, usize) -> bool) -> Vec<Binding> {
    let free = |used: &[usize]| {
        rows.iter()
            .enumerate()
            .all(|(row, (span, _))| used.iter().filter(|at| **at == row).count() <= span.count as usize)
    };
    let join = |left: &[Binding], right: &[Binding], fits: &dyn Fn(&Binding, &Binding) -> bool| {
        let mut all: Vec<Binding> = Vec::new();
        for l in left {
            for r in right.iter().filter(|r| fits(l, r)) {
                let mut used = [l.0.as_slice(), &r.0].concat();
                used.sort_unstable();
                if free(&used) {
                    all.push((used, l.1.max(r.1), l.2.min(r.2)));
                }
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    };
    match expression {
        Expression::Observation(_) => (0..rows.len())
            .filter(|row| leaf(expression, *row))
            .map(|row| (vec![row], rows[row].0.first, rows[row].0.last))
            .collect(),
        Expression::Or(parts) => parts.iter().flat_map(|part| bindings(part, rows, leaf)).collect(),
        Expression::And(parts) => parts
            .iter()
            .map(|part| bindings(part, rows, leaf))
            .reduce(|l, r| join(&l, &r, &|_, _| true))
            .unwrap_or_default(),
        Expression::FollowedBy(parts) => parts
            .iter()
            .map(|part| bindings(part, rows, leaf))
            .reduce(|l, r| join(&l, &r, &|l, r| l.1 <= r.2))
            .unwrap_or_default(),
        Expression::Qualified(of, qualifiers) => {
            qualifiers.iter().fold(bindings(of, rows, leaf), |found, qualifier| match qualifier {
                Qualifier::Within(seconds) => {
                    found.into_iter().filter(|(_, first, last)| *first as f64 <= *last as f64 + seconds * 1e6).collect()
                }
                Qualifier::Repeats(times) => {
                    (1..*times).fold(found.clone(), |so_far, _| join(&so_far, &found, &|_, _| true))
                }
                Qualifier::StartStop(start, stop) => found
                    .into_iter()
                    .filter(|(used, ..)| {
                        start < stop && used.iter().all(|row| rows[*row].0.first < *stop && rows[*row].0.last >= *start)
                    })
                    .collect(),
            })
        }
    }
}

/// Whether a simple leaf holds of a row, without the code under test.
fn simple(expression: &Expression, row: &Given) -> bool {
    let value = row.1[0].as_ref().map(|value| value.value());
    match expression.to_string().as_str() {
        "[x:a = 'a']" => value == Some(Value::Text("a")),
        "[x:a = 'b']" => value == Some(Value::Text("b")),
        _ => value.is_some(),
    }
}

/// Observations that one match needs, at most.
fn size(expression: &Expression) -> usize {
    match expression {
        Expression::Observation(_) => 1,
        Expression::And(parts) | Expression::Or(parts) | Expression::FollowedBy(parts) => parts.iter().map(size).sum(),
        Expression::Qualified(of, qualifiers) => qualifiers.iter().fold(size(of), |size, qualifier| match qualifier {
            Qualifier::Repeats(times) => size * *times as usize,
            _ => size,
        }),
    }
}

/// Rows as observations, for the length of one call.
fn observe<T>(rows: &[Given], with: impl FnOnce(&[stillwatch_pattern::Row<'_>]) -> T) -> Result<T, TestCaseError> {
    let schema = schema().map_err(failed)?;
    let values: Vec<(Span, Vec<Option<Value<'_>>>)> = rows
        .iter()
        .map(|(span, values)| (*span, values.iter().map(|value| value.as_ref().map(|value| value.value())).collect()))
        .collect();
    let observations: Vec<_> = values.iter().map(|(span, values)| schema.row(*span, values)).collect();
    Ok(with(&observations))
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same(expression in expressions()) {
        let pattern = Pattern::new(expression);
        let again: Pattern = pattern.to_string().parse().map_err(|error| failed(format!("{pattern}: {error}")))?;
        prop_assert_eq!(&again, &pattern, "{}", pattern);
        prop_assert_eq!(again.to_string(), pattern.to_string());
    }

    #[test]
    fn binding_finds_what_trying_all_finds(expression in simple_expressions(), rows in rows(6)) {
        prop_assume!(size(&expression) <= 6);
        let compiled = Pattern::new(expression.clone()).compile(&limits()).map_err(failed)?;
        let ours = observe(&rows, |observations| compiled.matches(observations))?.map_err(failed)?;
        let all = bindings(&expression, &rows, &|leaf, row| simple(leaf, &rows[row]));
        match ours {
            None => prop_assert!(all.is_empty(), "{}: missed {:?}", expression, all.first()),
            // What is found is one of the bindings, and no other.
            Some(found) => prop_assert!(
                all.iter().any(|(used, ..)| { let mut used = used.clone(); used.dedup(); used == found }),
                "{}: {:?} is no binding", expression, found
            ),
        }
    }

    #[test]
    fn a_set_says_what_each_pattern_says(expressions in proptest::collection::vec(expressions(), 1..6), rows in rows(5)) {
        let compiled: Vec<_> = expressions.iter().filter_map(|expression| Pattern::new(expression.clone()).compile(&limits()).ok()).collect();
        let set = PatternSet::new(compiled.clone());
        let mut looking = Looking::default();
        observe(&rows, |observations| -> Result<(), TestCaseError> {
            for observation in observations {
                let found = set.look(observation, &mut looking).to_vec();
                for (number, pattern) in compiled.iter().enumerate() {
                    // The set needn't come to the comparison that can't be decided: another part of an AND fails first.
                    let Ok(alone) = pattern.matches(&[*observation]) else { continue };
                    let named = found.iter().find(|found| matches!(found, Found::Match { pattern } | Found::Part { pattern, .. } if *pattern == number));
                    if let Some(Found::Match { .. }) = named {
                        prop_assert!(alone.is_some(), "{} does not match alone", expressions[number]);
                    }
                    if alone.is_some() {
                        prop_assert!(named.is_some(), "pattern {} is not named", number);
                    }
                }
            }
            Ok(())
        })??;
    }

    #[test]
    fn a_watch_matches_first_when_the_list_so_far_does(expression in simple_expressions(), rows in rows(9)) {
        prop_assume!(size(&expression) <= 6);
        let compiled = Pattern::new(expression.clone()).compile(&limits()).map_err(failed)?;
        let set = PatternSet::new(vec![compiled.clone()]);
        observe(&rows, |observations| -> Result<(), TestCaseError> {
            let (mut watch, mut looking) = (Watch::new(&set, limits()), Looking::default());
            for (number, observation) in observations.iter().enumerate() {
                let mut hits = Vec::new();
                watch.observe(observation, number as u64, &mut looking, &mut |hit| hits.push(hit));
                let so_far = compiled.matches(&observations[..=number]).map_err(failed)?;
                prop_assert_eq!(!hits.is_empty(), so_far.is_some(), "{} after {}", expression, number);
                if !hits.is_empty() {
                    break;
                }
            }
            prop_assert!(watch.told().all(|(_, told)| told == Told::default()));
            Ok(())
        })??;
    }

    #[test]
    fn no_observation_is_used_more_often_than_it_was_made(expression in simple_expressions(), rows in rows(9)) {
        prop_assume!(size(&expression) <= 6);
        let set = PatternSet::new(vec![Pattern::new(expression.clone()).compile(&limits()).map_err(failed)?]);
        observe(&rows, |observations| -> Result<(), TestCaseError> {
            let (mut watch, mut looking) = (Watch::new(&set, limits()), Looking::default());
            for (number, observation) in observations.iter().enumerate() {
                let mut hits = Vec::new();
                watch.observe(observation, number as u64, &mut looking, &mut |hit| hits.push(hit));
                for hit in hits {
                    prop_assert!(hit.observations.iter().all(|at| *at <= number as u64));
                    // Every hit by itself matches: the observations that it names are enough.
                    let named: Vec<_> = hit.observations.iter().map(|at| observations[*at as usize]).collect();
                    let alone = set_alone(&expression)?.matches(&named).map_err(failed)?;
                    prop_assert!(alone.is_some(), "{}: {:?}", expression, hit);
                }
            }
            Ok(())
        })??;
    }
}

fn set_alone(expression: &Expression) -> Result<stillwatch_pattern::Compiled, TestCaseError> {
    Pattern::new(expression.clone()).compile(&limits()).map_err(failed)
}
