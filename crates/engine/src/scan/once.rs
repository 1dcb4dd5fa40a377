//! Once: rewrites a plan so that each JSON text is walked through once for all fields that are taken from it.
//! In: the plan of a source's SQL, with a `record->'a'->>'b'` for every field. Out: a plan that gives the same.
//! Invariant: names, types and order of the columns stay as they are.
//! Not here: the walk (`sources/functions/fields.rs`).

use std::collections::BTreeMap;

use datafusion::{
    arrow::datatypes::DataType,
    common::{
        Column, ExprSchema,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    error::Result,
    functions::core::expr_ext::FieldAccessor,
    logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, expr_rewriter::NamePreserver, ident},
    scalar::ScalarValue,
};

use crate::sources::functions::{Step, json_fields};

/// Rewrites the projections and filters of a plan.
pub(crate) fn once(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up(|node| match node {
        LogicalPlan::Projection(projection) => {
            let Some((input, wanted)) = below(&projection.input, &projection.expr)? else {
                return Ok(Transformed::no(LogicalPlan::Projection(projection)));
            };
            let names = NamePreserver::new_for_projection();
            let expressions = projection
                .expr
                .iter()
                .map(|expression| Ok(names.save(expression).restore(taken(expression.clone(), &wanted)?)))
                .collect::<Result<Vec<_>>>()?;
            Ok(Transformed::yes(LogicalPlanBuilder::from(input).project(expressions)?.build()?))
        }
        LogicalPlan::Filter(filter) => {
            let Some((input, wanted)) = below(&filter.input, std::slice::from_ref(&filter.predicate))? else {
                return Ok(Transformed::no(LogicalPlan::Filter(filter)));
            };
            let predicate = taken(filter.predicate.clone(), &wanted)?;
            let builder = LogicalPlanBuilder::from(input).filter(predicate)?;
            Ok(Transformed::yes(builder.project(columns(&filter.input))?.build()?))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(rewritten.data)
}

/// The fields wanted of each column, by the column's number.
type Wanted = BTreeMap<Column, (String, Vec<Vec<Step>>)>;

/// The input with a column of fields for each text that several fields are taken from; nothing if there is none.
fn below(input: &LogicalPlan, expressions: &[Expr]) -> Result<Option<(LogicalPlan, Wanted)>> {
    let mut wanted = Wanted::new();
    for expression in expressions {
        expression.apply(|node| {
            let Some((column, path)) = field(node) else { return Ok(TreeNodeRecursion::Continue) };
            let number = wanted.len();
            let (_, paths) = wanted.entry(column).or_insert_with(|| (format!("__fields_{number}"), Vec::new()));
            if !paths.contains(&path) {
                paths.push(path);
            }
            Ok(TreeNodeRecursion::Jump)
        })?;
    }
    wanted.retain(|column, (_, paths)| {
        let kind = input.schema().data_type(column).cloned();
        paths.len() > 1 && matches!(kind, Ok(DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8))
    });
    if wanted.is_empty() {
        return Ok(None);
    }
    let mut all = columns(input);
    for (column, (name, paths)) in &wanted {
        all.push(json_fields(paths.clone()).call(vec![Expr::Column(column.clone())]).alias(name));
    }
    Ok(Some((LogicalPlanBuilder::from(input.clone()).project(all)?.build()?, wanted)))
}

fn columns(plan: &LogicalPlan) -> Vec<Expr> {
    plan.schema().columns().into_iter().map(Expr::Column).collect()
}

/// The expression, its fields taken from the columns of fields.
fn taken(expression: Expr, wanted: &Wanted) -> Result<Expr> {
    let taken = expression.transform_down(|node| {
        let place = field(&node).and_then(|(column, path)| {
            let (name, paths) = wanted.get(&column)?;
            Some((name, paths.iter().position(|known| *known == path)?))
        });
        Ok(match place {
            Some((name, number)) => {
                Transformed::new(ident(name).field(format!("f{number}")), true, TreeNodeRecursion::Jump)
            }
            None => Transformed::no(node),
        })
    })?;
    Ok(taken.data)
}

/// The column and path of `column->'a'->>'b'`.
fn field(expression: &Expr) -> Option<(Column, Vec<Step>)> {
    let Expr::ScalarFunction(function) = bare(expression) else { return None };
    if function.name() != "json_as_text" {
        return None;
    }
    let (mut steps, mut inner) = (Vec::new(), function);
    loop {
        let (first, path) = inner.args.split_first()?;
        let path = path.iter().map(step).collect::<Option<Vec<_>>>()?;
        steps.splice(0..0, path);
        match bare(first) {
            Expr::Column(column) if !steps.is_empty() => return Some((column.clone(), steps)),
            Expr::ScalarFunction(function) if function.name() == "json_get" => inner = function,
            _ => return None,
        }
    }
}

fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Alias(alias) => bare(&alias.expr),
        other => other,
    }
}

fn step(argument: &Expr) -> Option<Step> {
    match argument {
        Expr::Literal(ScalarValue::Utf8(Some(key)) | ScalarValue::Utf8View(Some(key)), _) => {
            Some(Step::Key(key.clone()))
        }
        Expr::Literal(ScalarValue::Int64(Some(number)), _) => usize::try_from(*number).ok().map(Step::Item),
        _ => None,
    }
}
