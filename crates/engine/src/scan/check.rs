//! Check: drops exchanges without a plausible time or without an account, and counts them.
//! In: rows in native columns, from Parquet or from a source's SQL. Out: true for those to keep.
//! Invariant: every row is judged once (the function is volatile, so that no plan judges it twice or skips it).
//! Not here: the same judgement for native text, which is made while reading (`line.rs`).

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, BooleanBuilder, StringViewArray, cast::AsArray},
        datatypes::{DataType, Int64Type, TimestampMicrosecondType},
    },
    common::exec_err,
    error::Result,
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};

use super::{
    columns::Column,
    cursor::TextFile,
    line::Rules,
    tally::{Quote, Tally, shorten},
};

/// The function: `(time, account)`, or `(time, account, record, file, line, ...)` with native columns whose presence is noted.
#[derive(Debug)]
pub(crate) struct Check {
    tally: Arc<Tally>,
    rules: Rules,
    origin: Origin,
    noted: Vec<Column>,
    signature: Signature,
}

/// Where rows come from, as far as they do not say so themselves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Origin {
    /// The file, or the first of them.
    pub(crate) file: String,
    /// The file's place among the inputs.
    pub(crate) number: usize,
    /// Bytes of input that one row stands for; nothing where bytes are counted while reading.
    pub(crate) bytes_per_row: f64,
}

impl Origin {
    /// Rows of text files, which say where they come from.
    pub(crate) fn of(files: &[TextFile]) -> Self {
        let first = files.first();
        let file = first.map(|file| file.path.display().to_string()).unwrap_or_default();
        Self { file, number: first.map(|file| file.number).unwrap_or_default(), bytes_per_row: 0.0 }
    }
}

/// How many arguments come before the columns that are noted.
const FIRST: usize = 5;

impl Check {
    /// Over time and account alone.
    pub(crate) fn new(tally: Arc<Tally>, rules: Rules, origin: Origin) -> Self {
        Self { tally, rules, origin, noted: Vec::new(), signature: Signature::any(2, Volatility::Volatile) }
    }

    /// Over time, account, the columns that say where a row comes from, and these.
    pub(crate) fn noting(self, columns: Vec<Column>) -> Self {
        Self { signature: Signature::any(FIRST + columns.len(), Volatility::Volatile), noted: columns, ..self }
    }
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tally, &other.tally) && self.origin == other.origin
    }
}

impl Eq for Check {}

impl Hash for Check {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.origin.file.hash(state);
        self.origin.number.hash(state);
    }
}

impl ScalarUDFImpl for Check {
    fn name(&self) -> &str {
        "usable"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [time, account, origin @ ..] = arrays.as_slice() else {
            return exec_err!("`usable` wants a time and an account");
        };
        let (Some(times), Some(accounts)) =
            (time.as_primitive_opt::<TimestampMicrosecondType>(), account.as_string_view_opt())
        else {
            return exec_err!("`usable` wants native columns, not {} and {}", time.data_type(), account.data_type());
        };
        self.tally.add_bytes((rows as f64 * self.origin.bytes_per_row) as u64);
        let mut keep = BooleanBuilder::with_capacity(rows);
        let mut good = 0;
        for row in 0..rows {
            let flaw = if times.is_null(row) {
                Some(("time", "missing or not a time".to_owned()))
            } else if accounts.is_null(row) || accounts.value(row).is_empty() {
                Some(("account", "missing".to_owned()))
            } else {
                self.rules.plausible(times.value(row)).err().map(|why| ("time", why))
            };
            good += u64::from(flaw.is_none());
            keep.append_value(flaw.is_none());
            if let Some((field, why)) = flaw {
                self.count(origin, row, field, why);
            }
        }
        let mut seen = Column::Time.bit() | Column::Account.bit();
        for (column, array) in self.noted.iter().zip(arrays.iter().skip(FIRST)) {
            // A list of nothing says nothing.
            let says = match array.as_list_opt::<i32>() {
                Some(lists) => lists.iter().flatten().any(|list| !list.is_empty()),
                None => array.logical_null_count() < rows,
            };
            if says {
                seen |= column.bit();
            }
        }
        self.tally.add_good(good, seen);
        if good < rows as u64 {
            self.tally.early()?;
        }
        Ok(ColumnarValue::Array(Arc::new(keep.finish())))
    }
}

impl Check {
    fn count(&self, origin: &[ArrayRef], row: usize, field: &str, why: String) {
        let text = |at: usize| -> Option<&StringViewArray> { origin.get(at)?.as_string_view_opt() };
        let line =
            origin.get(2).and_then(|lines| lines.as_primitive_opt::<Int64Type>()).map(|lines| lines.value(row) as u64);
        let record = text(0).map(|records| shorten(records.value(row).as_bytes())).unwrap_or_default();
        let file = text(1).map_or(self.origin.file.as_str(), |files| files.value(row));
        let place = (self.origin.number, line.unwrap_or(self.tally.records()));
        self.tally.add_bad(place, || Quote {
            file: file.to_owned(),
            line,
            field: Some(field.to_owned()),
            why,
            text: record,
        });
    }
}
