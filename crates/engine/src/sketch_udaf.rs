//! Sketch UDAF: `account_sketch(…)`, the aggregate that turns an account's exchanges into one sketch.
//! In: the native columns of `ARGUMENTS`, in that order. Out: a column of sketch bytes.
//! Invariant: batches, partitions and spills don't change the bytes: the state is the sketch, and sketches merge.
//! Not here: what a sketch holds (`stillwatch_detect::sketch`).

use std::mem::size_of;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, LargeBinaryBuilder, ListArray, StringViewArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use stillwatch_detect::sketch::{Observation, Reader, SAMPLES, Sketch};

use crate::scan::columns::{Column, Kind};

/// The native columns that a sketch reads, in the order of the function's arguments.
pub const ARGUMENTS: [Column; 21] = [
    Column::Time,
    Column::System,
    Column::Prompt,
    Column::Organization,
    Column::Ip,
    Column::UserAgent,
    Column::TlsJa4,
    Column::Model,
    Column::Session,
    Column::InputTokens,
    Column::OutputTokens,
    Column::ReasoningTokens,
    Column::CompletionBytes,
    Column::Status,
    Column::Refusal,
    Column::Stream,
    Column::Batch,
    Column::Temperature,
    Column::Tools,
    Column::ReasoningMinted,
    Column::ReasoningPresented,
];

/// The function's name in plans.
pub const NAME: &str = "account_sketch";

/// The aggregate function.
#[must_use]
pub fn account_sketch() -> AggregateUDF {
    AggregateUDF::new_from_impl(AccountSketch {
        signature: Signature::exact(ARGUMENTS.map(|c| c.kind().data_type()).to_vec(), Volatility::Immutable),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AccountSketch {
    signature: Signature,
}

impl AggregateUDFImpl for AccountSketch {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::LargeBinary)
    }

    fn state_fields(&self, _: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new("sketch", DataType::LargeBinary, true))])
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One(Sketches::default())))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Sketches::default()))
    }
}

/// One sketch a group.
#[derive(Debug, Default)]
struct Sketches {
    sketches: Vec<Sketch>,
    reader: Reader,
    heap: usize,
}

impl Sketches {
    fn grow(&mut self, groups: usize) {
        if self.sketches.len() < groups {
            self.sketches.resize_with(groups, Sketch::default);
        }
    }

    fn encode(&mut self, emit_to: EmitTo) -> ArrayRef {
        let emitted = emit_to.take_needed(&mut self.sketches);
        let mut out = LargeBinaryBuilder::with_capacity(emitted.len(), 0);
        for sketch in emitted {
            out.append_value(sketch.to_bytes());
        }
        self.heap = self.sketches.iter().map(Sketch::heap).sum();
        Arc::new(out.finish())
    }

    fn merge(&mut self, values: &[ArrayRef], group: impl Fn(usize) -> usize) -> Result<()> {
        let bytes = values[0].as_binary::<i64>();
        for (row, bytes) in bytes.iter().enumerate().filter_map(|(row, b)| Some((row, b?))) {
            let other = Sketch::from_bytes(bytes).map_err(|e| DataFusionError::External(Box::new(e)))?;
            let mine = &mut self.sketches[group(row)];
            let before = mine.heap();
            if mine.counts.exchanges == 0 {
                *mine = other
            } else {
                mine.merge(&other)
            }
            self.heap = self.heap + mine.heap() - before.min(self.heap + mine.heap());
        }
        Ok(())
    }
}

impl GroupsAccumulator for Sketches {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.grow(total);
        let rows = Rows::of(values)?;
        let mut lists = (Vec::new(), Vec::new());
        for (row, &group) in groups.iter().enumerate() {
            if filter.is_some_and(|f| !f.value(row) || f.is_null(row)) {
                continue;
            }
            let sketch = &mut self.sketches[group];
            // Once the samples are full a sketch hardly grows: its size is taken while it does.
            let growing = sketch.counts.exchanges < 2 * SAMPLES as u64;
            let before = if growing { sketch.heap() } else { 0 };
            rows.observe(row, &mut lists, |observation| sketch.observe(observation, &mut self.reader));
            if growing {
                self.heap += sketch.heap().saturating_sub(before);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(self.encode(emit_to))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.encode(emit_to)])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        self.merge(values, |row| groups[row])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        // Every row a group of its own: asked for when grouping gains nothing.
        let rows = values[0].len();
        let mut alone = Self::default();
        alone.update_batch(values, &(0..rows).collect::<Vec<_>>(), filter, rows)?;
        alone.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.sketches.capacity() * size_of::<Sketch>() + self.heap
    }
}

/// The ungrouped form: one group.
#[derive(Debug)]
struct One(Sketches);

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; values[0].len()];
        self.0.update_batch(values, &groups, None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.grow(1);
        Ok(ScalarValue::LargeBinary(Some(self.0.sketches[0].to_bytes())))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.grow(1);
        self.0.merge(states, |_| 0)
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(&self.0)
    }
}

/// The arguments of one batch, downcast once.
struct Rows<'a> {
    time: &'a TimestampMicrosecondArray,
    texts: [&'a StringViewArray; 8],
    numbers: [&'a Int64Array; 5],
    flags: [&'a BooleanArray; 3],
    temperature: &'a Float64Array,
    lists: [&'a ListArray; 3],
}

impl<'a> Rows<'a> {
    fn of(values: &'a [ArrayRef]) -> Result<Self> {
        let wrong = |at: usize| {
            DataFusionError::Internal(format!(
                "`account_sketch` was given `{}` as argument {}",
                values[at].data_type(),
                at + 1
            ))
        };
        let at = |column: Column| ARGUMENTS.iter().position(|&c| c == column).unwrap_or(0);
        fn all<T: 'static, const N: usize>(
            values: &[ArrayRef],
            places: [usize; N],
            wrong: impl Fn(usize) -> DataFusionError,
        ) -> Result<[&T; N]> {
            let found: Vec<&T> = places
                .iter()
                .map(|&p| values[p].as_any().downcast_ref::<T>().ok_or_else(|| wrong(p)))
                .collect::<Result<_>>()?;
            found.try_into().map_err(|_| wrong(0))
        }
        let texts =
            ARGUMENTS.iter().enumerate().filter(|(_, c)| c.kind() == Kind::Text).map(|(i, _)| i).collect::<Vec<_>>();
        let texts: [usize; 8] = texts.try_into().map_err(|_| wrong(0))?;
        let [temperature] = all::<Float64Array, 1>(values, [at(Column::Temperature)], wrong)?;
        let [time] = all::<TimestampMicrosecondArray, 1>(values, [at(Column::Time)], wrong)?;
        Ok(Self {
            time,
            texts: all(values, texts, wrong)?,
            numbers: all(
                values,
                [
                    Column::InputTokens,
                    Column::OutputTokens,
                    Column::ReasoningTokens,
                    Column::CompletionBytes,
                    Column::Status,
                ]
                .map(at),
                wrong,
            )?,
            flags: all(values, [Column::Refusal, Column::Stream, Column::Batch].map(at), wrong)?,
            temperature,
            lists: all(values, [Column::Tools, Column::ReasoningMinted, Column::ReasoningPresented].map(at), wrong)?,
        })
    }

    fn observe(&self, row: usize, lists: &mut (Vec<ArrayRef>, Vec<ArrayRef>), take: impl FnOnce(&Observation<'_>)) {
        let text = |at: usize| self.texts[at].is_valid(row).then(|| self.texts[at].value(row));
        let number = |at: usize| self.numbers[at].is_valid(row).then(|| self.numbers[at].value(row));
        let flag = |at: usize| self.flags[at].is_valid(row).then(|| self.flags[at].value(row));
        lists.0.clear();
        lists.1.clear();
        for (at, out) in [(1, &mut lists.0), (2, &mut lists.1)] {
            if self.lists[at].is_valid(row) && !self.lists[at].is_empty() {
                out.push(self.lists[at].value(row));
            }
        }
        let minted: Vec<&str> = lists.0.iter().flat_map(|l| l.as_string_view().iter().flatten()).collect();
        let presented: Vec<&str> = lists.1.iter().flat_map(|l| l.as_string_view().iter().flatten()).collect();
        take(&Observation {
            time: if self.time.is_valid(row) { self.time.value(row) } else { 0 },
            system: text(0),
            prompt: text(1),
            organization: text(2),
            ip: text(3),
            user_agent: text(4),
            tls_ja4: text(5),
            model: text(6),
            session: text(7),
            input_tokens: number(0),
            output_tokens: number(1),
            reasoning_tokens: number(2),
            completion_bytes: number(3),
            status: number(4),
            refusal: flag(0),
            stream: flag(1),
            batch: flag(2),
            temperature: self.temperature.is_valid(row).then(|| self.temperature.value(row)),
            tools: self.lists[0].is_valid(row) && self.lists[0].value_length(row) > 0,
            minted: &minted,
            presented: &presented,
        });
    }
}
