//! Exchanges: indicators looked for in every exchange of the logs.
//! In: the logs, wanted indicators. Out: `Tallied`, patterns that logs can't show, and what may have been missed.
//! Invariant: STIX patterns are evaluated in full, those of several observations in the order of time, whoever reads what first.
//! Not here: sketches in place of logs (`sketches.rs`).

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use datafusion::physical_plan::execute_stream_partitioned;
use datafusion::prelude::{Expr, col};
use futures::StreamExt;
use stillwatch_detect::sketch::{Observation, Reader};
use stillwatch_model::Micros;
use stillwatch_model::hunted::Refused;
use stillwatch_pattern::{Compiled, Found, Limits, Looking, PatternSet, Schema, Span, Value, Watch, reach};
use stillwatch_stix::extension::CLIENT;

use super::texts::{Counting, Texts};
use super::wanted::Look;
use super::{Tallied, Wanted};
use crate::pipeline::{RunError, account_key, context};
use crate::scan::{self, Tally};
use crate::verbs::Reading;

/// Parts of patterns that need several observations, held at most: 40 bytes each, and the account's name.
const PARTS: usize = 4 << 20;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub(crate) tallied: Tallied,
    pub(crate) refused: Vec<Refused>,
    pub(crate) missed: Vec<String>,
    pub(crate) exchanges: u64,
}

/// The columns that are looked at, in the order of a row's values (`Worker::batch`), and where patterns find them.
fn schema() -> Result<Schema, stillwatch_pattern::SyntaxError> {
    let mut schema = Schema::new();
    let [v4, v6, system] = ["ipv4-addr", "ipv6-addr", "autonomous-system"].map(|kind| schema.object(kind));
    let [traffic, user] = ["network-traffic", "user-account"].map(|kind| schema.object(kind));
    let [v4_text, v6_text, number, agent, ja4, account] = [(); 6].map(|()| schema.column());
    let header = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'";
    for (column, object, path) in [
        (v4_text, v4, "ipv4-addr:value"),
        (v6_text, v6, "ipv6-addr:value"),
        (v4_text, traffic, "network-traffic:src_ref.value"),
        (v6_text, traffic, "network-traffic:src_ref.value"),
        (number, system, "autonomous-system:number"),
        (number, v4, "ipv4-addr:belongs_to_refs[*].number"),
        (number, v6, "ipv6-addr:belongs_to_refs[*].number"),
        (agent, traffic, header),
        (agent, traffic, &format!("{header}[*]")),
        (agent, traffic, &header.replace("User-Agent", "user-agent")),
        (ja4, traffic, &format!("network-traffic:extensions.'{CLIENT}'.ja4")),
        (account, user, "user-account:user_id"),
    ] {
        schema.place(column, object, path)?;
    }
    Ok(schema)
}

/// What every thread looks for.
struct Sought {
    schema: Schema,
    set: PatternSet,
    /// Numbers of the indicators whose patterns are in the set.
    patterns: Vec<u32>,
    texts: Texts,
}

impl Sought {
    fn new(wanted: &[Wanted], refused: &mut Vec<Refused>) -> Result<Self, stillwatch_pattern::SyntaxError> {
        let schema = schema()?;
        let (mut compiled, mut patterns, mut texts): (Vec<Compiled>, Vec<u32>, _) = Default::default();
        for (number, wanted) in (0..).zip(wanted) {
            match &wanted.look {
                Look::Text { sketch, minimum } => Texts::add(&mut texts, number, sketch, *minimum),
                Look::Pattern { pattern, compiled: ready } => {
                    let seen = reach(pattern, schema.paths(), "API traffic");
                    if seen.can_match {
                        compiled.push((**ready).clone());
                        patterns.push(number);
                    } else if let Some(refusal) = seen.refusals.into_iter().next() {
                        let (because, hint) = (refusal.because, refusal.hint);
                        refused.push(Refused { indicator: wanted.id.clone(), because, hint });
                    }
                }
            }
        }
        Ok(Self { schema, set: PatternSet::new(compiled), patterns, texts })
    }
}

/// Part of a pattern that needs several observations.
struct Part {
    time: Micros,
    pattern: u32,
    slots: u64,
    account: Box<str>,
}

/// One thread's room and results.
#[derive(Default)]
struct Worker {
    looking: Looking,
    counting: Counting,
    reader: Reader,
    tallied: Tallied,
    parts: Vec<Part>,
    let_go: u64,
    exchanges: u64,
}

/// Looks through the logs.
pub(crate) async fn look(
    reading: &Reading,
    wanted: &[Wanted],
    tally: Arc<Tally>,
    total: impl FnOnce(u64),
) -> Result<Looked, RunError> {
    let mut looked = Looked::default();
    let sought = Sought::new(wanted, &mut looked.refused)
        .map_err(|e| RunError::Engine(datafusion::common::DataFusionError::External(Box::new(e))))?;
    let sought = Arc::new(sought);
    let limits = reading.limits();
    let (ctx, _spill) = context(&limits)?;
    let engine = |e| RunError::from_engine(e, &limits);
    let open = scan::open(&ctx, &reading.inputs, &reading.options(), Arc::clone(&tally)).await?;
    total(open.bytes);
    let mut columns: Vec<Expr> = vec![account_key(&reading.aggregator).alias("account"), col("time")];
    columns.extend(["ip", "asn", "user_agent", "tls_ja4"].map(col));
    if !sought.texts.is_empty() {
        columns.extend(["system", "prompt"].map(col));
    }
    let frame = open.frame.select(columns).map_err(engine)?;
    let task = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await.map_err(engine)?;
    let streams = execute_stream_partitioned(plan, task).map_err(engine)?;
    let mut threads = tokio::task::JoinSet::new();
    for mut stream in streams {
        let sought = Arc::clone(&sought);
        threads.spawn(async move {
            let mut worker = Worker::default();
            while let Some(batch) = stream.next().await {
                worker.batch(&sought, &batch?)?;
            }
            Ok::<_, datafusion::common::DataFusionError>(worker)
        });
    }
    let (mut parts, mut let_go, mut undecided) = (Vec::new(), 0, 0);
    while let Some(done) = threads.join_next().await {
        let worker = done.map_err(|e| RunError::Engine(datafusion::common::DataFusionError::External(Box::new(e))))?;
        let worker = worker.map_err(engine)?;
        looked.tallied.merge(worker.tallied);
        looked.exchanges += worker.exchanges;
        parts.extend(worker.parts);
        let_go += worker.let_go;
        undecided += worker.looking.undecided().0;
    }
    tally.verdict()?;
    if undecided > 0 {
        looked.missed.push(format!("{undecided} comparisons could not be decided and count as not fulfilled"));
    }
    if let_go > 0 {
        looked.missed.push(format!(
            "{let_go} exchanges that are parts of patterns of several observations were let go: look through less of the log at a time"
        ));
    }
    together(&sought, parts, &mut looked);
    Ok(looked)
}

/// Puts parts together in the order of time.
fn together(sought: &Sought, mut parts: Vec<Part>, looked: &mut Looked) {
    parts.sort_by(|a, b| (a.time, a.pattern, a.slots, &a.account).cmp(&(b.time, b.pattern, b.slots, &b.account)));
    let mut watch = Watch::new(&sought.set, Limits::default());
    for (number, part) in (0..).zip(&parts) {
        let mut hits = Vec::new();
        watch.part(part.pattern as usize, part.slots, Span::at(part.time), number, &mut |hit| hits.push(hit));
        for hit in hits {
            for part in hit.observations.iter().filter_map(|&number| parts.get(number as usize)) {
                let wanted = sought.patterns[hit.pattern];
                looked.tallied.note(wanted, &part.account, 1.0, (part.time, part.time), 1.0);
            }
        }
    }
    let lost: u64 = watch.told().map(|(_, told)| told.let_go + told.given_up).sum();
    if lost > 0 {
        looked
            .missed
            .push(format!("{lost} times a pattern of several observations outgrew the room that is kept for it"));
    }
}

impl Worker {
    fn batch(&mut self, sought: &Sought, batch: &RecordBatch) -> Result<(), datafusion::common::DataFusionError> {
        let as_text = |at: usize| cast(batch.column(at), &DataType::Utf8View);
        let (accounts, ips, agents, ja4s) = (as_text(0)?, as_text(2)?, as_text(4)?, as_text(5)?);
        let [accounts, ips, agents, ja4s] = [&accounts, &ips, &agents, &ja4s].map(|column| column.as_string_view());
        let asns = cast(batch.column(3), &DataType::Int64)?;
        let asns = asns.as_primitive::<Int64Type>();
        let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
        let prompts = if sought.texts.is_empty() { None } else { Some((as_text(6)?, as_text(7)?)) };
        self.exchanges += batch.num_rows() as u64;
        for row in 0..batch.num_rows() {
            let (account, time) = (accounts.value(row), times.value(row));
            let v6 = ips.is_valid(row) && ips.value(row).contains(':');
            let values = [
                value(ips, row).filter(|_| !v6),
                value(ips, row).filter(|_| v6),
                asns.is_valid(row).then(|| Value::Int(asns.value(row))),
                value(agents, row),
                value(ja4s, row),
                Some(Value::Text(account)),
            ];
            let observed = sought.schema.row(Span::at(time), &values);
            for found in sought.set.look(&observed, &mut self.looking) {
                match *found {
                    Found::Match { pattern } => {
                        self.tallied.note(sought.patterns[pattern], account, 1.0, (time, time), 1.0);
                    }
                    Found::Part { .. } if self.parts.len() >= PARTS => self.let_go += 1,
                    Found::Part { pattern, slots } => {
                        self.parts.push(Part { time, pattern: pattern as u32, slots, account: account.into() });
                    }
                }
            }
            let Some((systems, prompts)) = &prompts else { continue };
            let (system, prompt) = (text(systems.as_string_view(), row), text(prompts.as_string_view(), row));
            let observation = Observation { time, system, prompt, ..Observation::default() };
            let sample = self.reader.anchors(&observation);
            let Self { counting, tallied, .. } = self;
            sought.texts.look(&sample, counting, |wanted, agreement| {
                tallied.note(wanted, account, 1.0, (time, time), agreement);
            });
        }
        Ok(())
    }
}

fn text(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

fn value(column: &StringViewArray, row: usize) -> Option<Value<'_>> {
    text(column, row).map(Value::Text)
}
