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
        array::{Array, BooleanBuilder, StringViewArray, cast::AsArray},
        datatypes::{DataType, Int64Type, TimestampMicrosecondType},
    },
    common::exec_err,
    error::Result,
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility},
};

use super::{
    columns::Column,
    line::Rules,
    tally::{Quote, Tally, shorten},
};

/// The function: `(time, account)` or `(time, account, record, file, line)`.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) tally: Arc<Tally>,
    pub(crate) rules: Rules,
    /// The name to quote when a row does not say its file.
    pub(crate) file: String,
    /// The place of the file among the inputs.
    pub(crate) number: usize,
    /// Bytes of input that one row stands for; nothing where bytes are counted while reading.
    pub(crate) bytes_per_row: f64,
    pub(crate) signature: Signature,
}

impl Check {
    pub(crate) fn signature() -> Signature {
        Signature::any(2, Volatility::Volatile)
    }

    pub(crate) fn signature_with_origin() -> Signature {
        Signature::any(5, Volatility::Volatile)
    }
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.tally, &other.tally) && self.number == other.number && self.file == other.file
    }
}

impl Eq for Check {}

impl Hash for Check {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.file.hash(state);
        self.number.hash(state);
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
        self.tally.add_bytes((rows as f64 * self.bytes_per_row) as u64);
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
        self.tally.add_good(good, Column::Time.bit() | Column::Account.bit());
        if good < rows as u64 {
            self.tally.early()?;
        }
        Ok(ColumnarValue::Array(Arc::new(keep.finish())))
    }
}

impl Check {
    fn count(&self, origin: &[datafusion::arrow::array::ArrayRef], row: usize, field: &str, why: String) {
        let text = |at: usize| -> Option<&StringViewArray> { origin.get(at)?.as_string_view_opt() };
        let line = origin.get(2).and_then(|lines| lines.as_primitive_opt::<Int64Type>()).map(|lines| lines.value(row) as u64);
        let record = text(0).map(|records| shorten(records.value(row).as_bytes())).unwrap_or_default();
        let file = text(1).map_or(self.file.as_str(), |files| files.value(row));
        let place = (self.number, line.unwrap_or(self.tally.records()));
        self.tally.add_bad(place, || Quote { file: file.to_owned(), line, field: Some(field.to_owned()), why, text: record });
    }
}
