//! Native: maps any table whose columns are named like native ones onto the native schema.
//! In: a data frame with some native columns, of whatever near types. Out: one with all of them, of the right types.
//! Invariant: a column that is absent or of a hopeless type is null; what cannot be read as its type is null.
//! Not here: dropping rows without time or account (`check.rs`).

use std::collections::BTreeSet;

use datafusion::{
    arrow::datatypes::{DataType, TimeUnit},
    error::Result,
    functions::{
        core::expr_ext::FieldAccessor,
        expr_fn::{coalesce, nullif, octet_length},
    },
    logical_expr::{Expr, cast, ident, lit, try_cast},
    prelude::DataFrame,
    scalar::ScalarValue,
};

use super::columns::{Column, Kind};
use crate::sources::functions;

/// Maps `frame` onto the native schema, keeping the columns `besides`; those `absent` are known to be null throughout.
/// Also says which columns it can give at all.
pub(crate) fn map(
    frame: DataFrame,
    besides: &[&str],
    absent: &BTreeSet<String>,
    default_account: Option<&str>,
) -> Result<(DataFrame, Vec<Column>)> {
    let schema = frame.schema().clone();
    let kind_of = |name: &str| {
        let field = schema.field_with_unqualified_name(name).ok().filter(|_| !absent.contains(name));
        field.map(|field| field.data_type().clone())
    };
    let mut present = Vec::new();
    let mut expressions = Vec::new();
    for column in Column::ALL {
        let given = kind_of(column.name()).and_then(|given| convert(ident(column.name()), &given, column.kind()));
        let value = match (column, kind_of("messages"), kind_of("completion")) {
            (Column::System, Some(given_as), _) => turn("system", &given_as, given),
            (Column::Prompt, Some(given_as), _) => turn("user", &given_as, given),
            (Column::CompletionBytes, _, Some(text)) if given.is_none() => length(&text),
            (Column::Account, ..) => named(given, default_account),
            _ => given,
        };
        if value.is_some() {
            present.push(column);
        }
        let null = || lit(ScalarValue::Null);
        expressions.push(match value {
            Some(value) => value.alias(column.name()),
            None => cast(null(), column.kind().data_type()).alias(column.name()),
        });
    }
    expressions.extend(besides.iter().map(|name| ident(*name)));
    Ok((frame.select(expressions)?, present))
}

/// The account, or the default where a row names none.
fn named(given: Option<Expr>, default: Option<&str>) -> Option<Expr> {
    let Some(default) = default.map(|default| lit(ScalarValue::Utf8View(Some(default.to_owned())))) else {
        return given;
    };
    Some(match given {
        Some(given) => coalesce(vec![nullif(given, lit(ScalarValue::Utf8View(Some(String::new())))), default]),
        None => default,
    })
}

fn turn(half: &str, given_as: &DataType, otherwise: Option<Expr>) -> Option<Expr> {
    if !is_text(given_as) && !matches!(given_as, DataType::List(_) | DataType::LargeList(_)) {
        return otherwise;
    }
    // Both halves are asked of the same call, which is made once.
    let of_messages = functions::chat().call(vec![ident("messages")]).field(half);
    Some(match otherwise {
        Some(given) => coalesce(vec![of_messages, given]),
        None => of_messages,
    })
}

fn length(given: &DataType) -> Option<Expr> {
    is_text(given).then(|| cast(octet_length(ident("completion")), DataType::Int64))
}

fn is_text(given: &DataType) -> bool {
    match given {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// The column as its native type; `None` if what is given cannot be that.
fn convert(column: Expr, given: &DataType, kind: Kind) -> Option<Expr> {
    use DataType::{
        Binary, BinaryView, Boolean, Date32, Date64, Dictionary, LargeBinary, LargeList, List, Null, Timestamp,
    };
    let wanted = kind.data_type();
    if *given == wanted {
        return Some(column);
    }
    if *given == Null {
        return None;
    }
    if let Dictionary(_, value) = given {
        let value = value.as_ref();
        return if *value == wanted {
            Some(cast(column, wanted))
        } else {
            convert(cast(column, value.clone()), value, kind)
        };
    }
    match kind {
        Kind::Time => match given {
            Timestamp(unit, None) => Some(cast(cast(column, Timestamp(*unit, Some("UTC".into()))), wanted)),
            Timestamp(_, Some(_)) => Some(cast(column, wanted)),
            Date32 | Date64 => Some(cast(cast(column, Timestamp(TimeUnit::Microsecond, None)), wanted)),
            given if is_text(given) || given.is_numeric() => Some(functions::any_time().call(vec![column])),
            _ => None,
        },
        Kind::Text => match given {
            given if is_text(given) || given.is_numeric() => Some(cast(column, wanted)),
            Binary | LargeBinary | BinaryView => Some(try_cast(column, wanted)),
            _ => None,
        },
        Kind::Integer => match given {
            given if given.is_integer() => Some(try_cast(column, wanted)),
            given if is_text(given) || given.is_numeric() => {
                Some(try_cast(try_cast(column, DataType::Float64), wanted))
            }
            _ => None,
        },
        Kind::Float => (is_text(given) || given.is_numeric()).then(|| try_cast(column, wanted)),
        Kind::Flag => (is_text(given) || given.is_integer() || *given == Boolean).then(|| try_cast(column, wanted)),
        Kind::List => match given {
            List(item) | LargeList(item) if is_text(item.data_type()) => Some(cast(column, wanted)),
            given if is_text(given) => Some(functions::text_list().call(vec![column])),
            _ => None,
        },
    }
}
