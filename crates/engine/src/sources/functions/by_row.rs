//! By row: makes a query function out of a plain function over texts.
//! In: a name and a Rust function from texts to one value. Out: a `ScalarUDF`.
//! Invariant: arguments of any type are handed over as texts; a null is handed over as `None`.
//! Not here: what the functions do (`values.rs`, `conversation.rs`, `otlp.rs`).

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use datafusion::{
    arrow::{
        array::{
            Array, ArrayRef, BooleanBuilder, Int64Builder, ListBuilder, StringViewArray, StringViewBuilder,
            TimestampMicrosecondBuilder, cast::AsArray,
        },
        compute::cast,
        datatypes::DataType,
    },
    error::Result,
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
};

use crate::scan::columns::Kind;

/// What a function computes from the texts of one row.
#[derive(Clone, Copy)]
pub(crate) enum Compute {
    /// A text.
    Text(fn(&[Option<&str>]) -> Option<String>),
    /// A time in microseconds.
    Time(fn(&[Option<&str>]) -> Option<i64>),
    /// A whole number.
    Integer(fn(&[Option<&str>]) -> Option<i64>),
    /// Yes or no.
    Flag(fn(&[Option<&str>]) -> Option<bool>),
    /// Texts.
    List(fn(&[Option<&str>]) -> Option<Vec<String>>),
}

impl Compute {
    fn kind(self) -> Kind {
        match self {
            Compute::Text(_) => Kind::Text,
            Compute::Time(_) => Kind::Time,
            Compute::Integer(_) => Kind::Integer,
            Compute::Flag(_) => Kind::Flag,
            Compute::List(_) => Kind::List,
        }
    }
}

/// Makes the function.
pub(crate) fn by_row(name: &'static str, compute: Compute) -> ScalarUDF {
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::new_from_impl(ByRow { name, compute, signature })
}

struct ByRow {
    name: &'static str,
    compute: Compute,
    signature: Signature,
}

impl std::fmt::Debug for ByRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for ByRow {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ByRow {}

impl Hash for ByRow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for ByRow {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.compute.kind().data_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = args.args.iter().map(|arg| texts(&arg.to_array(args.number_rows)?)).collect::<Result<Vec<_>>>()?;
        let rows = (0..args.number_rows).map(|row| row_of(&texts, row));
        let array: ArrayRef = match self.compute {
            Compute::Text(compute) => {
                let mut builder = StringViewBuilder::with_capacity(args.number_rows);
                rows.for_each(|row| builder.append_option(compute(&row)));
                Arc::new(builder.finish())
            }
            Compute::Time(compute) => {
                let mut builder = TimestampMicrosecondBuilder::with_capacity(args.number_rows).with_timezone("UTC");
                rows.for_each(|row| builder.append_option(compute(&row)));
                Arc::new(builder.finish())
            }
            Compute::Integer(compute) => {
                let mut builder = Int64Builder::with_capacity(args.number_rows);
                rows.for_each(|row| builder.append_option(compute(&row)));
                Arc::new(builder.finish())
            }
            Compute::Flag(compute) => {
                let mut builder = BooleanBuilder::with_capacity(args.number_rows);
                rows.for_each(|row| builder.append_option(compute(&row)));
                Arc::new(builder.finish())
            }
            Compute::List(compute) => {
                let mut builder = ListBuilder::new(StringViewBuilder::new());
                for row in rows {
                    let list = compute(&row);
                    for text in list.iter().flatten() {
                        builder.values().append_value(text);
                    }
                    builder.append(list.is_some());
                }
                Arc::new(builder.finish())
            }
        };
        Ok(ColumnarValue::Array(array))
    }
}

fn row_of(texts: &[StringViewArray], row: usize) -> Vec<Option<&str>> {
    texts.iter().map(|array| array.is_valid(row).then(|| array.value(row))).collect()
}

/// Any column as texts.
fn texts(array: &ArrayRef) -> Result<StringViewArray> {
    let cast = cast(array, &DataType::Utf8View)?;
    Ok(cast.as_string_view().clone())
}
